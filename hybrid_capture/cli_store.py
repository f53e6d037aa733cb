"""Verbs that look after the store: `purge`, `fsck`, `backup`. What they do is in `upkeep.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import Json, StateDir, database_of, folder_of, verb


@verb
def purge(
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Nothing happened in it for 30d, 12h, 8w.")
    ] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="ID", help="This session, whatever its age.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Remove sessions for good: every row, the search index, and the bytes; works beside a running runtime.

    What their sources (transcripts, codex's history) still hold of them stays away at later imports; backups are yours
    to remove. Without a terminal it takes --yes or --dry-run.

    \b
    Example:
      hybrid-capture purge --older-than 90d --dry-run
      hybrid-capture purge --session 0199a213-5c5b-7bd2-8d67-64f2ad0b3f4f --yes
    """
    from hybrid_capture import upkeep

    wish = upkeep.Wish(older_than=older_than, session_id=session, dry_run=dry_run, yes=yes)
    return upkeep.purge(database_of(state_dir), folder_of(state_dir), wish, Screen(as_json))


@verb
def fsck(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be worked out from the rest.")] = False,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Check the whole store: file, keys, counts, hashes, ledger, search index. Exit code 1 when something is wrong.

    With --repair, what follows from other rows is worked out again, and a file that is damaged is set aside; the exit
    code then says what is left.

    \b
    Example:
      hybrid-capture fsck --json | jq '.checks[] | select(.state != "ok")'
    """
    from hybrid_capture import upkeep

    return upkeep.check(database_of(state_dir), folder_of(state_dir), repair, Screen(as_json))


@verb
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes; must not exist.")],
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Copy the whole store into one private file, beside a running runtime; without what was deleted.

    To restore it: stop capture, move STATE/capture.sqlite3 and its -wal and -shm away, and copy FILE there.

    \b
    Example:
      hybrid-capture backup ~/backups/capture-2026-11-26.sqlite3
    """
    from hybrid_capture import upkeep

    return upkeep.back_up(database_of(state_dir), file, Screen(as_json))
