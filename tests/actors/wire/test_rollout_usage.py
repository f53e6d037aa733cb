from __future__ import annotations

from typing import Any

from actors.wire.gathered import FileLine, Gathered
from actors.wire.rollout_reading import Reading
from actors.wire.rollout_state import RolloutState
from actors.wire.rollout_usage import tokens_of, usage_record
from tests.actors.wire.file_house import FIXTURES, NOW_MS, Bytes, lines, whole_rollout

META = {"type": "session_meta", "payload": {"id": "01a20000-0000-7000-8000-000000000001"}}


def test_tokens_are_counted_once_per_response_though_told_twice() -> None:
    data = (FIXTURES / "rollouts" / "main.jsonl").read_bytes()
    _, got = whole_rollout(data)
    assert len(got.usage) == data.count(b'"type":"token_usage_record"')
    assert sum(each.total or 0 for each in got.usage) == 110 * len(got.usage)
    assert all(each.model == "gpt-5.5" for each in got.usage)


def count(total: int, last: int) -> dict[str, Any]:
    def tokens(number: int) -> dict[str, int]:
        return {"input_tokens": number - 1, "output_tokens": 1, "total_tokens": number}

    info = {"total_token_usage": tokens(total), "last_token_usage": tokens(last)}
    return {"type": "event_msg", "payload": {"type": "token_count", "info": info}}


def test_without_records_of_usage_the_growth_of_the_total_counts_and_a_repeat_does_not() -> None:
    _, got = whole_rollout(lines(META, count(10, 10), count(10, 10), count(25, 15), count(25, 3), count(4, 4)))
    assert [each.total for each in got.usage] == [10, 15, 4]
    assert len({each.response_id for each in got.usage}) == 3


def test_a_record_names_its_thread_and_what_it_says_of_the_thread_is_the_total_from_then_on() -> None:
    reading = Reading(RolloutState(session="s"), Gathered(), Bytes(b""), None, NOW_MS, FileLine(b"", 0, 0))
    usage, thread = {"input_tokens": 7, "total_tokens": 9}, {"total_tokens": 40}
    payload = {"usage": usage, "response_id": "r", "thread_id": "parent", "thread_token_usage": thread}
    usage_record(reading, "token_usage_record", payload)
    (used,) = reading.got.usage
    assert (used.session_id, used.turn_id, used.response_id, used.input, used.total) == ("parent", None, "r", 7, 9)
    assert reading.state.tokens == {"total": 40}


def test_counts_that_are_absent_or_no_numbers_are_left_out() -> None:
    assert tokens_of({"input_tokens": 3, "output_tokens": "4", "total_tokens": None}) == {"input": 3}
