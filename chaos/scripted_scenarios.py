"""The scripted scenarios that the real codex plays too, when the loopback model answers it.

Pure apart from the two files a tool call really makes in the thread's folder. The conformance suite compares each of
these with the real program.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator
from pathlib import Path

from chaos import scripts
from chaos.scripted_frames import agent_message, command_execution, file_change, reasoning, turn_error
from chaos.scripted_turns import Answer, Ask, End, Note, Part, Pause, Play, Step, Turn, message
from chaos.scripts import Scenario, pieces

SLOW_DELTA_MS = 20


def plain(turn: Turn, _: Scenario) -> Play:
    yield from message(turn, pieces(scripts.PLAIN_TEXT))
    return End()


def long(turn: Turn, scenario: Scenario) -> Play:
    yield from message(turn, [scripts.LONG_WORD] * scenario.count(200))
    return End()


def slow(turn: Turn, scenario: Scenario) -> Play:
    yield from message(turn, [scripts.LONG_WORD] * scenario.count(100), pause_ms=SLOW_DELTA_MS)
    return End()


def interrupt(turn: Turn, _: Scenario) -> Play:
    item = agent_message(turn.next_message_id(), "")
    yield turn.started(item)
    while True:
        yield turn.delta(item["id"], scripts.LONG_WORD)
        yield Pause(SLOW_DELTA_MS)


def thinking(turn: Turn, _: Scenario) -> Play:
    item = reasoning("rs_1", [], [])
    yield turn.started(item)
    at = {**turn.ids, "itemId": "rs_1"}
    yield Note("item/reasoning/summaryPartAdded", {**at, "summaryIndex": 0})
    for text in pieces(scripts.REASONING_SUMMARY):
        yield Note("item/reasoning/summaryTextDelta", {**at, "delta": text, "summaryIndex": 0})
    yield Note("item/reasoning/textDelta", {**at, "delta": scripts.REASONING_TEXT, "contentIndex": 0})
    item |= {"summary": [scripts.REASONING_SUMMARY], "content": [scripts.REASONING_TEXT]}
    yield turn.completed(item)
    turn.messages = 1
    yield from message(turn, pieces(scripts.AFTER_REASONING_TEXT))
    return End()


def shell(turn: Turn, scenario: Scenario) -> Play:
    if scenario.arg == "approve":
        decision = yield from _approve_command(turn, scripts.SHELL_COMMAND)
        if decision == "cancel":
            return End("interrupted")
    elif scenario.arg == "fail":
        yield from command(turn, scripts.FAILING_COMMAND, "partial\n", exit_code=3)
    else:
        yield from command(turn, "echo hello", "hello\n")
    yield from message(turn, pieces(scripts.AFTER_TOOL_TEXT))
    return End()


def command(turn: Turn, line: str, output: str, *, exit_code: int = 0, process_id: str = "40001") -> Part:
    """A command that needed no approval."""
    item = command_execution("call_1", line, turn.thread.cwd, process_id=process_id)
    yield turn.started(item)
    yield Note("item/commandExecution/outputDelta", {**turn.ids, "itemId": "call_1", "delta": output})
    status = "completed" if exit_code == 0 else "failed"
    item |= {"status": status, "aggregatedOutput": output, "exitCode": exit_code, "durationMs": 4}
    yield turn.completed(item)
    yield from turn.usage()


def _approve_command(turn: Turn, line: str) -> Generator[Step, Answer | None, str]:
    cwd = turn.thread.cwd
    item = command_execution("call_1", line, cwd, source="agent")
    yield turn.status("active", "waitingOnApproval")
    yield turn.started(item)
    amendment = line.split(" && ")[0].split()
    answer = yield Ask(
        "item/commandExecution/requestApproval",
        {
            "kind": "command",
            **turn.ids,
            "itemId": "call_1",
            "startedAtMs": item["startedAtMs"],
            "environmentId": "local",
            "reason": scripts.SHELL_REASON,
            "command": item["command"],
            "cwd": cwd,
            "commandActions": item["commandActions"],
            "proposedExecpolicyAmendment": amendment,
            "availableDecisions": [
                "accept",
                {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": amendment}},
                "cancel",
            ],
        },
    )
    decision = decision_of(answer)
    if decision == "accept":
        yield turn.status("active")
        output = "probe_created_file\n"
        with contextlib.suppress(OSError):
            Path(cwd, "probe_created_file").touch()
        yield Note("item/commandExecution/outputDelta", {**turn.ids, "itemId": "call_1", "delta": output})
        item |= {"source": "unifiedExecStartup", "processId": "40001", "status": "completed"}
        item |= {"aggregatedOutput": output, "exitCode": 0, "durationMs": 4}
    else:
        item["status"] = "failed" if decision == "failed" else "declined"
    yield turn.completed(item)
    if decision != "accept":
        # Only now, as upstream 0.169; an accepted command is told active before it runs.
        yield turn.status("active")
    yield from turn.usage()
    return decision


def patch(turn: Turn, scenario: Scenario) -> Play:
    path = str(Path(turn.thread.cwd, scripts.PATCH_FILE))
    text = "".join(f"{line}\n" for line in scripts.PATCH_LINES)
    item = file_change("call_1", path, text, "inProgress")
    yield turn.started(item)
    decision = "accept"
    if scenario.arg == "approve":
        yield turn.status("active", "waitingOnApproval")
        at_ms = turn.now_ms()
        params = {**turn.ids, "itemId": "call_1", "startedAtMs": at_ms, "reason": None, "grantRoot": None}
        answer = yield Ask("item/fileChange/requestApproval", params)
        decision = decision_of(answer)
        yield turn.status("active")
    diff = Note("turn/diff/updated", {**turn.ids, "diff": unified_diff(text)})
    if decision == "accept":
        with contextlib.suppress(OSError):
            Path(path).write_text(text)
        item["status"] = "completed"
        yield turn.completed(item)
        yield diff
    elif decision != "cancel":
        # An error or an unknown decision also reads as declined here, unlike for a command (upstream 0.169).
        item["status"] = "declined"
        yield turn.completed(item)
    yield from turn.usage()
    if decision == "cancel":
        # A cancelled patch is never completed.
        return End("interrupted")
    if decision == "accept":
        yield diff
    yield from message(turn, pieces(scripts.AFTER_TOOL_TEXT))
    if decision == "accept":
        yield diff
    return End()


def decision_of(answer: Answer | None) -> str:
    """`accept`, `decline` or `cancel`; `failed` for an error or a decision nobody knows."""
    result = answer.result if answer else None
    decision = result.get("decision") if isinstance(result, dict) else None
    if isinstance(decision, dict) and "acceptWithExecpolicyAmendment" in decision:
        return "accept"
    known = {"accept": "accept", "acceptForSession": "accept", "decline": "decline", "cancel": "cancel"}
    return known.get(decision, "failed") if isinstance(decision, str) else "failed"


def unified_diff(text: str) -> str:
    blob = hashlib.sha1(b"blob %d\0" % len(text) + text.encode(), usedforsecurity=False).hexdigest()
    name = scripts.PATCH_FILE
    added = "".join(f"+{line}\n" for line in scripts.PATCH_LINES)
    return (
        f"diff --git a/{name} b/{name}\nnew file mode 100644\nindex {'0' * 40}..{blob}\n"
        f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{len(scripts.PATCH_LINES)} @@\n{added}"
    )


# Texts of upstream 0.169, typographic apostrophes included.
HIGH_DEMAND = "We’re currently experiencing high demand, which may cause temporary errors."
REFRESH_EXPIRED = (
    "Your access token could not be refreshed because your refresh token has expired. Please log out and sign in again."
)
USAGE_LIMIT = (
    "You’ve hit your usage limit. Visit https://chatgpt.com/settings/usage to purchase more credits or try again later."
)
CUT = "stream disconnected before completion: Transport error: network error: error decoding response body"


def retry(turn: Turn, scenario: Scenario) -> Play:
    """`retry` is cut once and then completes; `cut` is cut on every attempt."""
    item = agent_message("msg_cut", "")
    first_ms = turn.now_ms()
    cuts = turn.retries + 1 if scenario.name == "cut" else 1
    for attempt in range(1, cuts + 1):
        # The provider's replay starts the same item again, with its first start time.
        yield turn.started(item, first_ms)
        for text in pieces(scripts.PARTIAL_TEXT, 8):
            yield turn.delta("msg_cut", text)
        yield from turn.limits()
        if attempt > turn.retries:
            return End("failed", turn_error(CUT, "other"))
        yield reconnecting(turn, attempt, CUT)
    yield turn.started(item, first_ms)
    for text in pieces(scripts.PLAIN_TEXT):
        yield turn.delta("msg_cut", text)
    item["text"] = scripts.PLAIN_TEXT
    turn.summary = [item]
    yield turn.completed(item)
    yield from turn.usage()
    return End()


def reconnecting(turn: Turn, attempt: int, details: str, status: int | None = None) -> Note:
    info = {"responseStreamDisconnected": {"httpStatusCode": status}}
    error = turn_error(f"Reconnecting... {attempt}/{turn.retries}", info, details)
    return Note("error", {"error": error, "willRetry": True, **turn.ids})


def fail(turn: Turn, scenario: Scenario) -> Play:
    """Refused before anything was streamed; usage limits and expired logins are not tried again."""
    status = scenario.count(500, 599)
    if status == 401 and turn.auth_mode() == "expired":
        return End("failed", turn_error(REFRESH_EXPIRED, "unauthorized"))
    if status == 429:
        yield from turn.limits()
        return End("failed", turn_error(USAGE_LIMIT, "usageLimitExceeded"))
    text = HIGH_DEMAND if status == 500 else f"unexpected status {status}: the scripted provider answers {status}"
    for attempt in range(1, turn.retries + 1):
        yield reconnecting(turn, attempt, text, None if status == 500 else status)
    info = "internalServerError" if status == 500 else {"httpConnectionFailed": {"httpStatusCode": status}}
    return End("failed", turn_error(text, info))


def refresh(turn: Turn, scenario: Scenario) -> Play:
    """With external tokens the client is asked for new ones; managed tokens are refreshed unseen."""
    if turn.auth_mode() in (None, "apikey", "expired"):
        return (yield from fail(turn, Scenario("fail", "401")))
    if turn.auth_mode() == "chatgptAuthTokens":
        params = {"reason": "unauthorized", "previousAccountId": turn.account_id}
        answer = yield Ask("account/chatgptAuthTokens/refresh", params)
        if answer is None or answer.error is not None:
            code = answer.error.get("code") if answer and answer.error else None
            text = f"auth refresh request failed: code={code}"
            if not turn.retries:
                return End("failed", turn_error(text, "other"))
            yield reconnecting(turn, 1, text)
    return (yield from plain(turn, scenario))


def secret(turn: Turn, _: Scenario) -> Play:
    yield from command(turn, scripts.secret_command(), scripts.secret_output())
    yield from message(turn, pieces(scripts.secret_text(), 7))
    return End()


SCENARIOS: dict[str, Callable[[Turn, Scenario], Play]] = {
    "plain": plain,
    "long": long,
    "slow": slow,
    "interrupt": interrupt,
    "reasoning": thinking,
    "shell": shell,
    "patch": patch,
    "retry": retry,
    "cut": retry,
    "fail": fail,
    "refresh": refresh,
    "secret": secret,
}
