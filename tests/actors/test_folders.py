from __future__ import annotations

import os
import time
from pathlib import Path

from actors.folders import DEPTH_MAX, Hints, as_text, is_text, look_at, walk


def test_every_session_file_is_found_and_no_link_is_followed(tmp_path: Path) -> None:
    inside = tmp_path / "in" / "2026" / "11"
    inside.mkdir(parents=True)
    (tmp_path / "out").mkdir()
    for path in (inside / "a.jsonl", tmp_path / "in" / "b.jsonl", tmp_path / "out" / "c.jsonl", inside / "notes.txt"):
        path.write_text("x")
    (inside / "link.jsonl").symlink_to(tmp_path / "out" / "c.jsonl")
    (inside / "folder").symlink_to(tmp_path / "out")
    (inside / "folder.jsonl").mkdir()
    found = [Path(file.path).name for file in walk([str(tmp_path / "in"), str(tmp_path / "absent")])]
    assert sorted(found) == ["a.jsonl", "b.jsonl"]
    assert look_at(str(inside / "link.jsonl")) is look_at(str(inside)) is look_at(str(inside / "absent")) is None
    seen = look_at(str(inside / "a.jsonl"))
    assert seen is not None
    assert (seen.size, seen.inode) == (1, os.stat(inside / "a.jsonl").st_ino)


def test_folders_deeper_than_any_tool_makes_them_are_left(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*(str(n) for n in range(DEPTH_MAX + 1)))
    deep.mkdir(parents=True)
    (deep / "a.jsonl").write_text("x")
    assert list(walk([str(tmp_path)])) == []


def test_a_path_that_is_no_text_can_be_shown_and_not_be_told() -> None:
    assert is_text("/w/größe.jsonl")
    assert as_text("/w/größe.jsonl") == "/w/größe.jsonl"
    latin = os.fsdecode("/w/größe.jsonl".encode("latin-1"))
    assert not is_text(latin)
    assert as_text(latin) == r"/w/gr\xf6\xdfe.jsonl"


def test_the_system_hints_at_files_that_change_also_in_folders_that_are_new(tmp_path: Path) -> None:
    hints = Hints(os.path.realpath(tmp_path))
    assert not hints.missing
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a.jsonl").write_text("x")
    (tmp_path / "b.jsonl").write_text("x")
    found: set[str] = set()
    end = time.monotonic() + 30
    while len(found) < 2 and time.monotonic() < end:
        found |= {Path(path).name for path in hints.take()}
    assert found == {"a.jsonl", "b.jsonl"}
    hints.close()
    assert hints.take() == []


def test_without_a_watcher_nothing_is_hinted_and_nothing_fails(tmp_path: Path) -> None:
    hints = Hints(str(tmp_path / "absent"))
    assert hints.take() == []
    hints.close()
    assert hints.take() == []
