"""Looking after the store, for a person: what would go, what went, what is wrong with it, and a copy of it."""

from __future__ import annotations

import os
import re
import secrets
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, UNUSABLE, USAGE, WRONG, Problem
from hybrid_capture.statefolder import NotRunning, find_runtime
from storage import backup, fsck
from storage.aside import begin_anew
from storage.connection import Database, Writer
from storage.database import open_reader, open_writer
from storage.errors import StoreCorrupt
from storage.purge import Doomed, Purge

UNITS_MS = {"h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
AGE = re.compile(r"(\d{1,6})([hdw])")
SHOWN_MAX = 50
"""Sessions that are listed before the question; the rest is counted."""
CUT_TRIES, CUT_WAIT_S = 20, 0.25
"""How long a reader that is in the middle of something may keep old bytes in the log."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants removed."""

    older_than: str | None
    session_id: str | None
    dry_run: bool
    yes: bool


def purge(place: str, folder: Path, wish: Wish, screen: Screen) -> int:
    """Find, ask, remove one session after the other, and then what is left of their bytes. Errors: StoreError."""
    now_ms = time.time_ns() // 1_000_000
    if (wish.older_than is None) == (wish.session_id is None):
        raise Problem("BAD_OPTIONS", "say either --older-than AGE or --session ID", USAGE)
    age_ms = age_of(wish.older_than) if wish.older_than is not None else 0
    if not wish.dry_run and not wish.yes and (screen.json or not sys.stdin.isatty()):
        raise Problem("BAD_OPTIONS", "nobody can be asked here: give --yes, or --dry-run to look only", USAGE)
    open_reader(place).close()  # nothing is made where nothing was captured
    with closing(open_writer(place)) as database:
        tool = Purge(database, f"purge-{secrets.token_hex(3)}")
        doomed = tool.named(wish.session_id) if wish.session_id else tool.older_than(now_ms - age_ms)
        if wish.session_id and not doomed:
            raise Problem("UNKNOWN_ID", f"no session {wish.session_id} is stored: see `hybrid-capture sessions list`")
        _show(doomed, screen)
        if wish.dry_run or not doomed:
            screen.record({"dry_run": wish.dry_run, "sessions": [asdict(each) for each in doomed], "rows": 0})
            return DONE
        if not wish.yes and not typer.confirm(f"Remove {_counted(doomed)} for good?"):
            raise Problem("NOT_CONFIRMED", "nothing was removed")
        why = f"asked for by a person (older than {wish.older_than})" if wish.older_than else "asked for by a person"
        removed = 0
        with screen.progress("removing", len(doomed)) as advance:
            for each in doomed:
                removed += tool.remove(each, now_ms, why)
                advance()
        clean = _reclaim(database, compact=not _runs(folder))
    screen.record({"dry_run": False, "sessions": [asdict(each) for each in doomed], "rows": removed, "clean": clean})
    screen.say(f"removed {_counted(doomed)}: {removed} rows", "green")
    if not clean:
        raise Problem("LOG_IN_USE", "a reader keeps old bytes in the log: close it and run this again", WRONG)
    return DONE


def check(place: str, folder: Path, repair: bool, screen: Screen) -> int:
    """Print every check. Errors: NothingCaptured, WrongSchema, StoreUnavailable."""
    run_id, now_ms = f"fsck-{secrets.token_hex(3)}", time.time_ns() // 1_000_000
    try:
        with closing(_opened(place, repair)) as database, screen.progress("checking", fsck.steps()) as advance:
            checks = []
            for each in fsck.examine(database, repair, run_id, now_ms):
                checks.append(each)
                advance()
    except StoreCorrupt as damage:
        if not repair:
            hint = "stop capture, then `hybrid-capture fsck --repair` sets it aside; a start of capture does so, too"
            raise Problem("STORE_DAMAGED", f"{damage.reason}; {hint}", UNUSABLE) from None
        if _runs(folder):
            raise Problem("RUNNING", "capture runs: stop it first, so that nobody writes into what is moved") from None
        checks = [fsck.Check("file", "repaired", begin_anew(place, damage, run_id, now_ms).text, 1)]
    screen.record({"checks": [asdict(each) for each in checks]})
    screen.table(("check", "state", "what"), ((each.name, each.state, each.text) for each in checks))
    return WRONG if any(each.state == "wrong" for each in checks) else DONE


def back_up(place: str, to: Path, screen: Screen) -> int:
    """Write the copy and say what is in it. Errors: StoreError."""
    with screen.progress("copying", 1) as advance:
        done = backup.back_up(place, to)
        advance()
    screen.record({**asdict(done), "path": str(done.path)})
    size = f"{done.bytes_count / 1_000_000:.1f} MB"
    screen.say(f"{done.path}: {done.sessions} sessions, {done.items} items, {size}", "green")
    return DONE


def age_of(text: str) -> int:
    """`30d` in ms. Errors: Problem."""
    found = AGE.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise Problem("BAD_OPTIONS", "an age is a number of hours, days or weeks, like 12h, 30d or 8w", USAGE)
    return int(found[1]) * UNITS_MS[found[2]]


def _opened(place: str, repair: bool) -> Database:
    """The store, for writing only if it may be repaired: a writer would begin one where there is none."""
    reader = open_reader(place)
    if not repair:
        return reader
    reader.close()
    return open_writer(place)


def _show(doomed: list[Doomed], screen: Screen) -> None:
    rows = (
        (each.session_id, time.strftime("%Y-%m-%d %H:%M", time.localtime(each.last_ms / 1000)), str(each.turns),
         str(each.items), (each.title or "")[:48])
        for each in doomed[:SHOWN_MAX]
    )  # fmt: skip
    if doomed:
        screen.table(("session", "last active", "turns", "items", "title"), rows)
        if len(doomed) > SHOWN_MAX:
            screen.say(f"… and {len(doomed) - SHOWN_MAX} more")
    else:
        screen.say("no session is that old")


def _counted(doomed: list[Doomed]) -> str:
    return f"{len(doomed)} sessions with {sum(each.items for each in doomed)} items"


def _reclaim(database: Writer, compact: bool) -> bool:
    for _ in range(CUT_TRIES):
        if database.reclaim(compact):
            return True
        time.sleep(CUT_WAIT_S)
        compact = False
    return False


def _runs(folder: Path) -> bool:
    try:
        find_runtime(folder)
    except NotRunning:
        return False
    return os.path.isdir(folder)
