"""What sessions and their turns spent, as it stands in the store; `spending.py` says which teller counts."""

from __future__ import annotations

from typing import Any

from storage import spending
from storage.connection import Database
from storage.paging import places, rows

_COUNTS = ", ".join(spending.COUNTS)


def spent_by(
    database: Database, tools: dict[int, str], status: dict[int, str | None]
) -> tuple[dict[int, spending.Figures | None], dict[int, spending.Figures | None]]:
    """What turns spent, by their row, and what their sessions did.

    `tools` names the sessions, each by its row with its tool; `status` is how those of their turns stand that are shown
    (an unknown one counts as running). Two queries, however many sessions there are.
    """
    ids = list(tools)
    sql = f"""SELECT u.turn_row, t.session_row, u.input, u.cached, u.output, u.reasoning, u.total FROM usage u
        JOIN turns t ON t.id = u.turn_row WHERE t.session_row IN ({places(ids)})"""
    streamed = {}
    of_turn: dict[int, int] = {}
    for turn, session, *counts in rows(database, sql, *ids):
        streamed[turn] = dict(zip(("input", "cached", "output", "reasoning", "total"), counts, strict=True))
        of_turn[turn] = session
    sql = f"""SELECT session_row, turn_row, in_file, {_COUNTS} FROM response_usage
        WHERE session_row IN ({places(ids)})"""
    responses: dict[int, list[dict[str, Any]]] = {each: [] for each in ids}
    by_turn: dict[int, list[dict[str, Any]]] = {}
    for session, turn, in_file, *counts in rows(database, sql, *ids):
        row = {"in_file": in_file, "turn": turn, **dict(zip(spending.COUNTS, counts, strict=True))}
        responses[session].append(row)
        if turn is not None:
            by_turn.setdefault(turn, []).append(row)
            of_turn[turn] = session
    turns = {
        turn: spending.of_turn(tools[session], status.get(turn), by_turn.get(turn, []), streamed.get(turn))
        for turn, session in of_turn.items()
        if session in tools
    }
    figures: dict[int, list[spending.Figures | None]] = {each: [] for each in ids}
    for turn, told in turns.items():
        figures[of_turn[turn]].append(told)
    return turns, {
        session: spending.of_session(
            tools[session],
            figures[session],
            [row for row in responses[session] if row["turn"] is None],
            [row for row in responses[session] if not row["in_file"]],
        )
        for session in ids
    }
