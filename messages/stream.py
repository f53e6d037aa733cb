"""The live stream: raw frames in batches from the sidecar to the stager, and how they are settled.

A frame is one line of the app-server's stdout, numbered from 1 per generation. A batch is settled when everything in
it is durable or accounted for as staged; until then the sidecar keeps its bytes and sends them again if need be.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from messages.base import Message


class DroppedLine(Message):
    """A line that could not be carried; its place in the batch is an empty line."""

    seq: int
    bytes_count: int
    """How long the line was, without its line feed."""
    reason: str


class FrameBatch(Message):
    """Consecutive whole lines of one generation."""

    BLOB: ClassVar[str | None] = "lines"

    generation: int
    first_seq: int = Field(ge=1)
    count: int = Field(ge=0)
    """Lines in the batch, dropped ones included."""
    dropped: tuple[DroppedLine, ...] = ()
    at_ms: int
    """Wall clock when the bytes were read, ms since the epoch."""
    lines: bytes = Field(default=b"", repr=False)
    """The lines, each ending in a line feed."""


class BatchSettled(Message):
    """Every frame of this generation up to and including `through_seq` is durable or accounted for."""

    generation: int
    through_seq: int
    closed: bool = False
    """The books of this generation are closed: there is nothing more to say about it."""


class GenerationOpened(Message):
    """A new process speaks from now on; frames of older ones are stale. Starts every conversation with the stager."""

    generation: int


class GenerationClosed(Message):
    """The process is gone and its pipe is drained: `last_seq` frames were read in all."""

    generation: int
    last_seq: int


class ResendFrames(Message):
    """The stager lost or never had what comes after `through_seq`: send it again."""

    generation: int
    through_seq: int


class LiveWanted(Message):
    """Whether anybody watches the live text. Off by default: then nothing is cut, redacted or sent."""

    on: bool


class LiveLines(Message):
    """Redacted whole lines of an open item, for people who watch."""

    session_id: str
    turn_id: str
    item_id: str
    kind: str
    text: str = Field(repr=False)
