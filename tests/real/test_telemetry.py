"""The telemetry of the real claude and the real codex, forks and sub-agents included, also while parts of the runtime
are away: nothing is lost, and every record is its session's own."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from operator import eq
from pathlib import Path

import pytest

from chaos.claude_program import truth_of
from chaos.client import Client
from chaos.codex_program import exec_truth
from chaos.loopback_streams import TOKENS
from tests.real.lane import Lane, open_lane

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
REPEATS = int(os.environ.get("HYBRID_CAPTURE_REPEATS", "1"))
STEPS = 4


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory, real_claude: Path, real_codex: Path) -> Iterator[Lane]:
    with open_lane(tmp_path_factory.mktemp("lane"), real_claude, real_codex) as lane:
        yield lane


@pytest.mark.parametrize("repeat", range(REPEATS))
@pytest.mark.parametrize("name", ["baseline", "ingest", "gateway", "supervisor", "root"])
def test_whoever_is_away_for_two_seconds_and_dies_no_record_is_lost(lane: Lane, name: str, repeat: int) -> None:
    lane.close_gates()
    lane.house.active()
    claude, codex = lane.ask_claude(f"SCN:gate:{STEPS}"), lane.ask_codex("SCN:gate")
    claude.until(lambda lines: any(line["type"] == "assistant" for line in lines), "its first answer")
    # Both go on until the runtime is back: at its end claude waits 2 s for a receiver, and no setting lengthens that.
    lane.take_away(name)
    lane.open_gates()
    truth, told = truth_of(claude.finish()), exec_truth(codex.finish())
    assert (claude.process.returncode, codex.process.returncode) == (0, 0)

    wanted = {"user_prompt": 1, "api_request": STEPS + 1, "tool_decision": STEPS, "tool_result": STEPS}
    names = lane.until(
        lambda: lane.event_names(truth.session_id), lambda names: names >= Counter(wanted), "every record"
    )
    assert {event: names[event] for event in wanted} == wanted
    # claude numbers the records of a process without a gap: a hole or a repetition would be a loss or a double.
    sequences = sorted(sequence for _, sequence in lane.events(truth.session_id))
    assert sequences == list(range(len(sequences)))
    # codex numbers nothing: the beginning, the prompt, the request, and the response with its tokens.
    wanted = {"conversation_starts": 1, "user_prompt": 1, "api_request": 1, "turn_ttft": 1}
    names = lane.until(
        lambda: lane.event_names(told.session_id), lambda names: names >= Counter(wanted), "every record"
    )
    assert {event: names[event] for event in wanted} == wanted
    lane.until(lambda: lane.spent(told.session_id), lambda spent: spent == TOKENS, "its tokens, once")
    ledger = lane.house.ledger()
    assert ledger["balanced"], ledger


def _has_requests(count: int, names: Counter[str]) -> bool:
    return names["api_request"] >= count


def test_a_fork_and_a_sub_agent_of_codex_are_sessions_of_their_own_in_file_and_telemetry(lane: Lane) -> None:
    words: list[str | Path] = [lane.codex, "-c", "features.multi_agent_v2=true", "app-server"]
    with Client(words, lane.codex_env) as client:
        client.initialize()
        origin = client.start_thread(lane.work)
        client.turn(origin, "SCN:shell first")
        client.turn(origin, "SCN:agent second")
        client.wait(
            lambda m: m.get("method") == "turn/completed" and m["params"]["threadId"] != origin, "the sub-agent's end"
        )
        items = [each["params"]["item"] for each in client.notifications("item/completed")]
        agent = str(next(item["agentThreadId"] for item in items if item["type"] == "subAgentActivity"))
        fork = str(client.request("thread/fork", {"threadId": origin})["thread"]["id"])
        client.turn(fork, "SCN:plain by the fork")
        client.turn(origin, "SCN:plain third")
    # By the program's own word: a sub-agent that is done while its parent's turn runs costs that turn one more call.
    completed = Counter(
        (each["params"]["threadId"], each["params"]["item"]["type"]) for each in client.notifications("item/completed")
    )
    spent = {
        each["params"]["threadId"]: each["params"]["tokenUsage"]["total"]["inputTokens"] // TOKENS[0]
        for each in client.notifications("thread/tokenUsage/updated")
    }
    prompts = {origin: 3, agent: 0, fork: 1}
    responses = {origin: spent[origin], agent: spent[agent], fork: 1}  # a fork's total begins with its origin's
    for thread, count in responses.items():
        told = (count * TOKENS[0], count * TOKENS[1])
        lane.until(partial(lane.spent, thread), partial(eq, told), f"tokens of {thread}")
        names = lane.until(partial(lane.event_names, thread), partial(_has_requests, count), "its requests")
        assert (names["api_request"], names["user_prompt"]) == (count, prompts[thread]), (thread, names)
    stored = lane.rows(
        "SELECT s.session_id, i.kind, count(*) FROM items i JOIN turns t ON t.id = i.turn_row"
        " JOIN sessions s ON s.id = t.session_row WHERE s.session_id IN (?, ?, ?) GROUP BY 1, 2", origin, agent, fork
    )  # fmt: skip
    assert {(session, kind): count for session, kind, count in stored} == completed
    turns = lane.rows(
        "SELECT s.session_id, t.status, count(*) FROM turns t JOIN sessions s ON s.id = t.session_row"
        " WHERE s.session_id IN (?, ?, ?) GROUP BY 1, 2", origin, agent, fork
    )  # fmt: skip
    assert sorted(turns) == sorted([(origin, "completed", 3), (agent, "completed", 1), (fork, "completed", 1)])
    assert set(lane.rows("SELECT session_id, forked_from FROM sessions WHERE forked_from IS NOT NULL")) == {
        (agent, origin), (fork, origin)
    }  # fmt: skip
    ledger = lane.house.ledger()
    assert ledger["balanced"], ledger
