import os
import stat
from pathlib import Path

import pytest

from hybrid_capture.problems import Problem
from hybrid_capture.setup import tool_file


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    path.chmod(0o640)
    (tmp_path / "config.toml.new").write_text("somebody's own")
    assert tool_file.replace(tool_file.find(path), "new") is False
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config.toml", "config.toml.new"]
    assert (tmp_path / "config.toml.new").read_text() == "somebody's own"


def test_a_new_file_is_private_and_so_is_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "home" / "settings.json"
    found = tool_file.find(path)
    assert (found.content, found.text) == (None, "")
    assert tool_file.replace(found, "{}") is True
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]
    tool_file.remove(tool_file.find(path), with_folder=True)
    assert not path.parent.exists()


def test_a_folder_that_is_used_by_now_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "home" / "settings.json"
    tool_file.replace(tool_file.find(path), "{}")
    (path.parent / "other").write_text("x")
    tool_file.remove(tool_file.find(path), with_folder=True)
    assert [each.name for each in path.parent.iterdir()] == ["other"]


def test_a_change_by_somebody_else_in_between_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    found = tool_file.find(path)
    path.write_text("theirs")
    with pytest.raises(Problem, match="somebody else"):
        tool_file.replace(found, "ours")
    assert path.read_text() == "theirs"


def test_links_devices_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "config.toml").write_text("x")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "link.toml").symlink_to(tmp_path / "real" / "config.toml")
    (tmp_path / "nowhere.toml").symlink_to(tmp_path / "missing")
    (tmp_path / "dir.toml").mkdir()
    os.mkfifo(tmp_path / "pipe.toml")
    for path in ("folder/config.toml", "link.toml", "nowhere.toml", "dir.toml", "pipe.toml"):
        with pytest.raises(Problem):
            tool_file.find(tmp_path / path)
    assert (tmp_path / "real" / "config.toml").read_text() == "x"


def test_what_is_no_text_or_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    with pytest.raises(Problem, match="UTF-8"):
        _ = tool_file.find(tmp_path / "a").text
    (tmp_path / "b").write_bytes(b"x" * (tool_file.BYTES_MAX + 1))
    with pytest.raises(Problem, match="larger"):
        tool_file.find(tmp_path / "b")
