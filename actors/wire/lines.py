"""Bytes of a pipe cut into whole lines, within a fixed amount of memory."""

from __future__ import annotations

from dataclasses import dataclass

LINE_TOO_LONG = "line_too_long"
"""Why a line was dropped; one of `messages.status.DROP_REASONS`."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line that was too long to keep; its place in the data is an empty line."""

    index: int
    """Its place among the lines of the same `Lines`, from 0."""
    bytes_count: int
    """How long it was, without its line feed."""
    reason: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive whole lines."""

    data: bytes = b""
    """The lines, each ending in a line feed. A carriage return before it is left to the reader."""
    count: int = 0
    """How many lines `data` holds, empty ones included."""
    dropped: tuple[Dropped, ...] = ()
    torn: bool = False
    """True when the last line had no line feed of its own: the pipe ended inside it."""


NO_LINES = Lines()


class LineSplitter:
    """Cuts chunks into lines; holds at most `line_bytes_max` bytes of an unfinished one.

    The usual chunk costs one `rfind`, one `count` and one copy, whatever the number of lines. A longer line is
    discarded as it comes and leaves an empty line and a `Dropped` with its size, so every line keeps its number.
    Upstream: codex 0.169 writes `item/completed` and `turn/completed` with the full text on one line (a message of
    20,000 deltas is 180 kB), so the usual 64 KiB limit of line readers breaks.
    """

    def __init__(self, line_bytes_max: int) -> None:
        assert line_bytes_max >= 1, line_bytes_max
        self._max = line_bytes_max
        self._tail = bytearray()
        self._discarded = 0
        """Bytes of the current overlong line that are gone already; 0 when there is none."""

    @property
    def pending(self) -> int:
        """Bytes of the unfinished line that are held, at most `line_bytes_max`."""
        return len(self._tail)

    def feed(self, chunk: bytes) -> Lines:
        """The lines that this chunk completes, perhaps none."""
        cut = chunk.rfind(b"\n") + 1
        if cut == 0:
            self._hold(chunk)
            return NO_LINES
        whole, rest = (chunk, b"") if cut == len(chunk) else (chunk[:cut], chunk[cut:])
        dropped: tuple[Dropped, ...] = ()
        if self._discarded:
            end = whole.index(b"\n")
            dropped = (Dropped(0, self._discarded + end, LINE_TOO_LONG),)
            self._discarded = 0
            whole = whole[end:]
        elif self._tail:
            whole = b"".join((self._tail, whole))
            self._tail.clear()
        # A line longer than the limit can only be in here when the whole is longer than the limit.
        if len(whole) - 1 > self._max:
            whole, found = self._without_overlong(whole)
            dropped += found
        if rest:
            self._hold(rest)
        return Lines(whole, whole.count(b"\n"), dropped)

    def finish(self) -> Lines:
        """The last line, if the pipe ended inside one. The splitter is empty again afterwards."""
        if self._discarded:
            lines = Lines(b"\n", 1, (Dropped(0, self._discarded, LINE_TOO_LONG),), torn=True)
        elif self._tail:
            lines = Lines(bytes(self._tail) + b"\n", 1, torn=True)
        else:
            lines = NO_LINES
        self._discarded = 0
        self._tail.clear()
        return lines

    def _hold(self, part: bytes) -> None:
        if self._discarded:
            self._discarded += len(part)
        elif len(self._tail) + len(part) > self._max:
            self._discarded = len(self._tail) + len(part)
            self._tail.clear()
        else:
            self._tail += part

    def _without_overlong(self, whole: bytes) -> tuple[bytes, tuple[Dropped, ...]]:
        lines = whole.split(b"\n")
        dropped = tuple(
            Dropped(index, len(line), LINE_TOO_LONG) for index, line in enumerate(lines) if len(line) > self._max
        )
        for gone in dropped:
            lines[gone.index] = b""
        return b"\n".join(lines), dropped
