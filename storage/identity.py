"""Who an item is and what it says: its key, its canonical bytes and the hash over them.

The key is (tool, session, turn, item), because upstream's item ids are not unique across turns. Ids are stored as they
are: a redacted id would make two items one. The hash is taken after redaction: one over a raw short secret could be
guessed.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

import orjson

ID_CHARS_MAX = 512
"""A longer id is not one of upstream's; its record is malformed."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
INTEGER_MAX = 2**63 - 1
"""What SQLite can hold."""


class Place(NamedTuple):
    """Where a record came from, and when the store got it (wall clock, ms since the epoch)."""

    run_id: str
    source: str
    generation: int
    at_ms: int
    tool: str = "codex"


def is_uuid(text: str) -> bool:
    """Whether this is an id that nobody else has: the same in another session is the same thing."""
    return len(text) == 36 and _UUID.match(text) is not None


class Malformed(ValueError):
    """A record that cannot be stored; the message is one of our own sentences and holds nothing of the record."""


def canonical(value: Any) -> bytes:
    """JSON bytes that are equal for equal values: sorted keys, no spaces.

    Errors: Malformed when the value is no JSON or is nested deeper than 254 levels (orjson's limit).
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise Malformed("body cannot be written as JSON") from error


def parsed(body: str) -> dict[str, Any]:
    """The item as upstream sent it. Errors: Malformed when it is no JSON object."""
    try:
        value = orjson.loads(body)
    except ValueError:
        # Nothing is raised in here: orjson's exception carries the document, and would go along as the context.
        value = None
    if not isinstance(value, dict):
        raise Malformed("body is not a JSON object")
    return value


def content_hash(kind: str, status: str | None, body: bytes) -> str:
    """SHA-256 in hex over kind, status and the canonical redacted body. Times are not content."""
    digest = hashlib.sha256(canonical([kind, status]))
    digest.update(b"\n")
    digest.update(body)
    return digest.hexdigest()


def good_id(*ids: str) -> bool:
    """Whether each of these can be part of a key."""
    return all(0 < len(one) <= ID_CHARS_MAX for one in ids)


def whole(number: int | None) -> int | None:
    """`number` if SQLite can hold it, else None: one absurd time must not fail a whole checkpoint."""
    return number if number is not None and -INTEGER_MAX <= number <= INTEGER_MAX else None
