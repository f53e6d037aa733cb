"""A soak: hours of mixed load with random faults, and whether anything grows, slows down or gets lost meanwhile.

`soak.py` plays it, `load.py` works like a person, `faults.py` breaks, `gauges.py` looks at processes and files from
outside, `report.py` tells. Like a drill it has folders and processes of its own, and touches nothing else.
"""
