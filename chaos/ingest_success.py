"""Ingest success per tool: how much of what a program itself said it did is in the store.

What is expected comes from the program's own output and from what the loopback API served, never from a source that
capture reads. The report names every miss, so that the rate can be computed again from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

MISSING_MAX = 1_000
"""Names of misses in a report."""


@dataclass(frozen=True, slots=True)
class Success:
    """One tool's rate, with its raw numbers."""

    tool: str
    expected: int
    stored: int
    missing: tuple[str, ...]
    """Names of what is not stored; at most MISSING_MAX."""

    @property
    def rate(self) -> float | None:
        """Stored of expected, from 0 to 1; None when nothing was expected: that is not measured, and not a success."""
        return self.stored / self.expected if self.expected else None


def success_of(tool: str, expected: Iterable[str], stored: Iterable[str]) -> Success:
    """How much of `expected` is in `stored`; what is named twice has to be there twice."""
    wanted, there = Counter(expected), Counter(stored)
    missing = tuple(sorted((wanted - there).elements()))
    total = wanted.total()
    return Success(tool, total, total - len(missing), missing[:MISSING_MAX])


def report(successes: Iterable[Success]) -> bytes:
    """The report as JSON, one entry per tool."""
    tools = {
        each.tool: {"expected": each.expected, "stored": each.stored, "rate": each.rate, "missing": each.missing}
        for each in successes
    }
    return orjson.dumps({"ingest_success": tools}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
