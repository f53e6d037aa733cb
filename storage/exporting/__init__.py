"""What leaves the store: sessions as JSON lines, Markdown, agent-trace records or git notes.

Everything passes redaction once more on its way out: rules may have learnt since it was stored. `sessions.py` gathers,
one file each writes a form, `sink.py` is the file that is whole or not there. Never here: what is not stored.
"""
