"""What stands of a session's changes."""

from __future__ import annotations

from collections import Counter

from storage.linking.claims import Change, Standing, signed, signed_file
from storage.linking.findings import Deed
from storage.linking.history import FileDiff
from storage.linking.lines import CREATED, DELETED, MOVED


def change(
    at: int, path: str, added: str = "", removed: str = "", deed: Deed = "update", old: str | None = None
) -> Change:
    return Change(at, path, deed, old, signed(added.split("|"), removed.split("|")), added)


def after(*changes: Change, at: int = 100) -> dict[str, Counter[str]]:
    standing = Standing(changes)
    standing.advance(at)
    return {path: lines for path, lines in standing.lines.items() if lines}


def test_later_changes_are_not_there_yet() -> None:
    first, second = change(1, "a", "one line"), change(5, "a", "other line")
    assert after(first, second, at=4) == {"a": Counter({"+one line": 1})}
    assert after(second, first, at=5) == {"a": Counter({"+one line": 1, "+other line": 1})}


def test_what_a_session_undoes_itself_does_not_count() -> None:
    assert after(change(1, "a", "new line", "old line"), change(2, "a", "old line", "new line")) == {}


def test_a_whole_file_written_again_replaces_what_was_written() -> None:
    assert after(change(1, "a", "x = 1|y = 2", deed="add"), change(2, "a", "x = 1|z = 3", deed="add")) == {
        "a": Counter({"+x=1": 1, "+z=3": 1})
    }


def test_deletion_creation_and_moving_leave_a_mark() -> None:
    assert after(change(1, "a", "", "x = 1", "delete")) == {"a": Counter({"-x=1": 1, "+" + DELETED: 1})}
    assert after(change(1, "a", "", deed="add")) == {"a": Counter({"+" + CREATED: 1})}
    standing = Standing([change(1, "a", "x = 1"), change(2, "b", "y = 2", old="a"), change(3, "c", deed="touch")])
    standing.advance(9)
    assert standing.lines == {"b": Counter({"+x=1": 1, "+" + MOVED: 1, "+y=2": 1})}
    assert standing.name_now("a") == "b"
    assert standing.texts["b"] == "\nx = 1\ny = 2"
    assert standing.touched == {"c": 3}


def test_moving_back_and_forth_ends() -> None:
    standing = Standing([change(1, "b", old="a"), change(2, "a", old="b"), change(3, "b", old="a")])
    standing.advance(9)
    assert standing.name_now("a") == "b"


def test_a_commit_shows_the_same_marks() -> None:
    assert signed_file(FileDiff("a", "a", "D", [], ["x = 1"])) == {"-x=1": 1, "+" + DELETED: 1}
    assert signed_file(FileDiff("b", "a", "R", [], [])) == {"+" + MOVED: 1}
    assert signed_file(FileDiff("e", "e", "A", [], [])) == {"+" + CREATED: 1}
    assert signed_file(FileDiff("a", "a", "M", ["- item"], ["+ item"])) == {"+-item": 1, "-+item": 1}
