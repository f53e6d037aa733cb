"""Everything that can be wrong with the store, on one screen. Each says what is wrong and what to do about it."""

from __future__ import annotations


class StoreError(Exception):
    """Base: `reason` says what is wrong, `hint` what to do. Holds paths and SQLite's words, never stored values."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason}; {hint}")
        self.reason = reason
        self.hint = hint


class WrongSchema(StoreError):
    """The file was written by another version. It is never changed or recreated silently."""


class StoreCorrupt(StoreError):
    """The file is not a capture database, or is damaged."""


class NotOurs(StoreCorrupt):
    """What is there was never ours: a text, another program's database. It is left alone, whatever happens."""


class StoreNotWritable(StoreError):
    """The folder or file cannot be written, or is of a kind that cannot hold the store."""


class StoreUnavailable(StoreError):
    """A write did not commit: disk full, locked, input/output error, file gone. Nothing of it is stored.

    The same call may be repeated: it works again as soon as the cause is gone.
    """


class NothingCaptured(StoreError):
    """There is no database to read yet."""


class ConfigUnusable(StoreError):
    """The config file has a fault or cannot be written. What it says, or the switch that counts as on, still holds."""


class ConfigConflict(StoreError):
    """The config file was changed by somebody else since it was read. Nothing was changed now."""
