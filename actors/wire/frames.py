"""What one line of the app-server can say: exactly one of these values per line.

`methods.py` makes them. Content never prints: a value shows its type and ids. Times are ms since the epoch unless
the name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Id = int | str
"""Of a request. Upstream counts its own from 0, in a space apart from ours."""

MalformedReason = Literal["malformed", "invalid_utf8", "blank"]


class Delta(NamedTuple):
    """A piece of an item's text. A tuple, because there are hundreds of thousands a second.

    Upstream numbers no deltas and repeats their ids, so only their order counts.
    """

    thread_id: str
    turn_id: str
    item_id: str
    text: str
    kind: str
    """The type of the item it belongs to, e.g. `agentMessage`."""
    part: str = ""
    """Which text of the item: `summary:0`, `content:0` for reasoning; empty where an item has one text."""
    frames: int = 1
    """How many lines this value stands for; more than 1 only from `decode_runs`."""

    def __repr__(self) -> str:
        return f"Delta({self.thread_id}, {self.turn_id}, {self.item_id}, {self.kind}, <{len(self.text)}>)"


@dataclass(frozen=True, slots=True)
class ItemStarted:
    """An item is open. Seen again for an open item: the provider retried, the text so far is void."""

    thread_id: str
    turn_id: str
    item_id: str
    kind: str
    started_at_ms: int | None
    diff: str = field(default="", repr=False)
    """What a file change would do (`diffs.py`), for whoever is asked about it; empty for other items."""


@dataclass(frozen=True, slots=True)
class ItemCompleted:
    """An item is final."""

    thread_id: str
    turn_id: str
    item_id: str
    kind: str
    status: str | None
    """Where the item type has one: `completed`, `failed`, `declined`, …"""
    started_at_ms: int | None
    completed_at_ms: int | None
    body: str = field(repr=False)
    """The item as upstream sent it, JSON."""


@dataclass(frozen=True, slots=True)
class ThreadStarted:
    """A thread is loaded, and what is known about it."""

    thread_id: str
    cwd: str | None
    branch: str | None
    commit: str | None
    model: str | None
    title: str | None = field(repr=False)
    """Its name, or upstream's preview of the first message."""
    cli_version: str | None
    path: str | None
    """The rollout file. None for an ephemeral thread; the file itself appears with the first turn."""
    created_at_ms: int | None


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    """Something about a thread changed. None: not told."""

    thread_id: str
    status: str | None = None
    """`active`, `idle`, `systemError`, `notLoaded`."""
    title: str | None = field(default=None, repr=False)
    cwd: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class ThreadClosed:
    """Upstream unloaded a thread; it goes on when somebody resumes it."""

    thread_id: str


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A turn began."""

    thread_id: str
    turn_id: str
    started_at_ms: int | None
    """Upstream counts in s here."""


@dataclass(frozen=True, slots=True)
class TurnCompleted:
    """A turn ended. Items of it that are still open never complete."""

    thread_id: str
    turn_id: str
    status: Literal["completed", "interrupted", "failed", "inProgress"]
    error: str | None = field(repr=False)
    error_kind: str | None
    """Upstream's `codexErrorInfo`, e.g. `usageLimitExceeded`."""
    started_at_ms: int | None
    completed_at_ms: int | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens as upstream counts them: total, input, cached, cache_write, output, reasoning."""

    thread_id: str
    turn_id: str
    usage: dict[str, int]
    """Of the last model response only: a turn with one tool call reports twice, so a turn's usage is the sum of these
    (codex 0.169, recorded)."""
    total: dict[str, int]
    """Of the thread since it was loaded."""


@dataclass(frozen=True, slots=True)
class TurnError:
    """The model could not be reached or refused."""

    thread_id: str
    turn_id: str
    will_retry: bool
    """True: upstream tries again by itself and will start the open item anew."""
    text: str = field(repr=False)
    kind: str | None


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Upstream's word on the login. No proof by itself: see `account.py`."""

    auth_mode: str | None
    plan: str | None


@dataclass(frozen=True, slots=True)
class LoginCompleted:
    """A login attempt ended. Never proof of a login."""

    login_id: str | None
    success: bool
    error: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """Upstream asks and waits, without a time limit of its own, for exactly one answer."""

    id: Id
    method: str
    thread_id: str
    turn_id: str
    item_id: str
    """The last three are empty where the request has none."""
    summary: str = field(repr=False)
    """What a person needs to decide: command, reason, paths, question. Not redacted yet."""
    params: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerRequestResolved:
    """Upstream needs no answer any more: it has one, or the turn ended."""

    thread_id: str
    request_id: Id


@dataclass(frozen=True, slots=True)
class RpcError:
    """Why a request was refused."""

    code: int
    message: str = field(repr=False)
    data: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one of our requests: a result or an error."""

    id: Id
    result: Any = field(repr=False)
    error: RpcError | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Upstream warns: `warning`, `guardianWarning`, `configWarning`, `deprecationNotice`."""

    method: str
    thread_id: str | None
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Control:
    """A known notification that leaves no row."""

    method: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A notification this version does not know. Counted, never fatal."""

    method: str
    """Cut, and with everything but letters, digits and `/_.-` replaced."""


@dataclass(frozen=True, slots=True)
class Unshaped:
    """A known method with parameters that do not fit what is needed of them."""

    method: str
    reason: str
    """Field and kind of mismatch; never the content."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not a message of this protocol."""

    reason: MalformedReason


Frame = (
    Delta
    | ItemStarted
    | ItemCompleted
    | ThreadStarted
    | ThreadChanged
    | ThreadClosed
    | TurnStarted
    | TurnCompleted
    | TokenUsage
    | TurnError
    | AccountChanged
    | LoginCompleted
    | ServerRequest
    | ServerRequestResolved
    | Response
    | Notice
    | Control
    | Unknown
    | Unshaped
    | Malformed
)
"""What `decode` returns."""
