"""What `stop` refuses, and what it notices; that it leaves nothing is told in test_cli.py."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_capture import stopping
from hybrid_capture.console import Screen
from hybrid_capture.problems import Problem
from hybrid_capture.statefolder import NotRunning, StateFolder
from tests.compiled_rules import lay_into
from tests.hybrid_capture.command import Verb

OWNER = """
import signal, sys, time
from pathlib import Path
from hybrid_capture.statefolder import StateFolder
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
folder = StateFolder(Path(sys.argv[1]))
folder.take()
folder.listen("r1", "run")
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def owner(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """A process that owns the state folder and, as it is told, hears SIGTERM or not."""
    command = [sys.executable, "-c", OWNER, str(tmp_path / "state"), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def test_a_runtime_inside_another_program_is_left_to_its_host(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.take()
    try:
        folder.listen("r1", "embedded")
        with pytest.raises(Problem) as caught:
            stopping.stop(tmp_path / "state", Screen(True))
    finally:
        folder.release()
    assert caught.value.code == "EMBEDDED"
    assert str(os.getpid()) in caught.value.text


def test_where_nothing_runs_nothing_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        stopping.stop(tmp_path, Screen(True))


@pytest.mark.parametrize("owner", ["deaf"], indirect=True)
def test_a_runtime_that_does_not_end_is_told_in_bounded_time(
    owner: subprocess.Popen[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Problem) as caught:
        stopping.stop(tmp_path / "state", Screen(True), wait_s=1.3)
    assert (caught.value.code, caught.value.exit_code) == ("TIMED_OUT", 5)
    assert f"kill -9 {owner.pid}" in caught.value.text
    assert "waiting for pid" in capsys.readouterr().err


@pytest.mark.parametrize("owner", ["hearing"], indirect=True)
def test_a_socket_that_stays_behind_is_told(owner: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        stopping.stop(tmp_path / "state", Screen(True))
    assert caught.value.code == "LEFT_OVER"
    assert "control.sock" in caught.value.text


@pytest.mark.live
def test_run_is_found_and_ended_with_one_word(tmp_path: Path) -> None:
    verb = Verb("run", "--no-stream", "--state-dir", lay_into(tmp_path / "state"))
    try:
        verb.until(lambda out: "OTEL_ONLY" in out, "OTEL_ONLY")
        assert stopping.stop(tmp_path / "state", Screen(True)) == 0
        assert verb.end().code == 0
    finally:
        verb.kill()
