"""Verbs that list what is stored: `sessions`, `transitions`, `audit`. What they do is in `store_view.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import LOOK, Json, Limit, StateDir, database_of, verb

sessions_app = typer.Typer(**LOOK, help="Read what is stored; needs no running runtime.")


@sessions_app.command("list")
@verb
def sessions_list(
    query: Annotated[str | None, typer.Option("--query", help="In title, folder, branch, model or id.")] = None,
    limit: Limit = 50,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """List stored sessions, newest first.

    \b
    Example:
      hybrid-capture sessions list --query my-project
    """
    from hybrid_capture import store_view

    return store_view.sessions(database_of(state_dir), query, limit, Screen(as_json))


@sessions_app.command("show")
@verb
def sessions_show(
    session_id: Annotated[str, typer.Argument(metavar="ID", help="The session's id, or how it begins.")],
    bodies: Annotated[bool, typer.Option("--bodies", help="With --json: the whole redacted items, too.")] = False,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Print one session: turns, and items with type, status and text.

    \b
    Example:
      hybrid-capture sessions show 0199a213 --json | jq '.turns[].items[].type'
    """
    from hybrid_capture import store_view

    return store_view.session(database_of(state_dir), session_id, bodies, Screen(as_json))


@verb
def transitions(limit: Limit = 50, state_dir: StateDir = None, as_json: Json = False) -> int:
    """List changes of mode, process, handshake and login, in the order in which they happened.

    \b
    Example:
      hybrid-capture transitions --limit 20
    """
    from hybrid_capture import store_view

    return store_view.transitions(database_of(state_dir), limit, Screen(as_json))


@verb
def audit(limit: Limit = 50, state_dir: StateDir = None, as_json: Json = False) -> int:
    """List what must not be forgotten: losses, refusals, incidents.

    \b
    Example:
      hybrid-capture audit --json
    """
    from hybrid_capture import store_view

    return store_view.audit(database_of(state_dir), limit, Screen(as_json))
