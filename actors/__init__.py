"""The tree at work: one file per actor, which is wiring without opinions, and what they share.

Never here: decisions (`machines/`), bytes (`wire/`), how processes speak (`transport/`), what is kept (`storage/`).
Read `tree.py` (who there is), `shell.py` (what all actors have in common), then any actor.
"""
