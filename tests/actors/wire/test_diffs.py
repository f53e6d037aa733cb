"""File changes as text: a unified diff per file, from whatever form upstream gives, bounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.wire.diffs import DIFF_CHARS_MAX, diff_of


def test_each_kind_of_change_reads_as_a_diff() -> None:
    changes = [
        {"path": "/w/new", "kind": {"type": "add"}, "diff": "a\nb"},
        {"path": "/w/old", "kind": {"type": "delete"}, "diff": "c\n"},
        {"path": "/w/x", "kind": {"type": "update", "move_path": "/w/y"}, "diff": "@@\n-d\n+e\n"},
    ]
    assert diff_of(changes) == (
        "--- /dev/null\n+++ /w/new\n+a\n+b\n--- /w/old\n+++ /dev/null\n-c\n--- /w/x\n+++ /w/y\n@@\n-d\n+e\n"
    )


def test_the_older_form_names_files_as_members() -> None:
    update = {"type": "update", "unified_diff": "@@\n"}
    told = diff_of({"/w/new": {"type": "add", "content": "a\n"}, "/w/x": update})
    assert told == "--- /dev/null\n+++ /w/new\n+a\n--- /w/x\n+++ /w/x\n@@\n"


def test_a_diff_is_bounded() -> None:
    many = [{"path": "/w/a", "kind": {"type": "add"}, "diff": "y\n" * DIFF_CHARS_MAX}] * 3
    assert len(diff_of(many)) == DIFF_CHARS_MAX


@pytest.mark.parametrize("changes", [None, 7, "x", [], [1], [{}], [{"path": 1}], {"a": 1}])
def test_what_is_no_change_is_no_diff(changes: Any) -> None:
    assert diff_of(changes) == ""


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["path", "kind", "type", "diff", "content", "move_path"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(VALUES)
def test_any_value_gives_some_text(changes: Any) -> None:
    assert isinstance(diff_of(changes), str)
