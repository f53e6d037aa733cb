"""Recovery beside other supervisors: the same child is killed, and says itself when it runs again, in ms.

    python -m benchmarks.supervisors [kills]

Beside supervisord (PyPI's `supervisor` in a venv, `.tools/supervisor`) and an Erlang/OTP supervisor (`escript` on
PATH). The child is one Python program that sends its pid over a socket as
its first act, so every figure is SIGKILL to the next child's first act, its interpreter's start included. None of them
waits before a restart but the last row, which has a user's backoff of 250 ms. Ours goes on as an app-server: handshake,
login and a durable stream are in `benchmarks.recovery` and in the drills.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from benchmarks.samples import TOOLS, line, print_result, print_table, row
from chaos.drilling.stage import Stage
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.settings import Settings
from messages.settings import Timing

KILLS = 20
PEER = TOOLS / "supervisor" / "bin" / "python"
SUPERVISORD_WORDS = (str(PEER), "-m", "supervisor.supervisord")
"""By its interpreter: its script knows only the folder in which it was installed."""
OTP_RELEASE = "io:put_chars(erlang:system_info(otp_release)), halt()."
ERLANG_NAME = "Erlang/OTP supervisor"
WAIT_S = 60.0
BETWEEN_S = 1.2
"""Between two kills: supervisord looks once a second, and nobody shall be met in the middle of a start."""
CHILD = """#!{python} -SE
import os, socket, time
said = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
said.sendto(str(os.getpid()).encode(), {address!r})
{then}
"""
SUPERVISORD = """[supervisord]
nodaemon=true
logfile={folder}/log
pidfile={folder}/pid
[program:child]
command={child}
autorestart=true
startsecs=0
startretries=100000
"""
ERLANG = """%%! -noinput
-mode(compile).
-export([init/1, start_worker/1, handle_info/2, handle_call/3, handle_cast/2]).
main([Child]) ->
    logger:set_primary_config(level, none),
    {ok, _} = supervisor:start_link(?MODULE, {tree, Child}),
    timer:sleep(infinity).
init({tree, Child}) ->
    Worker = #{id => child, start => {?MODULE, start_worker, [Child]}},
    {ok, {#{strategy => one_for_one, intensity => 100000, period => 1}, [Worker]}};
init({worker, Child}) ->
    {ok, open_port({spawn_executable, Child}, [exit_status])}.
start_worker(Child) -> gen_server:start_link(?MODULE, {worker, Child}, []).
handle_info({Port, {exit_status, _}}, Port) -> {stop, died, Port};
handle_info(_, Port) -> {noreply, Port}.
handle_call(_, _, Port) -> {reply, ok, Port}.
handle_cast(_, Port) -> {noreply, Port}.
"""


class Ear:
    """Hears each child's first act."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "ear")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(WAIT_S)

    def child(self, path: Path, then: str = "time.sleep(3600)") -> Path:
        """The program, which goes on with `then`."""
        path.write_text(CHILD.format(python=sys.executable, address=self.address, then=then))
        path.chmod(0o700)
        return path

    def next(self) -> tuple[int, float]:
        """Pid of the next child and when it was heard, in ms. Errors: TimeoutError."""
        return int(self._socket.recv(32)), time.monotonic_ns() / 1e6

    def close(self) -> None:
        self._socket.close()


def kills(ear: Ear, count: int) -> list[float]:
    """Kill the child so often; gives ms until the next one's first act."""
    pid, _ = ear.next()
    samples = []
    for _ in range(count):
        time.sleep(BETWEEN_S)
        begun = time.monotonic_ns() / 1e6
        os.kill(pid, signal.SIGKILL)
        pid, at = ear.next()
        samples.append(at - begun)
    return samples


@contextmanager
def program(words: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as file:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def supervisord(folder: Path, ear: Ear, count: int) -> list[float]:
    config = folder / "supervisord.conf"
    config.write_text(SUPERVISORD.format(folder=folder, child=ear.child(folder / "child")))
    with program([*SUPERVISORD_WORDS, "-c", str(config)], folder / "out"):
        return kills(ear, count)


def erlang(folder: Path, ear: Ear, count: int) -> list[float]:
    script = folder / "tree.escript"
    script.write_text("#!/usr/bin/env escript\n" + ERLANG)
    with program(["escript", str(script), str(ear.child(folder / "child"))], folder / "out"):
        return kills(ear, count)


def ours(folder: Path, ear: Ear, count: int, backoff_ms: int) -> list[float]:
    server = write_executable(folder / "app-server", script=ProcessScript(auth="chatgpt"))
    child = ear.child(folder / "codex", f"import sys; os.execv({str(server)!r}, [{str(server)!r}, *sys.argv[1:]])")
    timing = Timing(restarts_max=100_000, backoff_min_ms=backoff_ms, backoff_max_ms=backoff_ms)
    settings = Settings(
        state_dir=folder / "state", codex=child, codex_home=folder, cwd=folder, timing=timing, otlp_port=0,
        watch_codex=False, watch_claude=False,
    )  # fmt: skip
    with Stage(settings, WAIT_S) as stage:
        stage.active()
        return kills(ear, count)


def left_over(folder: Path) -> None:
    """Children that outlived their supervisor, by the path that only they name."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if str(folder / "child").encode() in words:
                    os.kill(int(entry.name), signal.SIGKILL)
            except (OSError, ProcessLookupError):
                continue


def main(count: int) -> None:
    """Each supervisor after another, Erlang's first: the ratios are to it where it is there."""
    found: dict[str, list[float]] = {}
    absent: list[str] = []
    measured: dict[str, Callable[[Path, Ear], list[float]]] = {
        ERLANG_NAME: lambda folder, ear: erlang(folder, ear, count),
        "hybrid-capture": lambda folder, ear: ours(folder, ear, count, 1),
        "supervisord": lambda folder, ear: supervisord(folder, ear, count),
        "hybrid-capture, backoff 250 ms": lambda folder, ear: ours(folder, ear, count, 250),
    }
    versions: dict[str, str] = {}
    if shutil.which("erl"):
        versions["erlang/otp"] = said("erl", "-noshell", "-eval", OTP_RELEASE)
    else:
        absent.append(f"{ERLANG_NAME} (Debian's `erlang-base`)")
        del measured[ERLANG_NAME]
    if PEER.exists():
        versions["supervisord"] = said(*SUPERVISORD_WORDS, "--version")
    else:
        absent.append("supervisord (`make peers`)")
        del measured["supervisord"]
    for name, measure in measured.items():
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
            ear = stack.enter_context(closing(Ear(folder)))
            try:
                found[name] = measure(folder, ear)
            finally:
                left_over(folder)
        print(line(row(name, found[name], "ms")), flush=True)
    rows = [row(name, each, "ms", found.get(ERLANG_NAME)) for name, each in found.items()]
    print_table(rows, absent)
    print_result("supervisors", rows, peers=versions, absent=absent)


def said(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS)
