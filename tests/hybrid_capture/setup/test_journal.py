import stat
from pathlib import Path

import pytest

from hybrid_capture.problems import Problem
from hybrid_capture.setup import journal
from hybrid_capture.setup.edits import Hunk
from hybrid_capture.setup.journal import Journal

FILE = Path("/home/me/.codex/config.toml")
NOTE = Journal(
    tool="codex", file=str(FILE), existed=True, folder_made=False, before="b", after="a", hunks=[[1, 2, "x"]],
    values={"exporter": None}, wrote={"exporter": [journal.fingerprint({"b": 1, "a": 2})]},
)  # fmt: skip


def test_a_journal_is_private_and_read_back_and_forgotten(tmp_path: Path) -> None:
    assert journal.load(tmp_path, "codex", FILE) is None
    journal.keep(tmp_path, NOTE)
    assert journal.load(tmp_path, "codex", FILE) == NOTE
    assert journal.load(tmp_path, "codex", Path("/elsewhere/config.toml")) is None
    path = journal.path_of(tmp_path, "codex", FILE)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]
    journal.forget(tmp_path, NOTE)
    assert not path.exists()


def test_values_are_known_by_their_fingerprint_whatever_the_order() -> None:
    assert NOTE.is_ours("exporter", {"a": 2, "b": 1})
    assert not NOTE.is_ours("exporter", {"a": 2, "b": 3})
    assert not NOTE.is_ours("other", 1)
    assert NOTE.way_back() == (Hunk(1, 2, "x"),)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"tool": "codex"}', '{"a": 1}'])
def test_a_broken_journal_says_that_nothing_can_be_taken_back(tmp_path: Path, content: str) -> None:
    path = journal.path_of(tmp_path, "codex", FILE)
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(Problem, match="remove it"):
        journal.load(tmp_path, "codex", FILE)
