"""The whole tree on one thread and a clock of its own: seeded, repeatable, with faults, and checked after each step.

`world.py` is the stage, `stand_in.py` what stands in for the world outside, `plan.py` what will happen, `checks.py`
what must hold. `chaos/simulation.py` plays it; read that next.
"""
