import os
import stat
from pathlib import Path

import pytest

from hybrid_capture.setup import collector_move
from hybrid_capture.setup.collector_move import migrate, notes, rename_new, roll_back, take_back
from hybrid_capture.setup.collector_plan import plan
from tests.hybrid_capture.setup.test_collector_plan import FIRST, NOW, SECOND, put

SECRET = "hunter2-" + "of-the-collector"


def everything(home: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(home)): (
            path.read_text() if path.is_file() else "",
            stat.S_IMODE(path.stat().st_mode),
        )
        for path in sorted(home.rglob("*"))
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    put(home, f"{FIRST}/config.yaml", f"token: {SECRET}").chmod(0o600)
    put(home, f"{FIRST}/data/spool.bin", "spool")
    put(home, f"{SECOND}/logs/old.log", "log").chmod(0o640)
    put(home, f"{NOW}/config.yaml", "")
    (home / FIRST).chmod(0o700)
    return home


def test_all_files_move_keep_their_modes_and_come_back(home: Path, tmp_path: Path) -> None:
    before = everything(home)
    assert migrate(tmp_path / "state", home, plan(home)) == ("migrated", "")
    after = everything(home)
    assert after[f"{NOW}/config.yaml"] == (f"token: {SECRET}", 0o600)
    assert after[f"{NOW}/data/spool.bin"][0] == "spool"
    assert after[f"{NOW}/logs/old.log"] == ("log", 0o640)
    assert not [name for name in after if name.startswith((FIRST, SECOND))]
    assert sum(text == f"token: {SECRET}" for text, _ in after.values()) == 1
    assert plan(home).status == "migrated"
    assert SECRET not in "".join(path.read_text() for path in (tmp_path / "state").rglob("*.json"))
    assert roll_back(tmp_path / "state")[:2] == ("not_started", "")
    assert everything(home) == before
    assert roll_back(tmp_path / "state")[0] == "not_started"


@pytest.mark.parametrize("step", range(4))
def test_a_failure_in_the_middle_leaves_everything_where_it_was(home: Path, tmp_path: Path, step: int) -> None:
    before = everything(home)
    done = 0

    def rename(source: Path, target: Path) -> None:
        nonlocal done
        if done == step:
            raise OSError(28, "No space left on device", str(target))
        done += 1
        rename_new(source, target)

    status, reason = migrate(tmp_path / "state", home, plan(home), rename)
    assert status == "failed"
    assert "No space left" in reason
    assert everything(home) == before
    assert migrate(tmp_path / "state", home, plan(home))[0] == "migrated"
    assert [note.status for note in notes(tmp_path / "state")] == ["failed", "done"]


@pytest.mark.parametrize("step", range(4))
def test_a_process_that_is_killed_in_the_middle_can_be_taken_back(home: Path, tmp_path: Path, step: int) -> None:
    class Killed(BaseException):
        pass

    before = everything(home)
    done = 0

    def rename(source: Path, target: Path) -> None:
        nonlocal done
        if done == step:
            os.link(source, target)  # half of a rename
            raise Killed
        done += 1
        rename_new(source, target)

    with pytest.raises(Killed):
        migrate(tmp_path / "state", home, plan(home), rename)
    [note] = notes(tmp_path / "state")
    assert note.status == "under way"
    take_back(note)
    take_back(note)
    assert everything(home) == before


def test_the_first_note_is_never_overwritten(home: Path, tmp_path: Path) -> None:
    for _ in range(3):
        migrate(tmp_path / "state", home, plan(home))
        first = (tmp_path / "state" / "setup" / "collector-1.json").read_bytes()
        roll_back(tmp_path / "state")
    assert [note.number for note in notes(tmp_path / "state")] == [1, 2, 3]
    assert b"rolled back" in first or b"done" in first


def test_rolling_back_overwrites_nothing_that_is_new(home: Path, tmp_path: Path) -> None:
    migrate(tmp_path / "state", home, plan(home))
    put(home, f"{FIRST}/data/spool.bin", "new")
    before = everything(home)
    status, reason, _ = roll_back(tmp_path / "state")
    assert (status, everything(home)) == ("failed", before)
    assert "spool.bin" in reason


def test_a_target_that_appears_meanwhile_is_not_overwritten(home: Path, tmp_path: Path) -> None:
    planned = plan(home)
    put(home, f"{NOW}/logs/old.log", "new")
    before = everything(home)
    assert migrate(tmp_path / "state", home, planned)[0] == "failed"
    assert everything(home) == before
    assert collector_move.notes(tmp_path / "state")[0].status == "failed"
