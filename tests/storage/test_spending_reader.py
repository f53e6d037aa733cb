from __future__ import annotations

from storage.database import open_reader
from storage.paging import rows
from storage.spending_reader import spent_by
from tests.storage.story import Stream, open_store, thread, turn


def test_sessions_are_summed_together_and_apart(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    for session, spends in (("a", (3, 4)), ("b", (10,)), ("c", ())):
        stream.send(
            1,
            sessions=[thread(session)],
            turns=[
                turn(
                    "completed", turn=f"u{n}", session=session, usage={"input": spend, "output": 1, "total": spend + 1}
                )
                for n, spend in enumerate(spends)
            ],
        )
    database = open_reader(place)
    with database.reading():
        named = {name: row for row, name in rows(database, "SELECT id, session_id FROM sessions")}
        turns = {row: status for row, status in rows(database, "SELECT id, status FROM turns")}
        by_turn, by_session = spent_by(database, dict.fromkeys(named.values(), "codex"), turns)
        (alone,) = spent_by(database, {named["b"]: "codex"}, turns)[1].values()
    database.close()
    store.close()
    assert {name: (by_session[row] or {}).get("total") for name, row in named.items()} == {"a": 9, "b": 11, "c": None}
    assert sorted((each or {})["total"] for each in by_turn.values()) == [4, 5, 11]
    assert alone == by_session[named["b"]]
