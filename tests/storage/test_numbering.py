"""Messages of a source: each once, in order."""

from __future__ import annotations

from typing import Any

from messages.baseline import RecordsKept, RecordsRefused
from storage.store import Store
from tests.storage.story import Files, position, rows


def received(store: Store) -> list[Any]:
    return rows(store, "SELECT source, generation, through_seq, received FROM offsets ORDER BY source, generation")


def test_a_message_that_comes_again_is_kept_and_counted_once(store: Store) -> None:
    message = Files(store).message(counts={"control": 3})
    first = store.keep_records(message, 1)
    assert store.keep_records(message, 2) == first
    assert isinstance(first.reply, RecordsKept)
    assert received(store) == [("rollout", 1, 1, 3)]


def test_one_behind_a_hole_is_refused_and_fits_when_the_hole_is_filled(store: Store) -> None:
    files = Files(store)
    first, second = files.message(counts={"control": 1}), files.message(counts={"control": 2})
    refused = store.keep_records(second, 1).reply
    assert isinstance(refused, RecordsRefused)
    assert (refused.code, refused.through_n, refused.text) == ("gap", 0, "number 1 has not come yet")
    assert received(store) == []
    assert isinstance(store.keep_records(first, 1).reply, RecordsKept)
    assert isinstance(store.keep_records(second, 1).reply, RecordsKept)
    assert received(store) == [("rollout", 1, 2, 3)]


def test_every_source_and_every_incarnation_counts_for_itself(store: Store) -> None:
    for files in (Files(store), Files(store, "transcript", "claude"), Files(store, incarnation=2)):
        assert isinstance(files.send(counts={"control": 1}).reply, RecordsKept)
    assert [row[:3] for row in received(store)] == [("rollout", 1, 1), ("rollout", 2, 1), ("transcript", 1, 1)]


def test_a_hole_is_told_before_a_position_that_does_not_fit(store: Store) -> None:
    files = Files(store)
    files.n = 1
    reply = files.send(position=position(80, 50)).reply
    assert isinstance(reply, RecordsRefused)
    assert (reply.code, reply.offset) == ("gap", None)
