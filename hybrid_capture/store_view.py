"""What is stored, for a person: sessions, transitions, audit. Read from the database, runtime or no runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hybrid_capture import link_view
from hybrid_capture.console import Screen
from hybrid_capture.moments import when
from hybrid_capture.problems import DONE, Problem
from storage.reader import Reader

PREFIX_CHARS_MIN = 4
TITLE_CHARS = 48


def sessions(database: Path | str, query: str | None, limit: int, screen: Screen) -> int:
    """List stored sessions, newest first. Errors: StoreError."""
    with Reader(database) as reader:
        found = reader.sessions(limit=limit, query=query)
    screen.record({"sessions": found})
    rows = (
        (each["session_id"], when(each["created_at_ms"] or each["first_seen_ms"]), str(each["turn_count"]),
         str(each["item_count"]), each["last_status"] or "", (each["title"] or each["cwd"] or "")[:TITLE_CHARS])
        for each in found
    )  # fmt: skip
    if found:
        screen.table(("session", "begun", "turns", "items", "last turn", "title or folder"), rows)
    else:
        screen.say("no session is stored" + (f" that has {query!r} in its names" if query else ""))
    return DONE


def session(database: Path | str, wanted: str, bodies: bool, screen: Screen) -> int:
    """Print one session as a transcript. Errors: StoreError, Problem when there is none such."""
    with Reader(database) as reader:
        found = by_beginning(reader, wanted, bodies)
    found["links"] = link_view.brief(str(database), found["tool"], found["session_id"])
    screen.record(found)
    title = f"  {found['title']}" if found["title"] else ""
    screen.say(f"session {found['session_id']}{title}", "bold")
    about = (found["tool"], found["model"], found["cwd"], found["branch"])
    for line in link_view.brief_lines(found["links"]):
        screen.say(line)
    screen.say(f"{when(found['created_at_ms'] or found['first_seen_ms'])}  {'  '.join(filter(None, about))}", "dim")
    if found["usage"]:
        screen.say(spent(found["usage"]), "dim")
    for number, turn in enumerate(found["turns"], 1):
        usage = f", {turn['usage']['total']} tokens" if turn["usage"] and turn["usage"].get("total") else ""
        screen.say("")
        screen.say(f"turn {number}  {turn['status'] or 'open'}{usage}  {turn['turn_id']}", "bold")
        for item in turn["items"]:
            state = f" ({item['status']})" if item["status"] else ""
            screen.say(f"  {item['type']}{state}", "cyan")
            for line in item["text"].splitlines():
                screen.say(f"    {line}")
        if turn["error"]:
            screen.say(f"  {turn['error']}", "red")
    if found["truncated"]:
        screen.say("there are more items than shown here", "yellow")
    return DONE


def by_beginning(reader: Reader, wanted: str, bodies: bool) -> dict[str, Any]:
    """The session of this id, or the one whose id begins like this. Errors: Problem."""
    exact = reader.session(wanted, bodies=bodies)
    if exact is not None:
        return exact
    like = []
    if len(wanted) >= PREFIX_CHARS_MIN:
        like = [each["session_id"] for each in reader.sessions(limit=1_000, query=wanted)]
        like = [each for each in like if each.startswith(wanted)]
    if len(like) > 1:
        raise Problem("AMBIGUOUS", f"{len(like)} sessions begin with {wanted}: give more of the id")
    found = reader.session(like[0], bodies=bodies) if like else None
    if found is None:
        raise Problem("UNKNOWN_ID", f"no session {wanted} is stored: see `hybrid-capture sessions list`")
    return found


def transitions(database: Path | str, limit: int, screen: Screen) -> int:
    """List the newest transitions, oldest of them first. Errors: StoreError."""
    with Reader(database) as reader:
        found = reader.transitions(limit)
    screen.record({"transitions": found})
    rows = (
        (when(each["at_ms"]), f"{each['run_id']}/{each['seq']}",
         each["what"] if each["what"] == each["who"] else f"{each['what']} {each['who']}",
         f"{each['before'] or '-'} -> {each['after']}", each["cause"])
        for each in found
    )  # fmt: skip
    screen.table(("when", "run/number", "what", "change", "cause"), rows)
    return DONE


def audit(database: Path | str, limit: int, screen: Screen) -> int:
    """List the newest audit rows, oldest of them first. Errors: StoreError."""
    with Reader(database) as reader:
        found = reader.audit(limit)
    screen.record({"audit": found})
    rows = ((when(each["at_ms"]), each["kind"], each["subject"], each["text"]) for each in found)
    screen.table(("when", "kind", "about", "what happened"), rows)
    return DONE


def spent(usage: dict[str, Any]) -> str:
    """Tokens and cost in one line."""
    names = ("input", "cached", "cache_written", "output", "reasoning", "total")
    told = [f"{usage[name]:,} {name.replace('_', ' ')}" for name in names if usage.get(name)]
    if usage.get("cost_usd_micros"):
        told.append(f"${usage['cost_usd_micros'] / 1_000_000:.4f}")
    return f"tokens: {', '.join(told)}" if told else "no tokens"
