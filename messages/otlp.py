"""One OTLP request on its way: the gateway's body in parts to the baseline, and the answer back; and the probes.

The gateway inflates and bounds a body, and looks no further. The root passes the parts on. An answer of `kept` means
that everything in the body is durable.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from messages.base import Message

Signal = Literal["logs", "traces", "metrics"]
Encoding = Literal["json", "protobuf"]
SourceName = Literal["otlp", "transcript", "rollout"]
"""The sources of the durable baseline, as the status names them."""


class OtlpPart(Message):
    """A piece of a request's body. Root → baseline; sent again until it is taken."""

    BLOB: ClassVar[str | None] = "body"

    gateway: int
    """Which start of the gateway: an answer to an earlier one is for nobody."""
    request: int
    n: int = Field(ge=0)
    """Counts the parts of this body from 0."""
    last: bool
    signal: Signal
    encoding: Encoding
    body: bytes = Field(default=b"", repr=False)


class OtlpTaken(Message):
    """The part is in hand: another one may come. Baseline → root."""

    gateway: int
    request: int
    n: int


class OtlpAnswered(Message):
    """What became of a request. Baseline → root."""

    gateway: int
    request: int
    code: Literal["kept", "undecodable", "busy"]
    """`kept`: durable. `undecodable`: nothing of it can be read; it must not be sent again. `busy`: send it again."""
    rejected: int = 0
    """With `kept`: records that could not be understood and are not stored."""
    text: str = Field(default="", repr=False)
    """Why, in our own words: nothing of the body."""


class OtlpGivenUp(Message):
    """Nobody waits for the answer any more: forget what is not decoded yet. Root → baseline."""

    gateway: int
    request: int


class TurnTraced(Message):
    """A turn was started under a trace of ours: its telemetry, which names no turn, carries it. Sidecar → baseline.

    Told once: when it is lost, the rollout file says the same.
    """

    session_id: str
    turn_id: str
    trace_id: str
    """32 hex digits."""


class SourceProbed(Message):
    """Whether a source of the durable baseline works, as a probe has just shown.

    Of the OTLP receiver the root says it: a real request went through the listening socket to the baseline and back. Of
    watched folders the baseline says it. Each `probe_interval_ms` and at each change.
    """

    source: SourceName
    healthy: bool
    reason: str
