"""What both tools' telemetry has in common: whose it is, when it happened, what makes a record itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from actors.wire.moments import iso_ms
from actors.wire.otlp import Group, Record
from messages.baseline import EventSeen, ResponseUsage, Tool
from messages.otlp import Signal
from messages.records import TurnSeen

ID_CHARS_MAX = 512
"""A longer id is none of the tools'; the store would refuse it."""
PERSONAL = frozenset(
    {"user.email", "user.account_id", "user.account_uuid", "organization.id", "user.id", "enduser.id", "host.name"}
)
"""Attributes that say who the person is and nothing about the session. They are not kept."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one record came to."""

    event: EventSeen
    known: bool = True
    """Whether the name is one that this version was written for. Others are kept as well, and named once."""
    turn: TurnSeen | None = None
    usage: ResponseUsage | None = None
    model: str | None = None
    """The model that the session uses."""


Outcome = Found | str
"""What a record came to, or its disposition when nothing of it is kept."""


def tool_of(group: Group) -> Tool | None:
    """Whose records these are, by service name or scope: a person may name the service otherwise."""
    service = group.resource.get("service.name")
    for word in (service if isinstance(service, str) else "", group.scope):
        if word.startswith(("claude-code", "claude_code", "com.anthropic.claude")):
            return "claude"
        if word.startswith(("codex", "codex_otel")):
            return "codex"
    return None


def at_ms_of(record: Record) -> int:
    """When it happened. Codex leaves `timeUnixNano` at 0 and says it in an attribute."""
    if record.at_ns > 0:
        return record.at_ns // 1_000_000
    said = iso_ms(record.attributes.get("event.timestamp"))
    return said if said is not None else record.observed_ns // 1_000_000


def event_of(
    signal: Signal,
    record: Record,
    *,
    name: str,
    session_id: str,
    turn_id: str | None,
    call_id: str | None = None,
) -> EventSeen:
    """The record as an event. `name` has no prefix of the tool; spans and points say in it what they are."""
    body: dict[str, Any] = {key: value for key, value in record.attributes.items() if key not in PERSONAL}
    if record.text and not record.text.endswith(name):
        body["body"] = record.text
    key = hashlib.blake2b(digest_size=16)
    if signal == "traces":
        body["span"] = {
            "span_id": record.span_id, "parent_id": record.parent_id,
            "duration_ms": max(0, record.observed_ns - record.at_ns) / 1_000_000, **record.extra,
        }  # fmt: skip
        key.update(f"{record.trace_id}{record.span_id}{name}".encode())
        text = dumps(body)
    else:
        if record.extra:
            body["point"] = {"from_ns": record.at_ns, "to_ns": record.observed_ns, **record.extra}
        text = dumps(body)
        # What was sent, with the times: a record that is exported again is the same to the byte.
        key.update(f"{signal} {name} {record.at_ns} {record.observed_ns} {record.span_id} ".encode())
        key.update(text)
    return EventSeen(
        session_id=session_id,
        turn_id=turn_id,
        key=key.hexdigest(),
        name=name,
        at_ms=at_ms_of(record) if signal != "metrics" else record.observed_ns // 1_000_000,
        sequence=whole(record.attributes.get("event.sequence")),
        trace_id=record.trace_id or None,
        call_id=call_id,
        body=text.decode(),
    )


def dumps(body: dict[str, Any]) -> bytes:
    """JSON, of whatever a body may hold."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return orjson.dumps(_writable(body))


def _writable(value: Any) -> Any:
    """The same with whole numbers beyond 64 bits, and texts that are no Unicode, made writable."""
    if isinstance(value, dict):
        return {_writable(str(name)): _writable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_writable(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return str(value)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def id_of(value: Any) -> str | None:
    """An id that can be part of a key."""
    return value if isinstance(value, str) and 0 < len(value) <= ID_CHARS_MAX else None


def word_of(value: Any) -> str | None:
    """A text that says something."""
    return value if isinstance(value, str) and value else None


def whole(value: Any) -> int | None:
    """A whole number, also when it was sent as a text or with a fraction; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value == value and abs(value) < 2**63 else None
    if isinstance(value, str) and len(value) <= 20:
        try:
            return int(value)
        except ValueError:
            return None
    return None


def total_of(*parts: int | None) -> int | None:
    """The sum of what is known; None when nothing is."""
    known = [part for part in parts if part is not None]
    return sum(known) if known else None
