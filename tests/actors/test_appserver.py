"""The app-server's pipes are bounded, whatever the process on the other end does. Real processes, no actor."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.appserver import AppServer, NotReading, NotStarted
from messages.settings import Limits, SidecarSettings

Run = Callable[..., AppServer]


@pytest.fixture
def run() -> Iterator[Run]:
    """`run(shell code, limits)`: a running process; ended after the test."""
    running: list[AppServer] = []

    def start(code: str, limits: Limits | None = None, marks: dict[str, str] | None = None) -> AppServer:
        settings = SidecarSettings(
            codex_path="/bin/sh", codex_args=("-c", code), environment={"PATH": os.environ["PATH"]}
        )
        server = AppServer(settings, limits or Limits(), marks or {})
        running.append(server)
        return server

    yield start
    for server in running:
        server.signal("KILL")
        wait_for(server.exit_fd)
        assert server.ended()
        server.release()


def wait_for(descriptor: int | None, timeout_s: float = 30.0) -> None:
    assert descriptor is not None
    assert select.select([descriptor], [], [], timeout_s)[0], "it never became readable"


def drain(server: AppServer) -> bytes:
    """Everything that it says until it closes its stdout."""
    said = b""
    while server.stdout_open:
        wait_for(server.watched(reading=True)[0])
        said += server.read() or b""
    return said


def test_stderr_keeps_the_newest_lines_and_cuts_long_ones(run: Run) -> None:
    limits = Limits(stderr_lines_max=3, stderr_line_chars_max=80)
    lines = "for i in 1 2 3 4 5; do echo line $i >&2; done; head -c 5000 /dev/zero | tr '\\0' x >&2; echo >&2"
    server = run(lines, limits)
    wait_for(server.exit_fd)
    for _ in range(100):
        server.read_stderr()
    assert list(server._stderr) == [b"line 4", b"line 5", b"x" * 80]
    assert server.stderr_tail().startswith("line 4 | line 5 | xxx")


def test_a_process_that_does_not_read_is_told_of_at_the_bound(run: Run) -> None:
    limits = Limits(stdin_bytes_max=1024)
    server = run("sleep 60", limits)
    pipe = 0
    line = b"x" * 1023 + b"\n"
    while not server._unwritten:
        server.write(line)
        pipe += len(line)
        assert pipe <= 2 * 1024 * 1024, "a pipe holds less"
    waiting = len(server._unwritten)
    server.write(b"y" * (limits.stdin_bytes_max - waiting))
    assert len(server._unwritten) == limits.stdin_bytes_max, "at the bound it still waits"
    with pytest.raises(NotReading):
        server.write(b"z")


def test_one_read_is_bounded_and_an_empty_pipe_blocks_nobody(run: Run) -> None:
    limits = Limits(read_bytes_max=4096)
    server = run("head -c 100000 /dev/zero; read wait", limits)
    chunks = []
    while sum(map(len, chunks)) < 100_000:
        wait_for(server.watched(reading=True)[0])
        chunks.append(server.read() or b"")
    assert max(map(len, chunks)) == 4096
    assert server.read() is None
    assert server.watched(reading=False) == [fd for fd in server.watched(reading=True) if fd != server._stdout.fileno()]


def test_the_marks_say_whose_it_is_and_the_environment_is_otherwise_what_was_given(run: Run) -> None:
    server = run("env", marks={"HYBRID_CAPTURE_TREE": "/state"})
    names = {line.split(b"=")[0] for line in drain(server).splitlines()}
    assert names - {b"PWD", b"SHLVL", b"_", b"OLDPWD"} == {b"PATH", b"HYBRID_CAPTURE_TREE"}


def test_how_it_ended_is_told_by_code_or_by_signal(run: Run) -> None:
    left = run("exit 7")
    wait_for(left.exit_fd)
    assert left.ended()
    assert left.outcome() == (7, None)
    killed = run("sleep 60")
    killed.signal("KILL")
    wait_for(killed.exit_fd)
    assert killed.ended()
    assert killed.outcome() == (None, signal.SIGKILL)


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [("none", None, "no codex binary at"), ("plain", 0o644, "not executable"), ("text", 0o755, "not a program")],
)
def test_a_binary_that_cannot_run_is_named_with_what_to_do(
    tmp_path: Path, name: str, mode: int | None, said: str
) -> None:
    path = tmp_path / name
    if mode is not None:
        path.write_bytes(b"\x00\x01 neither a program nor a script")
        path.chmod(mode)
    with pytest.raises(NotStarted, match=said) as failed:
        AppServer(SidecarSettings(codex_path=str(path)), Limits(), {})
    assert "--codex" in str(failed.value)
