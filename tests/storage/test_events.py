"""Telemetry records."""

from __future__ import annotations

import json
from pathlib import Path

from tests.storage.story import HIDDEN, SECRET, Files, dispositions, event, open_store, rows, whole_file


def test_a_record_is_kept_once_however_often_it_is_exported(place: str) -> None:
    store = open_store(place)
    telemetry = Files(store, source="otlp", tool="claude")
    for _ in range(2):
        telemetry.send(events=[event("k1", call_id="c1", sequence=3), event("k2", "user_prompt")])
    assert rows(store, "SELECT key, name, call_id, sequence FROM events") == [
        ("k1", "api_request", "c1", 3),
        ("k2", "user_prompt", None, None),
    ]
    assert dispositions(store) == {"stored": 2, "duplicate": 2}
    assert rows(store, "SELECT tool, source FROM sessions") == [("claude", "otlp")]
    store.close()


def test_what_a_record_says_is_redacted(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    Files(store, source="otlp").send(events=[event("k1", body=json.dumps({"prompt": SECRET, SECRET: 1}))])
    assert rows(store, "SELECT body FROM events") == [(f'{{"{HIDDEN}":1,"prompt":"{HIDDEN}"}}',)]
    assert SECRET.encode() not in whole_file(tmp_path)
    store.close()


def test_a_record_that_is_none_is_dropped_and_named(place: str) -> None:
    store = open_store(place)
    bad = [event(""), event("k", at_ms=2**80), event("k", body="[]"), event("k", session="")]
    Files(store, source="otlp").send(events=bad)
    assert dispositions(store) == {"dropped:malformed": 4}
    assert rows(store, "SELECT count(*) FROM audit WHERE kind = 'record_dropped'") == [(4,)]
    assert store.ledger().balanced
    store.close()


def test_good_records_between_bad_ones_repeated_ones_and_secrets_are_kept_once_each(place: str) -> None:
    store = open_store(place)
    told = json.dumps({"prompt": SECRET})
    mixed = [event(f"k{n}", body=told if n == 20 else json.dumps({"n": n})) for n in range(40)]
    telemetry = Files(store, source="otlp")
    telemetry.send(events=[*mixed[:30], event(""), event("odd", body="no JSON"), *mixed[25:]])
    assert dispositions(store) == {"stored": 40, "duplicate": 5, "dropped:malformed": 2}
    assert rows(store, "SELECT key, body FROM events ORDER BY id") == [
        (f"k{n}", f'{{"prompt":"{HIDDEN}"}}' if n == 20 else f'{{"n":{n}}}') for n in range(40)
    ]
    assert store.ledger().balanced
    store.close()


def test_a_name_is_redacted_like_everything_else(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    Files(store, source="otlp").send(events=[event("k1", f"call with {SECRET}")])
    assert rows(store, "SELECT name FROM events") == [(f"call with {HIDDEN}",)]
    assert SECRET.encode() not in whole_file(tmp_path)
    store.close()
