"""The file that is whole, or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.exporting.sink import OutRefused, whole_file
from tests.systems import posix


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@posix
def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "out", force=False) as file:
        file.write(b"half")
        assert "out" not in names(tmp_path)
        file.write(b" and whole")
    assert (tmp_path / "out").read_bytes() == b"half and whole"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["out"]


def test_trouble_leaves_nothing_behind_and_the_old_file_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    writing = whole_file(tmp_path / "out", force=True)
    writing.__enter__().write(b"new")
    assert not writing.__exit__(RuntimeError, RuntimeError("disk"), None), "the trouble goes on to the caller"
    assert (names(tmp_path), (tmp_path / "out").read_text()) == (["out"], "old")


def test_a_file_that_is_there_is_not_replaced_unless_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    with pytest.raises(OutRefused, match=r"is there already.*--force"), whole_file(tmp_path / "out", force=False):
        pass
    with whole_file(tmp_path / "out", force=True) as file:
        file.write(b"new")
    assert (tmp_path / "out").read_text() == "new"
    with pytest.raises(OutRefused, match="made meanwhile"), whole_file(tmp_path / "late", force=False) as file:
        (tmp_path / "late").write_text("theirs")
    assert (tmp_path / "late").read_text() == "theirs"


@posix
def test_a_link_and_a_folder_are_never_written_through(tmp_path: Path) -> None:
    os.symlink(tmp_path / "elsewhere", tmp_path / "link")
    for name in ("link", "."):
        with pytest.raises(OutRefused, match="no plain file"), whole_file(tmp_path / name, force=True):
            pass
    assert not (tmp_path / "elsewhere").exists()
