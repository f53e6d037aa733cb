"""Sessions as JSON lines."""

from __future__ import annotations

import json

from storage.exporting.jsonl import lines
from storage.exporting.sessions import Sessions


def test_every_record_says_what_it_is_and_where_it_belongs(sessions: Sessions) -> None:
    told = sessions.told("codex", "one", bodies=True)
    assert told is not None
    records = [json.loads(line) for line in lines(told)]
    assert [record["record"] for record in records] == ["session", "link", "turn", "item"]
    assert {record["session_id"] for record in records} == {"one"}
    session, link, turn, item = records
    assert (session["link_state"], session["model"]) == ("linked", "gpt-5")
    assert (link["method"], link["evidence"]["files"][0]["ranges"]) == ("hunks", [[2, 4]])
    assert (turn["status"], turn["usage"]["total"]) == ("completed", 12)
    assert (item["turn_id"], item["type"], item["body"]["changes"][0]["path"]) == ("u1", "fileChange", "a.py")
