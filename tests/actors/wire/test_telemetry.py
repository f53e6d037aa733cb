"""Whose a record is, when it happened, and what makes it itself."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.otlp import Group, Record
from actors.wire.telemetry import at_ms_of, dumps, event_of, tool_of, whole

AT = 1_795_329_169_634


def group(service: object, scope: str = "") -> Group:
    return Group({"service.name": service}, scope, iter(()))


def event(record: Record, name: str = "user_prompt"):  # type: ignore[no-untyped-def]  # EventSeen
    return event_of("logs", record, name=name, session_id="s", turn_id=None)


def test_a_tool_is_known_by_its_service_or_its_scope() -> None:
    assert tool_of(group("claude-code")) == "claude"
    assert tool_of(group("codex-app-server")) == tool_of(group("codex_cli_rs")) == "codex"
    assert tool_of(group("renamed", "com.anthropic.claude_code.events")) == "claude"
    assert tool_of(group("renamed", "codex_otel.log_only")) == "codex"
    assert tool_of(group("postgres")) is tool_of(group(None)) is None


def test_the_time_is_taken_from_where_it_is_said() -> None:
    said = {"event.timestamp": "2026-11-22T06:32:49.634Z"}
    assert at_ms_of(Record({}, at_ns=AT * 1_000_000)) == AT
    assert at_ms_of(Record(said, observed_ns=1)) == AT
    assert at_ms_of(Record({}, observed_ns=5_000_000)) == 5


def test_the_same_record_again_has_the_same_key_and_another_has_not() -> None:
    first = Record({"event.sequence": 0, "prompt": "x"}, at_ns=AT)
    resumed = Record({"event.sequence": 0, "prompt": "x"}, at_ns=AT + 1_000_000)
    assert event(first).key == event(Record({"event.sequence": 0, "prompt": "x"}, at_ns=AT)).key
    assert len({event(first).key, event(resumed).key, event(first, "other").key}) == 3


def test_who_the_person_is_stays_out() -> None:
    told = orjson.loads(event(Record({"user.email": "a@b.example", "user.account_id": "acc", "model": "m"})).body)
    assert told == {"model": "m"}


def test_a_text_beside_the_name_is_kept() -> None:
    assert orjson.loads(event(Record({}, text="claude_code.user_prompt")).body) == {}
    assert orjson.loads(event(Record({}, text="more words")).body) == {"body": "more words"}


def test_numbers_are_read_from_texts_too() -> None:
    assert [whole(each) for each in ("54", 54, 54.0, "x", True, None, float("nan"), "9" * 30)] == [
        54, 54, 54, None, None, None, None, None,
    ]  # fmt: skip


@given(st.dictionaries(st.text(), st.integers(-(2**80), 2**80) | st.text() | st.lists(st.integers(-(2**70), 2**70))))
def test_any_body_is_written(body: dict[str, object]) -> None:
    assert isinstance(orjson.loads(dumps(body)), dict)
