"""Bugs on purpose: each is put into the code alone, and the simulation or the tests of its file must see it.

`table.py` is the list, `graft.py` puts one in, `hunt.py` goes through all. Run by `make mutants`.
"""
