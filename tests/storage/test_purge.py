"""What is purged is gone to the last byte, stays away, and leaves its neighbours and the books as they were."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from messages.baseline import EventSeen, KeepRecords, ResponseUsage
from messages.pulls import KeepPulled
from storage import purge as purging
from storage.connection import Writer
from storage.database import open_writer
from storage.fsck import examine
from storage.purge import Purge
from storage.schema import TABLES
from storage.store import Store
from tests.storage.story import (
    FakeRedaction,
    Stream,
    canonical_rows,
    every_row,
    message,
    open_store,
    rows,
    thread,
    turn,
    whole_file,
)

ROOT = Path(__file__).parents[2]
WORD = "zanzibar"
DAY_MS = 86_400_000


def fill(store: Store, session: str, at_ms: int, word: str = WORD, size: int = 1) -> None:
    """A session with something in every table that a source fills."""
    ids: dict[str, Any] = {"session": session, "turn": f"{session}-u"}
    items = [
        message(f"i{n}", f"{word} {n} {word}", started_at_ms=at_ms, completed_at_ms=at_ms, **ids) for n in range(size)
    ]
    stream = Stream(store, generation=int(session[-1]) + 1)
    stream.send(size + 2, sessions=[thread(session, title=word, cwd=f"/{word}", created_at_ms=at_ms)],
                turns=[turn("completed", started_at_ms=at_ms, completed_at_ms=at_ms, usage={"input": 3}, **ids)],
                items=items)  # fmt: skip
    store.keep_records(
        KeepRecords(
            incarnation=int(session[-1]) + 1, n=1, tool="codex", source="otlp", received=2,
            events=(EventSeen(session_id=session, key="k", name="x", at_ms=at_ms, body=f'{{"a":"{word}"}}'),),
            usage=(ResponseUsage(session_id=session, turn_id=f"{session}-u", response_id="r", at_ms=at_ms, input=3,
                                 model=word, frames=1),),
        ),
        at_ms,
    )  # fmt: skip


def purge(place: str) -> tuple[Writer, Purge]:
    writer = open_writer(place)
    from storage.cleaning import Cleaner

    return writer, Purge(writer, "p", Cleaner(FakeRedaction()))


def remove(place: str, session: str, at_ms: int = 10 * DAY_MS) -> int:
    writer, tool = purge(place)
    (doomed,) = tool.named(session)
    removed = tool.remove(doomed, at_ms, "a test")
    assert writer.reclaim(compact=False)
    writer.close()
    return removed


def test_a_session_goes_with_everything_that_hangs_on_it_and_nothing_else(store: Store, place: str) -> None:
    fill(store, "s1", DAY_MS, "keepsake")
    before = every_row(store)
    fill(store, "s2", DAY_MS)
    assert WORD in repr(every_row(store))
    assert remove(place, "s2") >= 8
    after = every_row(store)
    assert WORD not in repr(after)
    for model in TABLES:
        name = model._meta.table_name
        if name not in ("ledger", "offsets", "meta", "audit", "purged_sessions", "purged_turns"):
            assert after[name] == before[name], name
    assert rows(store, "SELECT kind, subject, text FROM audit ORDER BY id DESC LIMIT 1") == [
        ("purged", "s2", "1 turns and 1 items of codex were removed: a test")
    ]
    assert store.ledger().balanced


def test_not_a_byte_of_it_is_left(tmp_path: Path) -> None:
    place = str(tmp_path / "capture.sqlite3")
    store = open_store(place)
    fill(store, "s1", DAY_MS, "keepsake", 50)
    fill(store, "s2", DAY_MS, WORD, 300)
    store._database.run("UPDATE items SET revision = 2 WHERE item_id = 'i1'")
    assert WORD.encode() in whole_file(tmp_path)
    remove(place, "s2")
    assert WORD.encode() not in whole_file(tmp_path)
    assert b"keepsake" in whole_file(tmp_path)
    store.close()


def test_age_is_when_anything_last_happened(store: Store, place: str) -> None:
    fill(store, "s1", 1 * DAY_MS)
    fill(store, "s2", 5 * DAY_MS)
    fill(store, "s3", 1 * DAY_MS)
    Stream(store, generation=9).send(1, items=[
        message("late", session="s3", turn="s3-u", started_at_ms=6 * DAY_MS, completed_at_ms=6 * DAY_MS)
    ])  # fmt: skip
    writer, tool = purge(place)
    assert [each.session_id for each in tool.older_than(4 * DAY_MS)] == ["s1"]
    assert [each.session_id for each in tool.older_than(5 * DAY_MS + 1)] == ["s1", "s2"]
    assert [each.session_id for each in tool.older_than(9 * DAY_MS, limit=2)] == ["s1", "s2"]
    (doomed,) = tool.named("s1")
    assert (doomed.turns, doomed.items, doomed.last_ms) == (1, 1, DAY_MS)
    writer.close()


def test_a_session_that_was_never_dated_has_the_age_of_its_arrival(store: Store, place: str) -> None:
    Stream(store).send(1, sessions=[thread("s1")])
    writer, tool = purge(place)
    assert [each.last_ms for each in tool.named("s1")] == [1]
    assert tool.named("nobody") == []
    writer.close()


def record(session: str, at_ms: int | None, turn_id: str, item: str) -> KeepPulled:
    ids: dict[str, Any] = {"session": session, "turn": turn_id}
    return KeepPulled(
        generation=1, n=1,
        sessions=(thread(session, title=WORD, frames=0),),
        turns=(turn("completed", started_at_ms=at_ms, completed_at_ms=at_ms, **ids),),
        items=(message(item, WORD, started_at_ms=None, completed_at_ms=None, **ids),),
    )  # fmt: skip


def test_what_sources_tell_again_stays_away_and_is_counted(place: str) -> None:
    store = open_store(place)
    fill(store, "s1", DAY_MS)
    remove(place, "s1")
    store.close()
    again = open_store(place, "r2")
    fill_again = KeepRecords(
        incarnation=1, n=1, tool="codex", source="rollout", received=5,
        sessions=(thread("s1", title=WORD),),
        turns=(turn("completed", session="s1", turn="s1-u", started_at_ms=DAY_MS),),
        items=(message("i1", WORD, session="s1", turn="s1-u"),),
        events=(EventSeen(session_id="s1", key="k2", name="x", at_ms=DAY_MS, body="{}"),),
        usage=(ResponseUsage(session_id="s1", turn_id="s1-u", response_id="r", input=3, frames=1),),
    )  # fmt: skip
    audited = len(every_row(again)["audit"])
    again.keep_records(fill_again, 11 * DAY_MS)
    again.keep_pulled(record("s1", DAY_MS, "s1-other", "i9"), 11 * DAY_MS)
    # A fork brings copies of the same turn under its own name.
    again.keep_records(fill_again.model_copy(update={"n": 2, "received": 2, "events": (), "usage": (), "sessions": (),
        "turns": (turn("completed", session="fork", turn="s1-u", started_at_ms=DAY_MS),),
        "items": (message("i1", WORD, session="fork", turn="s1-u"),)}), 11 * DAY_MS)  # fmt: skip
    assert canonical_rows(again)["items"] == canonical_rows(again)["turns"] == canonical_rows(again)["sessions"] == []
    assert again.ledger().dispositions == {"dropped:purged": 9}
    assert again.ledger().balanced
    assert len(every_row(again)["audit"]) == audited, "no row for each line of each import"
    again.close()


def test_a_session_that_goes_on_after_its_purge_is_captured_from_there(place: str) -> None:
    store = open_store(place)
    fill(store, "s1", DAY_MS)
    remove(place, "s1", at_ms=10 * DAY_MS)
    store.keep_pulled(record("s1", 11 * DAY_MS, "new", "i1"), 11 * DAY_MS)
    Stream(store, generation=7).send(1, items=[message("live", "now", session="s1", turn="newer")])
    assert [row[1:3] for row in canonical_rows(store)["items"]] == [("new", "i1"), ("newer", "live")]
    store.close()


def test_a_live_writer_notices_that_its_rows_are_gone(store: Store, place: str) -> None:
    """Row numbers are given again: who remembered one would write into another session."""
    fill(store, "s1", DAY_MS)
    fill(store, "s2", DAY_MS)
    remove(place, "s2")
    Stream(store, generation=8).send(
        2, items=[message("n1", "a", session="s3", turn="s3-u"), message("n2", "b", session="s2", turn="s2-new")]
    )
    assert [row[:3] for row in canonical_rows(store)["items"]] == [
        ("s1", "s1-u", "i0"),
        ("s2", "s2-new", "n2"),
        ("s3", "s3-u", "n1"),
    ]


def test_retention_removes_in_steps_until_nothing_old_is_left(store: Store) -> None:
    for number in range(4):
        fill(store, f"s{number}", number * DAY_MS + 1)
    left = []
    while left[-1:] != [False]:
        left.append(store.purge(3 * DAY_MS, 9 * DAY_MS, "retention", steps_max=2))
    assert left == [True, False]
    assert [row[1] for row in canonical_rows(store)["sessions"]] == ["s3"]
    assert not store.purge(3 * DAY_MS, 9 * DAY_MS, "retention")
    assert store.ledger().balanced


def test_a_large_session_goes_in_pieces_and_a_kill_in_between_leaves_a_sound_rest(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "PIECE_ITEMS_MAX", 8)
    monkeypatch.setattr(purging, "PIECE_CHARACTERS_MAX", 300)
    store = open_store(place)
    fill(store, "s1", DAY_MS, size=20)
    writer, tool = purge(place)
    (doomed,) = tool.named("s1")
    pieces, gone = [], False
    while not gone:
        _, gone = tool.step(doomed, 10 * DAY_MS, "a test")
        pieces.append(len(canonical_rows(store)["items"]))
        counts = rows(store, "SELECT item_count FROM turns")
        assert counts == ([] if gone else [(pieces[-1],)])
        assert {check.state for check in examine(writer, False, "f", 1)} == {"ok"}
    assert pieces == sorted(pieces, reverse=True)
    assert len(pieces) > 2
    assert pieces[-1] == 0
    assert rows(store, "SELECT count(*) FROM audit WHERE kind = 'purged'") == [(1,)]
    writer.close()
    store.close()


KILLED = """
import sys
from tests.storage.test_purge import *
writer, tool = purge(sys.argv[1])
print("ready", flush=True)
for doomed in tool.older_than(9 * DAY_MS):
    tool.remove(doomed, 9 * DAY_MS, "a test")
    print(doomed.session_id, flush=True)
"""


def test_a_killed_purge_leaves_whole_sessions_only(place: str) -> None:
    chance = random.Random(5)
    store = open_store(place)
    for number in range(9):
        fill(store, f"s{number}", DAY_MS, size=20)
    seen = set()
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", KILLED, place], cwd=ROOT, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            said = {child.stdout.readline().decode().strip()}
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(chance.uniform(0, 0.03))
            child.kill()
            said |= set(child.stdout.read().decode().split("\n")[:-1])
        assert "ready" in said
        sessions = {row[1] for row in canonical_rows(store)["sessions"]}
        assert not said & sessions, "told and still there"
        assert {row[0] for row in canonical_rows(store)["items"]} == sessions
        assert len(canonical_rows(store)["items"]) == 20 * len(sessions)
        gone = {row[2] for row in rows(store, "SELECT * FROM purged_sessions")}
        assert gone == {f"s{n}" for n in range(9)} - sessions
        assert {row[0] for row in rows(store, "SELECT subject FROM audit WHERE kind = 'purged'")} == gone
        seen.add(len(sessions))
    assert store.ledger().balanced
    store.close()
