from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire import replies
from actors.wire.frames import ItemCompleted, TurnCompleted, Unshaped
from actors.wire.replies import Page, PulledTurn

READERS = [
    replies.threads_of,
    lambda result: replies.turns_of("t", result),
]


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


def test_an_item_too_deep_to_write_is_unshaped():
    deep = orjson.loads(b"[" * 300 + b"]" * 300)
    turn = {"id": "u", "status": "completed", "items": [{"type": "x", "id": "i", "d": deep}]}
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
