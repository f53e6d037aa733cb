"""Measurements that release gates need and that are no drills: raw samples from the programs' side of the truth.

`linkage.py` counts links of a labelled corpus, `ingest.py` what the real claude and codex themselves say they did; both
are written sealed (`samples.py`) beside the samples of drills.
"""
