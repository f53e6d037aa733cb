"""Which tool wrote a file, by what its first lines say. Never by its name: copies are renamed."""

from __future__ import annotations

from typing import Literal, NamedTuple

from actors.wire.gathered import Json, loads
from messages.baseline import Tool

LINES_MAX = 20
"""Lines that are looked at."""
LOOK_BYTES = 256 * 1024
"""How much of a file is enough to tell: codex's first line holds its instructions, about 20 kB."""


class FileKind(NamedTuple):
    """Who wrote a file, and what the store calls such a source."""

    tool: Tool
    source: Literal["rollout", "transcript"]


ROLLOUT = FileKind("codex", "rollout")
TRANSCRIPT = FileKind("claude", "transcript")
_ROLLOUT_TYPES = frozenset(
    ["session_meta", "response_item", "event_msg", "turn_context", "token_usage_record", "world_state"]
)
_TRANSCRIPT_TYPES = frozenset(["user", "assistant", "system", "attachment"])


def kind_of(start: bytes) -> FileKind | None:
    """The kind of the file that begins with `start`; None while its lines do not tell (none is whole yet, or it is of
    another program)."""
    for raw in start.split(b"\n", LINES_MAX)[:-1]:
        line = loads(raw)
        kind = None if line is None else _kind(line)
        if kind is not None:
            return kind
    return None


def _kind(line: Json) -> FileKind | None:
    said = line.get("type")
    if isinstance(line.get("payload"), dict) and isinstance(said, str) and said in _ROLLOUT_TYPES:
        return ROLLOUT
    if isinstance(line.get("sessionId"), str) and isinstance(said, str):
        return TRANSCRIPT
    if isinstance(said, str) and said in _TRANSCRIPT_TYPES and isinstance(line.get("uuid"), str):
        return TRANSCRIPT
    if said is None and isinstance(line.get("id"), str) and "timestamp" in line and "instructions" in line:
        return ROLLOUT  # the first line of a file of early 2025
    return None
