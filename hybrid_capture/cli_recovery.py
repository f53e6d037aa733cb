"""Verbs that stop the live stream and bring it back: `recover`, `fallback`, `kill-switch`. See `recovery.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import LOOK, Json, StateDir, folder_of, folder_verb, verb

recover_app = typer.Typer(**LOOK, help="Bring back the live stream, or one part of it: hybrid, auth, sidecar.")
switch_app = typer.Typer(**LOOK, help="The stream kill switch: durable, and works without a running runtime.")

Expected = Annotated[
    int | None, typer.Option("--expected-revision", min=0, help="Only if the config still has this revision.")
]


@recover_app.command("hybrid")
@folder_verb
def recover_hybrid(folder: Path, screen: Screen) -> int:
    """Bring the live stream back: out of the fallback and of every crash loop, with the account read again.

    \b
    Example:
      hybrid-capture recover hybrid
    """
    from hybrid_capture import recovery

    return recovery.command(folder, "recoverHybrid", screen)


@recover_app.command("auth")
@folder_verb
def recover_auth(folder: Path, screen: Screen) -> int:
    """Read the account again; a running turn is not touched.

    \b
    Example:
      hybrid-capture recover auth
    """
    from hybrid_capture import logins

    return logins.command(folder, "retryAuth", screen)


@recover_app.command("sidecar")
@folder_verb
def recover_sidecar(folder: Path, screen: Screen) -> int:
    """Start the app-server anew, also out of its crash loop.

    \b
    Example:
      hybrid-capture recover sidecar
    """
    from hybrid_capture import logins

    return logins.command(folder, "restartSidecar", screen)


@folder_verb
def fallback(folder: Path, screen: Screen) -> int:
    """Stop the live stream for the rest of this run, until `recover hybrid`; the baseline goes on.

    \b
    Example:
      hybrid-capture fallback
    """
    from hybrid_capture import recovery

    return recovery.command(folder, "fallbackToOtelOnly", screen)


@switch_app.command("on")
@verb
def kill_switch_on(expected: Expected = None, state_dir: StateDir = None, as_json: Json = False) -> int:
    """Stop the live stream and keep it stopped, across restarts.

    \b
    Example:
      hybrid-capture kill-switch on
    """
    from hybrid_capture import recovery

    return recovery.turn(folder_of(state_dir), True, expected, Screen(as_json))


@switch_app.command("off")
@verb
def kill_switch_off(expected: Expected = None, state_dir: StateDir = None, as_json: Json = False) -> int:
    """Let the live stream run again; a running runtime resumes by itself.

    \b
    Example:
      hybrid-capture kill-switch off
    """
    from hybrid_capture import recovery

    return recovery.turn(folder_of(state_dir), False, expected, Screen(as_json))


@switch_app.command("status")
@folder_verb
def kill_switch_status(folder: Path, screen: Screen) -> int:
    """Say what the config file says, runtime or not; exit code 1 when the file cannot be trusted.

    \b
    Example:
      hybrid-capture kill-switch status
    """
    from hybrid_capture import recovery

    return recovery.status(folder, screen)


@switch_app.command("restore")
@folder_verb
def kill_switch_restore(folder: Path, screen: Screen) -> int:
    """Put the last good copy of config.toml in the place of one that is broken, cut off or gone.

    \b
    Example:
      hybrid-capture kill-switch restore
    """
    from hybrid_capture import recovery

    return recovery.restore(folder, screen)
