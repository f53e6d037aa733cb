"""Which commits hold what a session wrote. Evidence and judgement are pure; git is read in a process apart.

`evidence.py` takes it from an item (in the transaction that stores the item), `history.py` reads a repository,
`match.py` weighs one against the other, `look.py` does one round of that, `helper.py` is the process that does rounds
beside ingest. `storage/links.py` keeps evidence and verdicts. Never here: HEAD as a guess, a write into a repository.
"""
