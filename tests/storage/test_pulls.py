"""Catching up in the store: applied once, balanced, never over what the stream said, and on from where it stood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from messages.pulls import KeepPulled, PositionsWanted, PulledKept, PullPosition
from messages.records import ItemStored, TurnStored
from storage.pulls import CURSOR_CHARS_MAX
from storage.store import Kept, Store
from tests.storage.story import (
    HIDDEN,
    SECRET,
    Stream,
    canonical_rows,
    every_row,
    message,
    open_store,
    rows,
    texts,
    thread,
    turn,
    whole_file,
)


class Pull:
    """A sidecar that catches up: numbers what it hands over."""

    def __init__(self, store: Store, generation: int = 1) -> None:
        self.store, self.generation, self.n = store, generation, 0

    def message(self, **fields: Any) -> KeepPulled:
        self.n += 1
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
        return KeepPulled(generation=self.generation, n=self.n, **given)

    def send(self, **fields: Any) -> Kept[PulledKept]:
        return self.store.keep_pulled(self.message(**fields), 1)


def ended(status: str = "completed", at_ms: int | None = 9, **fields: Any) -> Any:
    return turn(status, completed_at_ms=at_ms, **fields)


def pulled_books(store: Store) -> dict[str, int]:
    [book] = [each for each in store.ledger_rows() if each.source == "pull"]
    assert book.difference == 0
    assert book.received == sum(book.dispositions.values())
    return book.dispositions


def test_what_the_stream_missed_is_stored_and_announced(store: Store) -> None:
    kept = Pull(store).send(sessions=[thread(frames=0, title="hi")], turns=[ended()], items=[message("i1")])
    assert kept.reply == PulledKept(generation=1, n=1)
    assert kept.announce == (
        ItemStored(
            session_id="t1", turn_id="u1", item_id="i1", kind="agentMessage", decision="accepted", completed_at_ms=20
        ),
        TurnStored(session_id="t1", turn_id="u1", status="completed", items=1),
    )
    assert pulled_books(store) == {"stored": 2}
    assert rows(store, "SELECT title, source FROM sessions") == [("hi", "pull")]
    assert rows(store, "SELECT status, result_item_id, runner FROM turns") == [("completed", "i1", None)]


def test_the_same_message_again_is_kept_and_changes_nothing(store: Store) -> None:
    pull = Pull(store)
    first = pull.message(turns=[ended()], items=[message("i1")])
    store.keep_pulled(first, 1)
    before = every_row(store)
    again = store.keep_pulled(first, 2)
    assert (again.reply, again.announce) == (PulledKept(generation=1, n=1), ())
    assert every_row(store) == before


def test_an_item_of_the_stream_stands_even_when_the_pull_tells_it_otherwise(store: Store) -> None:
    Stream(store).send(2, turns=[turn("completed")], items=[message("i1", "from the stream")])
    before = canonical_rows(store)
    kept = Pull(store).send(turns=[ended("interrupted", None)], items=[message("i1", "from history")])
    assert kept.announce == ()
    assert canonical_rows(store) == before
    assert pulled_books(store) == {"duplicate": 2}
    reasons = rows(store, "SELECT decision, reason FROM dedupe_log WHERE source = 'pull' AND item_id = 'i1'")
    assert reasons == [("duplicate", "the live stream comes before the app-server's history")]


def test_the_stream_replaces_what_was_pulled_when_it_says_otherwise(store: Store) -> None:
    Pull(store).send(items=[message("i1", "from history")])
    Stream(store).send(1, items=[message("i1", "from the stream")])
    assert rows(store, "SELECT text, source, revision FROM items") == [("from the stream", "stream", 1)]
    Pull(store, 2).send(items=[message("i1", "from history")])
    assert rows(store, "SELECT text, source, revision FROM items") == [("from the stream", "stream", 1)]


def test_the_same_content_from_both_is_one_item_of_one_revision(store: Store) -> None:
    Pull(store).send(items=[message("i1")])
    Stream(store).send(1, items=[message("i1")])
    assert rows(store, "SELECT revision FROM items") == [(1,)]


def test_what_is_pulled_is_redacted(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    Pull(store).send(
        sessions=[thread(frames=0, title=f"key {SECRET}")],
        turns=[ended("failed", error=SECRET)],
        items=[message("i1", f"say {SECRET}")],
    )
    assert rows(store, "SELECT text FROM items") == [(f"say {HIDDEN}",)]
    assert SECRET.encode() not in whole_file(tmp_path)
    store.close()


# How turns end.


def test_an_end_that_nobody_wrote_down_gives_way_to_a_real_one(store: Store) -> None:
    pull = Pull(store)
    guessed = pull.send(turns=[ended("interrupted", None)])
    assert [each.status for each in guessed.announce if isinstance(each, TurnStored)] == ["interrupted"]
    assert pull.send(turns=[ended("interrupted", None)]).announce == ()
    real = pull.send(turns=[ended("completed", 7)])
    assert [each.status for each in real.announce if isinstance(each, TurnStored)] == ["completed"]
    assert pull.send(turns=[ended("interrupted", None)]).announce == ()
    assert rows(store, "SELECT status, completed_at_ms, runner FROM turns") == [("completed", 7, None)]
    assert pulled_books(store) == {"stored": 2, "duplicate": 2}


def test_a_turn_whose_process_is_gone_ends_with_what_history_says(store: Store) -> None:
    Stream(store).send(1, turns=[turn("inProgress")])
    assert rows(store, "SELECT runner FROM turns") == [("r1 1",)]
    Pull(store, 2).send(turns=[ended("interrupted", None)], sweep=True)
    assert rows(store, "SELECT status FROM turns") == [("interrupted",)]


def test_the_sweep_ends_the_turns_of_older_processes_and_no_other(store: Store) -> None:
    Stream(store).send(2, turns=[turn("inProgress", turn="old"), turn("inProgress", turn="gone")])
    Stream(store, generation=2).send(1, turns=[turn("inProgress", turn="live")])
    kept = Pull(store, 2).send(turns=[ended(turn="old")], sweep=True)
    statuses = dict(rows(store, "SELECT turn_id, status FROM turns"))
    assert statuses == {"old": "completed", "gone": "interrupted", "live": "inProgress"}
    assert [(each.turn_id, each.status) for each in kept.announce if isinstance(each, TurnStored)] == [
        ("old", "completed"),
        ("gone", "interrupted"),
    ]
    assert texts(store, ["turn_lost"]) == [("turn_lost", "thread t1: its process is gone and wrote no end")]
    Stream(store, generation=1, stager=2).send(1, turns=[turn("failed", turn="gone")])  # it came after all
    assert dict(rows(store, "SELECT turn_id, status FROM turns"))["gone"] == "failed"


# How far it is.


def test_positions_are_told_as_they_were_kept_also_after_a_restart(place: str) -> None:
    store = open_store(place)
    done = PullPosition(session_id="t1", cursor="c", last_turn_id="u1", updated_at_s=7)
    left = PullPosition(session_id="t2")
    Pull(store).send(positions=[done, left])
    store.close()
    store = open_store(place, run_id="r2")
    wanted = PositionsWanted(generation=1, n=3, session_ids=("t2", "t1", "never"))
    told = store.positions(wanted)
    assert (told.generation, told.n, told.positions) == (1, 3, (left, done))
    Pull(store).send(positions=[PullPosition(session_id="t1", updated_at_s=8)])
    assert store.positions(wanted).positions[1] == PullPosition(session_id="t1", updated_at_s=8)
    store.close()


def test_a_cursor_or_an_id_that_is_too_long_is_not_kept(store: Store) -> None:
    odd = PullPosition(session_id="t1", cursor="c" * (CURSOR_CHARS_MAX + 1), last_turn_id="u", updated_at_s=1)
    Pull(store).send(positions=[odd, PullPosition(session_id="x" * 10_000)])
    assert rows(store, "SELECT session_id, cursor, last_turn_id FROM pulls") == [("t1", None, None)]


def test_bad_records_are_counted_and_named(store: Store) -> None:
    Pull(store).send(turns=[ended(turn="")], items=[message("i1", body="[]"), message("")])
    assert pulled_books(store) == {"dropped:malformed": 3}
    assert store.ledger().balanced
