from hypothesis import given
from hypothesis import strategies as st

from hybrid_capture.setup.edits import KEPT, Edit, apply, line_edits, shown, take_back

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "last"]), max_size=12).map("".join)


def nothing_kept(span: str) -> str:
    raise AssertionError(f"nothing is kept in {span!r}")


@given(LINES, LINES)
def test_the_way_back_gives_every_byte_back(old: str, new: str) -> None:
    after, hunks = apply(old, line_edits(old, new))
    assert after == new
    assert take_back(after, hunks, nothing_kept) == old


def test_what_the_new_text_keeps_is_not_remembered() -> None:
    old = "x=secret;y=1"
    after, [hunk] = apply(old, [Edit(0, 8, "x=ours,was=secret", before=f"x={KEPT}")])
    assert after == "x=ours,was=secret;y=1"
    assert "secret" not in hunk.before
    assert take_back(after, [hunk], lambda span: span.partition("was=")[2]) == old


def test_several_edits_may_insert_at_one_place_in_order() -> None:
    after, hunks = apply("[]", [Edit(1, 1, "a"), Edit(1, 1, "b")])
    assert after == "[ab]"
    assert take_back(after, hunks, nothing_kept) == "[]"


def test_the_diff_shows_what_changes_and_nothing_else() -> None:
    assert shown("a\nb\n", "a\nc\n", "f") == ["--- f", "+++ f", "-b", "+c"]
    assert shown("a\n", "a\n", "f") == []
