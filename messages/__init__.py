"""What may be said between the parts of the runtime, and by whom.

One file per conversation; `base.py` holds what all messages share, `catalog.py` names sender, receiver and one
sentence for each. This room imports nothing of ours. Read `catalog.py` next.
"""
