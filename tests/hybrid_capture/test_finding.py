"""Finding things in what is stored, from the command line."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_capture import finding
from hybrid_capture.cli import app
from hybrid_capture.problems import Problem
from tests.storage.story import Files, Stream, message, open_store, thread


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with closing(open_store(tmp_path)) as store:
        files = Files(store)
        files.send(sessions=[thread("sess-one", title="Shop", cwd="/w")])
        files.send(items=[message("i1", "connection refused \x1b[2J", session="sess-one", started_at_ms=1_000)])
        files.send(items=[message("i2", "it works", session="sess-one", started_at_ms=2_000)])
        Stream(store).send(1, items=[message("i1", "connection refused, really", session="sess-one")])
    return tmp_path


def asked(state: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words, "--state-dir", str(state)])
    return result.exit_code, result.output


def told(state: Path, *words: str) -> Any:
    code, out = asked(state, *words, "--json")
    assert code == 0, out
    return json.loads(out)


def test_a_phrase_of_one_argument_stands_together(state: Path) -> None:
    assert [hit["item_id"] for hit in told(state, "search", "connection refused")["hits"]] == ["i1"]
    assert told(state, "search", "refused connection")["hits"] == []
    assert [hit["item_id"] for hit in told(state, "search", "refused", "connection")["hits"]] == ["i1"]


def test_a_search_shows_session_item_and_words(state: Path) -> None:
    code, out = asked(state, "search", "refused")
    assert code == 0
    assert "sess-one" in out
    assert "connection refused, really" in out
    assert "\x1b[2J" not in out
    assert asked(state, "search", "nowhere") == (0, "nothing stored says that\n")


def test_filters_are_taken(state: Path) -> None:
    assert told(state, "search", "refused", "--cwd", "/elsewhere")["hits"] == []
    assert told(state, "search", "refused", "--tool", "claude")["hits"] == []
    assert len(told(state, "search", "works", "--since", "1970-01-01T00:00:01+00:00", "--session", "sess")["hits"]) == 1
    assert told(state, "search", "works", "--since", "1h")["hits"] == []


@pytest.mark.parametrize(("words", "code"), [(("**",), "NOTHING_TO_LOOK_FOR"), (("x", "--since", "soon"), "BAD_TIME")])
def test_a_search_for_nothing_says_what_to_do(state: Path, words: tuple[str, ...], code: str) -> None:
    exit_code, out = asked(state, "search", *words, "--json")
    assert exit_code == 2
    assert code in out


def test_a_time_is_a_date_or_so_long_ago() -> None:
    assert finding.instant_ms("2h", now_s=10_000) == 2_800_000
    assert finding.instant_ms("1970-01-01T00:00:05+00:00") == 5_000
    assert finding.instant_ms(None) is None
    for wrong in ("", "yesterday", "99999999999h", "9999999-01-01"):
        with pytest.raises(Problem):
            finding.instant_ms(wrong)


def test_coverage_shows_gaps(state: Path) -> None:
    found = told(state, "coverage", "sess-o")
    assert found["sources"] == {"rollout": {"items": 2, "missing": 0}, "stream": {"items": 1, "missing": 1}}
    code, out = asked(state, "coverage", "sess-one")
    assert code == 0
    assert "MISSING" in out
    assert asked(state, "coverage", "nobody")[0] == 1


def test_decisions_say_what_became_of_an_item_and_why(state: Path) -> None:
    found = told(state, "decisions", "--session", "sess-one", "--decision", "replaced")["decisions"]
    assert [(each["item_id"], each["reason"]) for each in found] == [
        ("i1", "the live stream comes before the rollout file")
    ]
    code, out = asked(state, "decisions")
    assert code == 0
    assert out.count("accepted") == 2


def test_revisions_show_what_an_item_said_before(state: Path) -> None:
    found = told(state, "sessions", "revisions", "sess-one", "i1")["revisions"]
    assert [(each["source"], each["current"]) for each in found] == [("rollout", False), ("stream", True)]
    code, out = asked(state, "sessions", "revisions", "sess-one", "i1")
    assert code == 0
    assert "what it says now" in out
    assert asked(state, "sessions", "revisions", "sess-one", "i7")[0] == 1
