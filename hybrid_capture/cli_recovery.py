"""Verbs that stop the live stream and bring it back: `recover`, `fallback`, `kill-switch`. See `recovery.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_capture.console import Screen
from hybrid_capture.verbs import LOOK, Json, StateDir, folder_of, verb

recover_app = typer.Typer(**LOOK, help="Bring back the live stream, or one part of it: hybrid, auth, sidecar.")
switch_app = typer.Typer(**LOOK, help="The stream kill switch: durable, and works without a running runtime.")

Expected = Annotated[
    int | None, typer.Option("--expected-revision", min=0, help="Only if the config still has this revision.")
]


@recover_app.command("hybrid")
@verb
def recover_hybrid(state_dir: StateDir = None, as_json: Json = False) -> int:
    """Bring the live stream back: out of the fallback and of every crash loop, with the account read again.

    \b
    Example:
      hybrid-capture recover hybrid
    """
    from hybrid_capture import recovery

    return recovery.command(folder_of(state_dir), "recoverHybrid", Screen(as_json))


@recover_app.command("auth")
@verb
def recover_auth(state_dir: StateDir = None, as_json: Json = False) -> int:
    """Read the account again; a running turn is not touched.

    \b
    Example:
      hybrid-capture recover auth
    """
    from hybrid_capture import logins

    return logins.command(folder_of(state_dir), "retryAuth", Screen(as_json))


@recover_app.command("sidecar")
@verb
def recover_sidecar(state_dir: StateDir = None, as_json: Json = False) -> int:
    """Start the app-server anew, also out of its crash loop.

    \b
    Example:
      hybrid-capture recover sidecar
    """
    from hybrid_capture import logins

    return logins.command(folder_of(state_dir), "restartSidecar", Screen(as_json))


@verb
def fallback(state_dir: StateDir = None, as_json: Json = False) -> int:
    """Stop the live stream for the rest of this run, until `recover hybrid`; the baseline goes on.

    \b
    Example:
      hybrid-capture fallback
    """
    from hybrid_capture import recovery

    return recovery.command(folder_of(state_dir), "fallbackToOtelOnly", Screen(as_json))


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
@verb
def kill_switch_status(state_dir: StateDir = None, as_json: Json = False) -> int:
    """Say what the config file says, runtime or not; exit code 1 when the file cannot be trusted.

    \b
    Example:
      hybrid-capture kill-switch status
    """
    from hybrid_capture import recovery

    return recovery.status(folder_of(state_dir), Screen(as_json))


@switch_app.command("restore")
@verb
def kill_switch_restore(state_dir: StateDir = None, as_json: Json = False) -> int:
    """Put the last good copy of config.toml in the place of one that is broken, cut off or gone.

    \b
    Example:
      hybrid-capture kill-switch restore
    """
    from hybrid_capture import recovery

    return recovery.restore(folder_of(state_dir), Screen(as_json))
