"""The verb `import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import Json, StateDir, verb

Paths = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with such files.")]
NoLinks = Annotated[bool, typer.Option("--no-links", help="Do not look at git afterwards.")]


@verb
def import_(paths: Paths, no_links: NoLinks = False, state_dir: StateDir = None, as_json: Json = False) -> int:
    """Store sessions that are on disk already: Codex rollouts and Claude Code transcripts, told apart by content.

    Redacted, once, and resumable: after Ctrl-C or a crash the same command goes on, and what is stored already changes
    nothing. No runtime may run on the state folder. With --json: progress lines, then the summary.

    \b
    Example:
      hybrid-capture import ~/.codex/sessions ~/.claude/projects
      hybrid-capture import rollout-2026-11-22T06-44-54-01a20200.jsonl --json
    """
    from hybrid_capture.importing import import_paths
    from hybrid_capture.settings import load_settings

    return import_paths(load_settings(state_dir), paths, Screen(as_json), links=not no_links)
