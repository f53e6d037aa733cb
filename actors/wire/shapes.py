"""What is needed of upstream's parameters, and nothing more: unknown fields pass, missing ones that nobody needs too.

Field names are upstream's, which is why they are camelCase. Validation is strict: no number becomes a string.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

REASON_CHARS_MAX = 200


class TextDelta(TypedDict):
    threadId: str
    turnId: str
    itemId: str
    delta: str


class SummaryDelta(TextDelta):
    summaryIndex: int


class ContentDelta(TextDelta):
    contentIndex: int


class Item(TypedDict):
    id: str
    type: str
    startedAtMs: NotRequired[int | None]
    changes: NotRequired[object]


class ItemBegin(TypedDict):
    threadId: str
    turnId: str
    item: Item
    startedAtMs: NotRequired[int | None]


class ItemEnd(TypedDict):
    threadId: str
    turnId: str
    item: Item
    completedAtMs: NotRequired[int | None]


class Git(TypedDict):
    sha: NotRequired[str | None]
    branch: NotRequired[str | None]


class Thread(TypedDict):
    id: str
    cwd: NotRequired[str | None]
    gitInfo: NotRequired[Git | None]
    model: NotRequired[str | None]
    name: NotRequired[str | None]
    preview: NotRequired[str | None]
    cliVersion: NotRequired[str | None]
    path: NotRequired[str | None]
    createdAt: NotRequired[int | None]


class ThreadBegin(TypedDict):
    thread: Thread


class ThreadOnly(TypedDict):
    threadId: str


class Status(TypedDict):
    type: str


class ThreadStatus(TypedDict):
    threadId: str
    status: Status


class ThreadName(TypedDict):
    threadId: str
    threadName: NotRequired[str | None]


class Settings(TypedDict):
    cwd: NotRequired[str | None]
    model: NotRequired[str | None]


class ThreadSettings(TypedDict):
    threadId: str
    threadSettings: Settings


class ErrorText(TypedDict):
    message: str
    codexErrorInfo: NotRequired[Any]


class Turn(TypedDict):
    id: str
    status: Literal["completed", "interrupted", "failed", "inProgress"]
    error: NotRequired[ErrorText | None]
    startedAt: NotRequired[int | None]
    completedAt: NotRequired[int | None]
    durationMs: NotRequired[int | None]


class TurnEvent(TypedDict):
    threadId: str
    turn: Turn


class Tokens(TypedDict):
    totalTokens: int
    inputTokens: int
    cachedInputTokens: int
    cacheWriteInputTokens: NotRequired[int]
    outputTokens: int
    reasoningOutputTokens: int


class Usage(TypedDict):
    last: Tokens
    total: Tokens


class UsageEvent(TypedDict):
    threadId: str
    turnId: str
    tokenUsage: Usage


class ErrorEvent(TypedDict):
    threadId: str
    turnId: str
    willRetry: bool
    error: ErrorText


class Account(TypedDict):
    authMode: NotRequired[str | None]
    planType: NotRequired[str | None]


class Login(TypedDict):
    success: bool
    loginId: NotRequired[str | None]
    error: NotRequired[str | None]


class Resolved(TypedDict):
    threadId: str
    requestId: int | str


class Said(TypedDict):
    """`warning`, `guardianWarning`."""

    message: str
    threadId: NotRequired[str | None]


class Summarised(TypedDict):
    """`configWarning`, `deprecationNotice`."""

    summary: str
    details: NotRequired[str | None]


class AccountOfReply(TypedDict):
    type: str
    planType: NotRequired[str | None]


class AccountReply(TypedDict):
    """The answer to `account/read`."""

    account: NotRequired[AccountOfReply | None]
    requiresOpenaiAuth: NotRequired[bool]


class ListedThread(Thread):
    updatedAt: int
    status: Status


class ListedTurn(Turn):
    items: list[Item]
    itemsView: NotRequired[str]


class ThreadPage(TypedDict):
    data: list[ListedThread]
    nextCursor: NotRequired[str | None]


class TurnPage(TypedDict):
    data: list[ListedTurn]
    nextCursor: NotRequired[str | None]


def adapter(shape: type[Any]) -> TypeAdapter[Any]:
    """A validator for one of these shapes; call its `validate_python(value, strict=True)`."""
    return TypeAdapter(shape)


def reason_of(problem: ValidationError) -> str:
    """Which fields do not fit and how; never what stood there."""
    errors = problem.errors(include_input=False, include_url=False, include_context=False)
    told = (f"{'.'.join(map(str, each['loc'])) or 'params'}: {each['type']}" for each in errors[:3])
    return ", ".join(told)[:REASON_CHARS_MAX]
