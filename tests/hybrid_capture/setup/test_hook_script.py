import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from actors.hints import Hint, take_hints
from hybrid_capture.setup import hook
from hybrid_capture.setup.hook_script import BYTES_MAX, LINE_BYTES_MAX, hint, string

EVENT = {
    "session_id": "s1",
    "transcript_path": "/home/me/.claude/projects/x/s1.jsonl",
    "cwd": '/home/me/"odd"\\x',
    "hook_event_name": "SessionStart",
    "source": "startup",
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    hook.install(tmp_path)
    return tmp_path


def call(state: Path, event: bytes) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-I", "-S", str(hook.script_path(state))]
    return subprocess.run(words, input=event, capture_output=True, timeout=30, check=False)


def test_an_event_becomes_one_line_that_the_runtime_understands(state: Path) -> None:
    for compact in (True, False):
        event = json.dumps(EVENT, separators=(",", ":") if compact else None, indent=None if compact else 2)
        done = call(state, event.encode())
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    lines = (state / "hints.jsonl").read_text().splitlines()
    assert [json.loads(line) | {"at_ms": 0} for line in lines] == [
        {"v": 1, "tool": "claude", "at_ms": 0, **{name: EVENT[name] for name in EVENT if name != "source"}}
    ] * 2
    assert stat.S_IMODE((state / "hints.jsonl").stat().st_mode) == 0o600
    assert take_hints(state) == (Hint("s1", Path(EVENT["transcript_path"])),)


@pytest.mark.parametrize("event", [b"", b"null", b"{", b"\xff", b'{"transcript_path": 3}', b"[" * 100_000])
def test_whatever_comes_it_ends_well_and_says_nothing(state: Path, event: bytes) -> None:
    done = call(state, event)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not (state / "hints.jsonl").exists()


def test_it_ends_well_when_there_is_nowhere_to_write(state: Path, tmp_path: Path) -> None:
    (state / "hints.jsonl").mkdir()
    assert call(state, json.dumps(EVENT).encode()).returncode == 0
    (state / "hints.jsonl").rmdir()
    (state / "hints.jsonl").symlink_to(tmp_path / "elsewhere")
    assert call(state, json.dumps(EVENT).encode()).returncode == 0
    assert not (tmp_path / "elsewhere").exists()
    (state / "hints.jsonl").unlink()
    os.mkfifo(state / "hints.jsonl")
    assert call(state, json.dumps(EVENT).encode()).returncode == 0


def test_nobody_reading_it_bounds_the_file(state: Path) -> None:
    (state / "hints.jsonl").write_bytes(b"x" * (BYTES_MAX - 10))
    assert call(state, json.dumps(EVENT).encode()).returncode == 0
    assert (state / "hints.jsonl").stat().st_size == BYTES_MAX - 10


def test_no_content_is_copied_and_a_name_inside_a_text_is_no_member() -> None:
    event = json.dumps({"last_assistant_message": 'say "cwd":"/x" and "transcript_path": "/y"', **EVENT}).encode()
    line = json.loads(hint(event, 7))
    assert line["transcript_path"] == EVENT["transcript_path"]
    assert line["cwd"] == EVENT["cwd"]
    assert "last_assistant_message" not in line
    assert string(b'{"cwd": "a\nb"}', b"cwd") == b""
    assert string(b'{"cwd": "unclosed', b"cwd") == b""
    assert hint(json.dumps({**EVENT, "cwd": "/" + "x" * LINE_BYTES_MAX}).encode(), 7).count(b"cwd") == 0


def test_it_costs_little_more_than_the_start_of_an_interpreter(state: Path) -> None:
    def spent(words: list[str]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, input=json.dumps(EVENT).encode(), timeout=30, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    bare = [sys.executable, "-I", "-S", "-c", "pass"]
    ours = [sys.executable, "-I", "-S", str(hook.script_path(state))]
    pairs = [(spent(bare), spent(ours)) for _ in range(15)]
    # Time of the processor, the shortest of many: what else runs here counts little. One starts in about 12 ms.
    assert min(each for _, each in pairs) - min(each for each, _ in pairs) < 0.030
