"""What a process remembers of the messages it handled: ids and sizes, bounded, numbered, and never content."""

from __future__ import annotations

from typing import Any

import pytest

from actors import tracing
from actors.envelope import pack
from actors.tracing import DULL, FLUSH_MS, HELD, NEVER_NS, SLOW_US, Recorder, named
from messages.base import Message
from messages.calls import CallDone, TurnWanted
from messages.lifecycle import Ping
from messages.pulls import PositionsWanted
from messages.records import KeepCheckpoint, TurnStored
from messages.settings import Limits, SidecarSettings, TraceSettings, TreeSettings
from messages.stream import BatchSettled, FrameBatch
from messages.traces import FIELDS, ROWS, KeepTraces
from tests.messages.made import CLASSES, SECRET, with_secrets
from tests.storage.story import message, staged, turn


class Clock:
    """µs that pass when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.us = 1_000_000
        monkeypatch.setattr(tracing, "NANOS", lambda: self.us * 1_000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def recorder(most: int = 16, **traces: Any) -> Recorder:
    made = Recorder("stager")
    settings = TreeSettings(
        run_id="18c2-a1b2c3.2", state_dir="/s", database="/s/d", sidecar=SidecarSettings(codex_path=None),
        traces=TraceSettings(**traces), limits=Limits(trace_waiting_max=most),
    )  # fmt: skip
    made.begin(settings, 3)
    return made


def rows(made: Recorder) -> list[dict[str, Any]]:
    told = made.take()
    return [dict(zip(FIELDS, row, strict=True)) for row in ROWS.validate_json(told.rows)] if told else []


def batch(first: int = 1, count: int = 2) -> FrameBatch:
    return FrameBatch(generation=4, first_seq=first, count=count, at_ms=1, lines=b'{"text":"hunter2"}\n' * count)


def hear(made: Recorder, said: Message, clock: Clock, trace: str = "t", outcome: str = "handled", us: int = 30) -> None:
    """`said` is sent, waits 200 µs, and is handled for `us`."""
    envelope = pack(said, trace, 2, (), "sidecar1.4", "sidecar1.5", clock.us)
    began = clock.us + 200
    clock.us = began + us
    made.heard(envelope, said, "sidecar", began * 1_000, outcome)


def test_a_row_tells_type_ids_size_times_and_outcome(clock: Clock) -> None:
    made = recorder()
    hear(made, batch(), clock)
    (row,) = rows(made)
    assert (row["n"], row["message_id"], row["cause_id"], row["trace_id"]) == (1, "sidecar1.5", "sidecar1.4", "t")
    assert (row["type"], row["sender"], row["hop"], row["outcome"]) == ("FrameBatch", "sidecar", 2, "handled")
    assert (row["sent_us"], row["at_us"], row["handled_us"]) == (1_000_000, 1_000_200, 30)
    assert (row["generation"], row["first_seq"], row["last_seq"]) == (4, 1, 2)
    assert row["size"] == len(b'{"text":"hunter2"}\n' * 2) + len(batch().model_dump_json(exclude={"lines"}))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_no_message_gives_away_what_it_says(kind: type[Message], clock: Clock) -> None:
    made = recorder()
    said = with_secrets(kind)
    made.heard(pack(said, "t", 1), said, "outside", clock.us * 1_000, "refused")
    told = made.take()
    assert told is None or SECRET.encode() not in told.rows


@pytest.mark.parametrize(
    ("said", "about"),
    [
        (TurnWanted(command_id="c", thread_id="s1", text="x"), ("s1", None, None, None, None, None)),
        (TurnStored(session_id="s1", turn_id="u1", status="completed", items=3), ("s1", "u1", None, None, None, None)),
        (CallDone(command_id="c", ok=True, result={"turnId": "u1"}), (None, "u1", None, None, None, None)),
        (BatchSettled(generation=4, through_seq=9), (None, None, None, 4, None, 9)),
        (batch(5, 3), (None, None, None, 4, 5, 7)),
        (
            KeepCheckpoint(generation=1, stager=1, first_seq=2, last_seq=6, items=(message("i1"),),
                           turns=(turn("completed"),), staged=(staged("i2", 1, session="t2", turn="u2"),)),
            ("t1,t2", "u1,u2", "i1,i2", 1, 2, 6),
        ),
        (PositionsWanted(generation=1, n=1, session_ids=("a",)), (None, None, None, 1, None, None)),
        (Ping(n=1), (None, None, None, None, None, None)),
    ],
)  # fmt: skip
def test_what_a_message_is_about_is_its_ids_and_frame_numbers(said: Message, about: tuple[Any, ...]) -> None:
    assert tuple(named(said)) == about


def test_a_batch_of_many_names_the_first_few() -> None:
    items = tuple(message(f"i{n}", turn=f"u{n}") for n in range(99))
    found = named(KeepCheckpoint(generation=1, stager=1, first_seq=1, last_seq=99, items=items))
    assert found[:3] == ("t1", "u0,u1,u2,u3", "i0,i1,i2,i3")


def test_a_comma_or_a_long_word_in_an_id_breaks_no_row() -> None:
    found = named(TurnStored(session_id="a,b", turn_id="x" * 999, status="completed", items=0))
    assert found[:2] == ("a b", "x" * 128)


def test_a_full_buffer_loses_the_newest_and_the_numbers_say_how_many(clock: Clock) -> None:
    made = recorder(most=16)
    for n in range(1, 21):
        hear(made, batch(n), clock)
    first = rows(made)
    hear(made, batch(99), clock)
    assert [row["n"] for row in first] == list(range(1, 17))
    assert [row["n"] for row in rows(made)] == [21]


def test_the_heartbeat_is_recorded_only_when_something_is_wrong_with_it(clock: Clock) -> None:
    made = recorder()
    assert "Ping" in DULL
    hear(made, Ping(n=1), clock)
    assert made.take() is None
    hear(made, Ping(n=2), clock, outcome="refused")
    hear(made, Ping(n=3), clock, us=SLOW_US)
    assert [row["outcome"] for row in rows(made)] == ["refused", "handled"]


def test_what_is_told_about_messages_is_not_told_of_itself(clock: Clock) -> None:
    made = recorder()
    hear(made, KeepTraces(incarnation=1, count=1), clock)
    hear(made, batch(), clock, outcome=HELD)
    assert made.take() is None


def test_of_so_many_histories_one_is_recorded_whole_and_every_refusal(clock: Clock) -> None:
    made = recorder(most=4_000, every=4)
    for trace in range(400):
        for _ in range(3):
            hear(made, batch(), clock, trace=f"t-{trace}")
    kept = [row["trace_id"] for row in rows(made)]
    assert 60 < len(set(kept)) < 140
    assert len(kept) == 3 * len(set(kept))
    for trace in range(40):
        hear(made, batch(), clock, trace=f"t-{trace}", outcome="refused")
    assert len(rows(made)) == 40


def test_nothing_is_recorded_when_traces_are_off_and_before_the_beginning(clock: Clock) -> None:
    for made in (recorder(on=False), Recorder("auth")):
        hear(made, batch(), clock)
        made.began("wake tick", "clock", "t", "m", clock.us * 1_000, 0, "handled")
        assert made.take() is None


def test_rows_are_due_two_seconds_after_the_first_or_when_there_are_many(clock: Clock) -> None:
    made = recorder()
    assert made.due_ns == NEVER_NS
    began_ns = (clock.us + 200) * 1_000
    hear(made, batch(), clock)
    made.began("bytes", "pipe", "t", "m", clock.us * 1_000, 9, "handled")
    assert made.due_ns == began_ns + FLUSH_MS * 1_000_000
    for n in range(2, 4):
        hear(made, batch(n), clock)
    assert made.due_ns == 0, "a quarter of the buffer is full"
    assert made.take() is not None
    assert made.due_ns == NEVER_NS


def test_what_is_no_message_has_a_row_without_ids(clock: Clock) -> None:
    made = recorder()
    made.began("bytes", "pipe", "t", "sidecar1.7", clock.us * 1_000, 9, "handled")
    (row,) = rows(made)
    assert (row["type"], row["sender"], row["message_id"], row["cause_id"]) == ("bytes", "pipe", "sidecar1.7", "")
    assert (row["sent_us"], row["at_us"], row["handled_us"], row["size"]) == (clock.us, clock.us, 0, 9)
    assert not [row[name] for name in FIELDS[12:] if row[name] is not None]


def test_names_are_unique_among_runs_actors_and_incarnations() -> None:
    made = recorder()
    assert [made.born(), made.born()] == ["a1b2c3.2-stager3-1", "a1b2c3.2-stager3-2"]
    assert [made.next_name(), made.next_name()] == ["stager3.1", "stager3.2"]
