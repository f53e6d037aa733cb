"""Coverage-guided fuzzing of everything that bytes from outside meet first: `make fuzz MINUTES=5`.

`targets.py` says what must hold for any bytes; `corpus/` has a few good beginnings for each target; `__main__.py` lets
atheris look for bytes that break it. Each target plays its corpus as an ordinary test as well (`tests/fuzz/`). Not part
of the wheel.
"""
