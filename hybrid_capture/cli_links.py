"""`hybrid-capture links`: which commits are a session's. What the verbs do is in `link_view.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import LOOK, Json, Limit, StateDir, database_of, verb

links_app = typer.Typer(**LOOK, help="Which git commits hold what a session wrote, and why.")

Repo = Annotated[
    Path | None, typer.Option("--repo", help="Only this repository: any folder in it, or one of its working trees.")
]


@links_app.command("list")
@verb
def links_list(
    session: Annotated[str | None, typer.Option("--session", help="A session's id, or how it begins.")] = None,
    commit: Annotated[str | None, typer.Option("--commit", help="A commit's name, or how it begins.")] = None,
    repo: Repo = None,
    state: Annotated[
        Literal["linked", "needs_review", "gone", "unlinked"] | None, typer.Option("--state", help="Only these.")
    ] = None,
    limit: Limit = 100,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """List links between sessions and commits, newest commits first, and sessions without one, with the reason.

    \b
    Example:
      hybrid-capture links list --repo ~/project --state needs_review
      hybrid-capture links list --commit 1a2b3c4
    """
    from hybrid_capture import link_view

    return link_view.show(
        database_of(state_dir), Screen(as_json), session=session, commit=commit, repo=repo, state=state, limit=limit
    )


@links_app.command("explain")
@verb
def links_explain(
    wanted: Annotated[str, typer.Argument(metavar="LINK|SESSION", help="A link's number, or a session's id.")],
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Say in plain words why a session is linked to a commit, or to none.

    \b
    Example:
      hybrid-capture links explain 12
      hybrid-capture links explain 0199a213
    """
    from hybrid_capture import link_view

    return link_view.explain(database_of(state_dir), wanted, Screen(as_json))


@links_app.command("repair")
@verb
def links_repair(repo: Repo = None, state_dir: StateDir = None, as_json: Json = False) -> int:
    """Look at git again: after amend, rebase, squash, cherry-pick, or when a commit came late. Writes no repository.

    \b
    Example:
      hybrid-capture links repair --repo ~/project
    """
    from hybrid_capture import link_view

    return link_view.repair(database_of(state_dir), repo, Screen(as_json))
