"""When the files of a tool were not to be captured: `STATE/capture_off.json`, kept over restarts.

A time begins when a runtime starts with a tool's watching switched off, and ends when one starts with it on: files keep
what was written meanwhile, and without this note the next start would find it and store it after all.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from messages.baseline import Tool
from messages.settings import CaptureOff
from storage.whole_file import NotPlain, read_plain, write_whole

TIMES_MAX = 1_000
"""Times that are remembered per state folder; beyond that the two oldest become one, which hides more, never less."""
BYTES_MAX = 256 * 1024
_TIMES = TypeAdapter(tuple[CaptureOff, ...])


class Pauses:
    """The note of one state folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "capture_off.json"

    def read(self) -> tuple[CaptureOff, ...]:
        """Oldest first; none where there is no note, or one that cannot be read."""
        with contextlib.suppress(OSError, NotPlain, ValidationError):
            return _TIMES.validate_json(read_plain(self._path, BYTES_MAX) or b"[]")
        return ()

    def settle(self, watched: dict[Tool, bool], now_ms: int) -> tuple[CaptureOff, ...]:
        """Note what a start means for each tool, durably; gives all times. Errors: OSError."""
        before = list(self.read())
        times = [self._ended(each, watched, now_ms) for each in before]
        for tool, on in watched.items():
            if not on and not any(each.tool == tool and each.to_ms is None for each in times):
                times.append(CaptureOff(tool=tool, from_ms=now_ms))
        while len(times) > TIMES_MAX:
            times = _joined(times)
        if times != before:
            write_whole(self._path, orjson.dumps([each.model_dump() for each in times]))
        return tuple(times)

    @staticmethod
    def _ended(each: CaptureOff, watched: dict[Tool, bool], now_ms: int) -> CaptureOff:
        ends = each.to_ms is None and watched.get(each.tool, False)
        return each.model_copy(update={"to_ms": max(now_ms, each.from_ms)}) if ends else each


def _joined(times: list[CaptureOff]) -> list[CaptureOff]:
    """One time fewer: the oldest of the tool that has most is joined with the next."""
    tool = max(("codex", "claude"), key=lambda name: sum(each.tool == name for each in times))
    first, second = [each for each in times if each.tool == tool][:2]
    rest = [each for each in times if each not in (first, second)]
    return [first.model_copy(update={"to_ms": second.to_ms}), *rest]
