"""The verbs of the writer: once, whole, redacted, balanced, and again after trouble."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.baseline import EventSeen, FilePosition, KeepRecords, RecordsKept, RecordsRefused, ResponseUsage
from messages.records import (
    AuditNote,
    CheckpointKept,
    CheckpointRefused,
    ItemStored,
    KeepAudit,
    KeepCheckpoint,
    KeepTransitions,
    StageOpened,
    TurnStored,
)
from storage.dsn import is_dsn
from storage.errors import StoreUnavailable
from storage.fsck import examine
from storage.store import Store
from tests.storage.conftest import Places
from tests.storage.story import (
    HIDDEN,
    SECRET,
    Files,
    Stream,
    canonical_rows,
    dispositions,
    every_row,
    loss,
    message,
    open_store,
    raw_rows,
    rows,
    staged,
    step,
    texts,
    thread,
    turn,
    whole_file,
)
from tests.systems import posix

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    with_store = open_store(tmp_path)
    yield with_store
    with_store.close()


# One checkpoint.


def test_a_new_stager_begins_before_the_first_frame(store: Store) -> None:
    told = store.open_stage(StageOpened(generation=1, stager=1), 1)
    assert (told.generation, told.stager, told.through_seq) == (1, 1, 0)


def test_a_checkpoint_is_stored_and_announced(store: Store) -> None:
    kept = Stream(store).send(
        5,
        counts={"control": 1},
        sessions=[thread(cwd="/w", model="gpt-5")],
        turns=[turn("inProgress", started_at_ms=5)],
        items=[message("i1", merged_frames=1)],
    )
    assert kept.reply == CheckpointKept(generation=1, through_seq=5, stager=1)
    announced = ItemStored(
        session_id="t1", turn_id="u1", item_id="i1", kind="agentMessage", decision="accepted", completed_at_ms=20
    )
    assert kept.announce == (announced,)
    assert dispositions(store) == {"control": 1, "merged": 1, "stored": 3}
    assert store.ledger().balanced


def test_the_same_checkpoint_again_is_kept_and_changes_nothing(store: Store) -> None:
    stream = Stream(store)
    checkpoint = stream.checkpoint(1, items=[message("i1")])
    first = store.keep_checkpoint(checkpoint, 1)
    before = every_row(store)
    again = store.keep_checkpoint(checkpoint, 2)
    assert again.reply == first.reply
    assert again.announce == ()
    assert every_row(store) == before


def test_a_hole_between_checkpoints_is_refused(store: Store) -> None:
    stream = Stream(store)
    stream.send(3, counts={"control": 3})
    stream.through = 5
    reply = stream.send(1, counts={"control": 1}).reply
    assert isinstance(reply, CheckpointRefused)
    assert (reply.code, reply.through_seq) == ("gap", 3)
    assert store.ledger().received == 3


def test_a_checkpoint_that_is_stored_in_part_is_refused(store: Store) -> None:
    stream = Stream(store)
    stream.send(3, counts={"control": 3})
    stream.through = 1
    reply = stream.send(4, counts={"control": 4}).reply
    assert isinstance(reply, CheckpointRefused)
    assert (reply.code, reply.through_seq) == ("gap", 3)


def test_an_old_stager_is_refused(store: Store) -> None:
    old = Stream(store)
    Stream(store, stager=2)
    reply = old.send(1, counts={"control": 1}).reply
    assert isinstance(reply, CheckpointRefused)
    assert reply.code == "old_stager"
    assert store.ledger().received == 0


def test_a_generation_must_be_opened_first(store: Store) -> None:
    stream = Stream(store)
    stream.generation = 9
    reply = stream.send(1, counts={"control": 1}).reply
    assert isinstance(reply, CheckpointRefused)
    assert reply.code == "not_opened"


def test_an_old_stager_that_opens_learns_who_is_valid(store: Store) -> None:
    Stream(store, stager=2)
    assert store.open_stage(StageOpened(generation=1, stager=1), 1).stager == 2


def test_nothing_is_stored_raw(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(
        4,
        sessions=[thread(cwd=f"/{SECRET}", title=SECRET, path=SECRET, branch=SECRET)],
        turns=[turn("failed", error=f"bad key {SECRET}")],
        items=[
            message("i1", SECRET),
            message("i2", kind="commandExecution", body=json.dumps({"command": f"x {SECRET}", SECRET: [SECRET]})),
        ],
        audit=[AuditNote(kind="k", subject=SECRET, text=SECRET, at_ms=1)],
    )
    store.keep_audit([AuditNote(kind="k", subject="s", text=SECRET, at_ms=1)])
    store.keep_transitions(KeepTransitions(transitions=(step(1, cause=SECRET),)))
    found = repr(every_row(store)).encode() + (b"" if is_dsn(place) else whole_file(Path(place).parent))
    store.close()
    assert SECRET.encode() not in found
    assert HIDDEN.encode() in found


def test_the_real_rules_hide_a_real_shape(tmp_path: Path) -> None:
    token = "ghp_" + "".join(random.Random(3).choices("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", k=36))
    store = Store(tmp_path / "capture.sqlite3", run_id="r1")
    Stream(store).send(1, items=[message("i1", f"export GITHUB_TOKEN={token}")])
    store.close()
    assert token.encode() not in whole_file(tmp_path)
    assert b"[REDACTED:" in whole_file(tmp_path)


def test_a_redaction_that_fails_hides_the_item_and_is_audited(store: Store) -> None:
    kept = Stream(store).send(2, items=[message("i1", "EXPLODE"), message("i2", "fine")])
    assert isinstance(kept.reply, CheckpointKept)
    assert rows(store, "SELECT item_id, text FROM items ORDER BY ordinal") == [
        ("i1", "[REDACTED:error]"),
        ("i2", "fine"),
    ]
    assert [kind for kind, _ in texts(store)] == ["redaction_failed"]
    assert store.redaction_failures == 1
    assert store.ledger().balanced


def test_a_failed_redaction_never_replaces_what_is_stored(store: Store) -> None:
    stream = Stream(store)
    stream.send(1, items=[message("i1", "fine")])
    stream.send(3, items=[message("i1", "EXPLODE", merged_frames=2)])
    assert rows(store, "SELECT text, revision FROM items") == [("fine", 1)]
    assert dispositions(store) == {"stored": 1, "dropped:redaction_failed": 3}


def test_a_bad_item_does_not_poison_its_checkpoint(store: Store) -> None:
    bad = [
        message("i1", body="not json", merged_frames=3),
        message("i2", body="[]"),
        message("", "no id"),
        message("i3", body='{"a":"\\ud800"}'),
        message("x" * 600),
        message("i4", body='{"a":' * 400 + "1" + "}" * 400),
    ]
    kept = Stream(store).send(10, items=[*bad, message("good", started_at_ms=2**70)])
    assert isinstance(kept.reply, CheckpointKept)
    assert dispositions(store) == {"dropped:malformed": 9, "stored": 1}
    assert len(texts(store, ["item_dropped"])) == 6
    assert {row[0] for row in rows(store, "SELECT decision FROM dedupe_log")} == {"dropped", "accepted"}
    assert store.ledger().balanced


def test_a_session_or_turn_without_an_id_does_not_poison_its_checkpoint(store: Store) -> None:
    kept = Stream(store).send(3, sessions=[thread("")], turns=[turn("completed", turn="")], items=[message("i1")])
    assert isinstance(kept.reply, CheckpointKept)
    assert dispositions(store) == {"dropped:malformed": 2, "stored": 1}


# Staged items and losses.


def test_deltas_are_staged_until_their_item_completes(store: Store) -> None:
    stream = Stream(store)
    stream.send(4, staged=[staged("i1", 4)])
    assert (store.ledger().staged, dispositions(store)) == (4, {})
    stream.send(3, items=[message("i1", merged_frames=6)])
    assert (store.ledger().staged, dispositions(store)) == (0, {"merged": 6, "stored": 1})
    assert store.ledger().balanced


def test_a_loss_is_counted_and_named(store: Store) -> None:
    stream = Stream(store)
    stream.send(4, staged=[staged("i1", 4)])
    stream.send(1, losses=[loss("i1", 4, "turn_interrupted")], turns=[turn("interrupted")])
    assert dispositions(store) == {"dropped:turn_interrupted": 4, "stored": 1}
    named = "SELECT kind, session_id, turn_id, item_id, frames, bytes_count FROM audit"
    assert rows(store, named) == [("stage_loss", "t1", "u1", "i1", 4, 7)]


def test_what_a_dead_stager_held_is_lost_with_one_row_for_each_item(store: Store) -> None:
    Stream(store).send(5, staged=[staged("i1", 2, size=20), staged("i2", 3, size=30)])
    assert store.open_stage(StageOpened(generation=1, stager=2), 9).through_seq == 5
    assert dispositions(store) == {"dropped:stager_lost": 5}
    assert store.ledger().staged == 0
    assert store.ledger().balanced
    named = "SELECT kind, at_ms, session_id, turn_id, item_id, frames, bytes_count FROM audit ORDER BY id"
    assert rows(store, named) == [
        ("stager_lost", 9, "t1", "u1", "i1", 2, 20),
        ("stager_lost", 9, "t1", "u1", "i2", 3, 30),
    ]


def test_opening_twice_loses_nothing_twice(store: Store) -> None:
    Stream(store).send(2, staged=[staged("i1", 2)])
    for _ in range(2):
        store.open_stage(StageOpened(generation=1, stager=2), 9)
    assert len(texts(store, ["stager_lost"])) == 1


def test_the_same_stager_keeps_what_it_holds_when_a_new_process_speaks(store: Store) -> None:
    Stream(store).send(2, staged=[staged("i1", 2)])
    Stream(store, generation=2)
    assert store.ledger().staged == 2


def test_a_new_stager_takes_every_generation_over(store: Store) -> None:
    first = Stream(store)
    first.send(2, staged=[staged("i1", 2)])
    Stream(store, generation=2).send(3, staged=[staged("i1", 3)])
    Stream(store, generation=3, stager=2)
    assert [(row.generation, row.dispositions) for row in store.ledger_rows()] == [
        (1, {"dropped:stager_lost": 2}),
        (2, {"dropped:stager_lost": 3}),
        (3, {}),
    ]


def test_a_new_run_names_what_the_one_before_had_staged(place: str) -> None:
    before = open_store(place, "r1")
    Stream(before).send(2, staged=[staged("i1", 2)])
    before.close()
    after = open_store(place, "r2")
    Stream(after)
    assert after.ledger().received == 0
    assert rows(after, "SELECT run_id, kind, frames FROM audit") == [("r1", "stager_lost", 2)]
    assert rows(after, "SELECT run_id, disposition, count FROM ledger") == [("r1", "dropped:stager_lost", 2)]
    after.close()


def test_closing_a_generation_is_done_once(store: Store) -> None:
    stream = Stream(store)
    stream.send(2, staged=[staged("i1", 2)])
    closing = stream.checkpoint(0, losses=[loss("i1", 2, "sidecar_exited")], closed=True)
    for _ in range(3):
        assert store.keep_checkpoint(closing, 1).reply == CheckpointKept(
            generation=1, through_seq=2, stager=1, closed=True
        )
    assert dispositions(store) == {"dropped:sidecar_exited": 2}
    assert len(texts(store)) == 1
    assert store.ledger_rows()[0].closed


def test_a_checkpoint_without_frames_counts_its_losses_once(store: Store) -> None:
    stream = Stream(store)
    stream.send(2, staged=[staged("i1", 2)])
    evicted = stream.checkpoint(0, losses=[loss("i1", 2, "stage_full")])
    for _ in range(2):
        store.keep_checkpoint(evicted, 1)
    assert dispositions(store) == {"dropped:stage_full": 2}
    assert store.ledger().balanced


def test_what_is_still_staged_when_a_generation_closes_is_lost_with_a_name(store: Store) -> None:
    stream = Stream(store)
    stream.send(2, staged=[staged("i1", 2)])
    stream.send(0, staged=[staged("i1", 2)], closed=True)
    assert dispositions(store) == {"dropped:sidecar_exited": 2}
    assert store.ledger().balanced


def test_late_frames_of_a_closed_generation_are_counted(store: Store) -> None:
    stream = Stream(store)
    stream.send(0, closed=True)
    stream.send(3, counts={"stale_generation": 3}, closed=True)
    assert dispositions(store) == {"stale_generation": 3}
    assert store.ledger().balanced


# Decisions.


def test_the_same_item_in_another_run_is_a_duplicate(place: str) -> None:
    for run in ("r1", "r2"):
        store = open_store(place, run)
        Stream(store).send(1, items=[message("i1")])
        last = dispositions(store)
        store.close()
    assert last == {"duplicate": 1}
    store = open_store(place, "r3")
    assert rows(store, "SELECT run_id FROM item_sources ORDER BY id") == [("r1",)]
    assert rows(store, "SELECT decision, reason FROM dedupe_log ORDER BY id") == [
        ("accepted", "new"),
        ("duplicate", "same content"),
    ]
    store.close()


def test_a_changed_item_is_replaced_and_counts_its_revision(store: Store) -> None:
    stream = Stream(store)
    stream.send(1, items=[message("i1", "one")])
    kept = stream.send(1, items=[message("i1", "two")])
    assert rows(store, "SELECT text, revision, ordinal FROM items") == [("two", 2, 1)]
    assert [each.decision for each in kept.announce if isinstance(each, ItemStored)] == ["replaced"]
    assert dispositions(store) == {"stored": 1, "replaced": 1}


def test_an_older_revision_that_comes_again_is_a_duplicate(store: Store) -> None:
    stream = Stream(store)
    for text in ("one", "two", "one"):
        stream.send(1, items=[message("i1", text)])
    assert rows(store, "SELECT text, revision FROM items") == [("two", 2)]
    reasons = rows(store, "SELECT decision, reason FROM dedupe_log ORDER BY id")
    assert reasons[-1] == ("duplicate", "content of an older revision")


def test_the_same_item_id_in_another_turn_is_another_item(store: Store) -> None:
    Stream(store).send(2, items=[message("i1", turn="u1"), message("i1", turn="u2")])
    assert dispositions(store) == {"stored": 2}


def test_ordinals_follow_the_first_arrival_within_a_turn(store: Store) -> None:
    stream = Stream(store)
    stream.send(3, items=[message("b"), message("a"), message("x", turn="u2")])
    stream.send(2, items=[message("b", "again"), message("c")])
    assert rows(store, "SELECT item_id, ordinal FROM items ORDER BY id") == [("b", 1), ("a", 2), ("x", 1), ("c", 3)]


# Turns.


def test_a_completed_turn_has_one_result(store: Store) -> None:
    kept = Stream(store).send(
        6,
        turns=[
            turn("inProgress", started_at_ms=5),
            turn(usage={"input": 10, "total": 12}),
            turn("completed", completed_at_ms=9, duration_ms=4),
        ],
        items=[
            message("m1", "thinking"),
            message("c1", kind="commandExecution", body='{"command":"ls"}'),
            message("m2", "done"),
        ],
    )
    assert kept.announce[-1] == TurnStored(session_id="t1", turn_id="u1", status="completed", items=3)
    result = "SELECT status, started_at_ms, completed_at_ms, duration_ms, item_count, result_item_id FROM turns"
    assert rows(store, result) == [("completed", 5, 9, 4, 3, "m2")]
    assert rows(store, "SELECT input, total FROM usage") == [(10, 12)]


def test_an_ended_turn_keeps_its_end(store: Store) -> None:
    stream = Stream(store)
    stream.send(2, turns=[turn("inProgress"), turn("completed", completed_at_ms=9)])
    before = canonical_rows(store)
    kept = stream.send(
        3, turns=[turn("failed", error="late", completed_at_ms=99), turn("inProgress"), turn("completed")]
    )
    assert canonical_rows(store) == before
    assert kept.announce == ()
    assert dispositions(store) == {"stored": 2, "duplicate": 3}
    assert (
        rows(store, "SELECT decision, reason FROM dedupe_log ORDER BY id")[-2:]
        == [("duplicate", "the turn has ended before as completed")] * 2
    )


def test_a_checkpoint_that_was_kept_is_not_announced_again(store: Store) -> None:
    stream = Stream(store)
    checkpoint = stream.checkpoint(2, turns=[turn("completed")], items=[message("i1")])
    assert len(store.keep_checkpoint(checkpoint, 1).announce) == 2
    assert store.keep_checkpoint(checkpoint, 1).announce == ()


# Audit, probe.


def test_audit_notes_are_kept_as_they_come(store: Store) -> None:
    note = AuditNote(kind="unknown_method", subject="x/y", text="seen", at_ms=4)
    assert store.keep_audit(KeepAudit(n=1, notes=(note, note))) == 2
    assert store.keep_audit([note]) == 1
    assert len(texts(store)) == 3


def test_a_probe_is_a_write_that_commits(store: Store, place: str) -> None:
    store.probe(77)
    other = open_store(place, "other")
    assert rows(other, "SELECT value FROM meta WHERE key = 'probed_at_ms'") == [("77",)]
    other.close()


@posix
def test_the_file_is_private(file_store: Store, tmp_path: Path) -> None:
    file_store.probe(1)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


# Replay.


def history() -> list[dict[str, Any]]:
    """What single frames come to, in order: the smallest checkpoints there are."""
    return [
        {"sessions": [thread(cwd="/w", model="m1", title="first", created_at_ms=3)]},
        {"turns": [turn("inProgress", started_at_ms=5)]},
        {"items": [message("i1", "one")]},
        {"counts": {"control": 1}},
        {"items": [message("i2", "draft")]},
        {"turns": [turn(usage={"input": 4, "output": 1, "cacheWrites": 1})]},
        {"items": [message("i2", "final")]},
        {"sessions": [thread(model="m2")]},
        {"items": [message("i3", f"key {SECRET}", kind="userMessage")]},
        {"turns": [turn(usage={"input": 9, "output": 3, "cacheWrites": 2})]},
        {"turns": [turn("completed", completed_at_ms=9, duration_ms=4)]},
        {"turns": [turn("inProgress", turn="u2", started_at_ms=11)]},
        {"items": [message("i1", "again, another turn", turn="u2")]},
        {"items": [message("bad", body="{", turn="u2")]},
        {"turns": [turn("failed", turn="u2", error="no credit")]},
        {"counts": {"ignored_unknown": 1}},
    ]


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {"sessions": [], "turns": [], "items": [], "counts": {}}
    for part in parts:
        for name in ("sessions", "turns", "items"):
            fields[name] += part.get(name, [])
        for name, count in part.get("counts", {}).items():
            fields["counts"][name] = fields["counts"].get(name, 0) + count
    return fields


def feed(store: Store, cuts: list[int], repeat: bool = False) -> None:
    frames = history()
    edges = sorted({0, len(frames), *(cut % len(frames) for cut in cuts)})
    stream = Stream(store)
    for first, last in itertools.pairwise(edges):
        checkpoint = stream.checkpoint(last - first, **merged(frames[first:last]))
        for _ in range(2 if repeat else 1):
            stream.through = store.keep_checkpoint(checkpoint, 1).reply.through_seq
    assert stream.through == len(frames)


@pytest.fixture(scope="module")
def once(places: Places) -> dict[str, list[tuple[Any, ...]]]:
    store = open_store(places())
    feed(store, [])
    found = canonical_rows(store)
    store.close()
    return found


def test_feeding_everything_again_leaves_canonical_rows_byte_for_byte_the_same(place: str) -> None:
    found = []
    for run in ("r1", "r2", "r3"):
        store = open_store(place, run)
        feed(store, [3, 7])
        assert store.ledger().balanced
        found.append(raw_rows(store))
        store.close()
    assert found[1] == found[0]
    assert found[2] == found[0]


@settings(max_examples=20, deadline=None)
@given(
    runs=st.lists(
        st.tuples(st.lists(st.integers(0, 15), max_size=8), st.booleans(), st.integers(0, 16)), min_size=1, max_size=3
    )
)
def test_however_frames_are_cut_and_repeated_the_rows_are_the_same(
    runs: list[tuple[list[int], bool, int]],
    places: Places,
    once: dict[str, list[tuple[Any, ...]]],
) -> None:
    place = places()
    for number, (cuts, repeat, _) in enumerate(runs):
        store = open_store(place, f"r{number}")
        feed(store, cuts, repeat)
        assert store.ledger().balanced
        assert canonical_rows(store) == once
        store.close()
    # A new run that stops in the middle of the same history leaves turns, items and usage as they were.
    for number, (_, _, end) in enumerate(runs):
        store = open_store(place, f"part{number}")
        part = history()[:end]
        Stream(store).send(len(part), **merged(part))
        found = canonical_rows(store)
        store.close()
        assert {name: found[name] for name in ("turns", "items", "usage")} == {
            name: once[name] for name in ("turns", "items", "usage")
        }


# Trouble.


def test_a_full_disk_leaves_nothing_and_the_next_call_works_again(file_store: Store) -> None:
    store = file_store
    stream = Stream(store)
    stream.send(1, items=[message("i1")])
    pages = store._database.pragma("page_count")
    store._database.pragma("max_page_count", pages)
    big = stream.checkpoint(2, items=[message("i2"), message("i3", "x" * 500_000)])
    with pytest.raises(StoreUnavailable) as caught:
        store.keep_checkpoint(big, 1)
    assert caught.value.reason.endswith("the disk is full")
    assert rows(store, "SELECT item_id FROM items") == [("i1",)]
    assert store.ledger().received == 1
    store._database.pragma("max_page_count", 2**31 - 2)
    assert isinstance(store.keep_checkpoint(big, 1).reply, CheckpointKept)
    assert [row[0] for row in rows(store, "SELECT item_id FROM items ORDER BY id")] == ["i1", "i2", "i3"]
    assert store.ledger().balanced


def test_a_failure_in_the_middle_forgets_what_memory_had_learnt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(store)
    checkpoint = stream.checkpoint(
        4, sessions=[thread("new")], items=[message("i1", session="new")], staged=[staged("s", 2)]
    )

    def broken(*_: object) -> int:
        raise RuntimeError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(store._ledger, "check", broken)
        with pytest.raises(RuntimeError):
            store.keep_checkpoint(checkpoint, 1)
    assert canonical_rows(store)["items"] == []
    assert isinstance(store.keep_checkpoint(checkpoint, 1).reply, CheckpointKept)
    assert rows(store, "SELECT decision FROM dedupe_log") == [("accepted",)]
    assert store.ledger().balanced


def test_several_messages_in_one_transaction_are_all_there_or_none(store: Store) -> None:
    files = Files(store)
    with store.together():
        files.send(items=[message("i1")])
        files.send(items=[message("i2")])
    before = every_row(store)
    assert dispositions(store) == {"stored": 2}

    def interrupted() -> None:
        with store.together():
            files.send(items=[message("i3")])
            files.send(items=[message("i4"), message("i1", "changed")])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert every_row(store) == before
    files.n = 2
    files.send(items=[message("i3")])
    assert dispositions(store) == {"stored": 3}
    assert store.ledger().balanced


def test_what_is_refused_among_several_writes_nothing_of_its_own(store: Store) -> None:
    files = Files(store)
    with store.together():
        files.send(items=[message("i1")])
        files.n += 1
        assert isinstance(files.send(items=[message("i2")]).reply, RecordsRefused)
    assert dispositions(store) == {"stored": 1}


def test_somebody_elses_lock_is_unavailable_for_a_bounded_time(store: Store, place: str) -> None:
    stream = Stream(store)
    other = open_store(place, "other")
    other._database.begin_write()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="lock"):
        stream.send(1, items=[message("i1")])
    assert time.monotonic() - began < 20, "it waits for a second, and not as long as the lock is held"
    other._database.rollback()
    other.close()
    assert isinstance(stream.send(1, items=[message("i1")]).reply, CheckpointKept)


@posix
def test_a_file_that_vanished_is_noticed_before_anything_is_lost(file_store: Store, tmp_path: Path) -> None:
    store = file_store
    stream = Stream(store)
    away = tmp_path / "away"
    (tmp_path / "capture.sqlite3").rename(away)
    for write in (lambda: stream.send(1, items=[message("i1")]), lambda: store.probe(1)):
        with pytest.raises(StoreUnavailable, match="moved, removed or replaced"):
            write()
    away.rename(tmp_path / "capture.sqlite3")
    assert isinstance(stream.send(1, items=[message("i1")]).reply, CheckpointKept)


CHILD = """
import resource, sys
from pathlib import Path
from tests.storage.story import *
from storage.errors import StoreUnavailable
store = open_store(Path(sys.argv[1]))
stream = Stream(store)
assert stream.send(1, items=[message("small")]).reply.through_seq == 1
limit = store._database.path.with_name("capture.sqlite3-wal").stat().st_size + 100_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
big = stream.checkpoint(1, items=[message("big", "x" * 3_000_000)])
for _ in range(3):
    try:
        store.keep_checkpoint(big, 1)
    except StoreUnavailable as error:
        print(error.reason)
    else:
        sys.exit("it was stored?")
    assert [r[0] for r in rows(store, "SELECT item_id FROM items")] == ["small"]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert store.keep_checkpoint(big, 1).reply.through_seq == 2
assert store.ledger().balanced and store.ledger().received == 2
"""


@posix
def test_a_file_that_may_not_grow_is_unavailable_until_it_may(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cannot use") == 3


KILLED = """
import sys
from pathlib import Path
from tests.storage.story import *
store = open_store(sys.argv[1], sys.argv[2])
stream = Stream(store)
print(stream.through, flush=True)
while True:
    n = stream.through
    items = [message(f"i{n}"), message(f"j{n}", "y" * 3000), message("same", f"revision {n}")]
    stream.send(5, items=items, staged=[staged("open", 2 * (n // 5 + 1))], turns=[])
    print(stream.through, flush=True)
"""


def checkpoints_in(store: Store) -> int:
    return int(rows(store, "SELECT count(*) FROM items WHERE item_id LIKE 'i%'")[0][0])


@posix
@pytest.mark.timeout(180)
def test_a_killed_writer_leaves_whole_checkpoints_only(place: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    kills = 8
    for number in range(kills):
        told = tmp_path / f"told-{number}"
        with told.open("wb") as out:
            child = subprocess.Popen(
                [sys.executable, "-c", KILLED, place, "r1"], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
            )
        try:
            deadline = time.monotonic() + 20
            while told.read_bytes().count(b"\n") < 2 and time.monotonic() < deadline:  # the first it kept
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.08))
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        told_lines = told.read_bytes().split(b"\n")[:-1]
        assert told_lines, told.read_bytes()
        store = open_store(place, "r1")
        (book,) = store.ledger_rows()
        whole = book.through_seq // 5
        assert book.through_seq % 5 == 0
        assert book.difference == 0
        assert book.through_seq >= int(told_lines[-1]), "acknowledged and lost"
        assert checkpoints_in(store) == whole
        assert rows(store, "SELECT count(*) FROM items WHERE item_id LIKE 'j%'") == [(whole,)]
        assert rows(store, "SELECT revision FROM items WHERE item_id = 'same'") == ([(whole,)] if whole else [])
        assert rows(store, "SELECT count(*) FROM dedupe_log") == [(3 * whole,)]
        assert book.staged == 2 * whole
        store.close()
    store = open_store(place, "r1")
    stream = Stream(store)
    resent = KeepCheckpoint(
        generation=1,
        stager=1,
        first_seq=stream.through - 4,
        last_seq=stream.through,
        items=(message(f"i{stream.through - 5}"),),
    )
    before = checkpoints_in(store)
    assert store.keep_checkpoint(resent, 1).reply == CheckpointKept(generation=1, through_seq=stream.through, stager=1)
    assert checkpoints_in(store) == before >= kills
    assert store.ledger().balanced
    store.close()


def batch(n: int) -> KeepRecords:
    """What lines of a file come to: something for every table that a message fills, and the position behind them."""
    change = json.dumps({"changes": [{"path": "/w/a.py", "diff": f"@@ -1 +1 @@\n-a\n+line {n}"}]})
    ids = {"session": "f1", "turn": "f1-u"}
    return KeepRecords(
        incarnation=1, n=n, tool="claude", source="transcript", received=6, counts={"control": 1},
        sessions=(thread("f1", title=f"title {n}"),),
        items=(message(f"i{n}", kind="fileChange", body=change, **ids), message(f"j{n}", "y" * 3_000, **ids)),
        usage=(ResponseUsage(session_id="f1", turn_id="f1-u", response_id=f"r{n}", input=n, frames=1),),
        events=(EventSeen(session_id="f1", key=f"k{n}", name="tool_result", at_ms=n, body="{}"),),
        audit=(AuditNote(kind="seen", subject=str(n), text="t", at_ms=n),),
        position=FilePosition(path="/f", device=1, inode=1, offset=100 * n, size=100 * n, head="h",
                              from_offset=100 * (n - 1)),
    )  # fmt: skip


KILLED_AT_A_FILE = """
import sys
from tests.storage.test_store import *
store = open_store(sys.argv[1])
n = through(store)
print(n, flush=True)
while True:
    n += 1
    assert isinstance(store.keep_records(batch(n), 1).reply, RecordsKept)
    print(n, flush=True)
"""


def through(store: Store) -> int:
    found = rows(store, "SELECT through_seq FROM offsets WHERE source = 'transcript'")
    return int(found[0][0]) if found else 0


@posix
@pytest.mark.timeout(180)
def test_a_killed_writer_of_a_file_leaves_rows_offset_usage_audit_and_ledger_together(place: str) -> None:
    chance = random.Random(9)
    kills, last = 8, 0
    for _ in range(kills):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED_AT_A_FILE, place], cwd=ROOT, stdout=subprocess.PIPE
        ) as child:  # fmt: skip
            assert child.stdout is not None
            told = [child.stdout.readline(), child.stdout.readline()]  # where it began, and the first it kept
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(chance.uniform(0, 0.08))
            child.kill()
            told += child.stdout.read().split(b"\n")[:-1]
        store = open_store(place)
        n = through(store)
        assert n >= int(told[-1]) >= last, "acknowledged and lost"
        last = n
        counts = {
            "items": 2 * n, "item_sources": 2 * n, "dedupe_log": 2 * n, "response_usage": n, "events": n, "audit": n,
            "sessions": min(n, 1), "turns": min(n, 1), "files": min(n, 1),
        }  # fmt: skip
        assert {name: rows(store, f"SELECT count(*) FROM {name}")[0][0] for name in counts} == counts
        assert rows(store, 'SELECT "offset" FROM files') == ([(100 * n,)] if n else [])
        assert rows(store, "SELECT title FROM sessions") == ([(f"title {n}",)] if n else [])
        assert rows(store, "SELECT item_count FROM turns") == ([(2 * n,)] if n else [])
        assert rows(store, "SELECT sum(count) FROM ledger") == [(6 * n,)] if n else [(None,)]
        assert store.ledger().balanced
        store.close()
    store = open_store(place)
    before = every_row(store)
    assert isinstance(store.keep_records(batch(last), 2).reply, RecordsKept), (
        "sent again, since nobody heard the answer"
    )
    assert every_row(store) == before
    assert last >= kills
    assert {check.state for check in examine(store._database, False, "f", 1)} == {"ok"}
    store.close()
