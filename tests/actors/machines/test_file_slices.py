from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.machines.file_slices import NotOurs, Rules, Slice, head_of, is_same, next_slice
from messages.baseline import FilePosition
from tests.actors.wire.file_house import FIXTURES, NOW_MS, Bytes, lines

ROLLOUT = (FIXTURES / "rollouts" / "main.jsonl").read_bytes()
TRANSCRIPT = (FIXTURES / "transcripts" / "tools.jsonl").read_bytes()
RULES = Rules(slice_bytes=4_096, line_bytes_max=1_000_000, quiet_ms=60_000)


class File(Bytes):
    """A file as it is found: path, size and time beside its bytes."""

    path, device, inode = "/p/a.jsonl", 1, 2

    def __init__(self, data: bytes, changed_ms: int = NOW_MS) -> None:
        super().__init__(data)
        self.size, self.changed_ms = len(data), changed_ms

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]


def slices(file: File, stored: FilePosition | None = None, rules: Rules = RULES) -> list[Slice]:
    found = []
    while (part := next_slice(file, stored, rules, NOW_MS)) is not None:
        assert part.position.from_offset == (stored.offset if stored and found else part.position.from_offset)
        assert part.got.received == part.got.settled
        assert len(part.position.state) < 65_536
        found.append(part)
        stored = part.position
    return found


def items(parts: list[Slice]) -> list[Any]:
    return [item for part in parts for item in part.got.items]


@pytest.mark.parametrize("data", [ROLLOUT, TRANSCRIPT], ids=["rollout", "transcript"])
@pytest.mark.parametrize("size", [700, 65_536, 10_000_000])
def test_slices_of_any_size_give_the_same_records(data: bytes, size: int) -> None:
    one = slices(File(data), rules=Rules(100_000_000, 1_000_000, 60_000))
    many = slices(File(data), rules=Rules(size, 1_000_000, 60_000))
    assert items(many) == items(one)
    assert many[-1].position.offset == len(data)
    assert sum(part.got.received for part in many) == data.count(b"\n")
    messages = [part.message(3, n) for n, part in enumerate(many, 1)]
    assert [message.received for message in messages] == [part.got.received for part in many]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=len(TRANSCRIPT)), max_size=5))
def test_a_file_that_grows_is_read_on_from_where_it_stood(sizes: list[int]) -> None:
    stored, found = None, []
    for size in [*sorted(sizes), len(TRANSCRIPT)]:
        parts = slices(File(TRANSCRIPT[:size]), stored)
        stored = parts[-1].position if parts else stored
        found += items(parts)
    assert found == items(slices(File(TRANSCRIPT)))


def test_a_torn_last_line_waits() -> None:
    cut = TRANSCRIPT.rfind(b"\n", 0, -1) + 1
    (*_, last) = slices(File(TRANSCRIPT[:-5]))
    assert last.position.offset == cut
    (rest,) = slices(File(TRANSCRIPT), last.position)
    assert (rest.position.from_offset, rest.position.offset) == (cut, len(TRANSCRIPT))


def test_another_file_in_the_same_place_is_read_from_its_beginning() -> None:
    stored = slices(File(TRANSCRIPT))[-1].position
    grown = File(TRANSCRIPT + lines({"type": "mode", "sessionId": "s"}))
    assert is_same(grown, stored)
    assert slices(grown, stored)[0].position.from_offset == len(TRANSCRIPT)
    other = TRANSCRIPT.replace(b'"operation"', b'"Operation"')
    assert slices(File(other), stored)[0].position.from_offset == 0


def test_a_file_that_was_cut_below_what_is_stored_is_read_from_its_beginning() -> None:
    stored = slices(File(TRANSCRIPT))[-1].position
    shorter = File(TRANSCRIPT[: TRANSCRIPT.find(b"\n") + 1])
    assert not is_same(shorter, stored)
    (first,) = slices(shorter, stored)
    assert (first.position.from_offset, first.position.offset) == (0, shorter.size)


def test_a_short_beginning_still_tells_the_file_when_it_has_grown() -> None:
    assert is_same(File(b"abcdef"), position(head=head_of(File(b"abc"), 256), offset=3))
    assert not is_same(File(b"abXdef"), position(head=head_of(File(b"abc"), 256), offset=3))
    assert not is_same(File(b"abcdef"), position(head="odd", offset=3))


def position(**given: Any) -> FilePosition:
    base: dict[str, Any] = {"path": "/p", "device": 1, "inode": 2, "offset": 0, "size": 3, "head": "", "from_offset": 0}
    return FilePosition(**{**base, **given})


def test_a_line_that_is_too_long_is_dropped_with_its_size_and_the_file_goes_on() -> None:
    first, rest = TRANSCRIPT.split(b"\n", 1)
    long = b'{"type":"user","x":"' + b"y" * 50_000 + b'"}'
    rules = Rules(slice_bytes=1_000, line_bytes_max=40_000, quiet_ms=60_000)
    parts = slices(File(first + b"\n" + long + b"\n" + rest), rules=rules)
    drops = [note.text for part in parts for note in part.got.audit]
    assert drops == [f"a line of {len(long)} bytes (at byte {len(first) + 1})"]
    assert sum(part.got.counts["dropped:line_too_long"] for part in parts) == 1
    assert items(parts) == items(slices(File(TRANSCRIPT)))


def test_a_long_line_within_the_limit_is_kept_whatever_the_slice() -> None:
    rules = Rules(slice_bytes=500, line_bytes_max=40_000, quiet_ms=60_000)
    assert items(slices(File(TRANSCRIPT), rules=rules)) == items(slices(File(TRANSCRIPT)))


def test_a_long_line_without_an_end_waits() -> None:
    rules = Rules(slice_bytes=1_000, line_bytes_max=4_000, quiet_ms=60_000)
    head = lines({"type": "mode", "sessionId": "s"})
    parts = slices(File(head + b"x" * 50_000), rules=rules)
    assert parts[-1].position.offset == len(head)


def test_a_quiet_file_with_an_open_turn_ends_it_once() -> None:
    stored = slices(File(ROLLOUT))[-1].position
    old = File(ROLLOUT, changed_ms=NOW_MS - 60_000)
    (last,) = slices(old, stored)
    assert [turn.status for turn in last.got.turns] == ["interrupted"]
    assert last.got.received == 0
    assert last.position.offset == last.position.from_offset == len(ROLLOUT)
    assert slices(old, last.position) == []


def test_files_of_other_programs_are_not_ours() -> None:
    with pytest.raises(NotOurs):
        slices(File(b"root:x:0:0\n"))
    assert slices(File(b"")) == []
    assert slices(File(b'{"type":"mo')) == []  # its first line may yet come


def test_lines_of_a_time_without_capture_are_counted_and_not_stored() -> None:
    times = [orjson.loads(line).get("timestamp") for line in TRANSCRIPT.splitlines()]
    half = sorted(each for each in times if each)[len(times) // 2]
    from actors.wire.iso_time import iso_ms

    middle = iso_ms(half) or 0
    rules = Rules(4_096, 1_000_000, 60_000, off=lambda tool, at_ms: tool == "claude" and at_ms < middle)
    parts = slices(File(TRANSCRIPT), rules=rules)
    dropped = sum(part.got.counts["dropped:capture_off"] for part in parts)
    assert 0 < dropped < TRANSCRIPT.count(b"\n")
    stored = {item.item_id for item in items(parts)}
    assert stored < {item.item_id for item in items(slices(File(TRANSCRIPT)))}
    assert {item.completed_at_ms >= middle for item in items(parts)} == {True}
    assert {seen.cwd for part in parts for seen in part.got.sessions} == {"/home/user/workspace"}
    assert [note.kind for part in parts for note in part.got.audit].count("capture_off") >= 1


def test_a_state_of_another_version_begins_anew() -> None:
    stored = slices(File(TRANSCRIPT))[0].position.model_copy(update={"state": '{"source":"transcript","at":{"new":1}}'})
    (*_, last) = slices(File(TRANSCRIPT), stored)
    assert last.position.offset == len(TRANSCRIPT)
