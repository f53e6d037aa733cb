from __future__ import annotations

from collections import Counter

import orjson

from actors.wire.drift import UNKNOWN_FIELDS_MAX, count_unknown, safe_name
from actors.wire.frames import ItemCompleted
from actors.wire.methods import decode

IDS = {"threadId": "t", "turnId": "u"}


def test_unknown_fields_are_counted_where_they_stand():
    counts: Counter[str] = Counter()
    line = {
        "method": "item/completed", "new": 1,
        "params": {**IDS, "item": {"type": "plan", "id": "p", "text": "", "mood": 1}, "extra": 2},
    }  # fmt: skip
    assert isinstance(decode(orjson.dumps(line), counts), ItemCompleted)
    decode(orjson.dumps(line), counts)
    decode(orjson.dumps({"method": "turn/started", "params": {"threadId": "t", "turn": {"id": "u", "z": 1}}}), counts)
    decode(orjson.dumps({"method": "account/updated", "params": {"authenticated": False}}), counts)
    decode(orjson.dumps({"method": "item/started", "params": {**IDS, "item": {"type": "dance", "id": "d"}}}), counts)
    assert counts == {
        "envelope.new": 2, "item/completed.extra": 2, "item/completed.plan.mood": 2, "turn/started.turn.z": 1,
        "account/updated.authenticated": 1, "item/started.item.type/dance": 1,
    }  # fmt: skip


def test_the_names_of_unknown_fields_are_bounded():
    counts: dict[str, int] = {}
    params = {f"f{n}": 1 for n in range(UNKNOWN_FIELDS_MAX + 50)}
    decode(orjson.dumps({"method": "account/updated", "params": params}), counts)
    assert len(counts) == UNKNOWN_FIELDS_MAX + 1
    assert counts["other"] == 50


def test_a_known_frame_counts_nothing():
    counts: dict[str, int] = {}
    thread = {"id": "t", "cwd": "/w", "turns": []}
    count_unknown(
        "thread/started", {"method": "thread/started", "params": {"thread": thread}, "emittedAtMs": 1}, counts
    )
    count_unknown("skills/changed", {"method": "skills/changed"}, counts)
    assert counts == {}


def test_names_are_cut_and_made_safe():
    assert safe_name("a/b_c.d-9") == "a/b_c.d-9"
    assert safe_name("sécret <b>\n" + "x" * 500) == "s?cret??b??" + "x" * 117
