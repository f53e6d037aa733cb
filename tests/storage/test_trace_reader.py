"""The history of messages as it is read: one trace, one turn as a story, the newest traces and what was left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.trace_reader import TraceReader
from tests.storage.story import open_store
from tests.storage.test_traces import ANCHOR_US, row, told


@pytest.fixture
def reader(place: str) -> Iterator[TraceReader]:
    """A turn that a person started, two batches of its frames, one checkpoint, and something else."""
    store = open_store(place, "r.1")
    frames = {"generation": 1}
    store.keep_traces(
        [
            ("facade", told(row(1, "ClientSaid", "c-1", hop=0, sender="root"))),
            ("sidecar", told(row(2, "TurnWanted", "c-1", session_ids="s1", message_id="facade1.1", hop=1))),
            ("facade", told(row(3, "CallDone", "c-1", session_ids="s1", turn_ids="u_1", cause_id="facade1.1", hop=2))),
            (
                "stager",
                told(
                    row(4, "FrameBatch", "b-1", first_seq=1, last_seq=5, **frames),
                    row(5, "FrameBatch", "b-2", first_seq=6, last_seq=9, **frames),
                    row(8, "FrameBatch", "b-3", first_seq=10, last_seq=12, **frames),
                ),
            ),
            ("ingest", told(row(6, "KeepCheckpoint", "b-2", turn_ids="u_1,u2", first_seq=1, last_seq=9, **frames))),
            ("facade", told(row(7, "TurnStored", "b-2", session_ids="s1", turn_ids="u_1"))),
            ("auth", told(row(9, "AccountUpdated", "a-1", outcome="refused"))),
        ],
        ANCHOR_US,
    )
    store.close()
    with TraceReader(place) as opened:
        yield opened


def test_one_trace_comes_in_the_order_of_its_handling(reader: TraceReader) -> None:
    assert [each["type"] for each in reader.trace("c-1")] == ["ClientSaid", "TurnWanted", "CallDone"]
    assert reader.trace("c-") == []


def test_a_turn_is_the_traces_that_name_it_and_those_that_brought_its_frames(reader: TraceReader) -> None:
    story = [(each["type"], each["trace_id"]) for each in reader.turn("u_1")]
    assert story == [
        ("ClientSaid", "c-1"), ("TurnWanted", "c-1"), ("CallDone", "c-1"), ("FrameBatch", "b-1"),
        ("FrameBatch", "b-2"), ("KeepCheckpoint", "b-2"), ("TurnStored", "b-2"),
    ]  # fmt: skip
    assert [each["type"] for each in reader.turn("u2")] == ["FrameBatch", "FrameBatch", "KeepCheckpoint", "TurnStored"]
    assert reader.turn("ux1") == [], "an underscore in an id is an underscore"
    assert len(reader.turn("u_1", limit=3)) == 3


@pytest.mark.parametrize(
    ("word", "what", "count"),
    [("c-1", "trace", 3), ("u_1", "turn", 7), ("facade1.1", "trace", 3), ("a-", "trace", 1), ("u2", "turn", 4),
     ("u", "turn", 7), ("nothing", "", 0)],
)  # fmt: skip
def test_a_person_names_a_trace_a_turn_a_message_or_its_beginning(
    reader: TraceReader, word: str, what: str, count: int
) -> None:
    found, rows = reader.find(word)
    assert (found, len(rows)) == (what, count)


def test_the_newest_traces_come_first_with_what_they_were(reader: TraceReader) -> None:
    newest, second, *_ = reader.recent()
    assert (newest["trace_id"], newest["outcomes"]) == ("a-1", {"refused": 1})
    assert second["first"] == "FrameBatch"
    assert second["last"] == "TurnStored"
    assert second["turn_ids"] == ["u_1", "u2"]
    assert second["messages"] == 3
    assert second["took_us"] == 2_050
    assert len(reader.recent(1)) == 1


@pytest.mark.parametrize(
    ("wanted", "traces"),
    [({"turn": "u_1"}, ["b-2", "c-1"]), ({"kind": "TurnWanted"}, ["c-1"]), ({"actor": "auth"}, ["a-1"]),
     ({"outcome": "refused"}, ["a-1"]), ({"since_ms": ANCHOR_US // 1_000 + 9}, ["a-1"]),
     ({"actor": "stager", "turn": "u2"}, [])],
)  # fmt: skip
def test_traces_are_found_by_turn_type_actor_outcome_and_time(
    reader: TraceReader, wanted: dict[str, str], traces: list[str]
) -> None:
    assert [each["trace_id"] for each in reader.recent(**wanted)] == traces  # type: ignore[arg-type]


def test_who_follows_gets_what_came_since_and_how_much_there_was(reader: TraceReader) -> None:
    rows, count, last = reader.after(0, 4)
    assert (len(rows), count) == (4, 9)
    assert last == reader.last_row()
    assert reader.after(last, 4) == ([], 0, last)
