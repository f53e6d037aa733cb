"""The verbs of `hybrid-capture trace`: list, follow, show, export; what was lost or left out is always told."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from hybrid_capture import trace_export, trace_story
from hybrid_capture.console import Screen
from hybrid_capture.moments import when
from hybrid_capture.problems import DONE, USAGE, WRONG, Problem
from storage.exporting.sink import OutRefused, whole_file
from storage.trace_reader import MESSAGES_MAX, TraceReader

EXPORT_MAX = 100_000
POLL_S = 0.25
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def since_ms(word: str | None, now_ms: int) -> int | None:
    """A time of day from a word like `90s`, `15m`, `2h`, `1d`: so long ago. Errors: Problem."""
    if word is None:
        return None
    found = re.fullmatch(r"(\d{1,6})([smhd])", word)
    if found is None:
        raise Problem("BAD_OPTIONS", f"--since {word[:20]}: say how long ago, like 90s, 15m, 2h or 1d", USAGE)
    return now_ms - int(found[1]) * _UNITS[found[2]] * 1_000


def show_list(database: str, screen: Screen, limit: int, wanted: dict[str, Any]) -> int:
    """The newest traces that fit. Errors: StoreError."""
    with TraceReader(database) as reader:
        found = reader.recent(limit, **wanted)
        count, missed = reader.count(), reader.missed()
    screen.record({"traces": found, "kept": count, "missed": missed})
    rows = (
        (each["trace_id"], when(each["at_ms"]), each["first"], each["last"], str(each["messages"]),
         f"{each['took_us']:,}", ", ".join(each["actors"]), _bad(each["outcomes"]), " ".join(each["turn_ids"][:2]))
        for each in found
    )  # fmt: skip
    if found:
        screen.table(("trace", "when", "first", "last", "messages", "µs", "who", "not handled", "turns"), rows)
    else:
        screen.say("nothing fits" if count else "no message is recorded: is `traces` on, and did a runtime run?")
    _tell_missed(screen, missed)
    return DONE


def show(database: str, screen: Screen, word: str, form: str) -> int:
    """One trace, or one turn, as a story. Errors: StoreError, Problem when there is none such."""
    with TraceReader(database) as reader:
        what, rows = reader.find(word)
        missed = reader.missed()
    if not rows:
        text = f"no trace, turn or message begins with {word[:80]}: see `hybrid-capture trace list`"
        raise Problem("NOT_FOUND", text, WRONG)
    left_out = len(rows) >= MESSAGES_MAX
    screen.record({"what": what, "messages": rows, "cut": left_out, "missed": missed})
    if not screen.json:
        _draw(screen, what, rows, form)
        if left_out:
            screen.note(f"cut after {MESSAGES_MAX:,} messages: `trace export` has them all")
        turns = list(dict.fromkeys(each for row in rows for each in row["turn_ids"]))
        if what == "trace" and turns and form == "story":
            screen.note(f"it is about turn {turns[0]}: `hybrid-capture trace show {turns[0]}` tells all of that turn")
    _tell_missed(screen, missed)
    return DONE


def _draw(screen: Screen, what: str, rows: list[dict[str, Any]], form: str) -> None:
    if form == "table":
        screen.table(trace_story.COLUMNS, trace_story.table(rows))
        return
    if form == "story":
        traces = len({row["trace_id"] for row in rows})
        screen.say(f"{what}, {len(rows)} messages in {traces} trace(s), began {when(rows[0]['at_ms'])}", "bold")
    lines = {"story": trace_story.story, "mermaid": trace_story.mermaid, "diagram": trace_story.drawing}[form](rows)
    for line in lines:
        screen.say(line)


def follow(
    database: str,
    screen: Screen,
    *,
    rate: int,
    count: int,
    seconds: float,
    wanted: Callable[[dict[str, Any]], bool],
    timer: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Messages as they are told, at most `rate` a second and `count` in all; ends after `seconds`.

    Errors: StoreError.
    """
    shown = left_out = 0
    with TraceReader(database) as reader:
        last = reader.last_row()
        began = timer()
        allowance, filled = float(rate), began
        while shown < count and (now := timer()) - began < seconds:
            allowance, filled = min(float(rate), allowance + (now - filled) * rate), now
            rows, there, last = reader.after(last, MESSAGES_MAX)
            left_out += there - len(rows)
            for row in filter(wanted, rows):
                if allowance < 1 or shown >= count:
                    left_out += 1
                    continue
                allowance -= 1
                shown += 1
                screen.record(row)
                (line,) = trace_story.story([row])
                screen.say(f"{when(row['at_ms'])} {row['trace_id']}{line[15:]}")
            pause(POLL_S)
        missed = reader.missed()
    screen.record({"shown": shown, "left_out": left_out, "missed": missed})
    screen.note(f"{shown} messages shown, {left_out} left out (at most {rate} a second and {count} in all)")
    _tell_missed(screen, missed)
    return DONE


def export(
    database: str, screen: Screen, word: str | None, form: str, out: Path | None, force: bool, since: int | None
) -> int:
    """Write one trace or turn, or everything that is kept. Errors: StoreError, Problem."""
    with TraceReader(database) as reader:
        rows = reader.find(word)[1] if word is not None else reader.rows(EXPORT_MAX, since)
        missed = reader.missed()
    if not rows:
        raise Problem("NOT_FOUND", "no message fits: see `hybrid-capture trace list`", WRONG)
    if form == "jsonl":
        content = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    else:
        made = trace_export.chrome(rows) if form == "chrome" else trace_export.otlp(rows)
        content = orjson.dumps(made, option=orjson.OPT_APPEND_NEWLINE)
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_private(out, content, force)
        screen.record({"written": str(out), "messages": len(rows), "format": form, "missed": missed})
        screen.say(f"{len(rows):,} messages written to {out}")
    _tell_missed(screen, missed)
    return DONE


def write_private(out: Path, content: bytes, force: bool) -> None:
    """A file that only its owner reads, whole or not there. Errors: Problem when it is there already; OSError."""
    try:
        with whole_file(out, force=force) as file:
            file.write(content)
    except OutRefused as refused:
        raise Problem("FILE_EXISTS", str(refused)) from None


def _bad(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(outcomes.items()) if name != "handled")


def _tell_missed(screen: Screen, missed: dict[str, int]) -> None:
    if missed and not screen.json:
        told = ", ".join(f"{who} {count:,}" for who, count in sorted(missed.items()))
        screen.note(f"lost on the way (a full buffer, or ingest was away): {told}")
