"""Verbs that change what belongs to tools on this machine: `setup codex`, `setup claude`, `migrate-collector`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hybrid_capture.console import Screen
from hybrid_capture.problems import USAGE, Problem
from hybrid_capture.verbs import LOOK, Json, StateDir, folder_of, verb

setup_app = typer.Typer(
    **LOOK, help="Let Codex or Claude Code send its telemetry here: shows the change, writes it, takes it back."
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]
Undo = Annotated[bool, typer.Option("--undo", help="Give the file back as it was.")]
Prompts = Annotated[
    Literal["on", "off"] | None, typer.Option("--prompts", help="Whether prompts are part of the telemetry.")
]
Signals = Annotated[
    str | None, typer.Option("--signals", help="Of logs, traces, metrics, with commas; logs unless chosen.")
]
To = Annotated[
    str | None, typer.Option("--endpoint", help="Base URL of the receiver; the port of this state folder otherwise.")
]
AllowRemote = Annotated[bool, typer.Option("--allow-remote", help="An endpoint that is not on this machine.")]
Replace = Annotated[bool, typer.Option("--replace", help="Take the place of another receiver.")]


@setup_app.command("codex")
@verb
def codex(
    dry_run: DryRun = False,
    undo: Undo = False,
    prompts: Prompts = None,
    signals: Signals = None,
    endpoint: To = None,
    allow_remote: AllowRemote = False,
    replace: Replace = False,
    home: Annotated[
        Path | None, typer.Option("--home", help="Codex's own folder; CODEX_HOME or ~/.codex otherwise.")
    ] = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Let every Codex session send its telemetry here, by the `[otel]` table of its config.toml.

    Comments and all other keys stay. What is not said now stays as it was said before.

    \b
    Example:
      hybrid-capture setup codex --dry-run
      hybrid-capture setup codex --prompts on
      hybrid-capture setup codex --undo
    """
    return _change("codex", undo, as_json, state_dir, home=home, endpoint=endpoint, allow_remote=allow_remote,
                   signals=signals, prompts=prompts, replace=replace, dry_run=dry_run)  # fmt: skip


@setup_app.command("claude")
@verb
def claude(
    dry_run: DryRun = False,
    undo: Undo = False,
    prompts: Prompts = None,
    hooks: Annotated[
        bool | None, typer.Option("--hooks/--no-hooks", help="A background hook that tells where transcripts are.")
    ] = None,
    signals: Signals = None,
    endpoint: To = None,
    allow_remote: AllowRemote = False,
    replace: Replace = False,
    home: Annotated[
        Path | None, typer.Option("--home", help="Claude's own folder; CLAUDE_CONFIG_DIR or ~/.claude otherwise.")
    ] = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Let every Claude Code session send its telemetry here, by the `env` of its settings.json.

    Order, layout and all other keys stay. What is not said now stays as it was said before.

    \b
    Example:
      hybrid-capture setup claude --dry-run
      hybrid-capture setup claude --hooks --prompts on
      hybrid-capture setup claude --undo
    """
    return _change("claude", undo, as_json, state_dir, home=home, endpoint=endpoint, allow_remote=allow_remote,
                   signals=signals, prompts=prompts, hooks=hooks, replace=replace, dry_run=dry_run)  # fmt: skip


def _change(
    tool: Literal["codex", "claude"],
    undo: bool,
    as_json: bool,
    state_dir: Path | None,
    *,
    signals: str | None,
    prompts: str | None,
    **said: Any,
) -> int:
    from hybrid_capture.setup import change
    from hybrid_capture.setup.wish import SIGNALS

    words = signals.split(",") if signals is not None else []
    if set(words) - set(SIGNALS):
        raise Problem("BAD_OPTIONS", f"--signals takes {', '.join(SIGNALS)}, separated by commas", USAGE)
    named = tuple(each for each in SIGNALS if each in words) or None
    asked = change.Asked(
        tool, folder_of(state_dir), signals=named, prompts=None if prompts is None else prompts == "on", **said
    )
    if undo:
        given = [name for name, value in said.items() if value and name not in ("home", "dry_run")]
        if given or signals or prompts:
            raise Problem("BAD_OPTIONS", "--undo goes only with --dry-run, --home, --state-dir and --json", USAGE)
        return change.undo(asked, Screen(as_json))
    return change.set_up(asked, Screen(as_json))


@verb
def migrate_collector(
    dry_run: DryRun = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Take the latest migration back.")] = False,
    home: Annotated[
        Path | None,
        typer.Option("--home", exists=True, file_okay=False, help="Your home folder, unless it is another."),
    ] = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Bring the folders of an earlier telemetry collector to ~/.agents/otel-collector: all files or none.

    Files are renamed, never copied, and keep their modes. Links are refused; files that differ are left to you.

    \b
    Example:
      hybrid-capture migrate-collector --dry-run
      hybrid-capture migrate-collector
      hybrid-capture migrate-collector --rollback
    """
    from hybrid_capture.setup import collector

    where = (home or Path.home()).absolute()
    if rollback:
        if dry_run:
            raise Problem("BAD_OPTIONS", "give only one of --dry-run and --rollback", USAGE)
        return collector.roll_back(folder_of(state_dir), where, Screen(as_json))
    return collector.migrate(folder_of(state_dir), where, dry_run=dry_run, screen=Screen(as_json))
