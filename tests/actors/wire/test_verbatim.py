from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.frames import ItemCompleted, Unshaped
from actors.wire.methods import decode
from actors.wire.verbatim import as_sent

ROOT = Path(__file__).parents[3]
RECORDINGS = sorted(
    [*ROOT.glob("tests/fixtures/codex/*.jsonl"), *ROOT.glob("../shared/data/codex/t[0-9]*.jsonl")],
)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_an_items_body_is_what_upstream_sent_byte_for_byte(recording):
    for entry in map(orjson.loads, recording.read_bytes().splitlines()):
        line = entry.get("line")
        line = line.encode() if isinstance(line, str) else orjson.dumps(line)
        frame = decode(line) if entry.get("dir") == "in" else None
        if isinstance(frame, ItemCompleted):
            assert frame.body.encode() in line
            assert orjson.loads(frame.body) == orjson.loads(line)["params"]["item"]


@pytest.mark.parametrize(
    "item",
    [
        rb'{"type":"plan","id":"p","text":"\u00e9\/"}',
        rb'{"type":"plan","id":"p","x":1.50,"y":123456789012345678901234567890}',
        rb'{"id":"p",  "type":"plan","t":{"item":{"threadId":"}"}}}',
        rb'{"type":"plan","id":"p","deep":' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)
def test_an_item_spelled_differently_keeps_its_spelling(item):
    line = b'{"method":"item/completed","params":{"item":' + item + b',"threadId":"t","turnId":"u","completedAtMs":1}}'
    frame = decode(line)
    assert isinstance(frame, ItemCompleted)
    assert frame.body.encode() == item


def test_an_item_in_another_place_of_the_line_is_written_anew():
    line = b'{"params":{"threadId":"t","turnId":"u","item":{"id":"p", "type":"plan"}},"method":"item/completed"}'
    assert decode(line) == ItemCompleted("t", "u", "p", "plan", None, None, None, '{"id":"p","type":"plan"}')


def test_an_item_named_twice_is_the_last_one_in_body_and_id():
    line = (
        b'{"method":"item/completed","params":{"item":{"id":"a", "type":"plan"},"threadId":"t","turnId":"u",'
        b'"item":{"id":"b","type":"plan"}}}'
    )
    assert decode(line) == ItemCompleted("t", "u", "b", "plan", None, None, None, '{"id":"b","type":"plan"}')


def test_an_item_too_deep_to_write_is_unshaped():
    deep = b"[" * 300 + b"]" * 300
    line = b'{"params":{"threadId":"t","turnId":"u","item":{"id":"p","type":"x","d":' + deep
    assert decode(line + b'}},"method":"item/completed"}') == Unshaped("item/completed", "item: too_deep")


JSON = st.recursive(
    st.none() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4), st.booleans(), st.booleans())
def test_any_item_keeps_its_bytes_in_upstreams_place(item, compact, ascii_only):
    separators = (",", ":") if compact else (", ", " : ")
    written = json.dumps(item, ensure_ascii=ascii_only, separators=separators).encode("utf-8", "replace")
    line = b'{"method":"item/completed","params":{"item":' + written + b',"threadId":"t","turnId":"u"}}'
    try:
        loaded = orjson.loads(line)["params"]["item"]
    except orjson.JSONDecodeError:
        return  # half a character: not upstream's either
    assert as_sent(loaded, line) == written.decode()
