"""Sessions on their way out."""

from __future__ import annotations

from contextlib import closing

import pytest

from storage.exporting import sessions as exporting
from storage.exporting.sessions import NoSuchSession, Sessions
from tests.storage.exporting.desk import PLANTED, Desk
from tests.storage.story import Stream, open_store, thread


def test_sessions_are_chosen_by_id_or_its_beginning(sessions: Sessions) -> None:
    assert sessions.chosen(["one", "tw", "one"]) == [("codex", "one"), ("codex", "two")]
    with pytest.raises(NoSuchSession, match="no session nobody"):
        sessions.chosen(["nobody"])
    with pytest.raises(NoSuchSession, match="several sessions begin with t"):
        sessions.chosen(["t"])
    assert {each for _, each in sessions.everybody()} == {"one", "two", "three"}


def test_a_session_is_told_with_everything_and_redacted_once_more(sessions: Sessions) -> None:
    told = sessions.told("codex", "three", bodies=True)
    assert told is not None
    assert PLANTED not in str(told)
    assert "[REDACTED:" in told["turns"][0]["items"][1]["text"]
    assert told["links"]["state"] == "unlinked"
    assert sessions.told("codex", "nobody", bodies=False) is None


def test_what_cannot_be_redacted_is_left_out(desk: Desk) -> None:
    class Broken:
        def redact(self, text: str) -> object:
            raise RuntimeError(text)

        def redact_json(self, value: object, *, rules: object = None) -> object:
            raise RuntimeError(value)

    with Sessions(desk.database, Broken()) as sessions:  # type: ignore[arg-type]  # on purpose
        told = sessions.about("codex", "one")
        assert told == {"session_id": "one", "error": "[REDACTED:error]"}
        assert sessions.hidden == 1


def test_links_of_a_repository_are_all_of_them(desk: Desk, sessions: Sessions) -> None:
    links = sessions.of_repo(f"{desk.repository.root}/.git")
    assert {(link["session_id"], link["commit"]) for link in links} == {("one", desk.commit), ("two", desk.commit)}


def test_a_session_that_begins_during_an_export_makes_none_come_twice(
    desk: Desk, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    told = sessions.everybody()
    first = next(told)
    with closing(open_store(desk.database, "r2")) as store:
        Stream(store).send(1, sessions=[thread("four", created_at_ms=2**40)])
    names = [each for _, each in (first, *told)]
    assert len(names) == len(set(names))
    assert {"one", "two", "three"} <= set(names)
