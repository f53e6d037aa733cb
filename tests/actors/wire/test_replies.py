from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire import replies
from actors.wire.frames import ItemCompleted, ThreadStarted, TurnCompleted, Unshaped
from actors.wire.replies import LoginOpen, Page, PulledTurn

READERS = [
    replies.thread_of,
    replies.turn_id_of,
    replies.login_of,
    replies.threads_of,
    lambda result: replies.turns_of("t", result),
    lambda result: replies.items_of("t", result),
]


def test_a_thread_and_a_turn_are_opened():
    thread = {"id": "t", "cwd": "/w", "createdAt": 7}
    expected = ThreadStarted("t", "/w", None, None, None, None, None, None, 7000)
    assert replies.thread_of({"thread": thread, "model": "m"}) == expected
    assert replies.turn_id_of({"turn": {"id": "u", "status": "inProgress", "items": []}}) == "u"


def test_a_login_is_opened():
    assert replies.login_of({"type": "apiKey"}) == LoginOpen(None, None, None)
    browser = LoginOpen("l", "https://x", None)
    assert replies.login_of({"type": "chatgpt", "loginId": "l", "authUrl": "https://x"}) == browser
    device = {"type": "chatgptDeviceCode", "loginId": "l", "verificationUrl": "https://y", "userCode": "AB-1"}
    assert replies.login_of(device) == LoginOpen("l", "https://y", "AB-1")
    assert "https" not in repr(replies.login_of(device))


def test_pages():
    listed = [
        {"id": "a", "updatedAt": 7, "status": {"type": "idle"}},
        {"id": "b", "updatedAt": 6, "status": {"type": "notLoaded"}},
    ]
    threads = replies.threads_of({"data": listed, "nextCursor": "c"})
    assert isinstance(threads, Page)
    told = [(each.thread.thread_id, each.updated_at_s, each.loaded) for each in threads.values]
    assert (told, threads.next_cursor) == ([("a", 7, True), ("b", 6, False)], "c")
    said = {"type": "agentMessage", "id": "i", "text": "x", "startedAtMs": 5, "completedAtMs": 6}
    turn = {"id": "u", "status": "interrupted", "items": [said], "itemsView": "full", "startedAt": 7}
    end = TurnCompleted("t", "u", "interrupted", None, None, 7000, None, None)
    item = ItemCompleted("t", "u", "i", "agentMessage", None, 5, 6, orjson.dumps(said).decode())
    assert replies.turns_of("t", {"data": [turn]}) == Page((PulledTurn(end, (item,), True),), None)
    bare = {"id": "u", "status": "interrupted", "items": [], "itemsView": "notLoaded", "startedAt": 7}
    assert replies.turns_of("t", {"data": [bare]}) == Page((PulledTurn(end, (), False),), None)
    item = {"type": "fileChange", "id": "i", "status": "declined"}
    entry = {"turnId": "u", "item": item, "startedAtMs": 5, "completedAtMs": None}
    expected = ItemCompleted("t", "u", "i", "fileChange", "declined", 5, None, orjson.dumps(item).decode())
    assert replies.items_of("t", {"data": [entry]}) == Page((expected,), None)


def test_an_item_too_deep_to_write_is_unshaped():
    deep = orjson.loads(b"[" * 300 + b"]" * 300)
    page = {"data": [{"turnId": "u", "item": {"type": "x", "id": "i", "d": deep}}]}
    assert replies.items_of("t", page) == Unshaped("thread/items/list", "data.item: too_deep")
    turn = {"id": "u", "status": "completed", "items": [page["data"][0]["item"]]}
    assert replies.turns_of("t", {"data": [turn]}) == Unshaped("thread/turns/list", "data.items: too_deep")


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda x: (
        st.lists(x, max_size=2) | st.dictionaries(st.sampled_from(["data", "item", "id", "turn", "thread", "type"]), x)
    ),
)


@given(st.sampled_from(READERS), JSON)
def test_no_reply_makes_it_raise(read, result):
    read(result)


@pytest.mark.parametrize("read", READERS)
def test_a_strange_reply_is_unshaped_without_its_content(read):
    unshaped = read({"thread": "secret", "turn": "secret", "data": "secret", "type": 5})
    assert isinstance(unshaped, Unshaped)
    assert "secret" not in unshaped.reason


RECORDINGS = sorted((Path(__file__).parents[4] / "shared/data/codex").glob("t[0-9]*.jsonl"))


@pytest.mark.skipif(not RECORDINGS, reason="the recordings are not here")
def test_the_replies_of_recorded_runs_are_read():
    read = {
        "thread/start": replies.thread_of,
        "turn/start": replies.turn_id_of,
        "account/login/start": replies.login_of,
    }
    seen = set()
    for recording in RECORDINGS:
        asked = {}
        for entry in map(orjson.loads, recording.read_bytes().splitlines()):
            line = entry["line"]
            if entry["dir"] == "out" and "method" in line:
                asked[line.get("id")] = line["method"]
            elif "result" in line and asked.get(line["id"]) in read:
                seen.add(asked[line["id"]])
                assert not isinstance(read[asked[line["id"]]](line["result"]), Unshaped)
    assert seen == read.keys()
