"""One suite for the scripted app-server and the real one: what differs here would be a lie in every other test.

Not compared: texts, times, ids, and what the real program says by chance: output deltas of quick commands, warnings
about the machine, and the order of the two lines its two threads race for when a command is declined.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Unpack

import pytest

from chaos.client import CLIENT_INFO, Client, Line, RpcError
from chaos.codex_home import ACCOUNT_ID, Auth, HomeOptions, unsigned_jwt
from chaos.loopback_model import LoopbackModel
from chaos.recorder import RECORDINGS, read_recording, record
from chaos.stories import shape_of, story

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "codex"
COMMAND_APPROVAL = "item/commandExecution/requestApproval"
PATCH_APPROVAL = "item/fileChange/requestApproval"
NOBODY = "01a20349-9137-7e43-b9f7-f900771a4a85"

OPENING = ["thread/status/changed active", "turn/started", "item/started userMessage", "item/completed userMessage"]
LIMITS = ["thread/tokenUsage/updated", "account/rateLimits/updated"]
MESSAGE = ["item/started agentMessage", "item/agentMessage/delta", "item/completed agentMessage", *LIMITS]
CLOSING = ["thread/readState/changed", "thread/status/changed idle", "turn/completed completed"]
ASKED_COMMAND = [
    "thread/status/changed active waitingOnApproval",
    "item/started commandExecution inProgress agent",
    f"ask {COMMAND_APPROVAL}",
    "serverRequest/resolved",
]
ASKED_PATCH = [
    "item/started fileChange inProgress",
    "thread/status/changed active waitingOnApproval",
    f"ask {PATCH_APPROVAL}",
    "serverRequest/resolved",
    "thread/status/changed active",
]
REFUSED_COMMANDS = (
    "item/completed commandExecution declined agent",
    "item/completed commandExecution failed agent",
)
BY_CHANCE = (
    "thread/started",
    "configWarning",
    "warning",
    "remoteControl/",
    "item/commandExecution/outputDelta",
    "result",
    "error -",
)


class Desk:
    """One CODEX_HOME, one workspace, any number of app-server processes one after another."""

    def __init__(self, codex: Path, model: LoopbackModel, folder: Path, start: Callable[..., Client]) -> None:
        self.codex, self.model, self.folder, self._start = codex, model, folder, start
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.home = folder / "codex-home"

    def boot(self, **options: Unpack[HomeOptions]) -> Client:
        """A process that has not been spoken to; the home is written at the first start only."""
        if not self.home.exists():
            self.model.write_codex_home(self.home, **options)
        client = self._start(self.codex, self.model.codex_env(self.home))
        assert isinstance(client, Client)
        return client

    def open(self, **options: Unpack[HomeOptions]) -> Client:
        """A process after its handshake."""
        options.setdefault("auth", "none")
        client = self.boot(**options)
        client.initialize()
        return client


@pytest.fixture(params=["scripted", pytest.param("real", marks=pytest.mark.real)])
def desk(
    request: pytest.FixtureRequest,
    loopback_model: LoopbackModel,
    tmp_path: Path,
    start_app_server: Callable[..., Client],
) -> Desk:
    return Desk(request.getfixturevalue(f"{request.param}_codex"), loopback_model, tmp_path, start_app_server)


def told(lines: Sequence[Line]) -> list[str]:
    """What the app-server said, without what it says by chance."""
    kept: list[str] = []
    for line in story(lines):
        direction, text = line[:2], line[3:].removesuffix(" *")
        if direction == "<<" and not text.startswith(BY_CHANCE) and kept[-1:] != [text]:
            kept.append(text)
    for at, (first, second) in enumerate(itertools.pairwise(kept)):
        if first == "thread/status/changed active" and second in REFUSED_COMMANDS:
            kept[at : at + 2] = [second, first]
    return kept


def refused(client: Client, method: str, params: object = None) -> tuple[int, str]:
    with pytest.raises(RpcError) as error:
        client.request(method, params)
    return error.value.code, error.value.message


# Handshake and framing.


def test_initialize_tells_the_home_and_the_platform(desk: Desk) -> None:
    client = desk.boot(auth="none")
    result = client.request("initialize", {"clientInfo": CLIENT_INFO})
    assert list(result) == ["userAgent", "codexHome", "platformFamily", "platformOs"]
    assert result["userAgent"].startswith("probe/0.169.0 ")
    assert Path(result["codexHome"]) == desk.home.resolve()


def test_the_handshake_has_its_errors(desk: Desk) -> None:
    client = desk.boot(auth="none")
    assert refused(client, "thread/list", {}) == (-32600, "Not initialized")
    assert refused(client, "initialize", {}) == (-32600, "Invalid request: missing field `clientInfo`")
    client.initialize()
    assert refused(client, "initialize", {"clientInfo": CLIENT_INFO}) == (-32600, "Already initialized")


def test_malformed_requests_are_refused_even_before_the_handshake(desk: Desk) -> None:
    client = desk.boot(auth="none")
    code, message = refused(client, "nope/nope", {})
    assert code == -32600
    assert message.startswith("Invalid request: unknown variant `nope/nope`, expected one of `initialize`, ")
    assert refused(client, "turn/start", {}) == (-32600, "Invalid request: missing field `threadId`")
    assert refused(client, "thread/list") == (-32600, "Invalid request: missing field `params`")


def test_experimental_methods_need_their_capability(desk: Desk) -> None:
    client = desk.boot(auth="none")
    client.request("initialize", {"clientInfo": CLIENT_INFO})
    assert refused(client, "server/diagnostics", {}) == (
        -32600,
        "server/diagnostics requires experimentalApi capability",
    )


@pytest.mark.parametrize("line", [b"{bad\n", b"\n", b"[]\n", b'{"id":77}\n', b'{"method":"what/ever"}\n'])
def test_a_malformed_line_gets_no_reply_and_the_process_lives(desk: Desk, line: bytes) -> None:
    client = desk.open()
    client.send_raw(line)
    assert client.request("thread/loaded/list", {}) == {"data": [], "nextCursor": None}
    assert not [each for each in client.lines if each.dir == "in" and "error" in each.message]


def test_ids_may_be_texts_and_lines_may_end_in_crlf(desk: Desk) -> None:
    client = desk.open()
    client.send_raw(b'{"method":"thread/loaded/list","id":"probe-1","params":{}}\r\n')
    reply = client.wait(lambda message: message.get("id") == "probe-1", "reply to a text id")
    assert reply == {"id": "probe-1", "result": {"data": [], "nextCursor": None}}


def test_invalid_utf8_ends_the_process_by_exit_code_0(desk: Desk) -> None:
    client = desk.open()
    client.send_raw(b'{"method":"\xff"}\n')
    assert client.wait_exit() == 0
    assert "stream did not contain valid UTF-8" in (desk.folder / "stderr").read_text()


def test_notifications_can_be_opted_out_of(desk: Desk) -> None:
    client = desk.boot(auth="none")
    client.initialize(optOutNotificationMethods=["item/agentMessage/delta", "thread/tokenUsage/updated"])
    client.turn(client.start_thread(desk.workspace), "SCN:plain")
    assert client.notifications("item/agentMessage/delta") == []
    assert client.notifications("thread/tokenUsage/updated") == []
    assert client.notifications("item/completed")


# Turns.


def test_a_plain_turn(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    turn = client.turn(thread_id, "SCN:plain hello")
    assert told(client.lines[since:]) == [*OPENING, *MESSAGE, *CLOSING]
    assert turn["itemsView"] == "summary"
    assert [item["text"] for item in turn["items"]] == ["Hello from the loopback model."]


def test_deltas_add_up_to_the_completed_text(desk: Desk) -> None:
    client = desk.open()
    client.turn(client.start_thread(desk.workspace), "SCN:long:300")
    deltas = [each["params"]["delta"] for each in client.notifications("item/agentMessage/delta")]
    final = client.notifications("item/completed")[-1]["params"]["item"]
    assert len(deltas) == 300
    assert "".join(deltas) == final["text"]


def test_every_notification_tells_when_it_was_written(desk: Desk) -> None:
    client = desk.open()
    client.turn(client.start_thread(desk.workspace), "SCN:plain")
    assert all(list(each) == ["method", "params", "emittedAtMs"] for each in client.notifications())


def test_reasoning_comes_before_the_answer(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    client.turn(thread_id, "SCN:reasoning")
    assert told(client.lines[since:]) == [
        *OPENING,
        "item/started reasoning",
        "item/reasoning/summaryPartAdded",
        "item/reasoning/summaryTextDelta",
        "item/reasoning/textDelta",
        "item/completed reasoning",
        *MESSAGE,
        *CLOSING,
    ]


@pytest.mark.parametrize(("prompt", "status"), [("SCN:shell", "completed"), ("SCN:shell:fail", "failed")])
def test_a_command_that_needs_no_approval(desk: Desk, prompt: str, status: str) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    client.turn(thread_id, prompt)
    assert told(client.lines[since:]) == [
        *OPENING,
        "item/started commandExecution inProgress unifiedExecStartup",
        f"item/completed commandExecution {status} unifiedExecStartup",
        *LIMITS,
        *MESSAGE,
        *CLOSING,
    ]


def test_secrets_pass_through_unredacted(desk: Desk) -> None:
    client = desk.open()
    client.turn(client.start_thread(desk.workspace), "SCN:secret")
    items = {each["params"]["item"]["type"]: each["params"]["item"] for each in client.notifications("item/completed")}
    assert items["commandExecution"]["aggregatedOutput"].startswith("token=ghp_")


def decide(desk: Desk, prompt: str, method: str, decision: str | None) -> tuple[list[str], dict[str, Any], Client]:
    """Play one turn that asks, answer it (None = by an error); what was said, and the turn."""
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    turn_id = client.start_turn(thread_id, prompt)
    asked = client.wait_method(method)
    assert asked["id"] == 0
    if decision is None:
        client.answer_error(0, -32000, "no")
    else:
        client.answer(0, {"decision": decision})
    turn = client.turn_completed(turn_id)
    return told(client.lines[since:]), turn, client


@pytest.mark.parametrize("decision", ["accept", "acceptForSession"])
def test_an_accepted_command_runs(desk: Desk, decision: str) -> None:
    said, turn, _ = decide(desk, "SCN:shell:approve", COMMAND_APPROVAL, decision)
    ran = "item/completed commandExecution completed unifiedExecStartup"
    assert said == [*OPENING, *ASKED_COMMAND, "thread/status/changed active", ran, *LIMITS, *MESSAGE, *CLOSING]
    assert turn["status"] == "completed"
    assert (desk.workspace / "probe_created_file").exists()


@pytest.mark.parametrize(
    ("decision", "status"), [("decline", "declined"), ("no-such-decision", "failed"), (None, "failed")]
)
def test_a_command_that_was_not_accepted_does_not_run_and_the_turn_goes_on(
    desk: Desk, decision: str | None, status: str
) -> None:
    said, turn, _ = decide(desk, "SCN:shell:approve", COMMAND_APPROVAL, decision)
    ended = [f"item/completed commandExecution {status} agent", "thread/status/changed active"]
    assert said == [*OPENING, *ASKED_COMMAND, *ended, *LIMITS, *MESSAGE, *CLOSING]
    assert turn["status"] == "completed"
    assert not (desk.workspace / "probe_created_file").exists()


def test_a_cancelled_command_interrupts_the_turn(desk: Desk) -> None:
    said, turn, _ = decide(desk, "SCN:shell:approve", COMMAND_APPROVAL, "cancel")
    ended = ["item/completed commandExecution declined agent", "thread/status/changed active", *LIMITS]
    assert said == [
        *OPENING,
        *ASKED_COMMAND,
        *ended,
        "thread/status/changed idle",
        "turn/completed interrupted",
    ]
    assert turn["error"] is None


def test_a_declined_command_is_not_in_the_stored_turn(desk: Desk) -> None:
    _, _, client = decide(desk, "SCN:shell:approve", COMMAND_APPROVAL, "decline")
    thread_id = client.request("thread/loaded/list", {})["data"][0]
    turns = client.request("thread/turns/list", {"threadId": thread_id, "itemsView": "full"})["data"]
    assert [item["type"] for item in turns[0]["items"]] == ["userMessage", "agentMessage"]


def test_an_accepted_patch_is_applied(desk: Desk) -> None:
    said, _, _ = decide(desk, "SCN:patch:approve", PATCH_APPROVAL, "accept")
    diff = "turn/diff/updated"
    done = ["item/completed fileChange completed", diff, *LIMITS, diff, *MESSAGE, diff]
    assert said == [*OPENING, *ASKED_PATCH, *done, *CLOSING]
    assert (desk.workspace / "patched.txt").read_text() == "line one\nline two\n"


@pytest.mark.parametrize("decision", ["decline", "no-such-decision", None])
def test_a_patch_that_was_not_accepted_reads_declined(desk: Desk, decision: str | None) -> None:
    said, turn, client = decide(desk, "SCN:patch:approve", PATCH_APPROVAL, decision)
    assert said == [*OPENING, *ASKED_PATCH, "item/completed fileChange declined", *LIMITS, *MESSAGE, *CLOSING]
    assert turn["status"] == "completed"
    thread_id = client.request("thread/loaded/list", {})["data"][0]
    items = client.request("thread/items/list", {"threadId": thread_id})["data"]
    assert [entry["item"]["type"] for entry in items] == ["userMessage", "fileChange", "agentMessage"]


def test_a_cancelled_patch_is_never_completed(desk: Desk) -> None:
    said, turn, _ = decide(desk, "SCN:patch:approve", PATCH_APPROVAL, "cancel")
    ended = [*LIMITS, "thread/status/changed idle", "turn/completed interrupted"]
    assert said == [*OPENING, *ASKED_PATCH, *ended]
    assert turn["status"] == "interrupted"


def test_interrupting_leaves_the_open_message_uncompleted(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    turn_id = client.start_turn(thread_id, "SCN:interrupt")
    client.wait_method("item/agentMessage/delta")
    assert client.request("turn/interrupt", {"threadId": thread_id, "turnId": turn_id}) == {}
    turn = client.turn_completed(turn_id)
    assert told(client.lines[since:]) == [
        *OPENING,
        "item/started agentMessage",
        "item/agentMessage/delta",
        "account/rateLimits/updated",
        "thread/status/changed idle",
        "turn/completed interrupted",
    ]
    assert (turn["items"], turn["error"]) == ([], None)
    assert refused(client, "turn/interrupt", {"threadId": thread_id, "turnId": turn_id}) == (
        -32600,
        "no active turn to interrupt",
    )


def test_interrupting_answers_the_open_approval_after_the_turn(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    turn_id = client.start_turn(thread_id, "SCN:shell:approve")
    client.wait_method(COMMAND_APPROVAL)
    client.request("turn/interrupt", {"threadId": thread_id, "turnId": turn_id})
    client.wait_method("serverRequest/resolved")
    ended = [*LIMITS, "thread/status/changed idle", "turn/completed interrupted", "serverRequest/resolved"]
    assert told(client.lines[since:]) == [*OPENING, *ASKED_COMMAND[:-1], *ended]


def test_a_turn_start_during_a_turn_steers_it_and_drops_the_open_message(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    turn_id = client.start_turn(thread_id, "SCN:interrupt")
    client.wait_method("item/agentMessage/delta")
    assert client.start_turn(thread_id, "SCN:plain now this") == turn_id
    client.turn_completed(turn_id)
    opened = ["item/started agentMessage", "item/agentMessage/delta", "account/rateLimits/updated"]
    steered = ["item/started userMessage", "item/completed userMessage"]
    assert told(client.lines[since:]) == [*OPENING, *opened, *steered, *MESSAGE, *CLOSING]


def test_a_retry_starts_the_item_again(desk: Desk) -> None:
    client = desk.open(stream_max_retries=2)
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    client.turn(thread_id, "SCN:retry")
    cut = ["item/started agentMessage", "item/agentMessage/delta", "account/rateLimits/updated"]
    again = "error will retry responseStreamDisconnected"
    assert told(client.lines[since:]) == [*OPENING, *cut, again, *MESSAGE, *CLOSING]
    starts = [each["params"]["item"] for each in client.notifications("item/started")]
    messages = [item for item in starts if item["type"] == "agentMessage"]
    assert len({(item["id"], item["startedAtMs"]) for item in messages}) == 1


@pytest.mark.parametrize(
    ("prompt", "info"),
    [
        ("SCN:cut", "other"),
        ("SCN:fail:500", "internalServerError"),
        ("SCN:fail:401", "httpConnectionFailed"),
        ("SCN:fail:429", "usageLimitExceeded"),
    ],
)
def test_a_failed_turn_says_why_and_completes_nothing(desk: Desk, prompt: str, info: str) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    turn = client.turn(thread_id, prompt)
    assert told(client.lines[since:])[-4:] == [
        "thread/status/changed systemError",
        f"error final {info}",
        "thread/readState/changed",
        f"turn/completed failed {info}",
    ]
    assert turn["items"] == []
    assert "item/completed agentMessage" not in told(client.lines[since:])


# Login.


def test_no_login_and_a_provider_that_needs_none(desk: Desk) -> None:
    client = desk.open(requires_openai_auth=False)
    assert client.request("account/read", {"refreshToken": False}) == {
        "account": None,
        "userId": None,
        "requiresOpenaiAuth": False,
        "workspaceRouting": None,
    }


def test_stored_chatgpt_tokens_are_announced_unasked(desk: Desk) -> None:
    client = desk.open(auth="chatgpt")
    update = client.wait_method("account/updated")
    assert update["params"] == {"authMode": "chatgpt", "planType": "pro"}
    account = client.request("account/read", {"refreshToken": False})
    assert account["account"]["type"] == "chatgpt"
    assert account["workspaceRouting"]["chatgptAccountId"] == ACCOUNT_ID


@pytest.mark.parametrize(("auth", "account"), [("apikey", {"type": "apiKey"}), ("none", None), ("expired", None)])
def test_other_stored_logins_are_not_announced(desk: Desk, auth: Auth, account: object) -> None:
    desk.model.refuse_refresh = True
    client = desk.open(auth=auth)
    assert client.request("account/read", {"refreshToken": False})["account"] == account
    client.turn(client.start_thread(desk.workspace), "SCN:plain")
    assert client.notifications("account/updated") == []


def test_an_expired_login_fails_the_turn_the_provider_refuses(desk: Desk) -> None:
    desk.model.refuse_refresh = True
    client = desk.open(auth="expired")
    turn = client.turn(client.start_thread(desk.workspace), "SCN:fail:401")
    assert turn["error"]["codexErrorInfo"] == "unauthorized"


def test_logging_in_by_key_and_out_again(desk: Desk) -> None:
    client = desk.open()
    since = len(client.lines)
    assert client.request("account/login/start", {"type": "apiKey", "apiKey": "sk-probe"}) == {"type": "apiKey"}
    client.wait_method("account/updated")
    assert (desk.home / "auth.json").stat().st_mode & 0o777 == 0o600
    assert client.request("account/read", {"refreshToken": False})["account"] == {"type": "apiKey"}
    assert client.request("account/logout") == {}
    client.wait_method("account/updated")
    assert told(client.lines[since:]) == [
        "account/login/completed success",
        "account/updated apikey",
        "account/updated None",
    ]
    assert not (desk.home / "auth.json").exists()


def test_external_tokens(desk: Desk) -> None:
    client = desk.open()
    since = len(client.lines)
    tokens = {"accessToken": unsigned_jwt(), "chatgptAccountId": ACCOUNT_ID, "chatgptPlanType": "pro"}
    assert client.request("account/login/start", {"type": "chatgptAuthTokens", **tokens}) == {
        "type": "chatgptAuthTokens"
    }
    client.wait_method("account/updated")
    assert told(client.lines[since:]) == ["account/login/completed success", "account/updated chatgptAuthTokens"]
    assert client.request("account/read", {"refreshToken": False})["account"]["type"] == "chatgpt"
    assert not (desk.home / "auth.json").exists()
    code, message = refused(client, "account/login/start", {"type": "chatgpt"})
    assert (code, message[:24]) == (-32600, "External auth is active.")


def test_external_tokens_that_are_no_jwt(desk: Desk) -> None:
    client = desk.open()
    params = {"type": "chatgptAuthTokens", "accessToken": "not-a-jwt", "chatgptAccountId": "x"}
    assert refused(client, "account/login/start", params) == (
        -32603,
        "failed to set external auth: invalid ID token format",
    )


@pytest.mark.parametrize("granted", [True, False])
def test_a_401_with_external_tokens_asks_the_client_for_new_ones(desk: Desk, granted: bool) -> None:
    client = desk.open()
    tokens = {"accessToken": unsigned_jwt(), "chatgptAccountId": ACCOUNT_ID, "chatgptPlanType": "pro"}
    client.request("account/login/start", {"type": "chatgptAuthTokens", **tokens})
    client.wait_method("account/updated")
    thread_id = client.start_thread(desk.workspace)
    since = len(client.lines)
    turn_id = client.start_turn(thread_id, "SCN:refresh")
    asked = client.wait_method("account/chatgptAuthTokens/refresh")
    assert asked["params"] == {"reason": "unauthorized", "previousAccountId": ACCOUNT_ID}
    if granted:
        client.answer(asked["id"], {**tokens, "chatgptPlanType": "plus"})
    else:
        client.answer_error(asked["id"], -32000, "no")
    turn = client.turn_completed(turn_id)
    assert turn["status"] == ("completed" if granted else "failed")
    if granted:
        assert client.request("account/read", {"refreshToken": False})["account"]["planType"] == "plus"
    else:
        assert turn["error"]["message"] == "auth refresh request failed: code=-32000"
    said = told(client.lines[since:])
    assert "serverRequest/resolved" not in said
    assert not [line for line in said if line.startswith("account/updated")]


def test_a_browser_login_that_is_cancelled_denied_and_granted(desk: Desk) -> None:
    client = desk.open()
    since = len(client.lines)
    started = client.request("account/login/start", {"type": "chatgpt"})
    assert client.request("account/login/cancel", {"loginId": started["loginId"]}) == {"status": "canceled"}
    outcome = client.wait_method("account/login/completed")["params"]
    assert outcome["error"] == "Login server error: Login was not completed"
    assert client.request("account/login/cancel", {"loginId": NOBODY}) == {"status": "notFound"}
    started = client.request("account/login/start", {"type": "chatgpt"})
    desk.model.complete_browser_login(started["authUrl"], deny="user said no")
    outcome = client.wait_method("account/login/completed")["params"]
    assert outcome["error"] == "Login server error: Sign-in failed: user said no"
    assert outcome["loginId"] == started["loginId"]
    started = client.request("account/login/start", {"type": "chatgpt"})
    assert desk.model.complete_browser_login(started["authUrl"]) == 200
    client.wait_method("account/updated")
    assert told(client.lines[since:]) == [
        "account/login/completed failure",
        "account/login/completed success",
        "account/updated chatgpt",
    ]
    assert (desk.home / "auth.json").exists()


def test_a_second_login_ends_the_first(desk: Desk) -> None:
    client = desk.open()
    first = client.request("account/login/start", {"type": "chatgpt"})
    client.request("account/login/start", {"type": "chatgpt"})
    outcome = client.wait_method("account/login/completed")["params"]
    assert (outcome["loginId"], outcome["success"]) == (first["loginId"], False)


def test_a_device_code_login(desk: Desk) -> None:
    client = desk.open()
    started = client.request("account/login/start", {"type": "chatgptDeviceCode"})
    assert list(started) == ["type", "loginId", "verificationUrl", "userCode"]
    assert client.wait_method("account/login/completed")["params"]["loginId"] == started["loginId"]
    assert client.wait_method("account/updated")["params"]["authMode"] == "chatgpt"


# History and lifecycle.


def test_unknown_threads_are_refused_method_by_method(desk: Desk) -> None:
    client = desk.open()
    thread = {"threadId": NOBODY}
    say_something = [{"type": "text", "text": "x"}]
    assert refused(client, "turn/start", {**thread, "input": say_something}) == (-32600, f"thread not found: {NOBODY}")
    assert refused(client, "thread/read", thread) == (-32600, f"thread not loaded: {NOBODY}")
    assert refused(client, "thread/turns/list", thread) == (-32600, f"thread not loaded: {NOBODY}")
    assert refused(client, "thread/resume", thread) == (-32600, f"no rollout found for thread id {NOBODY}")
    assert refused(client, "thread/items/list", thread) == (-32601, "thread/items/list is not supported yet")
    assert refused(client, "thread/read", {"threadId": "x"})[1].startswith("invalid thread id: ")


def test_a_thread_is_listed_and_readable_from_its_first_turn_on(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    assert client.request("thread/list", {})["data"] == []
    assert refused(client, "thread/turns/list", {"threadId": thread_id}) == (
        -32600,
        f"thread {thread_id} is not materialized yet; thread/turns/list is unavailable before first user message",
    )
    assert refused(client, "thread/resume", {"threadId": thread_id}) == (
        -32600,
        f"no rollout found for thread id {thread_id}",
    )
    client.turn(thread_id, "SCN:plain one")
    client.turn(thread_id, "SCN:plain two")
    listed = client.request("thread/list", {})
    assert [(each["id"], each["preview"]) for each in listed["data"]] == [(thread_id, "SCN:plain one")]
    newest, oldest = client.request("thread/turns/list", {"threadId": thread_id})["data"]
    assert newest["items"][0]["content"][0]["text"] == "SCN:plain two"
    assert oldest["itemsView"] == "summary"
    items = client.request("thread/items/list", {"threadId": thread_id})["data"]
    assert [entry["turnId"] for entry in items] == [oldest["id"]] * 2 + [newest["id"]] * 2
    assert list(items[0]) == ["turnId", "item", "startedAtMs", "completedAtMs"]


def test_an_ephemeral_thread_leaves_nothing_behind(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace, ephemeral=True)
    client.turn(thread_id, "SCN:plain")
    assert client.request("thread/list", {})["data"] == []
    assert refused(client, "thread/turns/list", {"threadId": thread_id}) == (
        -32600,
        "ephemeral threads do not support thread/turns/list",
    )


def test_item_ids_repeat_across_turns(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    client.turn(thread_id, "SCN:plain")
    client.turn(thread_id, "SCN:plain")
    ends = [each["params"]["item"] for each in client.notifications("item/completed")]
    assert [item["id"] for item in ends if item["type"] == "agentMessage"] == ["msg_1", "msg_1"]


def test_after_sigkill_the_open_turn_reads_interrupted_with_only_its_prompt(desk: Desk) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    client.start_turn(thread_id, "SCN:interrupt")
    client.wait_method("item/agentMessage/delta")
    client.kill()
    assert client.wait_exit() == -signal.SIGKILL
    client = desk.open()
    listed = client.request("thread/list", {})["data"]
    assert [(each["id"], each["status"]["type"]) for each in listed] == [(thread_id, "notLoaded")]
    (turn,) = client.request("thread/turns/list", {"threadId": thread_id, "itemsView": "full"})["data"]
    assert (turn["status"], turn["completedAt"]) == ("interrupted", None)
    assert [item["type"] for item in turn["items"]] == ["userMessage"]
    start = {"threadId": thread_id, "input": [{"type": "text", "text": "x"}]}
    assert refused(client, "turn/start", start) == (-32600, f"thread not found: {thread_id}")
    resumed = client.request("thread/resume", {"threadId": thread_id})
    assert resumed["thread"]["status"] == {"type": "idle"}
    assert client.turn(thread_id, "SCN:plain")["status"] == "completed"


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("how", ["stdin", "sigterm"])
def test_being_told_to_stop_is_exit_code_0_and_completes_no_turn(desk: Desk, how: str, busy: bool) -> None:
    client = desk.open()
    thread_id = client.start_thread(desk.workspace)
    if busy:
        client.start_turn(thread_id, "SCN:interrupt")
        client.wait_method("item/agentMessage/delta")
    if how == "stdin":
        client.close_stdin()
    else:
        client.kill(signal.SIGTERM)
    assert client.wait_exit() == 0
    assert client.notifications("turn/completed") == []


def test_a_missing_home_is_exit_code_1_before_any_stdout(desk: Desk, start_app_server: Callable[..., Client]) -> None:
    client = start_app_server(desk.codex, desk.model.codex_env(desk.folder / "nowhere"))
    assert client.wait_exit() == 1
    assert client.lines == []


# The recordings, made with the real program.


def shapes(lines: Sequence[Line]) -> dict[str, set[str]]:
    """The key structure of each message the app-server sent, by its sentence."""
    found: dict[str, set[str]] = {}
    for line in lines:
        if line.dir == "in" and isinstance(line.message, dict) and "method" in line.message:
            (sentence,) = story([line])
            found.setdefault(sentence, set()).add(shape_of(line.message))
    return found


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_recordings_are_still_what_happens(desk: Desk, name: str, tmp_path: Path) -> None:
    recorded = read_recording(FIXTURES / f"{name}.jsonl")
    now = read_recording(record(desk.codex, name, tmp_path / "recordings"))

    assert told(now) == told(recorded)
    new, old = shapes(now), shapes(recorded)
    for sentence in new.keys() & old.keys():
        assert new[sentence] & old[sentence], sentence
