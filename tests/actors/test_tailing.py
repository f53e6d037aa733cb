"""Real folders and files, read by the file half of the baseline; what it sends crosses a wire as it would live."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from actors import tailing
from actors.envelope import Envelope, pack, unpack
from actors.machines.effects import Effects, Send
from actors.machines.standing import Now
from actors.tailing import HOT_MS, POLL_MS, QUIET_POLL_MS, TROUBLES_MAX, FileTail
from actors.transport.allowlist import AllowList, class_names
from messages.base import Message
from messages.baseline import FilePosition, FilesTold, FilesWanted, KeepRecords, RecordsKept
from messages.lifecycle import Begin
from messages.records import AuditNote, FinalItem, KeepAudit
from messages.settings import Timing, WatchedFolder, WatchSettings
from tests.actors.actor_house import settings_in

SESSION = "4f6bb846-7647-490d-ab5d-9bddea151485"
WALL_MS = 1_790_000_000_000
ROUNDS = 200
"""More than any of these tests needs."""


class TailHouse:
    """The tail of one folder, and an ingest that keeps everything at once."""

    def __init__(self, folder: Path, state: Path) -> None:
        watch = WatchSettings(roots=(WatchedFolder(source="transcript", path=str(folder)),))
        settings = settings_in(state, watch=watch)
        begin = Begin(role="baseline", incarnation=1, token="t", root_pid=1, root_created_at=1.0, settings=settings)
        self.wire = AllowList(class_names([Envelope]))
        self.answers: list[FilesTold | RecordsKept] = []
        self.stored: dict[str, FilePosition] = {}
        self.items: list[FinalItem] = []
        self.notes: list[AuditNote] = []
        self.tail = FileTail(begin, self.perform, lambda after_ms, name: None)
        self.mono = 0
        self.tail.start(self.now)

    @property
    def now(self) -> Now:
        return Now(self.mono, time.time_ns() // 1_000_000)

    def perform(self, effects: Effects) -> None:
        for effect in effects:
            assert isinstance(effect, Send)
            letter = self.wire.loads(self.wire.dumps(pack(effect.message, "", 0)))
            assert isinstance(letter, Envelope)
            self.heard(unpack(letter))

    def heard(self, message: Message) -> None:
        if isinstance(message, FilesWanted):
            known = tuple(self.stored[each.path] for each in message.files if each.path in self.stored)
            self.answers.append(FilesTold(incarnation=1, n=message.n, positions=known))
        elif isinstance(message, KeepRecords):
            assert message.position is not None
            self.stored[message.position.path] = message.position
            self.items += message.items
            self.answers.append(RecordsKept(incarnation=1, n=message.n, source=message.source))
        elif isinstance(message, KeepAudit):
            self.notes += message.notes

    def settle(self) -> None:
        """Look and read until there is nothing more to do."""
        for _ in range(ROUNDS):
            self.mono += 250
            self.tail.woke(self.now)
            while self.answers:
                self.tail.heard(self.answers.pop(0), self.now)
            if self.tail._sweep is None and self.tail.machine.idle:
                return
        raise AssertionError("it never came to rest")


Tail = Callable[[], TailHouse]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "projects").mkdir()
    return tmp_path / "projects"


@pytest.fixture
def tail(folder: Path, tmp_path: Path) -> Iterator[Tail]:
    """`tail()` follows the folder; its watcher is given up at the end."""
    houses: list[TailHouse] = []

    def start() -> TailHouse:
        houses.append(TailHouse(folder, tmp_path))
        return houses[-1]

    yield start
    for house in houses:
        house.tail.close()


def line(uuid: str, content: Any, **more: Any) -> bytes:
    said = {"type": "user", "uuid": uuid, "sessionId": SESSION, "timestamp": "2026-11-22T06:43:01.000Z", **more}
    return orjson.dumps({**said, "message": {"role": "user", "content": content}}) + b"\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems take no such name")
def test_many_files_that_cannot_be_read_are_named_up_to_a_bound_which_is_told(folder: Path, tail: Tail) -> None:
    for number in range(TROUBLES_MAX + 2):
        Path(os.fsdecode(os.fsencode(folder) + b"/%d\xfc.jsonl" % number)).write_bytes(line("u1", "here"))
    house = tail()
    house.settle()
    assert len(house.notes) == TROUBLES_MAX
    assert [note.text.endswith("(further files that cannot be read are not named)") for note in house.notes] == [
        *([False] * (TROUBLES_MAX - 1)), True,
    ]  # fmt: skip


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems take no such name")
def test_a_file_whose_path_is_no_text_is_named_once_and_all_others_are_read(folder: Path, tail: Tail) -> None:
    odd = os.fsencode(folder) + b"/gr\xfc\xdfe.jsonl"
    Path(os.fsdecode(odd)).write_bytes(line("u1", "here"))
    (folder / "s.jsonl").write_bytes(line("u2", "there"))
    house = tail()
    house.settle()
    assert [item.item_id for item in house.items] == ["u2"]
    assert [(note.kind, note.subject, note.text) for note in house.notes] == [
        ("source_file_unread", f"{folder}/gr\\xfc\\xdfe.jsonl", "its path is no UTF-8: rename it")
    ]
    with (folder / "s.jsonl").open("ab") as more:
        more.write(line("u3", "and on"))
    house.mono += tailing.SWEEP_MS
    house.settle()
    assert [item.item_id for item in house.items] == ["u2", "u3"]
    assert len(house.notes) == 1


def test_a_fault_of_the_reader_costs_one_file(folder: Path, tail: Tail, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad.jsonl").write_bytes(line("u1", "here"))
    (folder / "good.jsonl").write_bytes(line("u2", "there"))
    real = tailing.next_slice

    def failing(file: Any, *given: Any) -> Any:
        if file.path.endswith("bad.jsonl"):
            raise RecursionError("what it was given")
        return real(file, *given)

    monkeypatch.setattr(tailing, "next_slice", failing)
    house = tail()
    house.settle()
    assert [item.item_id for item in house.items] == ["u2"]
    (note,) = house.notes
    assert note.subject == str(folder / "bad.jsonl")
    assert note.text == "something in it cannot be understood: please report it (RecursionError)"


def test_large_outputs_beside_a_transcript_make_no_message_that_cannot_be_sent(folder: Path, tail: Tail) -> None:
    beside = folder / "s" / "tool-results"
    beside.mkdir(parents=True)
    (beside / "out.txt").write_bytes(b'"' * (4 * 1024 * 1024))  # sixteen megabytes of a message, each time
    told = {"stdout": "first lines", "persistedOutputPath": "/p/s/tool-results/out.txt"}
    results = [
        line(f"u{n}", [{"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": "x"}], toolUseResult=told)
        for n in range(5)
    ]
    (folder / "s.jsonl").write_bytes(b"".join(results))
    house = tail()
    house.settle()
    assert [item.item_id for item in house.items] == [f"toolu_{n}" for n in range(5)]
    assert house.stored[str(folder / "s.jsonl")].offset == (folder / "s.jsonl").stat().st_size
    assert house.notes == []


class Watch:
    """A tail on one folder, and a clock that passes when it is told to."""

    def __init__(self, folder: Path, timing: Timing | None = None) -> None:
        watch = WatchSettings(roots=(WatchedFolder(source="transcript", path=os.path.realpath(folder)),))
        settings = settings_in(folder / "state", watch=watch, timing=timing or Timing())
        begin = Begin(role="baseline", incarnation=1, token="t", root_pid=1, root_created_at=1.0, settings=settings)
        self.wakes: list[int] = []
        self.ms = 0
        self.tail = FileTail(begin, lambda effects: None, lambda after_ms, name: self.wakes.append(after_ms))
        self.tail.start(self.now)

    @property
    def now(self) -> Now:
        return Now(self.ms, WALL_MS + self.ms)

    def next(self) -> int:
        """The time until the look after this one."""
        self.ms += self.wakes[-1]
        self.tail.woke(self.now)
        return self.wakes[-1]


def written(path: Path, ago_ms: int) -> None:
    path.write_bytes(b"")
    os.utime(path, ns=((WALL_MS - ago_ms) * 1_000_000,) * 2)


def test_while_nobody_writes_it_looks_once_a_second(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    assert [watch.next() for _ in range(3)] == [QUIET_POLL_MS] * 3


def test_probes_that_are_told_more_often_are_not_late_for_it(tmp_path: Path) -> None:
    assert Watch(tmp_path, Timing(probe_interval_ms=800)).next() == 400
    assert Watch(tmp_path, Timing(probe_interval_ms=100)).next() == POLL_MS


def test_a_file_that_was_written_lately_is_looked_at_five_times_a_second(tmp_path: Path) -> None:
    written(tmp_path / "s.jsonl", ago_ms=HOT_MS - 60_000)
    watch = Watch(tmp_path)
    assert watch.next() == POLL_MS
    watch.tail.machine.asked = None  # nobody answers here how far it is stored
    assert watch.next() == POLL_MS
    watch.ms += 60_000
    assert watch.next() == QUIET_POLL_MS
