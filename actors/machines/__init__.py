"""Pure decisions: `(state, message, now) -> (state, effects)`. No clock, no process, no randomness, no log.

The same functions run in the live tree, in unit tests, in the seeded simulation and in the replay of a trace.
Read `effects.py` first: it is the closed list of what a machine may ask of the world.
"""
