"""A write commits or leaves nothing, on either engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import IntegrityError

from storage.connection import BUSY_MS, Writer
from storage.database import open_reader, open_writer
from storage.errors import StoreUnavailable

ADD = "INSERT INTO sessions (tool, session_id, first_seen_ms, source) VALUES ('codex', ?, 1, 'stream')"


@pytest.fixture
def writer(place: str) -> Iterator[Writer]:
    opened = open_writer(place)
    yield opened
    opened.close()


def count(database: Writer) -> int:
    return int(database.run("SELECT count(*) FROM sessions").fetchone()[0])


def test_a_write_commits_at_its_end(writer: Writer) -> None:
    undone: list[int] = []
    with writer.write(lambda: undone.append(1)):
        assert writer.add(ADD, ("a",)) is not None
    assert count(writer) == 1
    assert undone == []


def test_a_write_that_raises_leaves_nothing_and_says_so(writer: Writer) -> None:
    undone: list[int] = []

    def interrupted() -> None:
        with writer.write(lambda: undone.append(1)):
            writer.run(ADD, ("a",))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (count(writer), undone) == (0, [1])
    with writer.write(lambda: None):
        writer.run(ADD, ("a",))
    assert count(writer) == 1


def test_a_mistake_of_ours_does_not_look_like_a_full_disk(writer: Writer) -> None:
    writer.run(ADD, ("a",))
    with pytest.raises(IntegrityError), writer.write(lambda: None):
        writer.run(ADD, ("a",))
    assert count(writer) == 1


def test_a_row_that_is_there_already_has_no_new_id(writer: Writer) -> None:
    again = f"{ADD} ON CONFLICT (tool, session_id) DO NOTHING"
    first, second = writer.add(again, ("a",)), writer.add(again, ("b",))
    assert first is not None
    assert second is not None
    assert second > first
    assert writer.add(again, ("a",)) is None


def test_after_a_lost_connection_the_next_write_opens_a_new_one(writer: Writer) -> None:
    writer.close()
    with writer.write(lambda: None):
        writer.run(ADD, ("a",))
    assert count(writer) == 1


def test_a_new_connection_has_all_settings_of_the_first(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "c.sqlite3")
    writer.close()
    with writer.write(lambda: None):
        writer.run(ADD, ("a",))
    settings = {name: writer.run(f"PRAGMA {name}").fetchone() for name in ("synchronous", "secure_delete")}
    assert settings == {"synchronous": (2,), "secure_delete": (1,)}
    writer.close()


def test_reads_in_one_block_see_one_moment(writer: Writer, place: str) -> None:
    other = open_writer(place)
    with other.reading():
        before = count(other)
        with writer.write(lambda: None):
            writer.run(ADD, ("a",))
        assert count(other) == before
    assert count(other) == before + 1
    other.close()


def test_a_reader_cannot_write(writer: Writer, place: str) -> None:
    reader = open_reader(place)
    with pytest.raises(Exception, match=r"read.?only"), reader.reading():
        reader.run("DELETE FROM meta")
    reader.close()


def test_texts_with_any_character_can_be_kept_and_found_again(writer: Writer) -> None:
    odd = ["a%b", "a?b", "a'b\"c", "a\x00b", "\u2028 \U0001f600", "a\\b"]
    for text in odd:
        writer.run(ADD, (text,))
    for text in odd:
        assert writer.run("SELECT count(*) FROM sessions WHERE session_id = ?", (text,)).fetchone() == (1,)
    assert writer.run("SELECT count(*) FROM sessions WHERE session_id LIKE 'a%'").fetchone() == (5,)


def test_sums_and_large_numbers_are_integers(writer: Writer) -> None:
    for number, at in enumerate((2**62, 2**62)):
        writer.run("INSERT INTO sessions (tool, session_id, first_seen_ms, source) VALUES ('t', ?, ?, 's')",
                   (str(number), at))  # fmt: skip
    (total,) = writer.run("SELECT sum(first_seen_ms / 2) FROM sessions").fetchone()
    assert (total, type(total)) == (2**62, int)


def test_only_the_first_write_waits_long_for_a_lock_that_another_program_keeps(writer: Writer, place: str) -> None:
    other = open_writer(place)
    other.begin_write()
    waits = [refused(writer) for _ in range(9)]
    assert waits[0] >= BUSY_MS / 1000
    # One may be as long because the machine had other work: more than one would be patience.
    assert sum(wait >= BUSY_MS / 1000 for wait in waits[1:]) <= 1
    other.rollback()
    with writer.write(lambda: None):
        writer.run(ADD, ("a",))
    other.begin_write()
    assert refused(writer) >= BUSY_MS / 1000, "a write that got its lock makes the next one patient again"
    other.rollback()
    other.close()


def refused(writer: Writer) -> float:
    """Seconds until a write gave up."""
    begun = time.monotonic()
    with pytest.raises(StoreUnavailable, match="holds the lock"), writer.write(lambda: None):
        pytest.fail("nobody else may hold the lock")
    return time.monotonic() - begun
