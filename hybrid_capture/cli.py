"""The command line: verbs, their options and their help. What a verb does is in the file that it imports.

Imports stand inside the verbs: `--help` must not wait for pydantic, peewee and psutil. Every verb takes `--state-dir`
and `--json`; expected errors end as one sentence and an exit code (`problems.py`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from hybrid_capture.cli_approvals import approvals_app
from hybrid_capture.cli_drill import drill_app
from hybrid_capture.cli_export import sessions_export
from hybrid_capture.cli_finding import coverage, decisions, revisions, search
from hybrid_capture.cli_gates import gates_app
from hybrid_capture.cli_import import import_
from hybrid_capture.cli_links import links_app
from hybrid_capture.cli_recovery import fallback, recover_app, switch_app
from hybrid_capture.cli_sessions import audit, sessions_app, transitions
from hybrid_capture.cli_setup import migrate_collector, setup_app
from hybrid_capture.cli_simulate import simulate
from hybrid_capture.cli_store import backup, fsck, purge
from hybrid_capture.cli_trace import trace_app
from hybrid_capture.console import Screen
from hybrid_capture.problems import USAGE, Problem
from hybrid_capture.verbs import EPILOG, LOOK, Json, StateDir, folder_of, folder_verb, verb

app = typer.Typer(
    **LOOK, add_completion=True, epilog=EPILOG, help="Capture AI coding sessions reliably, redacted, once."
)

Codex = Annotated[
    Path | None, typer.Option("--codex", help="The codex binary or its npm wrapper; looked for on PATH otherwise.")
]
Cwd = Annotated[Path | None, typer.Option("--cwd", exists=True, file_okay=False, help="Working folder of the session.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"hybrid-capture {version('hybrid-capture')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    """Capture AI coding sessions reliably, redacted, once."""


@app.command()
@verb
def run(
    codex: Codex = None,
    codex_home: Annotated[
        Path | None, typer.Option("--codex-home", exists=True, file_okay=False, help="CODEX_HOME for the app-server.")
    ] = None,
    cwd: Cwd = None,
    auth_mode: Annotated[
        Literal["chatgpt", "apiKey", "none"] | None,
        typer.Option("--auth-mode", help="Which login counts; chatgpt unless chosen."),
    ] = None,
    no_stream: Annotated[bool, typer.Option("--no-stream", help="Capture without the live stream.")] = False,
    no_otlp: Annotated[bool, typer.Option("--no-otlp", help="No OTLP receiver, and no gateway.")] = False,
    otlp_port: Annotated[
        int | None,
        typer.Option("--otlp-port", min=0, max=65_535, help="Port of the receiver; as last time, or 4318, otherwise."),
    ] = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Capture in the foreground until Ctrl-C or `hybrid-capture stop`.

    Starts the actors and a real `codex app-server`, and prints each change of mode. A missing codex is no reason to
    fail: capture goes on without the live stream, and says so. With --json: one line per transition.

    \b
    Example:
      hybrid-capture run --codex ~/.npm-global/bin/codex --cwd ~/project
    """
    from hybrid_capture import foreground
    from hybrid_capture.settings import load_settings

    given = {"codex": codex, "codex_home": codex_home, "cwd": cwd, "auth_mode": auth_mode, "otlp_port": otlp_port}
    off = {"streaming": False if no_stream else None, "otlp": False if no_otlp else None}
    settings = load_settings(state_dir, **given, **off)
    return foreground.run(settings, Screen(as_json))


@app.command()
@folder_verb
def status(folder: Path, screen: Screen) -> int:
    """How the running runtime stands: mode and why, sidecar, login, actors, ledger.

    \b
    Example:
      hybrid-capture status --json | jq .mode
    """
    from hybrid_capture import status_view

    return status_view.status(folder, screen)


@app.command()
@verb
def panel(
    open_: Annotated[bool, typer.Option("--open", help="In this machine's browser, at once.")] = False,
    observer: Annotated[
        bool, typer.Option("--observer", help="Good for looking only: no command changes anything.")
    ] = False,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Give the panel's address for one browser: good once, and for ten minutes.

    \b
    Example:
      hybrid-capture panel --open
    """
    from hybrid_capture import panel_view

    return panel_view.show(folder_of(state_dir), "observer" if observer else "operator", open_, Screen(as_json))


@app.command()
@verb
def turn(
    prompt: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    thread: Annotated[str | None, typer.Option("--thread", help="Go on in this session; a new one otherwise.")] = None,
    cwd: Cwd = None,
    model: Annotated[str | None, typer.Option("--model", help="Model of a new session.")] = None,
    approve: Annotated[
        Literal["ask", "accept", "decline"] | None,
        typer.Option("--approve", help="Answer to approval requests; ask at a terminal, decline otherwise."),
    ] = None,
    timeout_s: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds until it must be stored.")] = 600.0,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Take one turn through the running runtime; ends when it is stored, and prints the session's id.

    Shows redacted lines as they come. Ctrl-C interrupts the turn and still waits for it to be stored.

    \b
    Example:
      hybrid-capture turn "why does the build fail?" --cwd ~/project --approve ask
    """
    from hybrid_capture.turns import Wish, take_turn

    if prompt == "-":
        prompt = sys.stdin.read()
    wish = Wish(
        prompt=prompt,
        thread=thread,
        cwd=str(cwd.absolute()) if cwd else None,
        model=model,
        approve=approve or ("ask" if sys.stdin.isatty() else "decline"),
        timeout_s=timeout_s,
    )
    return take_turn(folder_of(state_dir), wish, Screen(as_json))


@app.command()
@verb
def login(
    device: Annotated[bool, typer.Option("--device", help="By a code that is typed on another device.")] = False,
    api_key_stdin: Annotated[bool, typer.Option("--api-key-stdin", help="Read an API key.")] = False,
    tokens_stdin: Annotated[
        bool, typer.Option("--tokens-stdin", help='Read {"accessToken": "...", "accountId": "..."}.')
    ] = False,
    timeout_s: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds until it is given up.")] = 600.0,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Log codex in: in the browser, unless told otherwise. Secrets are read from standard input only.

    \b
    Example:
      hybrid-capture login --device
      hybrid-capture login --api-key-stdin < key.txt
    """
    from hybrid_capture import logins

    if device + api_key_stdin + tokens_stdin > 1:
        raise Problem("BAD_OPTIONS", "give only one of --device, --api-key-stdin and --tokens-stdin", USAGE)
    how: logins.How = "device" if device else "api_key" if api_key_stdin else "tokens" if tokens_stdin else "browser"
    return logins.log_in(folder_of(state_dir), how, Screen(as_json), timeout_s)


@app.command()
@folder_verb
def logout(folder: Path, screen: Screen) -> int:
    """Log codex out; capture goes on without the live stream.

    \b
    Example:
      hybrid-capture logout
    """
    from hybrid_capture import logins

    return logins.command(folder, "logout", screen)


@app.command()
@folder_verb
def stop(folder: Path, screen: Screen) -> int:
    """Stop the `run` of this state folder in order, and wait until nothing of it is left.

    \b
    Example:
      hybrid-capture stop
    """
    from hybrid_capture import stopping

    return stopping.stop(folder, screen)


@app.command()
@verb
def doctor(
    codex: Codex = None,
    reap: Annotated[bool, typer.Option("--reap", help="End the processes that an earlier run left.")] = False,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> int:
    """Look at everything that could stand in the way, and say what to do. Changes nothing without --reap.

    \b
    Example:
      hybrid-capture doctor
      hybrid-capture doctor --reap
    """
    from hybrid_capture.doctor import examine

    return examine(folder_of(state_dir), codex, Screen(as_json), reap)


@app.command()
@verb
def demo(
    real: Annotated[bool, typer.Option("--real", help="With an installed codex and a model on this machine.")] = False,
    codex: Codex = None,
    state_dir: Annotated[
        Path | None, typer.Option("--state-dir", help="Keep what the demo stores; a temporary folder otherwise.")
    ] = None,
    as_json: Json = False,
) -> int:
    """See the main job done in seconds: capture, redaction, approval, a crash and the recovery.

    Needs no network, no codex and no account. With --real an installed codex does it, still offline.

    \b
    Example:
      hybrid-capture demo
      hybrid-capture demo --real --codex ~/.npm-global/bin/codex
    """
    from chaos.demo import show

    if codex is not None and not real:
        raise Problem("BAD_OPTIONS", "--codex goes with --real: the plain demo brings its own app-server", USAGE)
    return show(real=real, codex=codex, state_dir=state_dir, screen=Screen(as_json))


@app.command()
@verb
def redact(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="What to redact; standard input otherwise.")
    ] = None,
    findings: Annotated[bool, typer.Option("--findings", help="One JSON line per finding on standard error.")] = False,
    as_json: Json = False,
    state_dir: StateDir = None,
) -> int:
    """Copy text to standard output without the secrets that are found in it. Needs no runtime and no state folder.

    With --json the findings go to standard error as with --findings; the text stays as it is.

    \b
    Example:
      hybrid-capture redact build.log > shareable.log
    """
    from storage.redaction import redact_stream

    told = sys.stderr.buffer if findings or as_json else None
    if file is None:
        redact_stream(sys.stdin.buffer, sys.stdout.buffer, told)
    else:
        with file.open("rb") as source:
            redact_stream(source, sys.stdout.buffer, told)
    return 0


# The verbs of other files, in the order in which `--help` lists them: after those above, and groups after verbs.
for each in (fallback, transitions, audit, search, coverage, decisions, purge, fsck, backup, simulate):
    app.command()(each)
app.command("import")(import_)
app.command("migrate-collector")(migrate_collector)
sessions_app.command("revisions")(revisions)
sessions_app.command("export")(sessions_export)
for name, group in (
    ("recover", recover_app), ("kill-switch", switch_app), ("sessions", sessions_app), ("links", links_app),
    ("approvals", approvals_app), ("trace", trace_app), ("setup", setup_app), ("drill", drill_app),
    ("gates", gates_app),
):  # fmt: skip
    app.add_typer(group, name=name)
