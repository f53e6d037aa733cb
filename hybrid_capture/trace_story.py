"""One history of messages as a person reads it: a story, a table, a sequence diagram. Pure text from rows.

Rows are those of `storage/trace_reader.py`, in the order of their handling. Read `trace_view.py` for the verbs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

Rows = Sequence[dict[str, Any]]

ORDER = ("root", "facade", "auth", "supervisor", "pipe", "sidecar", "stager", "ingest", "baseline", "clock", "system")
"""From people on the left to the store on the right."""
HOPS_MAX = 10
"""Deeper hops are not moved further to the right."""
LANE = 12
"""Columns between two life lines: the longest name has ten letters."""
IDS_MAX = 3


def story(rows: Rows) -> Iterator[str]:
    """`>> arrives  << leaves`, a line for each message, moved to the right by its hop, with µs since the first."""
    leaves: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if row["cause_id"]:
            leaves[(row["run_id"], row["cause_id"])].append(f"{row['receiver']} {row['type']}")
    begin = _began(rows)
    for row in rows:
        at = f"{row['at_us'] + row['anchor_us'] - begin:>+12,} µs"
        indent = "  " * min(row["hop"], HOPS_MAX)
        sent = leaves.get((row["run_id"], row["message_id"]), ())
        tail = f"  << {'; '.join(sent)}" if sent else ""
        times = f"queued {row['queued_us']:,} µs, " if row["hop"] or row["queued_us"] else ""
        bad = "" if row["outcome"] == "handled" else f"  [{row['outcome']}]"
        yield f"{at}  {indent}{row['receiver']} >> {_word(row)}{tail}  ({times}handled {row['handled_us']:,} µs){bad}"


def table(rows: Rows) -> Iterator[tuple[str, ...]]:
    """The same as cells, in the order of `COLUMNS`."""
    begin = _began(rows)
    for row in rows:
        yield (
            f"{row['at_us'] + row['anchor_us'] - begin:,}", str(row["hop"]), row["sender"], row["type"],
            row["receiver"], f"{row['queued_us']:,}", f"{row['handled_us']:,}", f"{row['size']:,}", row["outcome"],
            _ids(row), row["trace_id"],
        )  # fmt: skip


COLUMNS = ("at µs", "hop", "from", "message", "to", "queued µs", "handled µs", "bytes", "outcome", "about", "trace")


def mermaid(rows: Rows) -> Iterator[str]:
    """A Mermaid sequence diagram: paste it where Markdown is shown. A lost or refused message ends in a cross."""
    yield "sequenceDiagram"
    for name in _lanes(rows):
        yield f"    participant {name}"
    begin = _began(rows)
    for row in rows:
        arrow = "->>" if row["outcome"] == "handled" else "-x"
        bad = "" if row["outcome"] == "handled" else f" {row['outcome']}"
        at = f"+{row['at_us'] + row['anchor_us'] - begin:,} µs"
        yield f"    {row['sender']}{arrow}{row['receiver']}: {row['type'].replace(';', ' ')} {row['size']} B {at}{bad}"


def drawing(rows: Rows) -> Iterator[str]:
    """The same for a terminal: a life line for each part, an arrow for each message."""
    lanes = _lanes(rows)
    place = {name: number * LANE + LANE // 2 for number, name in enumerate(lanes)}
    yield "".join(name.center(LANE) for name in lanes).rstrip()
    begin = _began(rows)
    for row in rows:
        line = [" "] * (LANE * len(lanes))
        for column in place.values():
            line[column] = "│"
        left, right = sorted((place[row["sender"]], place[row["receiver"]]))
        head = "▶" if place[row["receiver"]] == right else "◀"
        if left == right:
            line[left] = "●"
        else:
            line[left + 1 : right] = "─" * (right - left - 1)
            line[right - 1 if head == "▶" else left + 1] = head if row["outcome"] == "handled" else "✗"
        at = row["at_us"] + row["anchor_us"] - begin
        bad = "" if row["outcome"] == "handled" else f" [{row['outcome']}]"
        yield f"{''.join(line)}  {row['type']}  {row['size']} B  +{at:,} µs{bad}"


def _began(rows: Rows) -> int:
    return min((row["at_us"] + row["anchor_us"] for row in rows), default=0)


def _lanes(rows: Rows) -> list[str]:
    there = {name for row in rows for name in (row["sender"], row["receiver"])}
    return [name for name in ORDER if name in there] + sorted(there.difference(ORDER))


def _word(row: dict[str, Any]) -> str:
    about = _ids(row)
    return f"{row['type']}({row['size']} B{', ' if about else ''}{about})"


def _ids(row: dict[str, Any]) -> str:
    """What it is about, as far as it fits into a line: items before turns before sessions, and frames."""
    ids = row["item_ids"] or row["turn_ids"] or row["session_ids"]
    parts = [*ids[:IDS_MAX], *(["…"] if len(ids) > IDS_MAX else [])]
    if row["last_seq"] is not None:
        first = row["first_seq"]
        parts.append(f"frames {first}–{row['last_seq']}" if first is not None else f"to frame {row['last_seq']}")
    return " ".join(parts)
