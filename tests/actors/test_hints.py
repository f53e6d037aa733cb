import json
import os
from pathlib import Path
from typing import Any

from actors.hints import BYTES_MAX, PATHS_MAX, Hint, take_hints


def line(path: Any, **more: Any) -> str:
    return json.dumps({"v": 1, "tool": "claude", "session_id": "s", "transcript_path": path, **more}) + "\n"


def test_hints_are_taken_once_and_each_path_once(tmp_path: Path) -> None:
    (tmp_path / "hints.jsonl").write_text(
        line("/a/s.jsonl") * 2 + line("/a/s.jsonl", agent_transcript_path="/a/g.jsonl")
    )
    assert take_hints(tmp_path) == (Hint("s", Path("/a/s.jsonl")), Hint("s", Path("/a/g.jsonl")))
    assert take_hints(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_what_could_be_no_transcript_is_passed_over(tmp_path: Path) -> None:
    odd = ["relative.jsonl", "/a/../b.jsonl", "/etc/passwd", "/a/\x00.jsonl", 3, None, ["/a.jsonl"]]
    text = (
        "".join(line(path) for path in odd)
        + 'null\n{"v":2}\n[1]\n{"v":1,"tool":"claude","transcript_path":"/x.jsonl"}\n{'
    )
    (tmp_path / "hints.jsonl").write_text(text)
    assert take_hints(tmp_path) == ()


def test_a_file_that_grew_without_bound_is_read_only_so_far(tmp_path: Path) -> None:
    (tmp_path / "hints.jsonl").write_text("".join(line(f"/{number}.jsonl") for number in range(10_000)))
    assert 0 < len(take_hints(tmp_path)) <= PATHS_MAX
    (tmp_path / "hints.jsonl").write_bytes(b"\n" * (BYTES_MAX * 2))
    assert take_hints(tmp_path) == ()


def test_a_link_or_a_pipe_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text(line("/a/s.jsonl"))
    (tmp_path / "hints.jsonl").symlink_to(tmp_path / "real")
    for make in (lambda: None, lambda: os.mkfifo(tmp_path / "hints.jsonl")):
        make()
        assert take_hints(tmp_path) == ()
    assert [each.name for each in tmp_path.iterdir()] == ["real"]
