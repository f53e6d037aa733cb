from __future__ import annotations

from itertools import groupby

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.batch import decode_batch, decode_runs
from actors.wire.frames import Delta, Frame, Malformed, Unshaped
from actors.wire.methods import decode

BEGIN = b'{"method":"item/agentMessage/delta","params":{"threadId":"t","turnId":"u","itemId":"i","delta":'
END = b'},"emittedAtMs":1795329443140}'


def delta(text: str, item: str = "i", method: str = "item/agentMessage/delta", **more: object) -> bytes:
    params = {"threadId": "t", "turnId": "u", "itemId": item, "delta": text, **more}
    return orjson.dumps({"method": method, "params": params, "emittedAtMs": 1795329443140})


def one_by_one(lines: list[bytes]) -> list[Frame]:
    return [decode(line) for line in lines]


def batch(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def test_no_lines_are_no_values():
    assert decode_batch(b"") == []
    assert decode_runs(b"") == []


def test_a_line_without_its_line_feed_counts_too():
    assert decode_batch(b"\n{") == [Malformed("blank"), Malformed("malformed")]


def test_deltas_of_a_batch_are_the_deltas_of_its_lines():
    lines = [delta(f'tok{n} é\n"\\') for n in range(50)]
    frames = decode_batch(batch(lines))
    assert frames == one_by_one(lines)
    assert all(type(frame) is Delta for frame in frames)


def test_items_and_methods_may_interleave():
    methods = ["item/agentMessage/delta", "item/commandExecution/outputDelta", "item/plan/delta"]
    lines = [delta(str(n), f"i{n % 3}", methods[n % 2]) for n in range(30)]
    lines[10:10] = [b"", delta("x", method="item/reasoning/textDelta", contentIndex=0), b'{"id":1,"result":{}}']
    assert decode_batch(batch(lines)) == one_by_one(lines)


ODD = [
    BEGIN + b'"a"' + END,
    BEGIN + b'"a"},"emittedAtMs":01}',
    BEGIN + b'"a"},"emittedAtMs":1.5}',
    BEGIN + b'"a"},"emittedAtMs":}',
    BEGIN + b'"a"},"emittedAtMs":5} ',
    BEGIN + b'"a"},"emittedAtMs":5}\r',
    BEGIN + b'"a"}}',
    BEGIN + b'"a","x":1},"emittedAtMs":5}',
    BEGIN + b'"a","b"},"emittedAtMs":5}',
    BEGIN + b'"a":"b"},"emittedAtMs":5}',
    BEGIN + b'"\\"},"emittedAtMs":5}',
    BEGIN + b'","c"},"emittedAtMs":5}',
    BEGIN + b'"},"emittedAtMs":5}',
    BEGIN + b'""},"emittedAtMs":5}',
    BEGIN + b'"\\ud800"},"emittedAtMs":5}',
    BEGIN + b'"\xff"},"emittedAtMs":5}',
    BEGIN + b'"\t"},"emittedAtMs":5}',
    BEGIN + b'null},"emittedAtMs":5}',
    BEGIN + b'["a"]},"emittedAtMs":5}',
    BEGIN + b'"a"},"emittedAtMs":5},"emittedAtMs":6}',
    BEGIN + b'"a"},"emittedAtMs":5,"x":{"y":"z"},"emittedAtMs":7}',
    BEGIN,
    BEGIN[:-9],
    b'{"method":"item/agentMessage/delta","params":{"threadId":7,"turnId":"u","itemId":"i","delta":"a"},"emittedAtMs":5}',
    b'{"method":"item/agentMessage/delta", "params":{"threadId":"t","turnId":"u","itemId":"i","delta":"b"}}',
    b'{"method":"item/agentMessage/delta","params":{"turnId":"u","threadId":"t","itemId":"i","delta":"c"},"emittedAtMs":5}',
    b'{"method":"item/agentMessage/delta","params":{"delta":"d","threadId":"t","turnId":"u","itemId":"i"},"emittedAtMs":5}',
    b'{"method":"item/agentMessage/delta","params":{"threadId":"\\u0074","turnId":"u","itemId":"i","delta":"e"}}',
    b"",
    b"\xff",
    b"[]",
]  # fmt: skip


@given(st.lists(st.sampled_from(ODD) | st.text(max_size=5).map(delta), max_size=12))
def test_whatever_stands_between_them_a_batch_says_what_its_lines_say(lines):
    assert decode_batch(batch(lines)) == one_by_one(lines)


@given(st.lists(st.tuples(st.sampled_from(ODD), st.integers(60, 140), st.binary(min_size=1, max_size=2)), max_size=6))
def test_damaged_lines_are_read_as_they_are_alone(damages):
    lines = [delta("first")]
    for line, at, piece in damages:
        lines.append((line[:at] + piece + line[at + 1 :]).replace(b"\n", b""))
    lines.append(delta("last"))
    assert decode_batch(batch(lines)) == one_by_one(lines)


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(data):
    lines = data.split(b"\n")
    assert decode_batch(data) == one_by_one(lines if lines[-1] else lines[:-1])
    decode_runs(data)


def test_runs_join_what_follows_on_the_same_item():
    lines = [delta("a"), delta("b"), b"", delta("c"), delta("d", "j"), delta("e", "j"), delta("f")]
    assert decode_runs(batch(lines)) == [
        Delta("t", "u", "i", "ab", "agentMessage", "", 2),
        Malformed("blank"),
        Delta("t", "u", "i", "c", "agentMessage"),
        Delta("t", "u", "j", "de", "agentMessage", "", 2),
        Delta("t", "u", "i", "f", "agentMessage"),
    ]


@given(st.lists(st.sampled_from(ODD) | st.tuples(st.text(max_size=3), st.sampled_from("ij")).map(lambda a: delta(*a))))
def test_runs_lose_no_frame_and_no_text(lines):
    frames = decode_batch(batch(lines))
    runs = decode_runs(batch(lines))
    assert sum(frame.frames if isinstance(frame, Delta) else 1 for frame in runs) == len(lines)

    def joined(values: list[Frame]) -> list[object]:
        keyed = [(v[:3] if isinstance(v, Delta) else v, v) for v in values]
        return [
            (key, "".join(v.text for _, v in group)) if isinstance(key, tuple) else [v for _, v in group]
            for key, group in groupby(keyed, key=lambda pair: pair[0])
        ]

    assert joined(runs) == joined(frames)


def test_unknown_fields_are_counted_in_a_batch_too():
    counts: dict[str, int] = {}
    lines = [delta("a"), delta("b", new=1), delta("c"), delta("d", new=1)]
    assert decode_batch(batch(lines), counts) == one_by_one(lines)
    assert counts == {"item/agentMessage/delta.new": 2}


def test_a_wrong_type_in_a_batch_is_unshaped_alone():
    lines = [delta("a"), BEGIN + b"5" + END, delta("b")]
    frames = decode_batch(batch(lines))
    assert frames[1] == Unshaped("item/agentMessage/delta", "delta: string_type")
    assert [frame.text for frame in frames if isinstance(frame, Delta)] == ["a", "b"]


@pytest.mark.parametrize("size", [100_000, 8 * 1024 * 1024])
def test_a_large_line_among_deltas_is_read(size):
    lines = [delta("a"), delta("x" * size), delta("b")]
    assert decode_batch(batch(lines)) == one_by_one(lines)
