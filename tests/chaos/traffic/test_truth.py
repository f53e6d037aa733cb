"""The judgement notices each way in which a store can differ from what was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaos.traffic.truth import Owner, Rows, Spent, Truth

MINE, OTHER = Owner("claude", "s1"), Owner("codex", "s2")
Tables = dict[str, list[tuple[Any, ...]]]


def written() -> tuple[Truth, Tables]:
    """A little truth, and a store that has all of it."""
    truth = Truth()
    words = [truth.word(MINE), truth.word(OTHER)]
    truth.lines.update({"transcript": 2, "rollout": 1})
    truth.spent.add(Spent(MINE, "req_1", 10, 2))
    truth.answered([(101, MINE), (102, OTHER)], kept=True)
    truth.answered([(103, MINE)], kept=False)
    tables: Tables = {
        "items": [(*MINE, f"says {words[0]}"), (*OTHER, f"{words[1]} said")],
        "events": [(*MINE, "101"), (*OTHER, "102")],
        "response_usage": [(*MINE, "req_1", 10, 2)],
        "offsets": [("transcript", 2), ("rollout", 1), ("otlp", 2)],
    }
    return truth, tables


def rows_of(tables: Tables) -> Rows:
    return lambda query: next(rows for name, rows in tables.items() if f"FROM {name}" in query)


def test_a_store_that_has_everything_once_is_found_without_fault() -> None:
    truth, tables = written()
    assert truth.judge(rows_of(tables)) == []
    tables["events"].append((*MINE, "103"))
    assert truth.judge(rows_of(tables)) == [], "a record without an answer may be there"


FAULTS: dict[str, Callable[[Tables], object]] = {
    "1 items are missing": lambda t: t["items"].pop(),
    "1 items are stored twice": lambda t: t["items"].append(t["items"][0]),
    "1 items nobody wrote": lambda t: t["items"].append((*MINE, "spoken999999")),
    "1 items are in another session": lambda t: t["items"].insert(0, (*OTHER, t["items"].pop(0)[2])),
    "1 items carry no word": lambda t: t["items"].append((*MINE, "a copy without content")),
    "1 records that were answered with 200 are missing": lambda t: t["events"].pop(),
    "1 records are stored twice": lambda t: t["events"].append(t["events"][0]),
    "1 records nobody sent": lambda t: t["events"].append((*MINE, "104")),
    "1 records are in another session": lambda t: t["events"].insert(0, (*OTHER, t["events"].pop(0)[2])),
    "1 responses are missing": lambda t: t["response_usage"].clear(),
    "1 responses are counted twice": lambda t: t["response_usage"].append(t["response_usage"][0]),
    "1 responses nobody gave": lambda t: t["response_usage"].append((*MINE, "req_2", 1, 1)),
    "transcript: 1 of 2 lines": lambda t: t["offsets"].__setitem__(0, ("transcript", 1)),
    "rollout: 2 of 1 lines": lambda t: t["offsets"].__setitem__(1, ("rollout", 2)),
}


@pytest.mark.parametrize("told", FAULTS)
def test_each_fault_is_told(told: str) -> None:
    truth, tables = written()
    FAULTS[told](tables)
    complaints = truth.judge(rows_of(tables))
    assert any(each.startswith(told) for each in complaints), complaints
