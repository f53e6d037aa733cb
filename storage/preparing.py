"""Redacting bodies in another process than the one that writes: the same function, its result carried along.

For `import`, where one core redacts what the other stores. What a body gave away goes with it, in memory only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from storage import redaction as engine
from storage.cleaning import CleanBody, Cleaner
from storage.identity import Malformed, parsed


class Prepared(NamedTuple):
    """An item's body as `Cleaner.body` gave it, and what it gave away."""

    clean: CleanBody
    found: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Prepared(found={len(self.found)})"


def prepare(bodies: Iterable[str]) -> dict[str, Prepared]:
    """Each body redacted; one that is no JSON object is left out, for the writer to refuse."""
    cleaner = Cleaner(engine)
    ready: dict[str, Prepared] = {}
    for body in bodies:
        found: list[str] = []
        try:
            clean = cleaner.body(parsed(body), found.extend)
        except Malformed:
            continue
        ready[body] = Prepared(clean, tuple(found))
    return ready
