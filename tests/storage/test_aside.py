"""A damaged store makes way for a fresh one, and nothing of it is lost or deleted."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from storage.aside import begin_anew, set_aside_by, standing_aside
from storage.database import open_writer
from storage.errors import StoreCorrupt
from storage.reader import Reader
from tests.storage.story import Stream, message, open_store
from tests.systems import posix

AT_MS = 1_764_168_660_000


def torn(folder: Path, keep: int = 6_000) -> tuple[Path, StoreCorrupt]:
    """A store with an item whose file is cut off in the middle, and what opening it says."""
    with closing(open_store(folder)) as store:
        Stream(store).send(1, items=[message("i1")])
    path = folder / "capture.sqlite3"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StoreCorrupt) as caught:
        open_writer(path)
    return path, caught.value


@posix
def test_a_torn_store_is_renamed_and_a_fresh_one_tells_of_it(tmp_path: Path) -> None:
    path, damage = torn(tmp_path)
    before = path.read_bytes()
    done = begin_anew(path, damage, "r2", AT_MS)
    assert done.path.name == "capture.sqlite3.damaged-20251126T145100Z"
    assert done.path.read_bytes() == before
    with Reader(path) as reader:
        assert reader.status()["items"] == 0
        (row,) = reader.audit()
    assert (row["kind"], row["subject"], row["at_ms"], row["run_id"]) == (
        "store_set_aside", done.path.name, AT_MS, "r2",
    )  # fmt: skip
    assert done.path.name in row["text"]
    assert standing_aside(path) == [done.path]
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}


def test_its_log_goes_with_it_and_never_into_the_fresh_one(tmp_path: Path) -> None:
    path, damage = torn(tmp_path)
    (tmp_path / "capture.sqlite3-wal").write_bytes(b"frames of the old one")
    done = begin_anew(path, damage, "r2", AT_MS)
    assert Path(f"{done.path}-wal").read_bytes() == b"frames of the old one"
    assert standing_aside(path) == [done.path]


def test_several_in_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    names = set()
    for _ in range(3):
        path, damage = torn(tmp_path)
        names.add(begin_anew(path, damage, "r", AT_MS).path.name)
        path.unlink()
    assert len(names) == len(standing_aside(path)) == 3


def test_what_was_never_ours_is_not_moved(tmp_path: Path) -> None:
    path = tmp_path / "capture.sqlite3"
    path.write_text("my own notes, long enough")
    with pytest.raises(StoreCorrupt) as caught:
        open_writer(path)
    with pytest.raises(StoreCorrupt, match="not an SQLite database"):
        begin_anew(path, caught.value, "r", AT_MS)
    assert path.read_text() == "my own notes, long enough"
    assert standing_aside(path) == []


def test_a_servers_database_is_not_ours_to_move() -> None:
    damage = StoreCorrupt("it is damaged", "mend it")
    with pytest.raises(StoreCorrupt, match="it is damaged"):
        begin_anew("postgresql://db/capture", damage, "r", AT_MS)
    assert standing_aside("postgresql://db/capture") == []


def test_only_the_run_that_set_it_aside_is_told_so(tmp_path: Path) -> None:
    path, damage = torn(tmp_path)
    assert set_aside_by(path, "r2") == ""
    done = begin_anew(path, damage, "r2", AT_MS)
    assert set_aside_by(path, "r2") == done.text
    assert set_aside_by(path, "r3") == ""


@pytest.mark.parametrize("step", ["link", "replace"])
def test_who_dies_in_the_middle_leaves_a_store_that_is_judged_anew(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, damage = torn(tmp_path)
    before = path.read_bytes()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, step, dies)
        with pytest.raises(KeyboardInterrupt):
            begin_anew(path, damage, "r2", AT_MS)
    assert path.read_bytes() == before
    with pytest.raises(StoreCorrupt) as again:
        open_writer(path)
    done = begin_anew(path, again.value, "r2", AT_MS)
    assert done.path.read_bytes() == before
    assert set_aside_by(path, "r2") == done.text
    assert not list(tmp_path.glob("*.fresh*"))


def test_where_a_file_has_one_name_only_it_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, damage = torn(tmp_path)

    def refuses(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuses)
    done = begin_anew(path, damage, "r2", AT_MS)
    assert set_aside_by(path, "r2") == done.text
