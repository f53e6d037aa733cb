import re
import socket
from pathlib import Path

import pytest

from chaos.client import Line
from chaos.recorder import RECORDINGS, read_recording, record, record_lines

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "codex"


def test_a_recording_is_read_back(tmp_path: Path) -> None:
    lines = [Line(0.5, "out", {"method": "m"}), Line(1.0, "in", {"id": 1, "result": "é"}), Line(1.5, "in", b"\xff{\n")]
    path = tmp_path / "r.jsonl"
    path.write_bytes(record_lines(lines, {}))
    assert read_recording(path) == lines


def test_paths_of_the_machine_are_replaced() -> None:
    lines = [Line(0.0, "in", {"params": {"cwd": "/mnt/own/ws", "text": "in /mnt/own/ws/file"}})]
    assert b"/mnt/own" not in record_lines(lines, {"/mnt/own": "/home/user"})


def test_a_recording_of_the_scripted_server_names_no_path_of_the_machine(scripted_codex: Path, tmp_path: Path) -> None:
    path = record(scripted_codex, "patch_approve", tmp_path / "out")
    text = path.read_text()
    assert str(tmp_path) not in text
    assert "/home/user/workspace/patched.txt" in text


def test_an_unknown_recording_is_an_error(scripted_codex: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        record(scripted_codex, "nothing", tmp_path)


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_fixtures_are_whole_and_neutral(name: str) -> None:
    path = FIXTURES / f"{name}.jsonl"
    text = path.read_text()
    for own in ("/tmp/", "/root", "/var/", f'"{socket.gethostname()}"'):
        assert own not in text
    # As a path of its own: `/home/user/workspace` is in there, and this may stand in a folder called `/workspace`.
    assert not re.search(rf"(?<![\w/.-]){re.escape(str(Path.cwd()))}(?![\w.-])", text)
    lines = read_recording(path)
    assert lines[0].message["method"] == "initialize"
    assert all(line.dir in ("in", "out") and isinstance(line.message, dict) for line in lines)
    assert [line.t_s for line in lines] == sorted(line.t_s for line in lines)


def test_there_is_a_fixture_for_each_recording_and_no_other() -> None:
    assert {path.stem for path in FIXTURES.glob("*.jsonl")} == set(RECORDINGS)
