"""The verbs that find things in what is stored: search, coverage, decisions, revisions. They need no runtime."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import Json, Limit, StateDir, database_of, verb

Tool = Annotated[Literal["codex", "claude"] | None, typer.Option("--tool", help="Only sessions of this tool.")]
Session = Annotated[str, typer.Argument(help="Session id, or how it begins.")]


@verb
def search(
    phrase: Annotated[list[str], typer.Argument(help="Words; in quotes: one after another; `word*`: its beginning.")],
    tool: Tool = None,
    session: Annotated[str | None, typer.Option("--session", help="Only this session (or how its id begins).")] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only items of this type, e.g. commandExecution; session: names only.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From then on: 2026-11-20, 2026-11-20T12:00, 7d, 12h.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before then, said in the same way.")] = None,
    cwd: Annotated[str | None, typer.Option("--cwd", help="Only sessions in this folder or repository.")] = None,
    source: Annotated[
        Literal["stream", "pull", "rollout", "transcript", "otlp"] | None,
        typer.Option("--source", help="Only items that this source saw."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Newest so many.")] = 20,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Find sessions and items by what they say, newest first.

    \b
    Examples:
      hybrid-capture search "connection refused" --tool claude --since 7d
      hybrid-capture search migrat* sqlite --kind commandExecution --json
    """
    from hybrid_capture import finding

    asked = finding.Asked(tool, session, kind, since, until, cwd, source)
    return finding.search(database_of(state_dir), phrase, asked, limit, Screen(as_json))


@verb
def coverage(session: Session, state_dir: StateDir = None, as_json: Json = False) -> int:
    """Show which source saw which item of a session, and where one has a gap.

    \b
    Example:
      hybrid-capture coverage 0199a213
    """
    from hybrid_capture import finding

    return finding.coverage(database_of(state_dir), session, Screen(as_json))


@verb
def decisions(
    session: Annotated[str | None, typer.Option("--session", help="Only about this session.")] = None,
    decision: Annotated[
        Literal["accepted", "duplicate", "replaced", "dropped"] | None,
        typer.Option("--decision", help="Only these."),
    ] = None,
    limit: Limit = 50,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """List what became of items and turns and why: accepted, duplicate, replaced or dropped.

    \b
    Example:
      hybrid-capture decisions --session 0199a213-7c1e-7d40-9a51-0a8f2f6d3c11 --decision replaced
    """
    from hybrid_capture import finding

    return finding.decisions(database_of(state_dir), session, decision, limit, Screen(as_json))


@verb
def revisions(
    session: Session,
    item: Annotated[str, typer.Argument(help="Item id, as `sessions show --json` or `coverage` give it.")],
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Show what an item said before, and what each source said of it.

    \b
    Example:
      hybrid-capture sessions revisions 4f6bb846 toolu_29e554b1e6b94245a1824a0b
    """
    from hybrid_capture import finding

    return finding.revisions(database_of(state_dir), session, item, Screen(as_json))
