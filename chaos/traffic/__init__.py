"""Traffic of both tools as it comes on an ordinary day, with the truth about it: files that grow, telemetry that is
exported. Begin with `mixed.py`; what was written and what has to be stored is `truth.py`."""
