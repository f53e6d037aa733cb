"""JSON lines: one record each for the session, its links, its turns and their items, in this order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson


def lines(session: dict[str, Any]) -> Iterator[bytes]:
    """The lines of one session; `record` says what each is, and ids say where it belongs."""
    about = {name: value for name, value in session.items() if name not in ("turns", "links")}
    links = session["links"]
    key = {"tool": session["tool"], "session_id": session["session_id"]}
    yield _line("session", {**about, "link_state": links["state"], "link_reason": links["reason"]})
    for link in links["links"]:
        yield _line("link", {**key, **link})
    for turn in session["turns"]:
        yield _line("turn", {**key, **{name: value for name, value in turn.items() if name != "items"}})
        for item in turn["items"]:
            yield _line("item", {**key, "turn_id": turn["turn_id"], **item})


def _line(record: str, value: dict[str, Any]) -> bytes:
    return orjson.dumps({"record": record, **value}, option=orjson.OPT_APPEND_NEWLINE)
