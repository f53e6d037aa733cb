"""A history of messages as text: what arrives, what leaves, when, and how long it took."""

from __future__ import annotations

from typing import Any

from hybrid_capture import trace_story


def row(n: int, kind: str, sender: str, receiver: str, hop: int, cause: str = "", **fields: Any) -> dict[str, Any]:
    """Message number `n` is sent n ms after the beginning, waits 100 µs and is handled for 40."""
    told = {
        "id": n, "run_id": "r.1", "receiver": receiver, "incarnation": 1, "n": n, "message_id": f"m{n}",
        "cause_id": cause, "trace_id": "t-1", "hop": hop, "type": kind, "sender": sender,
        "sent_us": 1_000 * n, "at_us": 1_000 * n + 100, "queued_us": 100, "handled_us": 40, "anchor_us": 5_000_000,
        "at_ms": 5_000 + n, "size": 64, "outcome": "handled", "session_ids": [], "turn_ids": [], "item_ids": [],
        "generation": None, "first_seq": None, "last_seq": None,
    }  # fmt: skip
    assert fields.keys() <= told.keys()
    return told | fields


TURN = [
    row(1, "bytes", "pipe", "sidecar", 0, sent_us=1_100, queued_us=0, size=212),
    row(2, "FrameBatch", "sidecar", "stager", 1, "m1", first_seq=1, last_seq=9),
    row(3, "KeepCheckpoint", "stager", "ingest", 2, "m2", item_ids=["i1", "i2", "i3", "i4"], turn_ids=["u1"]),
    row(4, "TurnStored", "ingest", "facade", 3, "m3", turn_ids=["u1"]),
    row(5, "CheckpointKept", "ingest", "stager", 3, "m3", outcome="stale", last_seq=9),
]


def test_a_story_is_indented_by_hop_and_says_what_each_message_led_to() -> None:
    assert list(trace_story.story(TURN)) == [
        "          +0 µs  sidecar >> bytes(212 B)  << stager FrameBatch  (handled 40 µs)",
        "      +1,000 µs    stager >> FrameBatch(64 B, frames 1–9)  << ingest KeepCheckpoint"
        "  (queued 100 µs, handled 40 µs)",
        "      +2,000 µs      ingest >> KeepCheckpoint(64 B, i1 i2 i3 …)  << facade TurnStored; stager CheckpointKept"
        "  (queued 100 µs, handled 40 µs)",
        "      +3,000 µs        facade >> TurnStored(64 B, u1)  (queued 100 µs, handled 40 µs)",
        "      +4,000 µs        stager >> CheckpointKept(64 B, to frame 9)  (queued 100 µs, handled 40 µs)  [stale]",
    ]


def test_a_deep_history_stays_on_the_screen() -> None:
    (line,) = trace_story.story([row(1, "KeepRecords", "baseline", "ingest", 9_000)])
    assert len(line) < 100


def test_a_table_has_a_cell_for_each_column() -> None:
    rows = list(trace_story.table(TURN))
    assert {len(cells) for cells in rows} == {len(trace_story.COLUMNS)}
    assert dict(zip(trace_story.COLUMNS, rows[2], strict=True)) == {
        "at µs": "2,000", "hop": "2", "from": "stager", "message": "KeepCheckpoint", "to": "ingest",
        "queued µs": "100", "handled µs": "40", "bytes": "64", "outcome": "handled", "about": "i1 i2 i3 …",
        "trace": "t-1",
    }  # fmt: skip


def test_a_diagram_for_markdown_names_every_part_once_and_crosses_what_was_not_handled() -> None:
    assert list(trace_story.mermaid(TURN)) == [
        "sequenceDiagram",
        "    participant facade",
        "    participant pipe",
        "    participant sidecar",
        "    participant stager",
        "    participant ingest",
        "    pipe->>sidecar: bytes 212 B +0 µs",
        "    sidecar->>stager: FrameBatch 64 B +1,000 µs",
        "    stager->>ingest: KeepCheckpoint 64 B +2,000 µs",
        "    ingest->>facade: TurnStored 64 B +3,000 µs",
        "    ingest-xstager: CheckpointKept 64 B +4,000 µs stale",
    ]


def test_a_diagram_for_the_terminal_draws_life_lines_and_arrows() -> None:
    assert list(trace_story.drawing(TURN)) == [
        "   facade       pipe      sidecar      stager      ingest",
        "      │           │──────────▶│           │           │       bytes  212 B  +0 µs",
        "      │           │           │──────────▶│           │       FrameBatch  64 B  +1,000 µs",
        "      │           │           │           │──────────▶│       KeepCheckpoint  64 B  +2,000 µs",
        "      │◀──────────────────────────────────────────────│       TurnStored  64 B  +3,000 µs",
        "      │           │           │           │✗──────────│       CheckpointKept  64 B  +4,000 µs [stale]",
    ]


def test_what_a_part_says_to_itself_is_a_dot() -> None:
    *_, line = trace_story.drawing([row(1, "wake", "ingest", "ingest", 0)])
    assert line.strip().startswith("●")


def test_a_name_nobody_knows_has_its_line_too() -> None:
    head, *_ = trace_story.drawing([row(1, "Nonsense", "outside", "facade", 0, outcome="refused")])
    assert head.split() == ["facade", "outside"]
