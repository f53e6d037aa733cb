"""What a renderer may do: every row in every state, and nothing besides the rows."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.machines.actions import why_not
from actors.machines.effects import Audit, ReadStore, Send, Wake
from actors.machines.facade import Facade
from actors.machines.open_questions import shown_token
from actors.machines.policy import ANY_SIDECAR, POLICY, Row
from actors.machines.remembered import REMEMBERED_MAX
from actors.machines.standing import Now
from messages import facade as say
from messages.auth import AuthCommandDone, LoginRequested
from messages.calls import (
    ApprovalAsked,
    ApprovalSettled,
    CallDone,
    RestartSidecarRequested,
    StatusChanged,
    SupervisionDone,
    ThreadWanted,
)
from messages.config import SetKillSwitch
from messages.records import ItemStored, KeepAudit, LedgerTold, LedgerWanted, TurnStored
from messages.renderer_reads import READS, DataAnswer
from messages.settings import Limits
from messages.status import (
    AuthState,
    AuthStatus,
    BaselineStatus,
    HandshakeStatus,
    LedgerStatus,
    SidecarState,
    SidecarStatus,
    TreeStatus,
)
from messages.stream import LiveLines, LiveWanted

SECRET = "sk-planted-secret-0123456789"
URL = "https://auth.example/secret-code"
BODIES: dict[type[say.Command], dict[str, Any]] = {
    say.GetStatus: {},
    say.Subscribe: {"live": True},
    say.GetTransitions: {"limit": 5},
    say.GetSessions: {"query": "x"},
    say.GetSession: {"sessionId": "t1"},
    say.SearchSessions: {"text": "hello"},
    say.GetCodexStreamDedupeLog: {"decision": "dropped"},
    say.GetTrace: {"turnId": "u1"},
    say.GetIngestConfig: {},
    say.GetMetrics: {},
    say.CodexAppServerRequestThreadSnapshot: {"threadId": "t1"},
    say.UpdateIngestConfig: {"changes": {"links": False}, "expectedRevision": 3},
    say.StartThread: {"cwd": "/tmp"},
    say.StartTurn: {"threadId": "t1", "text": "hello"},
    say.InterruptTurn: {"threadId": "t1", "turnId": "u1"},
    say.SubmitApproval: {"decision": "accept"},
    say.StartLogin: {},
    say.CancelLogin: {},
    say.Logout: {},
    say.RetryAuth: {},
    say.RestartSidecar: {},
    say.RecoverHybrid: {},
    say.FallbackToOtelOnly: {},
    say.SetStreamKillSwitch: {"on": True},
}
NAMES = {kind: kind.model_fields["command"].default for kind in POLICY}
KIND = {name: kind for kind, name in NAMES.items()}
ROWS = pytest.mark.parametrize("kind", POLICY, ids=lambda kind: kind.__name__)


def tree(
    sidecar: Any = "running", auth: Any = "authenticated", revision: int = 1, generation: int = 1
) -> StatusChanged:
    status = TreeStatus(
        revision=revision, mode="DEGRADED_STREAMING", mode_reason="x", kill_switch=False, actors=(), at_ms=1,
        sidecar=SidecarStatus(state=sidecar, generation=generation, pid=1, restarts_in_window=0),
        handshake=HandshakeStatus(initialize_sent=True, initialized=True), stream_healthy=True, stream_reason="",
        auth=AuthStatus(state=auth, mode=None, plan=None), baseline=BaselineStatus(healthy=True, reason=""),
    )  # fmt: skip
    return StatusChanged(status=status)


class Desk:
    """A facade and its renderers: `desk.ask("startThread", ...)` gives what the renderer is told."""

    def __init__(self, **state: Any) -> None:
        self.facade = Facade(Limits())
        self.now = 1_000
        self.count = 0
        self.inside: list[Send | ReadStore] = []
        self.wakes: list[Wake] = []
        self.noted: list[Audit] = []
        self.outside: list[tuple[str, dict[str, Any]]] = []
        if state.get("known", True):
            state.pop("known", None)
            self.hear(self.facade.status_changed(tree(**state)))

    def hear(self, effects: tuple[Any, ...]) -> list[tuple[str, dict[str, Any]]]:
        """Sort what leaves; gives what renderers are told by it."""
        told = []
        for each in effects:
            if isinstance(each, Wake):
                self.wakes.append(each)
            elif isinstance(each, Audit):
                self.noted.append(each)
            elif isinstance(each, Send) and isinstance(each.message, say.ToClient):
                told += [(client_id, json.loads(each.message.body)) for client_id in each.message.client_ids]
            else:
                self.inside.append(each)
        self.outside += told
        return told

    def raw(self, body: str, client: str = "w1", role: say.ClientRole = "operator") -> dict[str, Any]:
        """What this renderer is told first."""
        self.inside.clear()
        told = self.hear(self.facade.said(say.ClientSaid(client_id=client, role=role, body=body), Now(self.now, 9)))
        return told[0][1] if told else {}

    def ask(
        self, command: str, client: str = "w1", command_id: str | None = None, role: Any = "operator", **fields: Any
    ) -> dict[str, Any]:
        self.count += 1
        if command == "submitApproval" and "token" not in fields:
            question = asked(f"k{self.count}")
            self.hear(self.facade.asked(question))
            fields["token"] = shown_token(question, client)
        given = {**BODIES[KIND[command]], **fields}
        body = {"command": command, "commandId": command_id or f"c{self.count}", **given}
        return self.raw(json.dumps(body), client, role)

    @property
    def forwarded(self) -> list[Any]:
        """Messages to other parts, and reads of the store."""
        messages = [each if isinstance(each, ReadStore) else each.message for each in self.inside]
        return [each for each in messages if not isinstance(each, KeepAudit | LiveWanted)]

    @property
    def audited(self) -> list[str]:
        kept = [each.message for each in self.inside if isinstance(each, Send)]
        return [note.text for each in kept if isinstance(each, KeepAudit) for note in each.notes]

    def key(self) -> str:
        """The inner id of what was forwarded last."""
        last = self.forwarded[-1]
        return last.key if isinstance(last, ReadStore) else str(last.command_id)


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    parsed = {kind for kind in vars(say).values() if isinstance(kind, type) and issubclass(kind, say.Command)}
    assert parsed - {say.Command} == set(POLICY), "every command needs its row in actors/machines/policy.py"
    assert set(POLICY) <= set(BODIES), "tell here how the new command looks"


@ROWS
@pytest.mark.parametrize("sidecar", get_args(SidecarState))
@pytest.mark.parametrize("auth", get_args(AuthState))
def test_a_command_is_allowed_exactly_where_its_row_says(kind: type[say.Command], sidecar: Any, auth: Any) -> None:
    row, desk = POLICY[kind], Desk(sidecar=sidecar, auth=auth)
    answer = desk.ask(NAMES[kind])
    status = tree(sidecar=sidecar, auth=auth).status
    offered = not row.action or not why_not(status, NAMES[kind])
    if sidecar in row.sidecar and auth in row.auth and offered:
        assert answer.get("answer") in ("accepted", "data", None), "data comes later"
        assert len(desk.forwarded) == (kind not in (say.Subscribe, say.GetMetrics))
        assert desk.audited == []
    else:
        assert (answer["answer"], answer["code"]) == ("refused", "NOT_NOW")
        assert desk.forwarded == []
        assert desk.audited == [f"NOT_NOW: {answer['text']}"]


@ROWS
def test_before_the_tree_is_known_only_what_needs_no_sidecar_is_allowed(kind: type[say.Command]) -> None:
    desk = Desk(known=False)
    answer = desk.ask(NAMES[kind])
    allowed = POLICY[kind].sidecar == ANY_SIDECAR
    assert (answer.get("code") == "AWAY") is not allowed


@ROWS
def test_a_renderer_that_asks_too_often_waits(kind: type[say.Command]) -> None:
    row: Row = POLICY[kind]
    desk = Desk(auth="authenticating")
    for _ in range(row.rate_count):
        assert desk.ask(NAMES[kind]).get("code") is None
        desk.facade.reads.clear()
    desk.now += row.rate_ms - 1
    assert desk.ask(NAMES[kind])["code"] == "TOO_OFTEN"
    assert desk.forwarded == []
    assert desk.ask(NAMES[kind], client="w2").get("code") is None, "the rate is each renderer's own"
    desk.now += 1
    assert desk.ask(NAMES[kind]).get("code") is None


@ROWS
def test_a_repeated_command_is_one_command(kind: type[say.Command]) -> None:
    desk = Desk(auth="authenticating")
    first = desk.ask(NAMES[kind], command_id="same")
    again = desk.ask(NAMES[kind], command_id="same")
    assert again == first, "one answer will do for both, whenever it comes"
    assert desk.forwarded == []


def test_a_repeated_command_gets_its_first_refusal_again() -> None:
    desk = Desk(sidecar="stopped")
    first = desk.ask("startThread", command_id="same")
    desk.hear(desk.facade.status_changed(tree(revision=2)))
    assert desk.ask("startThread", command_id="same") == first
    assert desk.ask("startThread", command_id="other")["answer"] == "accepted"


def test_the_same_id_of_two_renderers_is_two_commands() -> None:
    desk = Desk()
    desk.ask("startThread", client="w1", command_id="same")
    desk.ask("startThread", client="w2", command_id="same")
    assert len(desk.forwarded) == 1


def test_answers_are_remembered_up_to_a_bound() -> None:
    desk = Desk()
    for _ in range(REMEMBERED_MAX + 100):
        desk.now += 1_000
        desk.ask("startThread")
    assert len(desk.facade.clients["w1"].answers) == REMEMBERED_MAX


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "[]", "{", '{"command":"getStatus"}', '{"commandId":"c1"}',
        '{"command":"becomeRoot","commandId":"c1"}',
        '{"command":"getStatus","commandId":""}', '{"command":"getStatus","commandId":"a b"}',
        '{"command":"getStatus","commandId":7}', '{"command":"getStatus","commandId":"c1","extra":1}',
        '{"command":"startTurn","commandId":"c1","threadId":"t","text":""}',
        '{"command":"startTurn","commandId":"c1","threadId":7,"text":"x"}',
        '{"command":"startTurn","commandId":"c1","threadId":"' + "t" * 201 + '","text":"x"}',
        '{"command":"startLogin","commandId":"c1","kind":"apiKey"}',
        '{"command":"startLogin","commandId":"c1","kind":"chatgptAuthTokens","secret":"s"}',
        '{"command":"submitApproval","commandId":"c1","token":"k","decision":"maybe"}',
        '{"command":"subscribe","commandId":"c1","live":"yes"}', "\ud800",
        # Internal messages by their own names: a renderer cannot say them.
        '{"command":"AccountUpdated","commandId":"c1","generation":1,"auth_mode":"chatgpt","authenticated":true}',
        '{"command":"StreamHealthChanged","commandId":"c1","generation":1,"healthy":true,"reason":""}',
        '{"command":"FrameBatch","commandId":"c1"}', '{"command":"StopTree","commandId":"c1","reason":"x"}',
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused_and_audited_and_changes_nothing(body: str) -> None:
    desk = Desk()
    before = desk.facade.status
    answer = desk.raw(body)
    assert (answer["answer"], answer["code"]) == ("refused", "BAD_COMMAND")
    assert desk.forwarded == []
    assert len(desk.audited) == 1
    assert (desk.facade.status, desk.facade.open, desk.facade.clients) == (before, {}, {})


@pytest.mark.parametrize(
    "body",
    [
        {"command": SECRET, "commandId": "c1"},
        {"command": "getStatus", "commandId": "c1", SECRET: 1},
        {"command": "getStatus", "commandId": SECRET + "!"},
        {"command": "startTurn", "commandId": "c1", "threadId": [SECRET], "text": SECRET, SECRET: {SECRET: SECRET}},
        SECRET,
    ],
)
def test_a_refusal_never_repeats_what_was_sent(body: Any) -> None:
    desk = Desk()
    answer = desk.raw(json.dumps(body))
    assert SECRET not in json.dumps(answer)
    assert SECRET not in "".join(desk.audited)


def test_a_refusal_carries_the_id_of_its_command() -> None:
    assert Desk().raw('{"command":"becomeRoot","commandId":"c77"}')["commandId"] == "c77"


def test_a_command_over_the_bound_is_not_even_parsed() -> None:
    desk = Desk()
    body = {"command": "startTurn", "commandId": "c1", "threadId": "t", "text": "é" * 40_000}
    refused = desk.raw(json.dumps(body, ensure_ascii=False))
    assert refused["code"] == "TOO_LARGE", "80,000 bytes, 40,000 characters"
    assert refused["commandId"] == "c1", "whoever waits for it is answered"
    assert desk.forwarded == []
    assert desk.raw(json.dumps({**body, "text": "e" * 40_000}))["answer"] == "accepted"


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(
    st.text(max_size=80)
    | st.dictionaries(
        st.sampled_from(["command", "commandId", "live", "x"]), st.text(max_size=9) | st.integers() | st.none()
    ).map(json.dumps)
)
def test_any_bytes_get_one_answer_and_forward_nothing_they_should_not(body: str) -> None:
    desk = Desk(sidecar="stopped")
    answer = desk.raw(body)
    assert answer.get("answer") in ("refused", "accepted", None)
    assert all(isinstance(each, LedgerWanted | RestartSidecarRequested) for each in desk.forwarded)


def test_one_renderer_too_many_is_refused() -> None:
    desk = Desk()
    for number in range(Limits().renderers_max):
        desk.ask("subscribe", client=f"w{number}")
    assert desk.ask("subscribe", client="late")["code"] == "TOO_OFTEN"
    desk.hear(desk.facade.gone(say.ClientGone(client_id="w0")))
    assert desk.ask("subscribe", client="late")["answer"] == "accepted"


# What comes of a command.


def test_a_call_that_ends_is_told_to_who_asked() -> None:
    desk = Desk()
    desk.ask("subscribe", client="other")
    desk.ask("startThread", command_id="c1")
    key = desk.key()
    told = desk.hear(desk.facade.done(CallDone(command_id=key, ok=True, result={"threadId": "t1"})))
    assert [(client, each["commandId"], each["ok"], each["result"]) for client, each in told] == [
        ("w1", "c1", True, {"threadId": "t1"})
    ]
    assert desk.hear(desk.facade.done(CallDone(command_id=key, ok=False, text="again"))) == []


def test_an_effect_that_fails_is_told_with_its_reason() -> None:
    desk = Desk()
    desk.ask("restartSidecar", command_id="c1")
    told = desk.hear(desk.facade.done(SupervisionDone(command_id=desk.key(), ok=False, text="it does not stay up")))
    assert (told[0][1]["code"], told[0][1]["text"]) == ("FAILED", "it does not stay up")


@pytest.mark.parametrize("command", ["startThread", "startLogin", "restartSidecar", "logout", "submitApproval"])
def test_a_command_whose_part_died_times_out_once(command: str) -> None:
    desk = Desk(auth="authenticating")
    desk.ask(command, command_id="c1")
    key, wake = desk.key(), desk.wakes[-1]
    limits = Limits()
    assert wake.after_ms > (limits.login_deadline_ms if command == "startLogin" else limits.request_deadline_ms)
    told = desk.hear(desk.facade.woke(wake.name))
    assert [(each["commandId"], each["ok"], each["code"]) for _, each in told] == [("c1", False, "TIMED_OUT")]
    assert desk.hear(desk.facade.done(CallDone(command_id=key, ok=True))) == []
    assert desk.facade.open == {}


def test_a_deadline_after_the_effect_is_nothing() -> None:
    desk = Desk()
    desk.ask("startThread")
    wake = desk.wakes[-1]
    desk.hear(desk.facade.done(CallDone(command_id=desk.key(), ok=True)))
    assert desk.hear(desk.facade.woke(wake.name)) == []


def test_the_login_address_goes_to_who_asked_and_to_nobody_else() -> None:
    desk = Desk(auth="needs_login")
    desk.ask("subscribe", client="other")
    desk.ask("startLogin", command_id="c1")
    (wanted,) = desk.forwarded
    assert isinstance(wanted, LoginRequested)
    progress = AuthCommandDone(
        command_id=wanted.command_id, ok=True, state="authenticating", text="login opened", final=False, login_id="L1",
        url=URL, user_code="AB-12",
    )  # fmt: skip
    ((client, told),) = desk.hear(desk.facade.auth_done(progress))
    assert (client, told["event"], told["result"]["url"], told["result"]["userCode"]) == (
        "w1", "commandProgress", URL, "AB-12",
    )  # fmt: skip
    done = AuthCommandDone(command_id=wanted.command_id, ok=True, state="authenticated", text="logged in")
    assert desk.hear(desk.facade.auth_done(done))[0][1]["event"] == "commandDone"
    assert desk.hear(desk.facade.auth_done(progress)) == []
    assert sum(URL in json.dumps(each) for _, each in desk.outside) == 1


def test_who_is_gone_is_told_nothing_more() -> None:
    desk = Desk(auth="needs_login")
    desk.ask("startLogin", command_id="c1")
    key = desk.key()
    desk.hear(desk.facade.gone(say.ClientGone(client_id="w1")))
    progress = AuthCommandDone(command_id=key, ok=True, state="authenticating", text="x", final=False, url=URL)
    assert desk.hear(desk.facade.auth_done(progress)) == []
    assert desk.facade.open == {}


# Status.


def ledger(key: str) -> LedgerTold:
    books = LedgerStatus(received=3, dispositions={"stored": 3}, staged=0, balanced=True)
    return LedgerTold(command_id=key, ledger=books)


def test_a_status_comes_with_the_ledger() -> None:
    desk = Desk()
    assert desk.ask("getStatus", command_id="c1") == {}
    ((_, told),) = desk.hear(desk.facade.ledger(ledger(desk.key())))
    assert (told["answer"], told["commandId"], told["status"]["ledger"]["received"]) == ("status", "c1", 3)
    assert desk.ask("getStatus", command_id="c1") == told


def test_without_a_ledger_in_time_the_status_says_so() -> None:
    desk = Desk()
    desk.ask("getStatus")
    key, wake = desk.key(), desk.wakes[-1]
    ((_, told),) = desk.hear(desk.facade.woke(wake.name))
    assert "missing" in told["status"]["ledger"]
    assert desk.hear(desk.facade.ledger(ledger(key))) == [], "it comes too late"


def test_without_a_tree_there_is_no_status_yet_and_a_repetition_says_the_same() -> None:
    desk = Desk(known=False)
    desk.ask("getStatus", command_id="c1")
    ((_, told),) = desk.hear(desk.facade.woke(desk.wakes[-1].name))
    assert told["code"] == "AWAY"
    assert desk.ask("getStatus", command_id="c1") == told


def test_an_older_status_is_nothing() -> None:
    desk = Desk(revision=5)
    desk.ask("subscribe")
    assert desk.hear(desk.facade.status_changed(tree(revision=4))) == []
    assert desk.hear(desk.facade.status_changed(tree(revision=6)))[0][1]["event"] == "status"


# Events.


def asked(token: str = "k1", generation: int = 1) -> ApprovalAsked:
    return ApprovalAsked(
        generation=generation, token=token, kind="command", session_id="t1", turn_id="u1", item_id="i1",
        summary="rm -rf /tmp/x", expires_at_ms=9,
    )  # fmt: skip


def test_a_new_subscriber_sees_the_status_and_the_open_questions() -> None:
    desk = Desk()
    desk.hear(desk.facade.asked(asked()))
    desk.ask("subscribe")
    assert [each.get("event", each.get("answer")) for _, each in desk.outside] == [
        "accepted", "status", "approvalRequested",
    ]  # fmt: skip


def test_a_question_is_closed_once() -> None:
    desk = Desk()
    desk.ask("subscribe")
    desk.hear(desk.facade.asked(asked()))
    settled = ApprovalSettled(token="k1", outcome="decline")
    assert [each["event"] for _, each in desk.hear(desk.facade.settled(settled))] == ["approvalClosed"]
    assert desk.hear(desk.facade.settled(settled)) == []


@pytest.mark.parametrize(
    "gone", [tree(sidecar="starting", generation=2, revision=2), tree(sidecar="backing_off", revision=2)]
)
def test_questions_of_a_process_that_is_gone_are_closed(gone: StatusChanged) -> None:
    desk = Desk()
    desk.ask("subscribe")
    desk.hear(desk.facade.asked(asked()))
    told = [each for _, each in desk.hear(desk.facade.status_changed(gone))]
    assert [each["event"] for each in told] == ["status", "approvalClosed"]
    assert len(desk.facade.questions) == 0


def test_a_question_that_comes_before_the_status_of_its_process_stays_open() -> None:
    desk = Desk(generation=1)
    desk.hear(desk.facade.asked(asked(generation=2)))
    desk.hear(desk.facade.status_changed(tree(generation=2, revision=2)))
    assert [each.token for each in desk.facade.questions] == ["k1"]


def test_events_go_to_subscribers_only_and_live_lines_to_who_wants_them() -> None:
    desk = Desk()
    desk.ask("subscribe", client="watching", live=True)
    desk.ask("subscribe", client="listening", live=False)
    desk.ask("startThread", client="silent")
    item = ItemStored(session_id="t1", turn_id="u1", item_id="i1", kind="agentMessage", decision="accepted")
    assert [client for client, _ in desk.hear(desk.facade.stored(item))] == ["watching", "listening"]
    turn = TurnStored(session_id="t1", turn_id="u1", status="completed", items=3)
    assert {each["event"] for _, each in desk.hear(desk.facade.stored(turn))} == {"turnStored"}
    live = LiveLines(session_id="t1", turn_id="u1", item_id="i1", kind="agentMessage", text="a\n")
    assert [client for client, _ in desk.hear(desk.facade.live(live))] == ["watching"]


def test_the_stager_is_told_whether_anybody_watches() -> None:
    desk = Desk()
    desk.ask("subscribe", live=False)
    assert [each.message for each in desk.inside] == [LiveWanted(on=False)]
    desk.ask("subscribe", live=True)
    assert [each.message for each in desk.inside] == [LiveWanted(on=True)]
    desk.inside.clear()
    desk.hear(desk.facade.gone(say.ClientGone(client_id="w1")))
    assert [each.message for each in desk.inside] == [LiveWanted(on=False)]


def test_names_outside_are_camel_case() -> None:
    desk = Desk()
    desk.ask("subscribe")
    desk.hear(desk.facade.asked(asked()))
    names = {name for _, each in desk.outside for name in each}
    assert not [name for name in names if "_" in name], "aliases live at this border"


def test_a_thread_wanted_carries_what_the_renderer_said() -> None:
    desk = Desk()
    desk.ask("startThread", cwd="/home/x", model="m")
    assert desk.forwarded == [ThreadWanted(command_id="w1/c1", cwd="/home/x", model="m")]


# Recovery commands: offered as `actions.py` says, and audited with who and what came of it.


def offered(**given: Any) -> StatusChanged:
    told = tree(revision=2).status
    return StatusChanged(status=told.model_copy(update=given))


def test_a_recovery_command_is_allowed_only_where_it_is_offered() -> None:
    desk = Desk()
    desk.hear(desk.facade.status_changed(offered(kill_switch=True, stream_expected=False)))
    for command in ("recoverHybrid", "fallbackToOtelOnly", "retryAuth", "restartSidecar"):
        answer = desk.ask(command)
        assert (answer["code"], answer["text"][:30]) == ("NOT_NOW", "not possible while the stream ")
        assert desk.forwarded == []
    assert desk.ask("setStreamKillSwitch", on=False, expectedRevision=4)["answer"] == "accepted"
    assert desk.forwarded == [SetKillSwitch(command_id=desk.key(), on=False, expected_revision=4)]


def test_who_ordered_what_and_what_came_of_it_is_audited() -> None:
    desk = Desk()
    desk.ask("setStreamKillSwitch", command_id="c1", on=True)
    done = SupervisionDone(
        command_id=desk.key(), ok=False, text="another revision", code="CONFLICT", result={"on": True}
    )
    told = desk.hear(desk.facade.done(done))
    assert (told[0][1]["code"], told[0][1]["result"]) == ("CONFLICT", {"on": True})
    assert [(each.kind, each.subject, each.text) for each in desk.noted] == [
        ("command_accepted", "client w1", "setStreamKillSwitch on"),
        ("command_done", "client w1", "setStreamKillSwitch on: CONFLICT: another revision"),
    ]
    desk.ask("startThread")
    assert len(desk.noted) == 2
    desk.ask("updateIngestConfig", changes={"links": False, "retentionDays": None})
    assert desk.noted[-1].text == "updateIngestConfig links, retention_days"


def test_what_came_of_an_order_is_audited_also_when_its_client_is_gone_or_nobody_answers() -> None:
    desk = Desk(sidecar="crash_loop")
    desk.ask("recoverHybrid", command_id="c1")
    key, wake = desk.key(), desk.wakes[-1]
    desk.hear(desk.facade.gone(say.ClientGone(client_id="w1")))
    assert desk.hear(desk.facade.woke(wake.name)) == []
    assert desk.noted[-1].text.startswith("recoverHybrid: TIMED_OUT: ")
    assert desk.facade.acting == {}
    desk.hear(desk.facade.done(SupervisionDone(command_id=key, ok=True, text="late")))
    assert len(desk.noted) == 2


def test_who_repeats_a_command_hears_its_answer_and_its_effect_again() -> None:
    desk = Desk()
    desk.ask("restartSidecar", command_id="c1")
    desk.hear(desk.facade.done(SupervisionDone(command_id=desk.key(), ok=True, text="generation 2")))
    before = len(desk.outside)
    desk.ask("restartSidecar", command_id="c1")
    again = [each for _, each in desk.outside[before:]]
    assert [each.get("answer") or each["event"] for each in again] == ["accepted", "commandDone"]
    assert desk.forwarded == []
    assert again[1]["text"] == "generation 2"


# Who may only look.


@ROWS
def test_an_observer_may_do_exactly_what_changes_nothing(kind: type[say.Command]) -> None:
    desk = Desk(auth="authenticating")
    answer = desk.ask(NAMES[kind], role="observer")
    assert (answer.get("code") == "NOT_ALLOWED") is (POLICY[kind].role == "operator")
    if POLICY[kind].role == "operator":
        assert desk.forwarded == []
        assert desk.audited == [f"NOT_ALLOWED: {answer['text']}"]


def test_only_reads_and_the_subscription_are_for_observers() -> None:
    looking = {kind.__name__ for kind, row in POLICY.items() if row.role == "observer"}
    assert looking == {"GetStatus", "Subscribe", *(kind.__name__ for kind in READS)}


def test_an_observer_sees_a_question_without_its_token() -> None:
    desk = Desk()
    desk.ask("subscribe", client="looks", role="observer")
    desk.ask("subscribe", client="acts")
    told = dict(desk.hear(desk.facade.asked(asked())))
    assert told["looks"]["token"] == ""
    assert told["acts"]["token"] not in ("", "k1"), "the sidecar's own token never leaves the tree"
    ended = dict(desk.hear(desk.facade.settled(ApprovalSettled(token="k1", outcome="accept"))))
    assert (ended["acts"]["token"], ended["looks"]["token"]) == (told["acts"]["token"], "")


# Approvals: a token for each renderer, good once.


def test_a_token_that_was_shown_to_somebody_else_is_worth_nothing() -> None:
    desk = Desk()
    desk.ask("subscribe", client="a")
    desk.ask("subscribe", client="b")
    told = dict(desk.hear(desk.facade.asked(asked())))
    assert told["a"]["token"] != told["b"]["token"]
    stolen = desk.ask("submitApproval", client="b", token=told["a"]["token"])
    assert (stolen["code"], desk.forwarded) == ("UNKNOWN_ID", [])
    assert len(desk.audited) == 1
    assert desk.ask("submitApproval", client="a", token=told["a"]["token"])["answer"] == "accepted"
    assert [each.token for each in desk.forwarded] == ["k1"]


def test_a_question_is_decided_once_whoever_decides_it() -> None:
    desk = Desk()
    desk.ask("subscribe", client="a")
    desk.ask("subscribe", client="b")
    told = dict(desk.hear(desk.facade.asked(asked())))
    assert desk.ask("submitApproval", client="a", token=told["a"]["token"])["answer"] == "accepted"
    for client in ("a", "b"):
        again = desk.ask("submitApproval", client=client, token=told[client]["token"], decision="decline")
        assert (again["code"], desk.forwarded) == ("UNKNOWN_ID", [])


# Reads.


def test_a_read_is_answered_with_its_data_once() -> None:
    desk = Desk()
    assert desk.ask("getSessions", command_id="c1") == {}
    key = desk.key()
    ((client, told),) = desk.hear(desk.facade.read(key, '{"sessions":[],"next":null}'))
    data = {"sessions": [], "next": None}
    assert (client, told) == ("w1", {"commandId": "c1", "answer": "data", "data": data})
    assert desk.hear(desk.facade.read(key, "{}")) == []
    assert desk.ask("getSessions", command_id="c1") == told


def test_an_answer_with_data_has_the_form_of_its_message() -> None:
    desk = Desk()
    desk.ask("getMetrics", command_id="c1")
    told = desk.outside[-1][1]
    assert say.Answer.model_fields.keys() <= {"command_id"}
    assert DataAnswer.model_validate(told).model_dump(by_alias=True) == told


def test_a_read_without_data_in_time_is_refused_and_its_late_data_is_nothing() -> None:
    desk = Desk()
    desk.ask("getSessions", command_id="c1")
    key, wake = desk.key(), desk.wakes[-1]
    assert wake.after_ms == Limits().read_deadline_ms
    ((_, told),) = desk.hear(desk.facade.woke(wake.name))
    assert (told["answer"], told["code"]) == ("refused", "TIMED_OUT")
    assert desk.hear(desk.facade.read(key, "{}")) == []
    assert (desk.facade.open, desk.facade.reads) == ({}, set())


def test_reads_that_wait_are_bounded() -> None:
    desk = Desk()
    most = Limits().reads_waiting_max
    for number in range(most):
        desk.ask("getSessions", client=f"w{number}")
    assert desk.ask("getSession", client="late")["code"] == "AWAY"
    desk.hear(desk.facade.read("w0/c1", '{"sessions":[],"next":null}'))
    assert desk.ask("getSession", client="late").get("code") is None


def test_a_snapshot_ends_with_the_session_as_it_is_stored_then() -> None:
    desk = Desk()
    assert desk.ask("codexAppServerRequestThreadSnapshot", command_id="c1")["answer"] == "accepted"
    key = desk.key()
    desk.inside.clear()
    assert desk.hear(desk.facade.done(CallDone(command_id=key, ok=True))) == []
    assert [(each.key, each.command.session_id) for each in desk.forwarded] == [(key, "t1")]
    ((_, told),) = desk.hear(desk.facade.read(key, '{"session":{"sessionId":"t1"}}'))
    assert (told["event"], told["ok"], told["result"]["session"]["sessionId"]) == ("commandDone", True, "t1")


def test_samples_are_taken_of_what_ingest_tells() -> None:
    desk = Desk()
    for wall, received in ((1_000, 10), (6_000, 60)):
        desk.inside.clear()
        desk.hear(desk.facade.measure(Now(desk.now, wall)))
        assert desk.forwarded == [LedgerWanted(command_id="meter")]
        books = LedgerStatus(received=received, dispositions={}, staged=0, balanced=True)
        assert desk.hear(desk.facade.ledger(LedgerTold(command_id="meter", ledger=books))) == []
        for completed in (wall - 40, wall - 3_600_000, None):
            item = ItemStored(
                session_id="t", turn_id="u", item_id="i", kind="k", decision="accepted", completed_at_ms=completed
            )
            desk.facade.count(item, Now(desk.now, wall))
    desk.ask("getMetrics")
    (sample,) = desk.outside[-1][1]["data"]["samples"]
    assert (sample["atMs"], sample["framesPerS"], sample["recordsPerS"]) == (6_000, 10.0, 0.6)
    assert sample["latencyP50Ms"] == 40.0, "history that was read now has none"
