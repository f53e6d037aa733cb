"""What a session and its turns spent: one figure from several tellers, none of it counted twice. Pure.

Claude names each response in its transcript and in its telemetry by the same request id, so the rows are the responses.
Codex names them only in its rollout file; its stream tells a turn's tokens in all, and its telemetry names neither turn
nor response. So for a Codex turn the file's responses count once the turn has ended, and the larger of file and stream
while it runs; telemetry counts for the session only when it knows of more than those do. Each teller can miss
something, none tells too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

COUNTS = ("input", "cached", "cache_written", "output", "reasoning", "total", "cost_usd_micros")
Figures = dict[str, Any]
"""COUNTS, `responses` (how many, where that is known) and `told_by`."""
_FINAL = frozenset({"completed", "interrupted", "failed"})


def of_turn(
    tool: str, status: str | None, responses: Sequence[Mapping[str, Any]], streamed: Mapping[str, Any] | None
) -> Figures | None:
    """What one turn spent; None when nobody told. `streamed` is what the stream or history says of the whole turn."""
    in_file = [row for row in responses if row["in_file"] or tool != "codex"]
    told = [summed(in_file, "files")] if in_file else []
    if streamed is not None and not (told and status in _FINAL):
        told.append({**dict.fromkeys(COUNTS), **_counts(streamed), "responses": None, "told_by": "stream"})
    if not told and responses:
        told.append(summed(responses, "telemetry"))
    return max(told, key=_size, default=None)


def of_session(
    tool: str,
    turns: Iterable[Figures | None],
    loose: Sequence[Mapping[str, Any]],
    telemetry: Sequence[Mapping[str, Any]],
) -> Figures | None:
    """What a session spent. `loose` are responses of no known turn, `telemetry` those that only telemetry tells."""
    figures = [each for each in turns if each is not None]
    counted = [row for row in loose if row["in_file"] or tool != "codex"]
    if counted:
        figures.append(summed(counted, "files" if any(row["in_file"] for row in counted) else "telemetry"))
    told = [added(figures)] if figures else []
    if tool == "codex" and telemetry:
        told.append(summed(telemetry, "telemetry"))
    return max(told, key=_size, default=None)


def summed(rows: Sequence[Mapping[str, Any]], told_by: str) -> Figures:
    """The sum of responses; a count that none of them has stays unknown."""
    return {**_sum([_counts(row) for row in rows]), "responses": len(rows), "told_by": told_by}


def added(figures: Sequence[Figures]) -> Figures:
    """The sum of figures."""
    known = [each["responses"] for each in figures if each["responses"] is not None]
    tellers = sorted({each["told_by"] for each in figures})
    return {**_sum(figures), "responses": sum(known) if known else None, "told_by": "+".join(tellers)}


def _sum(rows: Sequence[Mapping[str, Any]]) -> Figures:
    found: Figures = {}
    for name in COUNTS:
        known = [row[name] for row in rows if row.get(name) is not None]
        found[name] = sum(known) if known else None
    return found


def _counts(row: Mapping[str, Any]) -> Figures:
    """The counts of one teller; a total that it does not tell is input and output together."""
    found = {name: row.get(name) for name in COUNTS}
    if found["total"] is None and (found["input"] is not None or found["output"] is not None):
        found["total"] = (found["input"] or 0) + (found["output"] or 0)
    return found


def _size(figures: Figures) -> tuple[int, int]:
    return (figures["total"] or 0, figures["told_by"] != "telemetry")
