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

    __slots__ = ("blob", "cause", "head", "hop", "kind", "name", "refs", "sent_us", "trace")

    def __init__(
        self,
        kind: str,
        head: bytes,
        blob: bytes,
        refs: tuple[Any, ...],
        trace: str,
        hop: int,
        cause: str = "",
        name: str = "",
        sent_us: int = 0,
    ) -> None:
        self.kind = kind
        self.head = head
        self.blob = blob
        self.refs = refs
        """Thespian addresses: they must cross as objects so that a local one can be translated."""
        self.trace = trace
        """Names the trace that this message belongs to."""
        self.hop = hop
        """How many messages led to this one within its trace."""
        self.cause = cause
        """The message whose handling sent this one; empty where a trace begins."""
        self.name = name
        """Its own name, unique within a run: who sent it, and the how-manieth it was."""
        self.sent_us = sent_us
        """Monotonic clock of the machine, µs."""

    def __reduce__(self) -> tuple[type[Envelope], tuple[Any, ...]]:
        return (
            Envelope,
            (self.kind, self.head, self.blob, self.refs, self.trace, self.hop, self.cause, self.name, self.sent_us),
        )

    def __str__(self) -> str:
        return f"{self.kind}[{len(self.head) + len(self.blob)}]"

    __repr__ = __str__


def pack(
    message: Message,
    trace: str,
    hop: int,
    refs: tuple[Any, ...] = (),
    cause: str = "",
    name: str = "",
    sent_us: int = 0,
) -> Envelope:
    """Wrap a message. `refs` travel beside it as Thespian addresses."""
    kind, blob = type(message), type(message).BLOB
    if blob is None:
        head, body = message.model_dump_json().encode(), b""
    else:
        head, body = message.model_dump_json(exclude={blob}).encode(), getattr(message, blob)
    return Envelope(kind.__name__, head, body, refs, trace, hop, cause, name, sent_us)


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
