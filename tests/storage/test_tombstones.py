"""What was purged is refused by id and time; nothing else is, and nobody pays for tombstones that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.connection import Writer
from storage.database import open_writer
from storage.identity import Place
from storage.tombstones import Tombstones, epoch

FILE = Place("r", "rollout", 1, 0, "codex")


@pytest.fixture
def writer(place: str) -> Iterator[Writer]:
    opened = open_writer(place)
    yield opened
    opened.close()


@pytest.fixture
def stones(writer: Writer) -> Tombstones:
    stones = Tombstones(writer)
    writer.run("INSERT INTO sessions (tool, session_id, first_seen_ms, source) VALUES ('codex', 's', 1, 'stream')")
    writer.run("INSERT INTO turns (session_row, turn_id, item_count) VALUES (1, 'u', 0)")
    stones.keep("codex", "s", 1, 100)
    writer.run("DELETE FROM turns")
    writer.run("DELETE FROM sessions")
    return stones


@pytest.mark.parametrize(
    ("session", "turn", "at_ms", "refused"),
    [
        ("s", "new", 100, True),
        ("s", "new", 101, False),
        ("s", "new", None, True),
        ("s", None, None, True),
        ("s", None, 101, False),
        ("other", "u", 500, True),
        ("other", "new", 1, False),
        ("other", None, None, False),
    ],
)
def test_ids_and_times_decide(stones: Tombstones, session: str, turn: str | None, at_ms: int, refused: bool) -> None:
    for _ in range(2):
        assert stones.refuse(FILE, session, turn, at_ms) is refused
    assert not stones.refuse(FILE._replace(source="stream"), session, turn, at_ms)
    assert not stones.refuse(FILE._replace(tool="claude"), session, turn, at_ms)


def test_what_is_stored_again_is_from_afterwards(stones: Tombstones, writer: Writer) -> None:
    writer.run("INSERT INTO sessions (tool, session_id, first_seen_ms, source) VALUES ('codex', 's', 1, 'stream')")
    (row,) = writer.run("SELECT id FROM sessions").fetchone()
    writer.run("INSERT INTO turns (session_row, turn_id, item_count) VALUES (?, 'new', 0)", (row,))
    assert not stones.refuse(FILE, "s", "new", None)
    assert not stones.refuse(FILE, "s", None, None)
    assert stones.refuse(FILE, "s", "another", None)


def test_each_purge_is_an_epoch(writer: Writer) -> None:
    seen = [epoch(writer)]
    for number in range(3):
        Tombstones(writer).keep("codex", f"s{number}", 1, 1)
        seen.append(epoch(writer))
    assert len(set(seen)) == 4
