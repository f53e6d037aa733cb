"""The policy table by itself: complete, bounded, and forwarding only what the catalogue allows the facade to say."""

from __future__ import annotations

import pytest

from actors.machines.actions import OFFERED
from actors.machines.effects import ReadStore, Send
from actors.machines.orders import ORDER_DEADLINE_MS
from actors.machines.policy import POLICY, deadline_ms
from messages import facade as say
from messages.catalog import may_say
from messages.settings import Limits

SAMPLES: dict[type[say.Command], dict[str, object]] = {
    say.GetSession: {"session_id": "t"},
    say.SearchSessions: {"text": "x"},
    say.CodexAppServerRequestThreadSnapshot: {"thread_id": "t"},
    say.UpdateIngestConfig: {"changes": say.IngestConfigChanges(links=True), "expected_revision": 1},
    say.StartTurn: {"thread_id": "t", "text": "hello"},
    say.InterruptTurn: {"thread_id": "t", "turn_id": "u"},
    say.SubmitApproval: {"token": "x", "decision": "accept"},
    say.SetStreamKillSwitch: {"on": True},
}


@pytest.mark.parametrize("command", list(POLICY), ids=lambda command: command.__name__)
def test_a_row_forwards_only_what_the_facade_may_say_under_the_inner_id(command: type[say.Command]) -> None:
    said = command(command_id="c1", **SAMPLES.get(command, {}))
    for sent in POLICY[command].forward(said, "client/c1"):
        if isinstance(sent, ReadStore):
            assert sent.key == "client/c1"
            continue
        assert isinstance(sent, Send)
        assert may_say("facade", sent.message, sent.to)
        assert sent.message.command_id == "client/c1"  # type: ignore[attr-defined]  # all of them carry it


@pytest.mark.parametrize("command", list(POLICY), ids=lambda command: command.__name__)
def test_a_row_is_bounded_in_rate_and_possible_somewhere(command: type[say.Command]) -> None:
    row = POLICY[command]
    assert 0 < row.rate_count <= 1_000
    assert 0 < row.rate_ms <= 60_000
    assert row.sidecar
    assert row.auth


def test_the_recovery_rows_are_those_that_the_action_table_offers() -> None:
    names = {command.model_fields["command"].default for command, row in POLICY.items() if row.action}
    offered = {name for actions in OFFERED.values() for name in actions}
    assert offered == names


@pytest.mark.parametrize("command", list(POLICY), ids=lambda command: command.__name__)
def test_whoever_has_a_command_gives_up_before_the_facade_does(command: type[say.Command]) -> None:
    limits = Limits()
    waits_ms = deadline_ms(command(command_id="c1", **SAMPLES.get(command, {})), limits)
    assert waits_ms > limits.request_deadline_ms
    if command is say.StartLogin:
        assert waits_ms > limits.login_deadline_ms
    if command in (say.RecoverHybrid, say.FallbackToOtelOnly, say.SetStreamKillSwitch):
        assert waits_ms > ORDER_DEADLINE_MS
