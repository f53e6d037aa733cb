"""The verb that brings an earlier collector's folders to their place: shows, does, takes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, WRONG
from hybrid_capture.setup import collector_move
from hybrid_capture.setup.collector_plan import EARLIER, NOW, Move, Plan, Status, plan


def migrate(state_dir: Path, home: Path, *, dry_run: bool, screen: Screen) -> int:
    """Move, or show what would be moved. A migration that was killed in the middle is taken back first."""
    if not dry_run:
        for note in collector_move.notes(state_dir):
            if note.status == "under way":
                collector_move.take_back(note)
                note.status = "failed"
                collector_move.keep(state_dir, note)
    found = plan(home, _commands())
    status, reason = found.status, found.reason
    if found.moves and not dry_run:
        status, reason = collector_move.migrate(state_dir, home, found)
    _tell(home, found, status, reason, dry_run, screen)
    return WRONG if status in ("failed", "deferred") else DONE


def roll_back(state_dir: Path, home: Path, screen: Screen) -> int:
    """Take the latest migration back."""
    status, reason, note = collector_move.roll_back(state_dir)
    moves = [{"from": target, "to": source} for source, target in note.renames] if note and not reason else []
    screen.record({"status": status, "reason": reason, "moves": moves})
    screen.say(reason or f"{len(moves)} files are back below {home}.")
    return WRONG if status == "failed" else DONE


def _tell(home: Path, found: Plan, status: Status, reason: str, dry_run: bool, screen: Screen) -> None:
    screen.record(
        {
            "status": status, "reason": reason, "dry_run": dry_run, "earlier": [str(home / each) for each in EARLIER],
            "now": str(home / NOW), "moves": [_told(move) for move in found.moves], "left": list(map(str, found.left)),
        }
    )  # fmt: skip
    for move in found.moves:
        screen.say(f"{move.source} → {move.target} ({move.size:,} bytes, mode {move.mode:o})")
    for path in found.left:
        screen.say(f"{path} stays: it is at the new place already")
    done = f"{len(found.moves)} files {'would be' if dry_run else 'are'} moved to {home / NOW}"
    screen.say(f"{status}: {reason}" if reason else done if found.moves else f"{status}: everything is in its place")


def _told(move: Move) -> dict[str, object]:
    return {"from": str(move.source), "to": str(move.target), "mode": f"{move.mode:o}", "bytes": move.size}


def _commands() -> Iterator[str]:
    """Command lines and working folders of everything that runs; ours, which may name the folders, left out."""
    own = psutil.Process()
    mine = {own.pid, *(each.pid for each in own.parents())}
    for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
        if process.info["pid"] not in mine:
            yield " ".join([*(process.info["cmdline"] or []), process.info["cwd"] or ""])
