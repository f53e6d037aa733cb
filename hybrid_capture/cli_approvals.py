"""`hybrid-capture approvals`: what codex waits for a person to decide. What the verbs do is in `approvals_view.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import LOOK, Json, StateDir, folder_of, folder_verb, verb

approvals_app = typer.Typer(**LOOK, help="Commands and file changes that codex asks a person to approve.")


@approvals_app.command("list")
@folder_verb
def approvals_list(folder: Path, screen: Screen) -> int:
    """List what waits for a decision now, and how long it still waits.

    \b
    Example:
      hybrid-capture approvals list
    """
    from hybrid_capture import approvals_view

    return approvals_view.listed(folder, screen)


@approvals_app.command("answer")
@verb
def approvals_answer(
    name: Annotated[str, typer.Argument(metavar="ID", help="From `approvals list`, or how it begins.")],
    decision: Annotated[
        Literal["accept", "accept-for-session", "decline", "cancel"],
        typer.Argument(help="decline: the turn goes on without it; cancel: the turn is interrupted."),
    ],
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Answer one request, once; exit code 1 when it was answered already, or is over.

    \b
    Example:
      hybrid-capture approvals answer 3f2a91c0 accept
    """
    from hybrid_capture import approvals_view
    from hybrid_capture.asking import TYPED

    return approvals_view.answer(folder_of(state_dir), name, TYPED[decision], Screen(as_json))


@approvals_app.command("watch")
@verb
def approvals_watch(
    ask: Annotated[
        bool | None, typer.Option("--ask/--no-ask", help="Decide here; yes at a terminal unless told otherwise.")
    ] = None,
    for_s: Annotated[float | None, typer.Option("--for", min=0.1, help="End after so many seconds.")] = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Show every request as it comes, with its diff, and decide it here: accept, for the session, decline, cancel.

    \b
    Example:
      hybrid-capture approvals watch
      hybrid-capture approvals watch --no-ask --json --for 60
    """
    from hybrid_capture import approvals_view

    wanted = sys.stdin.isatty() if ask is None else ask
    return approvals_view.watch(folder_of(state_dir), wanted, for_s, Screen(as_json))
