"""`hybrid-capture sessions export`. What it does is in `export_view.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import Json, StateDir, database_of, verb


@verb
def sessions_export(
    sessions: Annotated[
        list[str] | None, typer.Argument(metavar="[SESSION]...", help="Ids of sessions, or how they begin.")
    ] = None,
    form: Annotated[
        Literal["jsonl", "markdown", "agent-trace", "git-notes"], typer.Option("--format", help="How they leave.")
    ] = "jsonl",
    everything: Annotated[bool, typer.Option("--all", help="Every stored session.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="A file; standard output otherwise.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    repo: Annotated[
        Path | None, typer.Option("--repo", help="With git-notes: the repository whose refs/notes are written.")
    ] = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Write sessions, redacted once more, as JSON lines, Markdown, agent-trace records, or notes in their repository.

    \b
    Example:
      hybrid-capture sessions export 0199a213 --format markdown --out session.md
      hybrid-capture sessions export --all --format agent-trace --out traces.jsonl
      hybrid-capture sessions export --format git-notes --repo ~/project
    """
    from hybrid_capture import export_view

    return export_view.export(
        database_of(state_dir),
        sessions or [],
        Screen(as_json),
        everything=everything,
        form=form,
        out=out,
        force=force,
        repo=repo,
    )
