"""What a commit has of a session's work, and which files are the same."""

from __future__ import annotations

from collections import Counter

import pytest

from storage.linking.claims import Change, Standing, signed, signed_file
from storage.linking.history import Commit, FileDiff
from storage.linking.lines import weight
from storage.linking.overlap import EXACT, FOLDED, TAIL, Names, Overlap, overlap_of, ranges_elsewhere

LINES = ["def price_of(item, count):", "    return item.price * count"]


def standing(*paths: str) -> Standing:
    made = Standing([Change(1, path, "update", None, signed(LINES, [])) for path in paths])
    made.advance(9)
    return made


def seen(file: FileDiff, work: Standing, *others: FileDiff, gone: dict[str, Counter[str]] | None = None) -> Overlap:
    names = Names([Commit("c", (), 0, "", [file, *others])])
    return overlap_of([(file, signed_file(file))], work, gone or {}, names, 9, lambda line: weight(line[1:]))


@pytest.mark.parametrize(
    ("session", "commit", "nearness"),
    [
        ("src/a.py", "src/a.py", EXACT),
        ("src/A.py", "src/a.py", FOLDED),
        ("src/cafe\u0301.py", "src/caf\u00e9.py", FOLDED),
        ("trees/side/src/a.py", "src/a.py", TAIL),
    ],
)
def test_a_file_is_known_by_its_path(session: str, commit: str, nearness: float) -> None:
    found = seen(FileDiff(commit, commit, "M", LINES, []), standing(session))
    assert (found.nearness, found.files[commit]) == (nearness, (2, 2))


def test_a_file_is_known_by_its_former_names() -> None:
    renamed = FileDiff("new.py", "old.py", "R", LINES, [])
    assert seen(renamed, standing("old.py")).nearness == EXACT
    later = FileDiff("newest.py", "newest.py", "M", LINES, [])
    assert seen(later, standing("old.py"), FileDiff("newest.py", "new.py", "R"), renamed).nearness == EXACT


def test_another_file_and_an_ambiguous_name_share_nothing() -> None:
    other = FileDiff("src/b.py", "src/b.py", "M", LINES, [])
    assert not seen(other, standing("src/a.py"))
    same = FileDiff("c/a.py", "c/a.py", "M", LINES, [])
    assert not seen(same, standing("a/a.py", "b/a.py"))


def test_lines_that_are_gone_are_not_there_twice() -> None:
    file = FileDiff("a.py", "a.py", "M", LINES, [])
    work = standing("a.py")
    assert seen(file, work).whole_files == 1
    assert not seen(file, work, gone={"a.py": signed(LINES, [])})
    half = seen(file, work, gone={"a.py": signed(LINES[:1], [])})
    assert half.files == {"a.py": (1, 2)}
    assert half.share == 1.0, "all that is left of the session"


def test_runs_are_found_again_in_a_picked_commit() -> None:
    here = Commit("c", (), 0, "", [FileDiff("a.py", "a.py", "M", [*LINES, "other = 1"], [], [4, 5, 6])])
    there = Commit("d", (), 0, "", [FileDiff("a.py", "a.py", "M", [*LINES, "other = 1"], [], [40, 41, 42])])
    assert ranges_elsewhere({"a.py": [(4, 5)]}, here, there) == {"a.py": [(40, 41)]}
    assert ranges_elsewhere({"b.py": [(4, 5)]}, here, there) == {}


def test_the_lines_a_session_wrote_are_told_as_runs() -> None:
    added = [
        "def price_of(item, count):",
        "",
        "    return item.price * count",
        "other = True",
        "def price_of(item, count):",
    ]
    file = FileDiff("a.py", "a.py", "M", added, [], [4, 5, 6, 7, 20])
    assert seen(file, standing("a.py")).ranges == {"a.py": [(4, 6)]}
