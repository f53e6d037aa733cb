"""`hybrid-capture trace`: who said what to whom, and how long it took. What the verbs do is in `trace_view.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hybrid_capture.console import Screen
from hybrid_capture.problems import USAGE, Problem
from hybrid_capture.verbs import LOOK, Json, Limit, StateDir, database_of, verb

trace_app = typer.Typer(
    **LOOK, help="The history of messages in the tree: types, ids, sizes and times, never what was said."
)

Turn = Annotated[str | None, typer.Option("--turn", help="Only what names this turn.")]
Kind = Annotated[str | None, typer.Option("--type", help="Only with a message of this type, e.g. FrameBatch.")]
Actor = Annotated[str | None, typer.Option("--actor", help="Only what this part sent or received.")]
Outcome = Annotated[
    Literal["handled", "refused", "faulted", "stale", "ignored"] | None,
    typer.Option("--outcome", help="Only with this outcome."),
]
Since = Annotated[str | None, typer.Option("--since", help="Not older than this: 90s, 15m, 2h, 1d.")]


@trace_app.command("list")
@verb
def trace_list(
    turn: Turn = None,
    kind: Kind = None,
    actor: Actor = None,
    outcome: Outcome = None,
    since: Since = None,
    limit: Limit = 50,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """List the newest traces: what each began with, how many messages it has, who had a part in it, how long it took.

    \b
    Example:
      hybrid-capture trace list --since 15m --outcome refused
      hybrid-capture trace list --type KeepCheckpoint --limit 10 --json
    """
    from hybrid_capture import trace_view

    wanted = {"turn": turn, "kind": kind, "actor": actor, "outcome": outcome, "since_ms": _since(since)}
    return trace_view.show_list(database_of(state_dir), Screen(as_json), limit, wanted)


@trace_app.command("show")
@verb
def trace_show(
    wanted: Annotated[
        str, typer.Argument(metavar="TRACE|TURN|MESSAGE", help="An id, or how the id of a trace or turn begins.")
    ],
    as_table: Annotated[bool, typer.Option("--table", help="A row for each message.")] = False,
    diagram: Annotated[bool, typer.Option("--diagram", help="A sequence diagram for the terminal.")] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="The same as Mermaid text, for Markdown.")] = False,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Tell one trace, or one whole turn, as a story: `>>` arrives, `<<` leaves, moved to the right by hop, with µs.

    \b
    Example:
      hybrid-capture trace show 0199a213
      hybrid-capture trace show 0199a213 --diagram
    """
    from hybrid_capture import trace_view

    if as_table + diagram + mermaid > 1:
        raise Problem("BAD_OPTIONS", "choose one of --table, --diagram and --mermaid", USAGE)
    form = "table" if as_table else "diagram" if diagram else "mermaid" if mermaid else "story"
    return trace_view.show(database_of(state_dir), Screen(as_json), wanted, form)


@trace_app.command("follow")
@verb
def trace_follow(
    rate: Annotated[int, typer.Option("--rate", min=1, max=1_000, help="At most so many a second.")] = 5,
    count: Annotated[int, typer.Option("--count", min=1, max=100_000, help="At most so many in all.")] = 50,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=86_400, help="Ends after so long.")] = 60,
    turn: Turn = None,
    kind: Kind = None,
    actor: Actor = None,
    outcome: Outcome = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Show messages as they are handled, up to six seconds late. Ends by itself, and says how many it left out.

    \b
    Example:
      hybrid-capture trace follow --actor ingest --rate 20 --count 200
      hybrid-capture trace follow --outcome refused --seconds 3600 --json
    """
    from hybrid_capture import trace_view

    def fits(row: dict[str, Any]) -> bool:
        return (
            (turn is None or turn in row["turn_ids"])
            and kind in (None, row["type"])
            and (actor is None or actor in (row["sender"], row["receiver"]))
            and outcome in (None, row["outcome"])
        )

    return trace_view.follow(
        database_of(state_dir), Screen(as_json), rate=rate, count=count, seconds=seconds, wanted=fits
    )


@trace_app.command("export")
@verb
def trace_export(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[TRACE|TURN]", help="One of them; otherwise all that is kept.")
    ] = None,
    form: Annotated[
        Literal["chrome", "otlp", "jsonl"],
        typer.Option("--format", help="chrome: for ui.perfetto.dev and chrome://tracing; otlp: spans as OTLP JSON."),
    ] = "jsonl",
    out: Annotated[Path | None, typer.Option("--out", help="A file (mode 0600); standard output otherwise.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    since: Since = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Write messages for another program: Chrome's trace events (Perfetto reads them), OTLP spans, or JSON lines.

    \b
    Example:
      hybrid-capture trace export --format chrome --out trace.json
      hybrid-capture trace export 0199a213 --format otlp
    """
    from hybrid_capture import trace_view

    return trace_view.export(database_of(state_dir), Screen(as_json), wanted, form, out, force, _since(since))


@trace_app.command("replay")
@verb
def trace_replay(
    recording: Annotated[Path, typer.Argument(metavar="FILE", help="A recording of decisions.", dir_okay=False)],
    as_json: Json = False,
) -> int:
    """Ask the machines of this version again what a recording says they were asked, and stop at the first decision that
    is another: exit code 1, with the message, what was decided then, and what is decided now.

    A recording is made with the setting record_decisions (HYBRID_CAPTURE_RECORD_DECISIONS=true, files below
    STATE/recordings), or by `simulate --seed N --record FILE`. Its texts are masked, their sizes kept.

    \b
    Example:
      hybrid-capture simulate --seed 17 --record seed-17.jsonl
      hybrid-capture trace replay seed-17.jsonl
    """
    from hybrid_capture import trace_replay

    return trace_replay.show(recording, Screen(as_json))


def _since(word: str | None) -> int | None:
    from hybrid_capture.moments import now_ms
    from hybrid_capture.trace_view import since_ms

    return since_ms(word, now_ms())
