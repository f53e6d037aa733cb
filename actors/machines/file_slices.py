"""A file in bounded slices: from what is stored of it to the next message for the store. Pure; the file is passed in.

The same slices are read by `hybrid-capture import` and by the tailing in the baseline actor. A slice ends at a line
feed, so a torn last line waits. What was stored is known by offset, and by a hash over the file's first bytes: another
file in the same place, or one that shrank, is read from its beginning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from actors.wire.file_kind import LOOK_BYTES, FileKind, kind_of
from actors.wire.gathered import FileText, Gathered
from actors.wire.rollout import end_rollout, read_rollout
from actors.wire.rollout_state import RolloutState
from actors.wire.transcript import end_transcript, read_transcript
from actors.wire.transcript_state import TranscriptState
from messages.baseline import FilePosition, KeepRecords

HEAD_BYTES = 256
"""How much of a file's beginning tells it from another."""
NO_STATE = "{}"
MISREAD = "something in it cannot be understood: please report it"
"""What is told of a file at which this reader failed, before the kind of the fault: that file is left, others go on."""

State = RolloutState | TranscriptState


class OpenFile(FileText, Protocol):
    """A file that is open for reading, as it was found."""

    @property
    def path(self) -> str: ...
    @property
    def device(self) -> int: ...
    @property
    def inode(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def changed_ms(self) -> int:
        """When it was last written (wall clock)."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer at the end of the file. Errors: OSError."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """How slices are cut."""

    slice_bytes: int
    line_bytes_max: int
    """A longer line is `dropped:line_too_long` with its size; the file goes on behind it."""
    quiet_ms: int
    """A file that was not written for this long has no more to come: an open turn ends as interrupted. Should its end
    come after all, the store takes it."""
    off: Callable[[str, int], bool] = lambda tool, at_ms: False
    """Whether capture of a tool was switched off at this time: such lines are `dropped:capture_off`."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What some bytes of a file came to."""

    kind: FileKind
    got: Gathered
    position: FilePosition

    def message(self, incarnation: int, n: int) -> KeepRecords:
        """As it goes to the store."""
        got = self.got
        return KeepRecords(
            incarnation=incarnation,
            n=n,
            tool=self.kind.tool,
            source=self.kind.source,
            received=got.received,
            counts=dict(got.counts),
            sessions=tuple(got.sessions),
            turns=tuple(got.turns),
            items=tuple(got.items),
            usage=tuple(got.usage),
            audit=tuple(got.audit),
            position=self.position,
        )


class NotOurs(Exception):
    """The file's beginning is of neither tool."""


def next_slice(file: OpenFile, stored: FilePosition | None, rules: Rules, now_ms: int) -> Slice | None:
    """The next slice of a file of which `stored` is in the store; None when nothing is to be told now.

    Errors: NotOurs; OSError and LineGone when the file changes under the reader (the next look finds out).
    """
    same = stored is not None and is_same(file, stored)
    offset, text = (stored.offset, stored.state) if stored is not None and same else (0, NO_STATE)
    kind, state = _state(text, file)
    if kind is None or state is None:
        return None
    data = file.read(offset, rules.slice_bytes)
    if data and b"\n" not in data and len(data) == rules.slice_bytes:
        data, too_long = _long_line(file, offset, data, rules)
        if too_long:
            return _without(file, kind, state, offset, too_long, now_ms)
    quiet = now_ms - file.changed_ms >= rules.quiet_ms
    at_end = offset + len(data) >= file.size
    got = _decoded(kind, state, data, offset, file, rules, now_ms, last=quiet and at_end)
    while data and not got.consumed and not at_end and len(data) <= 2 * rules.line_bytes_max:
        # A line that can only be understood with the next one, which is not in this slice.
        data = file.read(offset, 2 * len(data))
        at_end = offset + len(data) >= file.size
        got = _decoded(kind, state, data, offset, file, rules, now_ms, last=quiet and at_end)
    if not got.consumed:
        if not (quiet and at_end):
            return None
        got = _ended(state, file, now_ms)
        if not (got.turns or got.items):
            return None
    return Slice(kind, got, _position(file, kind, state, offset, offset + got.consumed))


def is_same(file: OpenFile, stored: FilePosition) -> bool:
    """Whether this is the file that is stored, grown or moved: neither cut below what is stored, nor another."""
    length, _, _ = stored.head.partition(":")
    if not length.isdigit() or file.size < stored.offset:
        return False
    return head_of(file, int(length)) == stored.head


def head_of(file: OpenFile, length: int) -> str:
    """`<length>:<hash>` over so many first bytes."""
    start = file.read(0, min(length, HEAD_BYTES))
    return f"{len(start)}:{hashlib.sha256(start).hexdigest()[:12]}"


def _state(text: str, file: OpenFile) -> tuple[FileKind | None, State | None]:
    """The decoder of the file where it stands; nothing while its first line is not whole. Errors: NotOurs."""
    try:
        known: Any = orjson.loads(text)
        if known.get("source") == "rollout":
            return FileKind("codex", "rollout"), RolloutState(**known["at"])
        if known.get("source") == "transcript":
            return FileKind("claude", "transcript"), TranscriptState(**known["at"])
    except (ValueError, TypeError, KeyError, AttributeError):
        pass  # a state of another version: the file's own beginning tells what it is
    start = file.read(0, LOOK_BYTES)
    kind = kind_of(start)
    if kind is None:
        if b"\n" in start or len(start) >= LOOK_BYTES:
            raise NotOurs(file.path)
        return None, None
    return kind, RolloutState() if kind.source == "rollout" else TranscriptState()


def _decoded(
    kind: FileKind, state: State, data: bytes, offset: int, file: OpenFile, rules: Rules, now_ms: int, *, last: bool
) -> Gathered:
    def off(at_ms: int) -> bool:
        return rules.off(kind.tool, at_ms)

    if isinstance(state, RolloutState):
        return read_rollout(state, data, offset, file, path=file.path, now_ms=now_ms, last=last, off=off)
    return read_transcript(state, data, offset, file, path=file.path, now_ms=now_ms, off=off)


def _ended(state: State, file: OpenFile, now_ms: int) -> Gathered:
    return end_rollout(state, now_ms) if isinstance(state, RolloutState) else end_transcript(state, file, now_ms)


def _long_line(file: OpenFile, offset: int, data: bytes, rules: Rules) -> tuple[bytes, int]:
    """More of the file until its line ends: the data, or the length of a line that is too long to be kept.

    A line that is too long and has no end yet is left as it is: nothing of it can be told. Memory: `line_bytes_max`.
    """
    parts, length = [data], len(data)
    while length <= rules.line_bytes_max:
        more = file.read(offset + length, rules.slice_bytes)
        cut = more.find(b"\n")
        if cut >= 0 and length + cut <= rules.line_bytes_max:
            return b"".join((*parts, more[: cut + 1])), 0
        if cut >= 0 or not more:
            break
        parts.append(more)
        length += len(more)
    parts.clear()
    length = len(data)
    while more := file.read(offset + length, rules.slice_bytes):
        cut = more.find(b"\n")
        if cut >= 0:
            whole = length + cut
            return b"", whole if whole > rules.line_bytes_max else 0
        length += len(more)
    return b"", 0


def _without(file: OpenFile, kind: FileKind, state: State, offset: int, length: int, now_ms: int) -> Slice:
    got = Gathered(received=1, consumed=length + 1)
    got.drop("line_too_long", state.session or file.path, f"a line of {length} bytes (at byte {offset})", now_ms)
    if isinstance(state, RolloutState):
        state.line += 1
    return Slice(kind, got, _position(file, kind, state, offset, offset + got.consumed))


def _position(file: OpenFile, kind: FileKind, state: State, before: int, offset: int) -> FilePosition:
    text = orjson.dumps({"source": kind.source, "at": orjson.Fragment(state.dumped())}).decode()
    return FilePosition(
        path=file.path,
        device=file.device,
        inode=file.inode,
        offset=offset,
        size=max(file.size, offset),
        head=head_of(file, HEAD_BYTES),
        from_offset=before,
        state=text,
    )
