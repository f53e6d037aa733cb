"""Verdicts travel as lines."""

from __future__ import annotations

import pytest

from storage.linking.verdict import LinkFound, Verdict, lines_of, verdict_of

FILES = [("a.py", 2, 3)]
LINK = LinkFound(
    "c" * 40, None, "Fix \u2028 it", 7, "linked", 90, "hunks", "2 lines", None, FILES, 1, {"a.py": [(1, 2)]}, ["s2"]
)
VERDICT = Verdict(3, 2, "/r/.git", "/r", "", [LINK], False, [("/r/.git", "/r")])


def test_a_verdict_survives_its_journey() -> None:
    lines = lines_of([VERDICT, Verdict(4, 1, None, None, "nowhere")])
    first, second = lines.split(b"\n")[:-1]
    assert verdict_of(first) == VERDICT
    assert verdict_of(second).reason == "nowhere"


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"{}", b'{"session_row":1}', lines_of([VERDICT])[:-20], b"\xff"])
def test_a_line_that_was_cut_is_known_as_such(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a verdict"):
        verdict_of(line)
