"""The scripted app-server: an executable stand-in for ``codex app-server`` 0.169.

    python -m chaos.scripted app-server --strict-config      serves JSON lines on stdio
    python -m chaos.scripted --version                       codex-cli 0.169.0-scripted

`write_executable` makes a small file that stands wherever a codex binary path is expected. CODEX_HOME is honoured
(config.toml, auth.json, sessions/) and must exist. Nothing is ever dialled. What a turn does is chosen by its prompt,
what the process does by a script file: both are described in `scripts.py`.

Environment: HYBRID_CAPTURE_SCRIPT, HYBRID_CAPTURE_SEED, HYBRID_CAPTURE_CLOCK_MS (see `scripts.py`).
Exit codes: 0 on the end of stdin, SIGTERM and invalid UTF-8; 1 when CODEX_HOME or config.toml is unusable; 2 for an
unknown command line.

It is built of: `scripted_loop.py` (poll loop), `scripted_server.py` (answers), `scripted_player.py` (performs turns),
`scripted_turns.py`, `scripted_scenarios.py` and `scripted_faults.py` (what a turn says), `scripted_account.py` (login),
`scripted_threads.py`, `scripted_rollouts.py` and `scripted_locks.py` (storage), `scripted_frames.py` (shapes). The
conformance suite (`tests/chaos/test_conformance.py`) runs the same tests against the real program, so that this one
cannot drift.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos.scripted_frames import CLI_VERSION, notification
from chaos.scripted_loop import Stopped
from chaos.scripted_server import Server, Settings
from chaos.scripts import CLOCK_ENV, SCRIPT_ENV, SEED_ENV, ProcessScript, load_script, script_json

VERSION_LINE = f"codex-cli {CLI_VERSION}-scripted"
STARTS_FILE = "scripted-starts"


def write_executable(
    path: Path, *, script: ProcessScript | None = None, seed: int | None = None, clock_ms: int | None = None
) -> Path:
    """Write an executable at `path` that runs the scripted app-server with this interpreter; returns `path`.

    The script, seed and clock are written into it (the script as `<path>.script.json`), so they hold even where the
    caller cleans the environment. POSIX only: it is a shell script that replaces itself, so its pid is the server's.
    """
    lines = ["#!/bin/sh", f"export PYTHONPATH={shlex.quote(str(Path(__file__).resolve().parent.parent))}"]
    if script is not None:
        script_path = path.with_name(path.name + ".script.json")
        script_path.write_bytes(script_json(script))
        lines.append(f"export {SCRIPT_ENV}={shlex.quote(str(script_path.resolve()))}")
    if seed is not None:
        lines.append(f"export {SEED_ENV}={seed}")
    if clock_ms is not None:
        lines.append(f"export {CLOCK_ENV}={clock_ms}")
    lines.append(f'exec {shlex.quote(sys.executable)} -m chaos.scripted "$@"')
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


def read_settings(home: Path) -> Settings:
    """What config.toml in `home` says; the defaults without one. Errors: OSError, tomllib.TOMLDecodeError."""
    path = home / "config.toml"
    if not path.exists():
        return Settings()
    config = tomllib.loads(path.read_text())
    provider = config.get("model_provider", "mock")
    about = config.get("model_providers", {}).get(provider, {})
    return Settings(
        model=config.get("model", "gpt-5.5"),
        provider=provider,
        approval_policy=config.get("approval_policy", "on-request"),
        sandbox=config.get("sandbox_mode", "read-only"),
        requires_openai_auth=about.get("requires_openai_auth", True),
        stream_max_retries=about.get("stream_max_retries", 5),
    )


def log(line: str) -> None:
    """One line on stderr."""
    sys.stderr.buffer.write(line.encode() + b"\n")
    sys.stderr.buffer.flush()


def count_start(home: Path) -> int:
    """The number of this start of this CODEX_HOME (1 = first)."""
    path = home / STARTS_FILE
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, b".")
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


def serve(env: Mapping[str, str]) -> int:
    """Serve stdio until told to stop; the exit code."""
    # No fallback to ~/.codex as upstream has: a stand-in must never write into a user's real home.
    home = Path(env.get("CODEX_HOME") or os.devnull)
    if not home.is_dir():
        log(f"Error: CODEX_HOME points to {str(home)!r}, but that path does not exist")
        return 1
    try:
        settings = read_settings(home)
    except tomllib.TOMLDecodeError as bad:
        log(f"Error loading config.toml: {bad}")
        return 1
    start = count_start(home)
    script = load_script(Path(env[SCRIPT_ENV]) if env.get(SCRIPT_ENV) else None).at_start(start)
    signal.alarm(script.lifetime_s_max)
    if script.start == "exit":
        if script.exit_message:
            log(script.exit_message)
        return script.exit_code
    clock_ms = int(env[CLOCK_ENV]) if env.get(CLOCK_ENV) else None
    # The start number is part of the seed: a restarted process must not make the ids of the one before.
    seed = f"{env[SEED_ENV]}:{start}" if env.get(SEED_ENV) else None
    server = Server(home, script, settings, 0, 1, seed=seed, clock_ms=clock_ms, log=log)
    for number in range(script.frames_before_handshake):
        params = {"summary": f"before the handshake {number}", "details": None}
        server.loop.send(notification("configWarning", params, server.clock()))
    if script.start == "stdout_closed":
        server.loop.close_stdout()
    with contextlib.suppress(Stopped):
        server.loop.run()
    time.sleep(script.stop_delay_ms / 1000)
    server.player.abort_all()
    server.history.locks.release()
    server.loop.flush(0.05)
    return 0


def main(argv: Sequence[str]) -> int:
    if list(argv) == ["--version"]:
        sys.stdout.buffer.write(VERSION_LINE.encode() + b"\n")
        return 0
    if not argv or argv[0] != "app-server" or not set(argv[1:]) <= {"--strict-config"}:
        log(f"error: unexpected arguments {list(argv)!r}; usage: app-server [--strict-config] | --version")
        return 2
    return serve(os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
