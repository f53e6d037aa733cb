"""The `doctor` verb: look at everything that could stand in the way, and say what to do about it.

Looks only, unless it is told to end what an earlier run left. A look that fails is reported as failed, never as
"nothing found". What concerns processes is in `doctor_processes.py`, what
concerns the sources of the baseline in `doctor_sources.py`.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from hybrid_capture import neighbours
from hybrid_capture.client import Unanswered, attach
from hybrid_capture.codex_binary import CodexNotFound, require_version, resolve_codex
from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, WRONG, one_sentence
from hybrid_capture.settings import BadSettings, load_settings, store_of
from hybrid_capture.statefolder import NotRunning, find_runtime
from storage.aside import standing_aside
from storage.config import ConfigFile
from storage.errors import NothingCaptured, StoreError
from storage.reader import Reader

PYTHON_MIN = (3, 11)
CODEX_MIN = (0, 169, 0)
"""The version whose protocol is built and tested against; an older one may miss methods."""
STATUS_S = 5.0
RUNS_MAX = 50
"""Newest runs whose books are checked."""
STYLES = {"ok": "green", "note": "yellow", "wrong": "red"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "note", "wrong"]
    text: str
    hint: str = ""
    """What to do; empty when nothing is to be done."""


Look = Callable[[Path], Iterator[Check]]


def examine(folder: Path, codex: Path | None, screen: Screen, reap: bool = False) -> int:
    """Print every check; the exit code is 1 when something is wrong. With `reap` left-over processes are ended."""
    from hybrid_capture import doctor_processes, doctor_sources

    looks: tuple[Look, ...] = (
        python, packages, lambda at: codex_binary(at, codex), scanner, permissions, database,
        doctor_processes.leftovers, lambda at: doctor_processes.processes(at, reap), doctor_processes.listeners,
        doctor_sources.sources,
    )  # fmt: skip
    checks: list[Check] = []
    for look in looks:
        for check in look(folder):
            checks.append(check)
            screen.say(f"{check.state:<6}{check.name}: {check.text}", STYLES[check.state])
            if check.hint:
                screen.say(f"      -> {check.hint}")
    wrong = sum(check.state == "wrong" for check in checks)
    screen.record({"ok": not wrong, "state_dir": str(folder), "checks": [asdict(check) for check in checks]})
    screen.say(f"{wrong} of {len(checks)} checks are wrong" if wrong else f"nothing is wrong ({len(checks)} checks)")
    return WRONG if wrong else DONE


def python(_: Path) -> Iterator[Check]:
    """The interpreter is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON_MIN:
        yield Check("python", "wrong", f"{version} is too old", "install Python 3.11 or later and make a venv with it")
    else:
        yield Check("python", "ok", f"{version} at {sys.executable}")


def packages(_: Path) -> Iterator[Check]:
    """In a shared environment another's `actors`, `messages` or `storage` may come first, or lie in ours."""
    own = neighbours.place_of("hybrid_capture")
    strange = neighbours.in_the_way() or (neighbours.mixed(own) if own else "")
    if strange:
        yield Check("packages", "wrong", strange, neighbours.HINT)
    else:
        yield Check("packages", "ok", f"all from {own}")


def codex_binary(folder: Path, given: Path | None) -> Iterator[Check]:
    """The settings can be read, and name a codex that starts and is new enough."""
    config = ConfigFile(folder).load()
    if config.fault:
        # The text says what to do: it is the runtime's own reason for its mode.
        yield Check("config", "wrong", f"the stream kill switch counts as on: {one_sentence(config.fault)}")
    try:
        settings = load_settings(folder, codex=given)
    except BadSettings as error:
        yield Check("settings", "wrong", one_sentence(str(error)), "mend the environment variable")
        return
    yield Check("settings", "ok", f"state folder {settings.state_dir}, auth mode {settings.auth_mode}")
    if not config.fault and (config.kill_switch or settings.kill_switch):
        hint = "`hybrid-capture kill-switch off`" if config.kill_switch else "HYBRID_CAPTURE_KILL_SWITCH holds it"
        yield Check("kill switch", "note", "codex.streamKillSwitch is on: there is no live stream", hint)
    if not settings.streaming:
        yield Check("codex", "note", "streaming is off: codex is not needed")
        return
    try:
        binary = resolve_codex(settings.codex, env_path=os.environ.get("PATH", ""))
        version = require_version(binary, CODEX_MIN)
    except CodexNotFound as error:
        pid = _sidecar_pid(folder)
        if pid is not None:
            yield Check("codex", "ok", f"the running runtime was given one of its own (pid {pid})")
        else:
            yield Check("codex", "wrong", one_sentence(str(error)), "until then capture runs without the live stream")
    else:
        yield Check("codex", "ok", f"{version} at {binary}")
    if settings.codex_home is not None and not settings.codex_home.is_dir():
        hint = "make it, log codex in with it, or give another with --codex-home"
        yield Check("codex home", "wrong", f"{settings.codex_home} is not a folder", hint)


def _sidecar_pid(folder: Path) -> int | None:
    """The app-server of the runtime that lives here: its `run` may have been told where codex is, and doctor not."""
    try:
        with attach(folder) as client:
            answer = client.ask({"command": "getStatus"}, STATUS_S)
    except (NotRunning, Unanswered):
        return None
    pid: int | None = answer.get("status", {}).get("sidecar", {}).get("pid")
    return pid


def scanner(_: Path) -> Iterator[Check]:
    """Redaction works, and with which engine."""
    from storage import redaction

    engine = redaction.warm()
    # In pieces, so that no scanner takes this file for a leak.
    planted = "ghp_" + "w4Kz8TnR2vLq9XcY6bHs3JdF7mPe1AaU0gVo"
    if planted in redaction.scrub(f"token {planted} end"):
        yield Check("redaction", "wrong", f"a planted token came through ({engine})", "do not capture; report this")
    elif engine != "hyperscan":
        text = f"works with {engine}; Hyperscan is not available, so it is slower"
        yield Check("redaction", "note", text, "pip install 'hybrid-capture[hyperscan]'")
    else:
        yield Check("redaction", "ok", f"works with {engine}")


def permissions(folder: Path) -> Iterator[Check]:
    """Folders 0700, files 0600, all of them ours."""
    if not folder.exists():
        yield Check("state folder", "note", f"{folder} does not exist yet", "`hybrid-capture run` makes it")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Check("state folder", "wrong", f"{folder} cannot be written", "give another with --state-dir")
        return
    if os.name != "posix":
        yield Check("state folder", "note", "permissions are not checked on this system")
        return
    found = [folder, *folder.glob("*"), *folder.glob("logs/*"), *folder.glob("sockets/*")]
    open_ones = [place for place in found if _is_open(place)]
    for place in open_ones:
        mode = "700" if place.is_dir() else "600"
        yield Check("state folder", "wrong", f"{place} is not private", f"chmod {mode} {place}")
    if not open_ones:
        yield Check("state folder", "ok", f"{folder} is private")


def _is_open(place: Path) -> bool:
    try:
        found = place.lstat()
    except FileNotFoundError:
        return False  # it went away meanwhile, as SQLite's -wal does
    return bool(found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)) and not stat.S_ISLNK(found.st_mode)


def database(folder: Path) -> Iterator[Check]:
    """The database opens in this version's schema, and the books of each run balance."""
    try:
        place = store_of(folder)
    except BadSettings:
        return  # told above
    for aside in standing_aside(place):
        hint = "what it held is read again from its sources; `sqlite3 FILE .recover` may show the rest, then remove it"
        yield Check("damaged store", "wrong", f"{aside} was damaged and stands aside", hint)
    try:
        with Reader(place) as reader:
            stored = reader.status()
            newest = reader.ledger()
            seen = [newest["run_id"], *(row["run_id"] for row in reversed(reader.transitions(limit=1_000)))]
            runs = [run for run in dict.fromkeys(seen) if run is not None][:RUNS_MAX]
            books = {run: reader.ledger(run) for run in runs}
    except NothingCaptured:
        yield Check("database", "note", "nothing is captured yet")
        return
    except StoreError as error:
        yield Check("database", "wrong", error.reason, error.hint)
        return
    text = f"schema version {stored['schema_version']}, {stored['sessions']} sessions, {stored['items']} items"
    yield Check("database", "ok", text)
    bad = [run for run, book in books.items() if not book["balanced"]]
    if bad:
        hint = "see `hybrid-capture audit`: a row names the source, and please report it"
        yield Check("ledger", "wrong", f"the books of these runs do not balance: {', '.join(bad)}", hint)
    else:
        frames = sum(book["received"] for book in books.values())
        yield Check("ledger", "ok", f"{frames} frames of {len(books)} runs are accounted for")
    live = is_running(folder)
    open_runs = [run for run, book in books.items() if book["staged"]]
    if open_runs and not live:
        yield Check("stage", "note", f"frames are still staged in ended runs: {', '.join(open_runs)}")


def is_running(folder: Path) -> bool:
    """Whether a runtime lives in the state folder."""
    try:
        find_runtime(folder)
    except NotRunning:
        return False
    return True
