from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.redacting import anchors, tree
from storage.redacting.compiled import scanner
from storage.redacting.propagation import Values
from storage.redacting.quiet import BUNDLE, LONG_CHARS, SHAPE_CHARS_MAX, glance, quiet_ones
from storage.redacting.scan import RULES, _probe
from storage.redacting.session import redact_once
from tests.storage.redaction_cases import POSITIVES


def fully(value: Any) -> Any:
    values = Values(64)
    return tree.redact(value, lambda text: redact_once(text, None, values), [], values)


def quiet(value: Any) -> bool:
    return glance(value, scanner(None).fires).quiet


def test_no_probe_is_bound_to_the_beginning_or_end_of_a_text() -> None:
    # Joined texts would hide such a beginning, and a glance at them could miss what a look at each finds.
    probes = [_probe(rule).pattern for rule in RULES] + [anchor.probe.pattern for anchor in anchors.ANCHORS]
    # A joined text has beginnings of lines as well, `(?m:^)`, and `(?:^|[^…])` takes a line feed for the other.
    harmless = r"\(\?m:[\^$]\)|\(\?:\^\|\[\^[\w.-]*\]\)"
    bare = [re.sub(harmless + r"|\[[^\]]*\]", "", pattern) for pattern in probes]
    assert [pattern for pattern in bare if re.search(r"(?<!\\)[\^$]|\\[AZz]", pattern)] == []


@pytest.mark.parametrize(
    "value",
    [
        {"password": "x"}, {"a": [{"api_key": "plain"}]}, {"name": "password", "value": "x"}, ["--password", "x"],
        ["password", "x"], ["-u", "me:pw"], {"header": "Authorization", "value": "x"}, {"x.token": "abc"},
        {"a": "\x1b]0;t", "b": "\x07"}, {1: "x"}, {"a": object()},
    ],
)  # fmt: skip
def test_where_names_decide_the_full_look_is_taken(value: Any) -> None:
    assert not quiet(value)


def test_ordinary_items_are_quiet() -> None:
    assert quiet({"type": "agentMessage", "id": "msg_1", "text": "def f(x):\n    return x + 1\n", "n": [1, None, True]})
    assert quiet({"changes": [{"path": "/w/a.py", "diff": "@@ -1 +1 @@\n-old\n+new\n"}]})


def test_a_secret_anywhere_is_not_quiet() -> None:
    token = GITHUB
    for value in ({"text": token}, {"deep": [[{"x": f"see {token}"}]]}, {token: "x"}, [token]):
        assert not quiet(value)
        assert token not in str(fully(value))


GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
ODD = st.sampled_from(
    ["", "x", "password", "token", "key: value", "-p", "--token", GITHUB, "secret = 'aGVsbG8gd29ybGQ5'", "\\", "\\u001",
     "b[33m", "name", "value", "https://u:p4ssw0rd@h/", "AKIA" + "Q3EGRPQ2K5W7XYZA", "a=b", "\n", "%3", "D"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | ODD | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD, inner, max_size=4),
        max_leaves=14,
    )
)
def test_what_is_quiet_is_what_the_full_look_leaves_alone(value: Any) -> None:
    if quiet(value):
        assert fully(value) == value


def test_no_known_secret_is_taken_for_quiet() -> None:
    marked = [re.sub("[«»‹›=]", "", text) for text in POSITIVES]
    loud = [text for text in marked if redact_once(text).findings]
    assert len(loud) > 20
    assert [text for text in loud if quiet({"a": "x", "text": text, "b": ["y"]})] == []


def test_a_json_web_key_gets_the_full_look() -> None:
    assert not glance({"a": {"kty": "EC", "d": "x" * 43}}, lambda _: False).quiet
    assert glance({"a": {"kind": "EC", "d": "x" * 43}}, lambda _: False).quiet


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.dictionaries(ODD, st.none() | st.integers() | ODD | st.lists(ODD, max_size=2), max_size=4), max_size=40)
)
def test_many_are_judged_as_each_alone(values: list[Any]) -> None:
    assert quiet_ones(values, scanner(None).fires) == [quiet(value) for value in values]


def test_of_many_quiet_ones_a_bundle_is_one_look() -> None:
    looks: list[str] = []
    values = [{"event.name": "tool_result", "number": n} for n in range(3 * BUNDLE)]
    assert all(quiet_ones(values, lambda text: bool(looks.append(text))))
    assert len(looks) == 3


def test_a_long_name_is_judged_like_a_short_one() -> None:
    long = "x" * SHAPE_CHARS_MAX
    assert quiet({long: "a", "b": "c"})
    assert not quiet({long: "a", "password": "c"})
    assert not quiet({f"{long}.password": "a"})


def test_of_a_loud_value_the_silent_texts_are_known() -> None:
    long = "def f(x):\n    return x + 1\n" * 100
    loud = long + f"token = {GITHUB}"
    assert len(long) >= LONG_CHARS
    seen = glance({"text": long, "output": loud, "id": "msg_1"}, scanner(None).fires)
    assert not seen.quiet
    assert seen.silent >= {"text", "output", "id", "msg_1", long}
    assert loud not in seen.silent
    assert glance({"text": GITHUB, "id": "msg_1"}, scanner(None).fires).silent == frozenset()


def test_where_names_decide_the_texts_are_known_all_the_same() -> None:
    seen = glance({"command": ["bash", "-lc", "ls"], "password": "x"}, scanner(None).fires)
    assert not seen.quiet
    assert seen.silent >= {"command", "bash", "-lc", "ls", "password", "x"}


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | ODD | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD, inner, max_size=4),
        max_leaves=14,
    )
)
def test_no_rule_finds_anything_in_a_silent_text(value: Any) -> None:
    for text in glance(value, scanner(None).fires).silent:
        assert not redact_once(text).findings
