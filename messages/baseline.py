"""The durable baseline: what files and telemetry of the tools came to, how far each file is stored, and the answers.

Between baseline and ingest. Messages of one source are numbered from 1 within an incarnation of their sender, without a
hole, so a resend is harmless: the number says that it was applied. Rows, ledger, audit and file position of one message
are one transaction.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from messages.base import Message
from messages.records import AuditNote, FinalItem, SessionSeen, Source, TurnSeen

Tool = Literal["codex", "claude"]


class EventSeen(Message):
    """One telemetry record of a tool (a log record or a span), normalised. Kept once per (tool, session, key)."""

    session_id: str
    turn_id: str | None = None
    key: str = Field(repr=False)
    """What makes it itself, however often it is exported: the same record gives the same key."""
    name: str = Field(repr=False)
    """Upstream's event name without the tool's prefix, e.g. `user_prompt`, `api_request`, `tool_result`."""
    at_ms: int
    sequence: int | None = None
    trace_id: str | None = None
    call_id: str | None = None
    """Upstream's id of a tool call: the id of the item that it is about."""
    body: str = Field(repr=False)
    """All attributes as sent, a JSON object; redacted by the store."""
    frames: int = 1


class ResponseUsage(Message):
    """Tokens and cost of one model response. Counted once per (tool, session, response), whoever says it and however
    often."""

    session_id: str
    turn_id: str | None = None
    response_id: str
    """Upstream's name of it. Claude: the request id, which its transcript and its telemetry share; else the message id.
    Codex: the `response_id` of its rollout; its telemetry names none, so a key of our own stands here."""
    model: str | None = Field(default=None, repr=False)
    at_ms: int | None = None
    input: int | None = None
    """Input tokens with the cached ones, as Codex counts. Claude counts them apart: its decoder adds them up."""
    cached: int | None = None
    """Those of `input` that were read from a cache."""
    cache_written: int | None = None
    """Those of `input` that were written to a cache."""
    output: int | None = None
    """Output tokens, reasoning included."""
    reasoning: int | None = None
    total: int | None = None
    cost_usd_micros: int | None = None
    frames: int = 0


class FilePosition(Message):
    """How far one file is stored."""

    path: str = Field(repr=False)
    device: int
    inode: int
    offset: int = Field(ge=0)
    """Bytes from the beginning that are stored: the end of a whole line."""
    size: int = Field(ge=0)
    """Bytes of the file when it was read."""
    head: str = Field(repr=False)
    """Short hash over the file's first bytes: tells a file from another that took its place."""
    from_offset: int = Field(ge=0)
    """Where the records of this message begin. They fit only on what is stored: 0 for a new file, a file that was
    replaced, and one that shrank below what is stored."""
    state: str = Field(default="{}", repr=False, max_length=65_536)
    """What the decoder has to know to go on at `offset` (open turn, open calls): a small JSON object, redacted by the
    store like everything else. It names things, it does not hold their content."""


class KeepRecords(Message):
    """What some raw records of one source came to. Baseline → ingest; resent until kept.

    Every raw record ends in one disposition: `received` is the sum of `counts` and of the frames of all records. A line
    that becomes several records carries its frame on one of them.
    """

    incarnation: int
    n: int = Field(ge=1)
    """Counts up from 1 within (incarnation, source)."""
    tool: Tool
    source: Source
    received: int = Field(ge=0)
    """Raw records (lines, log records, spans, points) that this covers."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Raw records whose disposition is decided before the store: `control`, `ignored_unknown`, `dropped:<reason>`."""
    sessions: tuple[SessionSeen, ...] = ()
    turns: tuple[TurnSeen, ...] = ()
    items: tuple[FinalItem, ...] = ()
    usage: tuple[ResponseUsage, ...] = ()
    events: tuple[EventSeen, ...] = ()
    audit: tuple[AuditNote, ...] = ()
    position: FilePosition | None = None


class RecordsKept(Message):
    """The transaction committed (now or before). Ingest → baseline."""

    incarnation: int
    n: int
    source: Source


class RecordsRefused(Message):
    """Nothing was written. Ingest → baseline."""

    incarnation: int
    n: int
    source: Source
    code: Literal["store_failed", "position", "gap"]
    """`store_failed`: send it again. `gap`: an earlier one is missing, send again from `through_n + 1`.
    `position`: read the file again from `offset`."""
    through_n: int
    """The last number of this source and incarnation that is stored."""
    offset: int | None = None
    """With code `position`: how far the file is stored."""
    text: str = Field(repr=False)


class FileFound(Message):
    """A file that exists, by name and by what the file system calls it."""

    path: str = Field(repr=False)
    device: int
    inode: int


class FilesWanted(Message):
    """How far are these files stored? Baseline → ingest; resent until told."""

    incarnation: int
    n: int
    files: tuple[FileFound, ...]


class FilesTold(Message):
    """Like this; a file that is not named was never stored. Ingest → baseline.

    A file that was moved is found by what the file system calls it, and named by its new path. Whether the file is
    still the same is for the asker to see: `head`, `device` and `inode` are as stored, `from_offset` equals `offset`.
    """

    incarnation: int
    n: int
    positions: tuple[FilePosition, ...]
