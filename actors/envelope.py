"""How a typed message crosses between processes: a small pickled envelope around JSON, checked at both ends.

The envelope is the only class of ours that the transport lets through. Its `str` is cheap and shows no content,
because Thespian formats every message several times even when it logs nothing (facts: thespian.md 2).
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

import messages.catalog  # noqa: F401  (registers every message class)
from messages.base import Message


class BadMessage(Exception):
    """An envelope that holds no message of ours. The text names type and fields, never content."""


class Envelope:
    """One message on its way: its type, JSON head, raw blob, addresses beside it, and where it came from."""

    __slots__ = ("blob", "head", "hop", "kind", "refs", "trace")

    def __init__(self, kind: str, head: bytes, blob: bytes, refs: tuple[Any, ...], trace: str, hop: int) -> None:
        self.kind = kind
        self.head = head
        self.blob = blob
        self.refs = refs
        """Thespian addresses: they must cross as objects so that a local one can be translated."""
        self.trace = trace
        """Names the history that this message belongs to."""
        self.hop = hop
        """How many messages led to this one within its trace."""

    def __reduce__(self) -> tuple[type[Envelope], tuple[Any, ...]]:
        return (Envelope, (self.kind, self.head, self.blob, self.refs, self.trace, self.hop))

    def __str__(self) -> str:
        return f"{self.kind}[{len(self.head) + len(self.blob)}]"

    __repr__ = __str__


def pack(message: Message, trace: str, hop: int, refs: tuple[Any, ...] = ()) -> Envelope:
    """Wrap a message. `refs` travel beside it as Thespian addresses."""
    name = type(message).BLOB
    if name is None:
        return Envelope(type(message).__name__, message.model_dump_json().encode(), b"", refs, trace, hop)
    head = message.model_dump_json(exclude={name}).encode()
    return Envelope(type(message).__name__, head, getattr(message, name), refs, trace, hop)


def unpack(envelope: Envelope) -> Message:
    """The message inside, checked field by field. Errors: BadMessage, which shows no content."""
    kind = Message.REGISTRY.get(envelope.kind)
    if kind is None:
        raise BadMessage("no message has this name")
    try:
        message = kind.model_validate_json(envelope.head)
    except ValidationError as error:
        # Only our own names: what follows in a place may be a key, and so content.
        heads = {str(each["loc"][0]) for each in error.errors(include_input=False, include_url=False) if each["loc"]}
        places = sorted(head if head in kind.model_fields else "an unknown field" for head in heads)
        raise BadMessage(f"{kind.__name__} does not fit: {', '.join(dict.fromkeys(places)) or 'its form'}") from None
    if kind.BLOB is None:
        return message
    return message.model_copy(update={kind.BLOB: envelope.blob})
