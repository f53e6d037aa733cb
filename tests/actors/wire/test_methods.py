from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire import fields
from actors.wire.frames import (
    AccountChanged,
    Control,
    Delta,
    Frame,
    ItemCompleted,
    ItemStarted,
    LoginCompleted,
    Malformed,
    Notice,
    Response,
    RpcError,
    ServerRequest,
    ServerRequestResolved,
    ThreadChanged,
    ThreadClosed,
    ThreadStarted,
    TokenUsage,
    TurnCompleted,
    TurnError,
    TurnStarted,
    Unknown,
    Unshaped,
)
from actors.wire.methods import decode

ROOT = Path(__file__).parents[3]
RECORDINGS = sorted(
    [*ROOT.glob("tests/fixtures/codex/*.jsonl"), *ROOT.glob("../shared/data/codex/t[0-9]*.jsonl")],
)


def received(recording: Path) -> list[bytes]:
    entries = (orjson.loads(line) for line in recording.read_bytes().splitlines())
    lines = (entry["line"] for entry in entries if isinstance(entry, dict) and entry.get("dir") == "in")
    return [line.encode() if isinstance(line, str) else orjson.dumps(line) for line in lines]


def told(method: str, /, **params: object) -> Frame:
    return decode(orjson.dumps({"method": method, "params": params, "emittedAtMs": 1}))


IDS = {"threadId": "t", "turnId": "u"}
TOKENS = {
    "totalTokens": 110,
    "inputTokens": 100,
    "cachedInputTokens": 5,
    "outputTokens": 10,
    "reasoningOutputTokens": 2,
}


def test_there_are_recordings():
    assert RECORDINGS


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_no_valid_frame_of_a_recording_is_rejected(recording):
    unknown: Counter[str] = Counter()
    frames = [decode(line, unknown) for line in received(recording)]
    assert frames
    assert [frame for frame in frames if isinstance(frame, Malformed | Unshaped | Unknown)] == []
    assert not unknown


@pytest.mark.parametrize("method", sorted(fields.NOTIFICATIONS))
def test_every_notification_of_this_version_is_known(method):
    assert not isinstance(decode(orjson.dumps({"method": method, "params": {}})), Unknown | Malformed)


@pytest.mark.parametrize(
    ("method", "extra", "kind", "part"),
    [
        ("item/agentMessage/delta", {}, "agentMessage", ""),
        ("item/plan/delta", {}, "plan", ""),
        ("item/commandExecution/outputDelta", {}, "commandExecution", ""),
        ("item/fileChange/outputDelta", {}, "fileChange", ""),
        ("item/reasoning/summaryTextDelta", {"summaryIndex": 2}, "reasoning", "summary:2"),
        ("item/reasoning/textDelta", {"contentIndex": 0}, "reasoning", "content:0"),
    ],
)
def test_a_delta_says_where_its_text_belongs(method, extra, kind, part):
    assert told(method, **IDS, itemId="i", delta="hé\n", **extra) == Delta("t", "u", "i", "hé\n", kind, part, 1)


def test_an_item_starts_and_completes():
    item = {"type": "commandExecution", "id": "c", "status": "failed", "startedAtMs": 5, "completedAtMs": None}
    assert told("item/started", item=item, **IDS, startedAtMs=5) == ItemStarted("t", "u", "c", "commandExecution", 5)
    completed = told("item/completed", item=item, **IDS, contentTokenCount=None, completedAtMs=9)
    body = orjson.dumps(item).decode()
    assert completed == ItemCompleted("t", "u", "c", "commandExecution", "failed", 5, 9, body)


def test_an_item_of_a_type_nobody_knows_is_kept():
    frame = told("item/completed", item={"type": "dance", "id": "d", "status": {"a": 1}}, **IDS, completedAtMs=9)
    assert frame == ItemCompleted("t", "u", "d", "dance", None, None, 9, '{"type":"dance","id":"d","status":{"a":1}}')


def test_a_thread_starts_with_what_is_known_of_it():
    thread = {
        "id": "t", "cwd": "/w", "gitInfo": {"sha": "abc", "branch": "main", "originUrl": None}, "model": "m",
        "name": None, "preview": "hi", "cliVersion": "0.169.0", "path": None, "createdAt": 1795329443,
    }  # fmt: skip
    expected = ThreadStarted("t", "/w", "main", "abc", "m", "hi", "0.169.0", None, 1795329443000)
    assert told("thread/started", thread=thread) == expected
    bare = ThreadStarted("t", None, None, None, None, None, None, None, None)
    assert told("thread/started", thread={"id": "t", "gitInfo": None, "preview": ""}) == bare


def test_a_thread_changes_and_closes():
    assert told("thread/status/changed", threadId="t", status={"type": "idle"}) == ThreadChanged("t", status="idle")
    assert told("thread/name/updated", threadId="t", threadName="n") == ThreadChanged("t", title="n")
    assert told("thread/settings/updated", threadId="t", threadSettings={"cwd": "/w", "model": "m"}) == ThreadChanged(
        "t", cwd="/w", model="m"
    )
    assert told("thread/closed", threadId="t") == ThreadClosed("t")


def test_a_turn_counts_in_seconds_upstream_and_in_ms_here():
    assert told("turn/started", threadId="t", turn={"id": "u", "status": "inProgress", "startedAt": 7}) == TurnStarted(
        "t", "u", 7000
    )
    turn = {"id": "u", "status": "completed", "error": None, "startedAt": 7, "completedAt": 8, "durationMs": 83}
    assert told("turn/completed", threadId="t", turn=turn) == TurnCompleted(
        "t", "u", "completed", None, None, 7000, 8000, 83
    )


@pytest.mark.parametrize(
    ("info", "kind"),
    [
        ("usageLimitExceeded", "usageLimitExceeded"),
        ({"httpConnectionFailed": {"httpStatusCode": 401}}, "httpConnectionFailed"),
        (None, None),
    ],
)
def test_a_failed_turn_says_why(info, kind):
    error = {"message": "no", "codexErrorInfo": info, "additionalDetails": None, "misalignment": None}
    turn = told("turn/completed", threadId="t", turn={"id": "u", "status": "failed", "error": error})
    assert turn == TurnCompleted("t", "u", "failed", "no", kind, None, None, None)
    assert told("error", **IDS, willRetry=True, error=error) == TurnError("t", "u", True, "no", kind)


def test_tokens_are_of_the_last_response_and_of_the_thread():
    frame = told(
        "thread/tokenUsage/updated", **IDS, tokenUsage={"last": TOKENS, "total": TOKENS | {"totalTokens": 220}}
    )
    words = {"total": 110, "input": 100, "cached": 5, "cache_write": 0, "output": 10, "reasoning": 2}
    assert frame == TokenUsage("t", "u", words, words | {"total": 220})


def test_the_account_changes():
    assert told("account/updated", authMode="chatgpt", planType="pro") == AccountChanged("chatgpt", "pro")
    assert told("account/updated", authMode=None, planType=None) == AccountChanged(None, None)
    assert told("account/updated") == AccountChanged(None, None)
    assert told("account/updated", authMode="", authenticated=False) == AccountChanged("", None)


def test_a_login_completes_with_or_without_an_id():
    assert told("account/login/completed", loginId=None, success=True, error=None, onboardingEntrypoint=None) == (
        LoginCompleted(None, True, None)
    )
    assert told("account/login/completed", loginId="l", success=False, error="x") == LoginCompleted("l", False, "x")


@pytest.mark.parametrize("request_id", [0, 7, "0", "a-b"])
def test_upstream_asks_with_ids_of_its_own(request_id):
    params = {**IDS, "itemId": "i", "command": "ls", "reason": "why", "cwd": "/w"}
    line = orjson.dumps({"method": "item/commandExecution/requestApproval", "id": request_id, "params": params})
    method = "item/commandExecution/requestApproval"
    assert decode(line) == ServerRequest(request_id, method, "t", "u", "i", "ls\nwhy\n/w", params)
    assert told("serverRequest/resolved", threadId="t", requestId=request_id) == ServerRequestResolved("t", request_id)


def test_a_question_is_never_refused_for_its_params():
    assert decode(b'{"method":"never/heard","id":1,"params":[3]}') == ServerRequest(
        1, "never/heard", "", "", "", "", {}
    )
    assert decode(b'{"method":"item/tool/call","id":1}') == ServerRequest(1, "item/tool/call", "", "", "", "", {})


@pytest.mark.parametrize("request_id", [b"null", b"true", b"1.5", b"[]"])
def test_a_question_that_cannot_be_answered_is_unshaped(request_id):
    assert decode(b'{"method":"x","id":' + request_id + b"}") == Unshaped("x", "id: type")


def test_answers_carry_a_result_or_an_error():
    assert decode(b'{"id":4,"result":null}') == Response(4, None, None)
    assert decode(b'{"id":"x","result":{"a":1}}') == Response("x", {"a": 1}, None)
    assert decode(b'{"error":{"code":-32600,"message":"no"},"id":13}') == Response(13, None, RpcError(-32600, "no"))
    assert decode(b'{"error":"odd","id":13}') == Response(13, None, RpcError(0, ""))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "blank"), (b"\r\n", "blank"), (b"  \t", "blank"),
        (b"{", "malformed"), (b"[]", "malformed"), (b'[{"method":"error"}]', "malformed"), (b"5", "malformed"),
        (b'{"id":77}', "malformed"), (b'{"method":5}', "malformed"), (b"{}", "malformed"),
        (b'{"id":null,"result":1}', "malformed"), (b'{"id":true,"result":1}', "malformed"), (b"NaN", "malformed"),
        (b"[" * 100_000, "malformed"), (b'{"method":"turn/started"', "malformed"),
        (b'{"method":"\xff"}', "invalid_utf8"), (b"\xc3", "invalid_utf8"),
    ],
)  # fmt: skip
def test_what_is_no_message_says_why(line, reason):
    assert decode(line) == Malformed(reason)


def test_an_unknown_method_is_counted_by_a_safe_name():
    assert told("codex/event/token_count") == Unknown("codex/event/token_count")
    assert told("sécret <b>" + "x" * 500) == Unknown("s?cret??b?" + "x" * 118)


def test_the_reason_of_a_mismatch_never_shows_content():
    frame = told("item/agentMessage/delta", threadId="t", turnId={"password": "hunter2"}, itemId="i", delta=["hunter2"])
    assert frame == Unshaped("item/agentMessage/delta", "turnId: string_type, delta: string_type")
    assert told("turn/completed", threadId="t", turn={"id": "u", "status": "hunter2"}) == Unshaped(
        "turn/completed", "turn.status: literal_error"
    )
    assert decode(b'{"method":"error","params":"hunter2"}') == Unshaped("error", "params: dict_type")


def test_no_value_prints_its_content():
    secret = "hunter2"
    error = {"message": secret}
    frames = [
        told("item/agentMessage/delta", **IDS, itemId="i", delta=secret),
        told("item/completed", item={"type": "plan", "id": "p", "text": secret}, **IDS),
        told("thread/started", thread={"id": "t", "preview": secret}),
        told("turn/completed", threadId="t", turn={"id": "u", "status": "failed", "error": error}),
        told("error", **IDS, willRetry=False, error=error),
        told("warning", message=secret),
        decode(b'{"id":1,"result":"hunter2"}'),
        decode(b'{"id":1,"error":{"code":1,"message":"hunter2","data":"hunter2"}}'),
        decode(b'{"id":1,"method":"execCommandApproval","params":{"command":["hunter2"]}}'),
    ]
    assert not any(secret in repr(frame) for frame in frames)


def test_notices_and_control():
    assert told("warning", threadId=None, message="w") == Notice("warning", None, "w")
    assert told("guardianWarning", threadId="t", message="w") == Notice("guardianWarning", "t", "w")
    assert told("configWarning", summary="s", details="d") == Notice("configWarning", None, "s\nd")
    assert told("deprecationNotice", summary="s", details=None) == Notice("deprecationNotice", None, "s")
    assert told("account/rateLimits/updated", anything=1) == Control("account/rateLimits/updated")
    assert decode(b'{"method":"skills/changed"}') == Control("skills/changed")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "threadId", "turnId", "item", "turn", "type", "status", "x"]), inner)
    ),
    max_leaves=12,
)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(line):
    assert isinstance(decode(line, {}), Malformed | Response | Unknown | ServerRequest | Control)


@given(st.sampled_from(sorted(fields.NOTIFICATIONS | dict.fromkeys(fields.SERVER_REQUESTS))), JSON, st.booleans(), JSON)
def test_no_params_make_it_raise(method, params, asked, request_id):
    message = {"method": method, "params": params} | ({"id": request_id} if asked else {})
    assert isinstance(decode(orjson.dumps(message), {}), Frame)
