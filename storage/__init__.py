"""What is kept: canonical, redacted sessions, their ledger, and the record of what happened. The only room with peewee.

Never here: actors, clocks of its own, unredacted text on disk. Read `store.py` (the verbs of the one writer) or
`reader.py` (what others may look at), then `schema.py` (the tables).
"""
