"""The door to redaction: text in, text without secrets out. Runs before anything is stored, printed, traced or shown.

Best effort by nature: it finds known formats and telling places, it cannot know every secret. It fails closed: an
internal error
hides the whole text. Importing this module is cheap; the rules compile at first use (about a second with Hyperscan),
so a
process that must answer quickly calls `warm` first. What is inside: `storage/redacting/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from storage.redacting.finding import REPEATED, Finding, Redacted

if TYPE_CHECKING:
    from storage.redacting.live import LiveRedactor
    from storage.redacting.live_sessions import LiveSessions
    from storage.redacting.repeats import Repeats
    from storage.redacting.session import Redactor

__all__ = [
    "REPEATED",
    "Finding",
    "LiveRedactor",
    "LiveSessions",
    "Redacted",
    "Redactor",
    "Repeats",
    "quiet",
    "redact",
    "redact_json",
    "redact_stream",
    "scrub",
    "warm",
]


def __getattr__(name: str) -> Any:
    # The classes bring the rules with them; whoever only names them in an import pays at first use.
    if name == "Redactor":
        from storage.redacting.session import Redactor

        return Redactor
    if name == "Repeats":
        from storage.redacting.repeats import Repeats

        return Repeats
    if name == "LiveSessions":
        from storage.redacting.live_sessions import LiveSessions

        return LiveSessions
    if name == "LiveRedactor":
        from storage.redacting.live import LiveRedactor

        return LiveRedactor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def warm(engine: str | None = None, cache: Path | None = None) -> str:
    """Compile the rules now; returns the engine in use (`hyperscan` or `re2`). Later calls are free.

    `cache`: a private folder (0700) where the compiled automaton is kept for the next start.
    """
    from storage.redacting.compiled import scanner

    return scanner(engine, cache).engine


def redact(text: str, *, engine: str | None = None) -> Redacted:
    """`text` with every secret found replaced by `[REDACTED:rule]`, and where they stood.

    Deterministic and idempotent; placeholders already there are kept. Never raises, for any `str`: on an internal
    error the
    answer is `[REDACTED:error]` with one finding over the whole input. `engine` forces `hyperscan` or `re2`;
    results are equal.
    """
    try:
        from storage.redacting.session import redact_once
    except Exception:  # noqa: BLE001 - fail closed, even when the rules cannot be imported
        return Redacted("[REDACTED:error]", (Finding("error", 0, len(text)),))
    return redact_once(text, engine)


def redact_json(value: Any, *, rules: list[str] | None = None) -> Any:
    """A copy of a parsed JSON value without secrets; `rules` collects the id of each rule that hid something.

    Names decide as well as values: under `password`, `token`, `api_key`, `authorization` and their kin a string
    is hidden whatever
    it looks like. Keys are scanned too; numbers, booleans and null stay. Nesting beyond 128 becomes `[REDACTED:error]`.
    """
    from storage.redacting.session import Redactor

    return Redactor().redact_json(value, rules=rules)


def quiet(values: Sequence[Any]) -> list[bool]:
    """Of each parsed JSON value whether one glance shows that `redact_json` would give it back unchanged. No is always
    a right answer. Never raises."""
    try:
        from storage.redacting.compiled import scanner
        from storage.redacting.quiet import quiet_ones

        return quiet_ones(values, scanner().fires)
    except Exception:  # noqa: BLE001 - the full look fails closed by itself
        return [False] * len(values)


def scrub(text: str) -> str:
    """`redact(text).text`, for error messages and log lines."""
    return redact(text).text


def redact_stream(source: BinaryIO, sink: BinaryIO, findings: BinaryIO | None = None) -> int:
    """Copy `source` to `sink` redacted; one JSON line per finding to `findings`. Returns how many were redacted.

    See `storage/redacting/stream.py` for the memory bound and what happens at it.
    """
    from storage.redacting.stream import copy

    return copy(source, sink, findings)
