"""What the parts of the tree tell of the messages they handled: types, ids, sizes and times, never content.

A row is a tuple in the order of `FIELDS`; many of them cross in one message, as one JSON array, and are checked where
they arrive. `actors/tracing.py` makes them, `storage/traces.py` keeps them.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, TypeAdapter

from messages.base import Message

Outcome = str
"""handled; refused: nobody may say this here, or this state has no row for it; faulted: the handler raised; stale: of
an older generation; ignored: before its receiver began."""

FIELDS = (
    "n", "message_id", "cause_id", "trace_id", "hop", "type", "sender", "sent_us", "at_us", "handled_us", "size",
    "outcome", "session_ids", "turn_ids", "item_ids", "generation", "first_seq", "last_seq",
)  # fmt: skip
"""Names of a row's places. `n` counts what its writer had to record: a hole is a row that was lost. Times are µs on the
monotonic clock, which all processes of a machine share. Ids stand with commas between, at most four of a kind."""

Row = tuple[
    int, str, str, str, int, str, str, int, int, int, int,
    str, str | None, str | None, str | None, int | None, int | None, int | None,
]  # fmt: skip
ROWS: TypeAdapter[list[Row]] = TypeAdapter(list[Row])


class KeepTraces(Message):
    """What a part handled since it last told. Anybody → ingest; answered by nobody, sent again by nobody: what is lost
    leaves a hole in the numbers. It is the one message that is not traced itself."""

    BLOB: ClassVar[str | None] = "rows"

    incarnation: int = Field(ge=0)
    """Of its sender."""
    count: int = Field(ge=1)
    rows: bytes = Field(default=b"", repr=False)
    """`ROWS` as JSON."""
