"""The order of a turn's items when several sources bring them: it may not depend on who came first.

Each source has an order of its own and leaves something out (upstream's history forgets declined commands, the stream
loses lines that are too long). The items of the source that comes first stand as it tells them. Each other item stands
behind the one before it in its own source; where sources that come before have items there too, the earlier start comes
first. A sub-agent's items are told in a file of their own, and placed like those of another source. Runs inside the
caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from storage.connection import Database
from storage.precedence import rank
from storage.remembered import Remembered
from storage.sessions import ROW_IDS_MAX

_ITEMS = """SELECT i.id, i.item_id, i.ordinal, coalesce(i.started_at_ms, i.completed_at_ms, 0), i.agent_id, s.source,
    min(s.id) FROM items i JOIN item_sources s ON s.item_row = i.id WHERE i.turn_row = ?
    GROUP BY i.id, i.item_id, i.ordinal, i.started_at_ms, i.completed_at_ms, i.agent_id, s.source"""
_LANES = """SELECT DISTINCT s.source, i.agent_id FROM items i JOIN item_sources s ON s.item_row = i.id
    WHERE i.turn_row = ?"""
_MOVE = "UPDATE items SET ordinal = ? WHERE id = ?"

Lane = tuple[str, str]
"""A source and, where a sub-agent tells, its id: what has one order."""


class Item(NamedTuple):
    """What places an item."""

    row: int
    item_id: str
    at_ms: int

    def before(self, other: Item) -> bool:
        """Which of two comes first when no source says it."""
        return (self.at_ms, self.item_id) < (other.at_ms, other.item_id)


class Order:
    """Places the items of turns that have more than one order. `forget()` after a rollback, `settle()` in the end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lanes: Remembered[int, set[Lane]] = Remembered(ROW_IDS_MAX)
        self._plain: Remembered[int, bool] = Remembered(ROW_IDS_MAX)
        """By turn row, whether the source that comes first told all of its items: its next one stands at the end."""
        self._moved: set[int] = set()

    def forget(self) -> None:
        """What was remembered may not be in the file: read it again."""
        self._lanes.clear()
        self._plain.clear()
        self._moved.clear()

    def is_alone(self, turn_row: int, source: str) -> bool:
        """Whether no other source has told anything of this turn yet."""
        return all(lane[0] == source for lane in self._of(turn_row))

    def sighted(self, turn_row: int, source: str, agent_id: str | None, new: bool) -> None:
        """An item of the turn was seen by this source for the first time; `new`: by the first source at all."""
        lanes = self._of(turn_row)
        lane = (source, agent_id or "")
        if lane not in lanes:
            lanes.add(lane)
            self._plain.pop(turn_row, None)
        if len(lanes) == 1:
            return
        comes_first = lane == min(lanes, key=_place_of)
        if new and comes_first and self._plain.get(turn_row):
            return
        if new or comes_first:
            self._plain.pop(turn_row, None)
            self._moved.add(turn_row)

    def _of(self, turn_row: int) -> set[Lane]:
        lanes = self._lanes.get(turn_row)
        if lanes is None:
            found = self._database.run(_LANES, (turn_row,)).fetchall()
            lanes = self._lanes[turn_row] = {(each, agent or "") for each, agent in found}
        return lanes

    def settle(self) -> set[int]:
        """Write the places of all turns in which something moved, and give those turns."""
        moved, self._moved = self._moved, set()
        for turn_row in sorted(moved):
            self._settle(turn_row)
        self._lanes.trim()
        self._plain.trim()
        return moved

    def _settle(self, turn_row: int) -> None:
        told: dict[Lane, list[tuple[int, Item]]] = {}
        ordinals: dict[int, int] = {}
        for row, item_id, ordinal, at_ms, agent_id, source, first in self._database.run(_ITEMS, (turn_row,)).fetchall():
            ordinals[row] = ordinal
            told.setdefault((source, agent_id or ""), []).append((first, Item(row, item_id, at_ms)))
        lanes = [[item for _, item in sorted(told[lane])] for lane in sorted(told, key=_place_of)]
        self._plain[turn_row] = len(lanes[0]) == len(ordinals)
        for ordinal, item in enumerate(merged(lanes), 1):
            if ordinals[item.row] != ordinal:
                self._database.run(_MOVE, (ordinal, item.row))


def merged(lanes: Iterable[list[Item]]) -> list[Item]:
    """One order from several, the lane that comes first told first."""
    standing: list[Item] = []
    placed: set[int] = set()
    for lane in lanes:
        own = {item.row for item in lane}
        behind = 0
        for item in lane:
            if item.row in placed:
                behind = _behind(standing, item, behind)
                continue
            while behind < len(standing) and standing[behind].row not in own and standing[behind].before(item):
                behind += 1
            standing.insert(behind, item)
            placed.add(item.row)
            behind += 1
    return standing


def _behind(standing: list[Item], item: Item, start: int) -> int:
    """The place after this item; sources mostly agree, so it is looked for from where the last one stood."""
    for at in range(start, len(standing)):
        if standing[at].row == item.row:
            return at + 1
    for at in range(start):
        if standing[at].row == item.row:
            return at + 1
    raise AssertionError("a placed item stands somewhere")


def _place_of(lane: Lane) -> tuple[int, str, str]:
    return (-rank(lane[0]), lane[0], lane[1])
