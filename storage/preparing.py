"""From an item as it was told to what may be stored of it, and what it gave away.

The store asks for it item by item. For `import` another process does, and one core redacts what the other stores: the
same function, its result carried along. What a body gave away goes with it, in memory only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from messages.records import FinalItem
from storage import redaction as engine
from storage.cleaning import Cleaner
from storage.content import Content, content_of
from storage.identity import Malformed, parsed

Key = tuple[str, str | None, str]
"""Kind, status and body as told: all that an item's content depends on."""


class Prepared(NamedTuple):
    """An item's content, and what its body gave away."""

    content: Content
    found: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Prepared(found={len(self.found)})"


def key_of(item: FinalItem) -> Key:
    """Under which an item's content is carried."""
    return (item.kind, item.status, item.body)


def prepared(item: FinalItem, cleaner: Cleaner) -> Prepared:
    """One item, redacted. Errors: Malformed when its body is no JSON object."""
    found: list[str] = []
    clean = cleaner.body(parsed(item.body), found.extend)
    return Prepared(content_of(item.kind, item.status, clean), tuple(found))


def prepare(items: Iterable[FinalItem]) -> dict[Key, Prepared]:
    """All of these; one that is malformed is left out, for the writer to refuse."""
    cleaner = Cleaner(engine)
    ready: dict[Key, Prepared] = {}
    for item in items:
        try:
            ready[key_of(item)] = prepared(item, cleaner)
        except Malformed:
            continue
    return ready
