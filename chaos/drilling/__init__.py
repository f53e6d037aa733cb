"""Drills: faults on a real tree, declared as data, measured from outside, told in a journal.

An experiment (`chaos/drills/*.json`, Chaos Toolkit's format) names what must hold, what is done, and how it is undone.
`experiment.py` reads it, `actions.py` and `probes.py` are all it may name, `phases.py` measures, `running.py` plays it
n times, `journal.py` and `report.py` tell. A drill touches its own state folder and its own processes, nothing else.
"""
