"""Finding things in what is stored, for a person: by words, by source, by decision. Read from the database."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any, NamedTuple

from hybrid_capture.console import Screen
from hybrid_capture.moments import when
from hybrid_capture.problems import DONE, USAGE, Problem
from hybrid_capture.store_view import by_beginning
from storage.reader import Reader
from storage.search import Filters
from storage.search_words import NothingToLookFor

_AGO = re.compile(r"(\d{1,6})([mhdw])")
_AGO_S = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
ITEMS_SHOWN_MAX = 500
"""Items that coverage lists to a person; `--json` has all."""


class Asked(NamedTuple):
    """The options of a search as they were typed."""

    tool: str | None = None
    session: str | None = None
    kind: str | None = None
    since: str | None = None
    until: str | None = None
    cwd: str | None = None
    source: str | None = None


def search(database: str, words: list[str], asked: Asked, limit: int, screen: Screen) -> int:
    """List hits, each with the words in their place. Errors: StoreError, Problem when there is nothing to look for."""
    query = " ".join(f'"{each}"' if re.search(r"\s", each) and '"' not in each else each for each in words)
    filters = Filters(
        tool=asked.tool,
        session_id=asked.session,
        kind=asked.kind,
        since_ms=instant_ms(asked.since),
        until_ms=instant_ms(asked.until),
        cwd=_folder(asked.cwd),
        source=asked.source,
    )
    with Reader(database) as reader:
        try:
            found = reader.search(query, filters, limit)
        except NothingToLookFor as nothing:
            raise Problem("NOTHING_TO_LOOK_FOR", str(nothing), USAGE) from None
    screen.record(found)
    before = None
    for hit in found["hits"]:
        if hit["session_id"] != before:
            before = hit["session_id"]
            about = "  ".join(filter(None, (hit["tool"], hit["title"], hit["cwd"])))
            screen.say(f"{before}  {about}", "bold")
        screen.say(f"  {when(hit['at_ms'])}  {hit['type']}  {hit['item_id'] or ''}", "dim")
        screen.marked(f"    {hit['snippet']}", [(low + 4, high + 4) for low, high in hit["marks"]])
    if not found["hits"]:
        screen.say("nothing stored says that")
    elif found["more"]:
        screen.note(f"there is more: --limit, or more words (shown: {len(found['hits'])})")
    return DONE


def coverage(database: str, wanted: str, screen: Screen) -> int:
    """Print which source saw which item. Errors: StoreError, Problem when there is no such session."""
    with Reader(database) as reader:
        session = by_beginning(reader, wanted, bodies=False)
        found = reader.coverage(session["session_id"], tool=session["tool"])
    assert found is not None, "it was there a moment ago"
    screen.record(found)
    screen.say(f"session {found['session_id']}  {found['tool']}  {found['items']} items", "bold")
    for name, counts in found["sources"].items():
        gap = f", {counts['missing']} missing" if counts["missing"] else ""
        screen.say(f"  {name}: {counts['items']} items{gap}", "yellow" if gap else "")
    names = list(found["sources"])
    items = [(turn, item) for turn in found["turns"] for item in turn["items"]]
    rows = [
        (item["item_id"], item["type"], *(_mark(name, item) for name in names)) for _, item in items[:ITEMS_SHOWN_MAX]
    ]
    if rows:
        screen.say("")
        screen.table(("item", "type", *names), rows)
    if len(items) > ITEMS_SHOWN_MAX or found["truncated"]:
        screen.note("there are more items than shown here: --json has them")
    return DONE


def decisions(database: str, session: str | None, decision: str | None, limit: int, screen: Screen) -> int:
    """List the newest decisions, oldest of them first. Errors: StoreError, Problem."""
    with Reader(database) as reader:
        if session is not None:
            session = by_beginning(reader, session, bodies=False)["session_id"]
        found = reader.dedupe_log(limit, session, decision)
    screen.record({"decisions": found})
    rows = (
        (when(each["at_ms"]), each["decision"], each["source"], each["kind"], each["item_id"] or each["turn_id"],
         each["reason"])
        for each in found
    )  # fmt: skip
    screen.table(("when", "decision", "source", "kind", "item or turn", "why"), rows)
    return DONE


def revisions(database: str, wanted: str, item_id: str, screen: Screen) -> int:
    """Print what an item said, first to last. Errors: StoreError, Problem when there is no such item."""
    with Reader(database) as reader:
        session = by_beginning(reader, wanted, bodies=False)
        found = reader.revisions(session["session_id"], item_id, tool=session["tool"])
    if not found:
        raise Problem("UNKNOWN_ID", f"session {session['session_id']} has no item {item_id}: see `coverage`")
    screen.record({"revisions": found})
    for each in found:
        now = "  (what it says now)" if each["current"] else ""
        number = f"revision {each['revision']}" if each["revision"] else "not looked at, another source came before"
        screen.say(f"{when(each['seen_at_ms'])}  {each['source']}  {number}{now}", "bold")
        if each["kind"]:
            screen.say(f"  {each['kind']}" + (f" ({each['status']})" if each["status"] else ""), "cyan")
        for line in (each["text"] or "").splitlines():
            screen.say(f"    {line}")
    return DONE


def instant_ms(text: str | None, now_s: float | None = None) -> int | None:
    """A time as it was typed: a date, a date and time (local unless it says its zone), or so long ago.

    Errors: Problem.
    """
    if text is None:
        return None
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return int(((time.time() if now_s is None else now_s) - int(ago[1]) * _AGO_S[ago[2]]) * 1_000)
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1_000)
    except (ValueError, OverflowError, OSError):
        told = f"{text!r} is no time: give 2026-11-20, 2026-11-20T12:00, 90m, 12h, 7d or 2w"
        raise Problem("BAD_TIME", told, USAGE) from None


def _folder(text: str | None) -> str | None:
    from os.path import abspath, expanduser

    return None if text is None else abspath(expanduser(text))


def _mark(name: str, item: dict[str, Any]) -> str:
    return "yes" if name in item["sources"] else "MISSING" if name in item["missing"] else "-"
