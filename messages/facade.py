"""What a renderer may ask, and what it is told. A renderer is any client outside the trust boundary.

Two answers by design: `Accepted` or `Refused` (or the data asked for) at once, and the effect later as an event with
the same `command_id`. What is only read has its file, `renderer_reads.py`; the words below all of it are in
`renderer_words.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from messages.base import Message
from messages.renderer_reads import GetCodexStreamDedupeLog as GetCodexStreamDedupeLog
from messages.renderer_reads import GetIngestConfig as GetIngestConfig
from messages.renderer_reads import GetMetrics as GetMetrics
from messages.renderer_reads import GetSession as GetSession
from messages.renderer_reads import GetSessions as GetSessions
from messages.renderer_reads import GetTrace as GetTrace
from messages.renderer_reads import GetTransitions as GetTransitions
from messages.renderer_reads import SearchSessions as SearchSessions
from messages.renderer_words import OUTSIDE
from messages.renderer_words import Answer as Answer
from messages.renderer_words import ClientRole as ClientRole
from messages.renderer_words import Command as Command
from messages.renderer_words import Decision as Decision
from messages.renderer_words import Event as Event
from messages.renderer_words import Id as Id
from messages.renderer_words import RefusalCode as RefusalCode
from messages.status import AuthModeChoice, AuthState, TreeStatus

CodexAccountStatus = AuthState
"""How the login stands after an auth command: `account` in the result of its `CommandDone`."""


class GetStatus(Command):
    """How everything stands."""

    command: Literal["getStatus"] = "getStatus"


class StartThread(Command):
    """Open a new thread (session)."""

    command: Literal["startThread"] = "startThread"
    cwd: Annotated[str, Field(max_length=4096)] | None = None
    model: Annotated[str, Field(max_length=200)] | None = None


class StartTurn(Command):
    """Say something in a thread."""

    command: Literal["startTurn"] = "startTurn"
    thread_id: Id
    text: str = Field(min_length=1, max_length=60_000, repr=False)


class InterruptTurn(Command):
    """Stop the running turn of a thread."""

    command: Literal["interruptTurn"] = "interruptTurn"
    thread_id: Id
    turn_id: Id


class SubmitApproval(Command):
    """Answer a request of the app-server, once, with the token that came with it."""

    command: Literal["submitApproval"] = "submitApproval"
    token: Id = Field(repr=False)
    decision: Decision


class StartLogin(Command):
    """Log in. `secret` only for `apiKey` and `chatgptAuthTokens`."""

    command: Literal["startLogin"] = "startLogin"
    kind: Literal["chatgpt", "chatgptDeviceCode", "apiKey", "chatgptAuthTokens"] = "chatgpt"
    secret: str | None = Field(default=None, max_length=16_384, repr=False)
    account_id: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> StartLogin:
        if self.kind in ("apiKey", "chatgptAuthTokens") and not self.secret:
            raise ValueError("this kind of login needs a secret")
        if self.kind == "chatgptAuthTokens" and not self.account_id:
            raise ValueError("this kind of login needs an account id")
        return self


class CancelLogin(Command):
    """Give a running login up."""

    command: Literal["cancelLogin"] = "cancelLogin"


class Logout(Command):
    """Forget the login."""

    command: Literal["logout"] = "logout"


class RetryAuth(Command):
    """Read the account again; a running turn goes on."""

    command: Literal["retryAuth"] = "retryAuth"


class RestartSidecar(Command):
    """Start the sidecar anew; leaves `crash_loop` and clears the window."""

    command: Literal["restartSidecar"] = "restartSidecar"


class RecoverHybrid(Command):
    """Bring the live stream back: leaves the fallback and every crash loop, reads the account again."""

    command: Literal["recoverHybrid"] = "recoverHybrid"


class FallbackToOtelOnly(Command):
    """Stop the live stream for the rest of this run, or until `recoverHybrid`."""

    command: Literal["fallbackToOtelOnly"] = "fallbackToOtelOnly"


class SetStreamKillSwitch(Command):
    """Turn the stream kill switch in the config; refused when the config has another `expectedRevision` by now."""

    command: Literal["setStreamKillSwitch"] = "setStreamKillSwitch"
    on: bool
    expected_revision: Annotated[int, Field(ge=0)] | None = None


class CodexAppServerRequestThreadSnapshot(Command):
    """Have the app-server's own history of a thread read again and reconciled with what is stored; `CommandDone`
    brings the session as `getSession` would."""

    command: Literal["codexAppServerRequestThreadSnapshot"] = "codexAppServerRequestThreadSnapshot"
    thread_id: Id


class IngestConfigChanges(Message):
    """What a renderer may change in the config file; null takes a choice out. Paths and programs are not among it."""

    model_config = OUTSIDE

    auth_mode: AuthModeChoice | None = None
    streaming: bool | None = None
    links: bool | None = None
    otlp: bool | None = None
    watch_codex: bool | None = None
    watch_claude: bool | None = None
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    otlp_port: Annotated[int, Field(ge=1, le=65_535)] | None = None


class UpdateIngestConfig(Command):
    """Change the config file if it still has `expectedRevision`; holds from the next start on."""

    command: Literal["updateIngestConfig"] = "updateIngestConfig"
    changes: IngestConfigChanges
    expected_revision: Annotated[int, Field(ge=0)]


class Subscribe(Command):
    """Get events from now on; `live` adds redacted live lines."""

    command: Literal["subscribe"] = "subscribe"
    live: bool = False


RendererCommand = Annotated[
    GetStatus
    | GetTransitions
    | GetSessions
    | GetSession
    | SearchSessions
    | GetCodexStreamDedupeLog
    | GetTrace
    | GetIngestConfig
    | GetMetrics
    | CodexAppServerRequestThreadSnapshot
    | UpdateIngestConfig
    | StartThread
    | StartTurn
    | InterruptTurn
    | SubmitApproval
    | StartLogin
    | CancelLogin
    | Logout
    | RetryAuth
    | RestartSidecar
    | RecoverHybrid
    | FallbackToOtelOnly
    | SetStreamKillSwitch
    | Subscribe,
    Field(discriminator="command"),
]
COMMANDS: TypeAdapter[Any] = TypeAdapter(RendererCommand, config=ConfigDict(hide_input_in_errors=True))
"""Parses one renderer command from JSON bytes. Errors show no values; the tag of an unknown command and the name of an
unknown field they do show, so print their places only after a look (`actors/machines/quoting.py`)."""


class ClientSaid(Message):
    """One renderer's bytes, untouched, on their way to the facade. The root knows no policy. Root → facade."""

    client_id: str
    role: ClientRole = "operator"
    """What it may do, by the token it came with. The default is for whoever holds the state folder's own token."""
    body: str = Field(repr=False)


class ClientGone(Message):
    """A renderer hung up. Root → facade."""

    client_id: str


class Accepted(Answer):
    """The command will be tried; its effect comes as `CommandDone`."""

    answer: Literal["accepted"] = "accepted"
    trace_id: str | None = None
    """The history of messages that the command began: `getTrace` and `hybrid-capture trace show` tell it."""


class Refused(Answer):
    """The command changes nothing. Codes, never exception text."""

    answer: Literal["refused"] = "refused"
    code: RefusalCode
    text: str
    """What to do instead; one of our own sentences."""


class StatusAnswer(Answer):
    """Status with the ledger, or why the ledger is missing."""

    answer: Literal["status"] = "status"
    status: dict[str, Any]


class CommandDone(Event):
    """The effect of an accepted command, or why there is none."""

    event: Literal["commandDone"] = "commandDone"
    command_id: str
    ok: bool
    code: RefusalCode | None = None
    text: str = ""
    result: dict[str, Any] = Field(default_factory=dict, repr=False)


class CommandProgress(Event):
    """An accepted command got somewhere and needs the person: where to log in, for example."""

    event: Literal["commandProgress"] = "commandProgress"
    command_id: str
    text: str
    result: dict[str, Any] = Field(default_factory=dict, repr=False)


class StatusEvent(Event):
    """Something changed."""

    event: Literal["status"] = "status"
    status: TreeStatus


class LiveEvent(Event):
    """Redacted whole lines of an open item."""

    event: Literal["live"] = "live"
    session_id: str
    turn_id: str
    item_id: str
    kind: str
    text: str = Field(repr=False)


class ItemEvent(Event):
    """An item is durable."""

    event: Literal["itemStored"] = "itemStored"
    session_id: str
    turn_id: str
    item_id: str
    kind: str
    decision: str


class TurnEvent(Event):
    """A turn ended and is durable."""

    event: Literal["turnStored"] = "turnStored"
    session_id: str
    turn_id: str
    status: str
    items: int


class ApprovalEvent(Event):
    """The app-server asks; answer with `submitApproval` and this token before `expires_at_ms`."""

    event: Literal["approvalRequested"] = "approvalRequested"
    token: str = Field(repr=False)
    """This renderer's own, good for one answer; empty for an observer."""
    kind: Literal["command", "fileChange", "permissions", "other"]
    session_id: str
    turn_id: str
    item_id: str
    summary: str = Field(repr=False)
    """Command, reason or changed paths; redacted."""
    diff: str = Field(default="", repr=False)
    """What a file change would do, as a unified diff per file; redacted, bounded, empty for other questions."""
    diff_cut: bool = False
    """The diff goes on."""
    expires_at_ms: int


class ApprovalClosed(Event):
    """The request was answered, timed out, or died with its sidecar."""

    event: Literal["approvalClosed"] = "approvalClosed"
    token: str = Field(repr=False)
    """The one that came with the question."""
    item_id: str
    outcome: str


class GapEvent(Event):
    """The subscriber was too slow: this many events were left out."""

    event: Literal["gap"] = "gap"
    missed: int


class ToClient(Message):
    """One answer or event for these renderers. Facade → root. `body` is JSON with camelCase names."""

    client_ids: tuple[str, ...]
    droppable: bool
    """A renderer that is too slow may miss it: newer events say more. Answers and effects are never dropped."""
    body: str = Field(repr=False)
