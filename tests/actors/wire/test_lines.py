from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.batch import decode_batch
from actors.wire.lines import Dropped, Lines, LineSplitter
from actors.wire.methods import decode

ROOT = Path(__file__).parents[3]
RECORDINGS = sorted(
    [*ROOT.glob("tests/fixtures/codex/*.jsonl"), *ROOT.glob("../shared/data/codex/t[0-9]*.jsonl")],
)


def received(recording: Path) -> list[bytes]:
    entries = (orjson.loads(line) for line in recording.read_bytes().splitlines())
    lines = (entry["line"] for entry in entries if isinstance(entry, dict) and entry.get("dir") == "in")
    return [line.encode() if isinstance(line, str) else orjson.dumps(line) for line in lines]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:b] for a, b in pairwise(marks)]


def all_of(splitter: LineSplitter, chunks: list[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    data, dropped, seen = b"", [], 0
    for lines in [*map(splitter.feed, chunks), splitter.finish()]:
        assert lines.data.count(b"\n") == lines.count
        assert not lines.data or lines.data.endswith(b"\n")
        data += lines.data
        dropped += [(seen + each.index, each.bytes_count) for each in lines.dropped]
        seen += lines.count
    return data, dropped


def test_a_chunk_of_whole_lines_comes_back_as_it_is():
    assert LineSplitter(100).feed(b"a\nbb\n\n") == Lines(b"a\nbb\n\n", 3)


def test_an_unfinished_line_waits_for_its_end():
    splitter = LineSplitter(100)
    assert splitter.feed(b"a\nb") == Lines(b"a\n", 1)
    assert splitter.pending == 1
    assert splitter.feed(b"c") == Lines()
    assert splitter.feed(b"d\n") == Lines(b"bcd\n", 1)
    assert splitter.pending == 0


def test_the_last_line_of_a_broken_pipe_is_torn():
    splitter = LineSplitter(100)
    splitter.feed(b"a\nb")
    assert splitter.finish() == Lines(b"b\n", 1, torn=True)
    assert splitter.finish() == Lines()


def test_a_line_at_the_limit_is_kept_and_one_byte_more_is_not():
    assert LineSplitter(5).feed(b"12345\n") == Lines(b"12345\n", 1)
    assert LineSplitter(5).feed(b"123456\n") == Lines(b"\n", 1, (Dropped(0, 6, "line_too_long"),))


def test_a_line_too_long_keeps_its_number_and_its_neighbours():
    lines = LineSplitter(3).feed(b"ab\n123456\n\ncd\n1234\n")
    assert lines.data == b"ab\n\n\ncd\n\n"
    assert lines.dropped == (Dropped(1, 6, "line_too_long"), Dropped(4, 4, "line_too_long"))


def test_a_line_too_long_over_many_chunks_is_counted_and_not_held():
    splitter = LineSplitter(10)
    assert [splitter.feed(b"12345678") for _ in range(5)] == [Lines()] * 5
    assert splitter.pending == 0
    assert splitter.feed(b"9\nnext\nx") == Lines(b"\nnext\n", 2, (Dropped(0, 41, "line_too_long"),))
    assert splitter.feed(b"y\n") == Lines(b"xy\n", 1)


def test_a_pipe_that_breaks_inside_a_line_too_long_tells_its_size():
    splitter = LineSplitter(4)
    splitter.feed(b"123456")
    assert splitter.finish() == Lines(b"\n", 1, (Dropped(0, 6, "line_too_long"),), torn=True)


def test_an_endless_line_never_holds_more_than_the_limit():
    splitter = LineSplitter(8 * 1024)
    for _ in range(2_000):
        splitter.feed(b"x" * 1_000)
        assert splitter.pending <= 8 * 1024
    assert splitter.feed(b"\n").dropped == (Dropped(0, 2_000_000, "line_too_long"),)


def test_a_line_of_eight_mebibytes_arrives_in_one_piece():
    limit = 8 * 1024 * 1024
    splitter = LineSplitter(limit)
    line = b'{"x":"' + b"y" * (limit - 8) + b'"}'
    assert len(line) == limit
    chunks = [(line + b"\n")[at : at + 65_536] for at in range(0, limit + 1, 65_536)]
    assert all_of(splitter, chunks) == (line + b"\n", [])


@given(
    st.lists(st.one_of(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), st.just(b"x" * 200))),
    st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")),
    st.lists(st.integers(0, 4_000)),
    st.integers(1, 60),
)
def test_where_the_stream_is_cut_does_not_matter(lines, rest, places, limit):
    data = b"".join(line + b"\n" for line in lines) + rest
    whole = [*lines, rest] if rest else lines
    expected = b"".join((line if len(line) <= limit else b"") + b"\n" for line in whole)
    too_long = [(i, len(line)) for i, line in enumerate(whole) if len(line) > limit]
    assert all_of(LineSplitter(limit), cut(data, places)) == (expected, too_long)


def test_there_are_recordings():
    assert RECORDINGS


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_recording_decodes_the_same_wherever_it_is_cut(recording, newline):
    lines = received(recording)
    whole = [decode(line) for line in lines]
    data = b"".join(line + newline for line in lines)
    chance = random.Random(recording.stem)
    for size in (1, 7, 222, 4_096, 65_536):
        splitter = LineSplitter(8 * 1024 * 1024)
        places = [chance.randrange(len(data)) for _ in range(len(data) // size)]
        frames = [frame for chunk in cut(data, places) for frame in decode_batch(splitter.feed(chunk).data)]
        assert frames == whole
        assert splitter.pending == 0
