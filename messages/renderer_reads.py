"""What a renderer may read, and the form of what it gets: one command and one kind of data each.

A read changes nothing, goes past the writer, and is answered once: with `DataAnswer`, or `Refused` with `AWAY` or
`TIMED_OUT` when it could not be had in time. Everything is redacted already. Lists are pages: `next` is the cursor of
the page that follows, None at the end.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from messages.renderer_words import Answer, Command, Data, Id
from messages.status import AuthModeChoice

Rows = Annotated[int, Field(ge=1, le=500)]
"""How many rows at most; fewer come when they would not fit one answer."""
Cursor = Annotated[str, Field(min_length=1, max_length=200)]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class GetTransitions(Command):
    """The log of changes of mode, process, handshake, login: the newest, or those after number `after`."""

    command: Literal["getTransitions"] = "getTransitions"
    after: Annotated[int, Field(ge=0)] | None = None
    limit: Rows = 100


class GetSessions(Command):
    """Stored sessions, newest first; the page before cursor `before`. `query` is looked for in title, folder, branch,
    model and id."""

    command: Literal["getSessions"] = "getSessions"
    limit: Rows = 100
    before: Cursor | None = None
    query: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(default=None, repr=False)
    tool: Word | None = None


class GetSession(Command):
    """One session with a page of its items: those after cursor `itemsAfter`."""

    command: Literal["getSession"] = "getSession"
    session_id: Id
    items_after: Cursor | None = None
    limit: Rows = 100


class SearchSessions(Command):
    """Items and session names that say all of `text`, newest first."""

    command: Literal["searchSessions"] = "searchSessions"
    text: str = Field(min_length=1, max_length=1_000, repr=False)
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    tool: Word | None = None
    session_id: Id | None = None
    kind: Word | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    cwd: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(default=None, repr=False)
    source: Word | None = None


class GetCodexStreamDedupeLog(Command):
    """The newest decisions on items and turns, with their reasons: accepted, duplicate, replaced, dropped."""

    command: Literal["getCodexStreamDedupeLog"] = "getCodexStreamDedupeLog"
    session_id: Id | None = None
    decision: Literal["accepted", "duplicate", "replaced", "dropped"] | None = None
    limit: Rows = 100


class GetTrace(Command):
    """The messages of one trace, or of one turn: give exactly one of `traceId` and `turnId`."""

    command: Literal["getTrace"] = "getTrace"
    trace_id: Id | None = None
    turn_id: Id | None = None


class GetIngestConfig(Command):
    """What the config file chooses, and its revision."""

    command: Literal["getIngestConfig"] = "getIngestConfig"


class GetMetrics(Command):
    """Samples of throughput, latency and restarts, and the recoveries of this run, for plots."""

    command: Literal["getMetrics"] = "getMetrics"


class TransitionLine(Data):
    """One change, with its cause."""

    n: int
    """Counts up over all runs."""
    at_ms: int
    kind: str
    """What changed: mode, sidecar, handshake, auth, actor, stream, baseline, source, kill_switch, fallback."""
    who: str
    """Which actor or source; otherwise the same word as `kind`."""
    before: str = Field(serialization_alias="from")
    after: str = Field(serialization_alias="to")
    cause: str = Field(repr=False)


class TransitionsData(Data):
    """In the order in which they happened."""

    transitions: tuple[TransitionLine, ...]


class SessionLine(Data):
    """One session in a list."""

    session_id: str
    tool: str
    title: str | None = Field(repr=False)
    cwd: str | None = Field(repr=False)
    branch: str | None = Field(repr=False)
    model: str | None
    started_at_ms: int
    last_at_ms: int
    turns: int
    items: int
    last_status: str | None
    """Of the newest turn; None while it is open."""
    tokens: int | None
    cost_usd_micros: int | None
    links: int
    """Commits linked to it."""
    sources: tuple[str, ...]


class SessionsData(Data):
    """Newest first."""

    sessions: tuple[SessionLine, ...]
    next: str | None


class TurnLine(Data):
    """One turn of a session."""

    turn_id: str
    status: str | None
    error: str | None = Field(repr=False)
    started_at_ms: int | None
    completed_at_ms: int | None
    items: int
    tokens: int | None
    cost_usd_micros: int | None
    trace_id: str | None


class ItemLine(Data):
    """One item, redacted; a long text is cut, and says so."""

    turn_id: str
    item_id: str
    kind: str
    status: str | None
    text: str = Field(repr=False)
    cut: bool
    """The text goes on."""
    started_at_ms: int | None
    completed_at_ms: int | None
    revision: int
    sources: tuple[str, ...]


class UsageLine(Data):
    """What was spent; None where nobody told."""

    input: int | None
    cached: int | None
    output: int | None
    reasoning: int | None
    total: int | None
    cost_usd_micros: int | None


class CoverageLine(Data):
    """How many items of the session a source saw, and how many of those that others saw it missed."""

    source: str
    seen: int
    missing: int


class LinkLine(Data):
    """One commit that belongs to the session, or may."""

    commit: str
    repository: str = Field(repr=False)
    method: str
    score: float
    state: str
    """`linked` or `needs_review`."""
    reason: str = Field(repr=False)
    subject: str | None = Field(repr=False)


class SessionData(Data):
    """One session; `turns` are all of its turns on the first page, and empty on later ones."""

    session: SessionLine
    turns: tuple[TurnLine, ...]
    turns_cut: bool
    """There are more turns than are listed here."""
    items: tuple[ItemLine, ...]
    usage: UsageLine | None
    coverage: tuple[CoverageLine, ...]
    links: tuple[LinkLine, ...]
    link_reason: str = Field(repr=False)
    """Why there is no link; empty when there is one, and on later pages."""
    next: str | None


class HitLine(Data):
    """One place that says it."""

    session_id: str
    tool: str
    title: str | None = Field(repr=False)
    turn_id: str | None
    """None: the session's own names say it."""
    item_id: str | None
    kind: str
    snippet: str = Field(repr=False)
    marks: tuple[tuple[int, ...], ...]
    """Where the words stand in the snippet: begin and end."""
    at_ms: int


class HitsData(Data):
    """Newest first; `more`: there are others beyond the limit."""

    hits: tuple[HitLine, ...]
    more: bool


class DecisionLine(Data):
    """One decision."""

    n: int
    at_ms: int
    source: str
    session_id: str | None
    turn_id: str | None
    item_id: str | None
    """None: the decision is about the turn itself."""
    kind: str
    decision: str
    reason: str = Field(repr=False)


class DecisionsData(Data):
    """The oldest of them first."""

    entries: tuple[DecisionLine, ...]


class TraceLine(Data):
    """One message of a trace."""

    n: int
    trace_id: str
    message_id: str
    cause_id: str | None
    """The message whose handling sent this one."""
    type: str
    sender: str
    receiver: str
    at_us: int
    """When its handling began, µs since the epoch."""
    queued_us: int | None
    handled_us: int | None
    size: int
    outcome: str


class TraceData(Data):
    """In the order in which they were sent."""

    messages: tuple[TraceLine, ...]
    cut: bool
    """There are more."""


class IngestConfig(Data):
    """What the config file says; None where it says nothing and the default holds. Changes hold from the next start on,
    the kill switch at once."""

    stream_kill_switch: bool
    auth_mode: AuthModeChoice | None = None
    streaming: bool | None = None
    links: bool | None = None
    otlp: bool | None = None
    watch_codex: bool | None = None
    watch_claude: bool | None = None
    retention_days: int | None = None
    otlp_port: int | None = None


class IngestConfigData(Data):
    """The config and its revision, for `updateIngestConfig`."""

    config: IngestConfig
    revision: int
    fault: str
    """What is wrong with the file and what to do; with a fault the kill switch counts as on."""


class MetricsSample(Data):
    """One moment. A latency is None when nothing was stored since the sample before."""

    at_ms: int
    frames_per_s: float
    records_per_s: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    restarts: int


class RecoveryLine(Data):
    """A part that broke, and when it was healthy again; None: not yet."""

    child: str
    fault_at_ms: int
    healthy_at_ms: int | None


class MetricsData(Data):
    """The newest last, bounded."""

    samples: tuple[MetricsSample, ...]
    recoveries: tuple[RecoveryLine, ...]


READS: dict[type[Command], type[Data]] = {
    GetTransitions: TransitionsData,
    GetSessions: SessionsData,
    GetSession: SessionData,
    SearchSessions: HitsData,
    GetCodexStreamDedupeLog: DecisionsData,
    GetTrace: TraceData,
    GetIngestConfig: IngestConfigData,
    GetMetrics: MetricsData,
}
"""Every read, and the `data` of its answer."""


class DataAnswer(Answer):
    """What was asked for: the data of this command, as `READS` says."""

    answer: Literal["data"] = "data"
    data: dict[str, Any] = Field(repr=False)
