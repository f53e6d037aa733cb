"""Who an item is and what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.identity import INTEGER_MAX, Malformed, canonical, content_hash, good_id, parsed, whole

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=5))
def test_equal_values_have_equal_bytes_in_any_order(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical(value) == canonical(turned)
    assert parsed(canonical(value).decode()) == value


@given(st.text(max_size=5), st.none() | st.text(max_size=5), st.binary(max_size=5))
def test_kind_status_and_body_cannot_be_shifted_into_each_other(kind: str, status: str | None, body: bytes) -> None:
    assert content_hash(kind, status, body) == content_hash(kind, status, body)
    assert content_hash(kind + "x", status, body) != content_hash(kind, "x" + (status or ""), body)
    assert content_hash(kind, None, body) != content_hash(kind, "", body)


@pytest.mark.parametrize("body", ["", "nonsense", "[]", '"text"', "1", "null", '{"a":NaN}', '{"a":"\\ud800"}'])
def test_what_is_no_json_object_is_malformed(body: str) -> None:
    with pytest.raises(Malformed) as caught:
        parsed(body)
    assert caught.value.__context__ is None, "the parser's exception carries the document"
    assert "nonsense" not in str(caught.value)


def test_what_is_nested_too_deep_is_malformed() -> None:
    deep: list[object] = []
    for _ in range(400):
        deep = [deep]
    with pytest.raises(Malformed):
        canonical(deep)


def test_an_id_is_neither_empty_nor_endless() -> None:
    assert good_id("a", "x" * 512)
    assert not good_id("a", "")
    assert not good_id("x" * 513)


def test_a_number_that_the_file_cannot_hold_is_unknown() -> None:
    assert whole(INTEGER_MAX) == INTEGER_MAX
    assert whole(INTEGER_MAX + 1) is None
    assert whole(-INTEGER_MAX - 1) is None
    assert whole(None) is None
