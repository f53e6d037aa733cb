"""A gap is visible: which source saw which item."""

from __future__ import annotations

from storage.reader import Reader
from tests.storage.conftest import Places
from tests.storage.story import Files, Stream, event, message, open_store, response, thread, turn


def test_coverage_names_what_a_source_did_not_see(places: Places) -> None:
    place = places()
    store = open_store(place)
    Stream(store).send(3, turns=[turn("completed")], items=[message("i1"), message("i3")])
    Files(store).send(items=[message("i1"), message("i2"), message("i3"), message("k1", turn="u2")])
    Files(store, "otlp").send(events=[event("e1", "tool_result", call_id="i2")])
    store.close()
    with Reader(place) as reader:
        found = reader.coverage("t1")
        assert reader.coverage("nobody") is None
    assert found is not None
    assert found["sources"] == {
        "rollout": {"items": 4, "missing": 0},
        "stream": {"items": 2, "missing": 1},
        "otlp": {"items": 1, "missing": 0},
    }
    first, second = found["turns"]
    assert [(each["item_id"], each["sources"], each["missing"]) for each in first["items"]] == [
        ("i1", ["rollout", "stream"], []),
        ("i2", ["otlp", "rollout"], ["stream"]),
        ("i3", ["rollout", "stream"], []),
    ]
    assert second["items"][0]["missing"] == []


def test_every_revision_of_an_item_can_be_read(places: Places) -> None:
    place = places()
    store = open_store(place)
    files = Files(store, "transcript", "claude")
    files.send(items=[message("i1", "call", status="inProgress")])
    files.send(items=[message("i1", "call and result", status="completed")])
    store.close()
    with Reader(place) as reader:
        told = reader.revisions("t1", "i1")
        assert reader.revisions("t1", "nothing") == reader.revisions("nobody", "i1") == []
    assert [(each["revision"], each["current"], each["status"], each["text"]) for each in told] == [
        (1, False, "inProgress", "call"),
        (2, True, "completed", "call and result"),
    ]
    assert told[0]["body"]["text"] == "call"


def test_a_session_says_what_it_spent_and_what_telemetry_knows(places: Places) -> None:
    place = places()
    store = open_store(place)
    Files(store, "transcript", "claude").send(
        sessions=[thread(forked_from="t0")],
        items=[message("c1", kind="toolCall", status="completed")],
        usage=[response("r1", input=100, output=42, cached=50), response("r1", input=100, output=42)],
    )
    Files(store, "otlp", "claude").send(
        usage=[
            response("r1", turn=None, input=100, output=42, cost_usd_micros=900),
            response("r2", turn=None, input=5),
        ],
        events=[event("k", "tool_result", call_id="c1", body='{"duration_ms":"54"}')],
    )
    store.close()
    with Reader(place) as reader:
        found = reader.session("t1", tool="claude")
        assert reader.session("t1", tool="codex") is None
    assert found is not None
    assert (found["usage"]["total"], found["usage"]["cost_usd_micros"], found["usage"]["responses"]) == (147, 900, 2)
    assert found["forked_from"] == "t0"
    ((call,),) = (each["items"] for each in found["turns"])
    assert call["telemetry"]["duration_ms"] == 54
    assert call["sources"] == ["otlp", "transcript"]
