from __future__ import annotations

from typing import Any

import pytest

from actors.machines import tailing
from actors.machines.baseline import Lane
from actors.machines.effects import Send
from actors.machines.file_slices import Rules, next_slice
from actors.machines.tailing import ASK_MAX, POSITIONS_MAX, FileSeen, Tailing
from messages.baseline import FilePosition, FilesTold, FilesWanted, KeepRecords, RecordsKept, RecordsRefused
from messages.records import KeepAudit
from tests.actors.machines.test_file_slices import TRANSCRIPT, File
from tests.actors.wire.file_house import NOW_MS

RULES = Rules(slice_bytes=16_384, line_bytes_max=1_000_000, quiet_ms=60_000)


def machine() -> Tailing:
    return Tailing(Lane(1, 2_000), quiet_ms=60_000, resend_ms=2_000)


def seen(path: str = "/w/a.jsonl", size: int = 100, changed_ms: int = NOW_MS, inode: int = 2) -> FileSeen:
    return FileSeen(path, 1, inode, size, changed_ms)


def said(effects: Any) -> list[Any]:
    return [effect.message for effect in effects if isinstance(effect, Send)]


def told(tail: Tailing, *positions: FilePosition) -> list[Any]:
    assert tail.asked is not None
    return said(tail.told(FilesTold(incarnation=1, n=tail.asked.n, positions=positions), 0))


def kept(tail: Tailing) -> list[Any]:
    assert tail.lane.sent is not None
    return said(tail.kept(RecordsKept(incarnation=1, n=tail.lane.sent.n, source=tail.lane.sent.source), 0))


def slice_of(stored: FilePosition | None, data: bytes = TRANSCRIPT) -> Any:
    file = File(data)
    file.path = "/w/a.jsonl"
    return next_slice(file, stored, RULES, NOW_MS)


def test_a_file_is_read_slice_by_slice_each_behind_what_is_durable() -> None:
    tail = machine()
    (asked,) = said(tail.look([seen()], NOW_MS, 0))
    assert [file.path for file in asked.files] == ["/w/a.jsonl"]
    assert tail.next() is None
    told(tail)
    offsets = []
    while (found := tail.next()) is not None:
        part = slice_of(found[1])
        if part is None:
            break
        (message,) = said(tail.read(found[0], part, 0))
        assert isinstance(message, KeepRecords)
        assert tail.next() is None, "one slice on its way at a time"
        offsets.append(message.position.offset if message.position else -1)
        kept(tail)
    assert offsets == sorted(set(offsets))
    assert offsets[-1] == len(TRANSCRIPT)
    assert tail.idle
    assert [message.n for message in [tail.lane.sent] if message] == []


def test_a_look_that_finds_nothing_new_asks_for_nothing() -> None:
    tail = machine()
    tail.look([seen()], NOW_MS, 0)
    told(tail)
    assert tail.next() == ("/w/a.jsonl", None)
    assert tail.look([seen()], NOW_MS, 0) == ()
    assert tail.next() is None
    tail.look([seen(size=200)], NOW_MS, 0)
    assert tail.next() == ("/w/a.jsonl", None)


def test_what_changed_just_now_comes_before_a_backlog() -> None:
    tail = machine()
    tail.look([seen(f"/w/{n}.jsonl") for n in range(3)], NOW_MS, 0)
    told(tail)
    tail.look([seen("/w/2.jsonl", size=200)], NOW_MS, 0, soon=True)
    tail.look([seen("/w/new.jsonl")], NOW_MS, 0, soon=True)
    told(tail)
    order = []
    while (found := tail.next()) is not None:
        order.append(found[0])
    assert order == ["/w/0.jsonl", "/w/1.jsonl", "/w/2.jsonl", "/w/new.jsonl"]


def test_a_quiet_file_is_looked_at_once_more_for_its_open_turn() -> None:
    tail = machine()
    tail.look([seen()], NOW_MS, 0)
    told(tail)
    assert tail.next() is not None
    assert tail.look([seen()], NOW_MS + 59_999, 0) == ()
    assert tail.next() is None
    tail.look([seen()], NOW_MS + 60_000, 0)
    assert tail.next() is not None
    tail.look([seen()], NOW_MS + 120_000, 0)
    assert tail.next() is None


def test_a_slice_that_does_not_fit_is_forgotten_and_the_store_is_asked_anew() -> None:
    tail = machine()
    tail.look([seen()], NOW_MS, 0)
    told(tail)
    assert tail.next() is not None
    tail.read("/w/a.jsonl", slice_of(None), 0)
    refused = RecordsRefused(
        incarnation=1, n=1, source="transcript", code="position", through_n=0, offset=5, text="the file is stored"
    )
    (asked,) = said(tail.refused(refused, 0))
    assert isinstance(asked, FilesWanted)
    stored = slice_of(None).position
    told(tail, stored)
    assert tail.next() == ("/w/a.jsonl", stored)


def test_answers_to_older_questions_are_nothing_and_lost_ones_are_asked_again() -> None:
    tail = machine()
    (first,) = said(tail.look([seen()], NOW_MS, 0))
    assert tail.told(FilesTold(incarnation=1, n=first.n + 1, positions=()), 0) == ()
    assert said(tail.tick(1_999)) == []
    assert said(tail.tick(2_000)) == [first]
    assert said(tail.ingest_returned(2_001)) == [first]


def test_a_new_ingest_gets_what_was_on_its_way_again() -> None:
    tail = machine()
    tail.look([seen()], NOW_MS, 0)
    told(tail)
    tail.next()
    (sent,) = said(tail.read("/w/a.jsonl", slice_of(None), 0))
    assert said(tail.ingest_returned(5)) == [sent]


def test_deleted_files_are_noted_with_what_may_be_lost() -> None:
    tail = machine()
    tail.look([seen("/w/a.jsonl"), seen("/w/b.jsonl")], NOW_MS, 0)
    told(tail, slice_of(None).position.model_copy(update={"path": "/w/a.jsonl", "offset": 100}))
    tail.next()
    (note,) = said(tail.gone(["/w/a.jsonl", "/w/b.jsonl", "/w/unknown.jsonl"], NOW_MS))
    assert isinstance(note, KeepAudit)
    assert note.notes[0].text.startswith("2 files were deleted")
    assert "1 of them may have had lines" in note.notes[0].text
    assert tail.gone(["/w/a.jsonl"], NOW_MS) == ()


def test_many_files_are_asked_for_in_portions_and_few_positions_are_remembered() -> None:
    tail = machine()
    count = 3 * POSITIONS_MAX
    first = said(tail.look([seen(f"/w/{n}.jsonl", changed_ms=0) for n in range(count)], NOW_MS, 0))
    assert len(first[0].files) == ASK_MAX
    read = 0
    while tail.asked is not None or tail.ready:
        if tail.asked is not None:
            told(tail)
        while tail.next() is not None:
            read += 1
        tail.tick(0)
    assert read == count
    assert len(tail.positions) <= POSITIONS_MAX
    assert tail.idle


def test_files_beyond_the_bound_are_left_and_that_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tailing, "FILES_MAX", 1)
    tail = machine()
    note, asked = said(tail.look([seen("/w/a"), seen("/w/b"), seen("/w/c")], NOW_MS, 0))
    assert [each.path for each in asked.files] == ["/w/a"]
    assert isinstance(note, KeepAudit)
    assert [(each.kind, "/w/b is the first" in each.text) for each in note.notes] == [("source_files_over", True)]
    assert said(tail.look([seen("/w/d")], NOW_MS, 0)) == []
    tail.gone(["/w/a"], NOW_MS)
    tail.look([seen("/w/b")], NOW_MS, 0)
    assert list(tail.seen) == ["/w/b"], "there is room again"
