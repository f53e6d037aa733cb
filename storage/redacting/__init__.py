"""Redaction: how secrets are found in text. Only `storage.redaction` is the door; nothing else imports from here.

Never here: input/output, logging, stored values. Read `rule.py` (what a rule is), then `scan.py` (how a text is read).
"""
