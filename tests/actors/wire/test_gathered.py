from __future__ import annotations

from itertools import pairwise

import pytest

from actors.wire.gathered import AUDITED_DROPS_MAX, Gathered, file_lines, loads, objects_of, unreadable, whole_of, words


def test_lines_know_where_they_stand_and_a_torn_one_waits() -> None:
    found = list(file_lines(b"one\n\nthree\nto", 100))
    assert [(line.raw, line.offset, line.end) for line in found] == [
        (b"one", 100, 4),
        (b"", 104, 5),
        (b"three", 105, 11),
    ]
    assert all(before.end == after.offset - 100 for before, after in pairwise(found))


def test_a_drop_is_counted_always_and_audited_up_to_a_bound() -> None:
    got = Gathered()
    for _ in range(AUDITED_DROPS_MAX * 2):
        got.received += 1
        got.drop("malformed", "s", "a line", 1)
    assert got.settled == got.received == AUDITED_DROPS_MAX * 2
    assert len(got.audit) == AUDITED_DROPS_MAX
    assert "only counted" in got.audit[-1].text


@pytest.mark.parametrize(
    ("line", "reason"), [(b"\xff{", "invalid_utf8"), (b"{", "malformed"), (b"[]", "malformed"), (b"", "malformed")]
)
def test_why_a_line_cannot_be_read(line: bytes, reason: str) -> None:
    assert loads(line) is None
    assert unreadable(line)[0] == reason


def test_odd_values_are_nothing() -> None:
    assert words({"a": {"b": 1}}, "a", "b") == 1
    assert words({"a": 7}, "a", "b") is None
    assert whole_of(True) is None
    assert objects_of([{}, 7, "x"]) == [{}]


def test_a_line_with_half_a_character_in_it_is_read() -> None:
    assert loads(rb'{"type":"user","text":"cut in an emoji \ud83d"}') == {
        "type": "user",
        "text": "cut in an emoji \ufffd",
    }
