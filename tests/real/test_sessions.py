"""Every kind of session that the real claude and the real codex have, offline: by telemetry, file and stream it is one.

The truth is what the programs printed and what the loopback APIs served; it is held against the store, count by count.
With HYBRID_CAPTURE_INGEST_REPORT=FILE the rates are written there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chaos.claude_program import ClaudeRun, Truth, truth_of
from chaos.codex_program import exec_truth
from chaos.ingest_success import report, success_of
from chaos.loopback_streams import TOKENS
from tests.real.lane import Lane, open_lane

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
SAID = ("agentMessage", "reasoning", "toolCall")


@dataclass
class Day:
    """What both programs did, and what they said about it."""

    lane: Lane
    claude: dict[str, Truth] = field(default_factory=dict)
    """By name of the scene."""
    prompts: Counter[str] = field(default_factory=Counter)
    """How often each session of claude was asked something by a person."""
    codex: dict[str, list[str]] = field(default_factory=dict)
    """Kinds of completed items of each session, in order, prompts left out."""
    asked: Counter[str] = field(default_factory=Counter)
    """How often each session of codex was asked something by a person."""
    scenes: dict[str, str] = field(default_factory=dict)
    """Session of each scene of codex."""

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.lane.rows(query, *values)

    def items(self, tool: str, session: str, *, agents: bool = False) -> list[tuple[Any, ...]]:
        """Id, kind, status and number of sources of the items that a session is home of."""
        query = (
            "SELECT i.item_id, i.kind, i.status, i.source FROM items i JOIN turns t ON t.id = i.turn_row"
            " JOIN sessions s ON s.id = t.session_row WHERE s.tool = ? AND s.session_id = ?"
        )
        own = "" if agents else " AND i.agent_id IS NULL"
        return self.rows(f"{query}{own} ORDER BY t.id, i.ordinal", tool, session)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, real_claude: Path, real_codex: Path) -> Iterator[Day]:
    with open_lane(tmp_path_factory.mktemp("lane"), real_claude, real_codex) as lane:
        lane.house.active()
        day = Day(lane)
        _claude_works(day)
        _codex_works(day)
        lane.settle()
        yield day


def _claude_works(day: Day) -> None:
    lane = day.lane
    prompts = {
        "tools": f"SCN:tools in:{lane.work}", "agent": "SCN:agent", "retry": "SCN:retry", "error": "SCN:fail:400",
        "thinking": "SCN:thinking", "killed in a tool": "SCN:shell:60",
    }  # fmt: skip
    runs: dict[str, ClaudeRun] = {scene: lane.ask_claude(prompt) for scene, prompt in prompts.items()}
    runs["killed in a text"] = lane.ask_claude("SCN:hang", "--include-partial-messages")
    runs["killed in a tool"].until(lambda lines: bool(truth_of(lines).calls), "that it runs a tool")
    runs["killed in a text"].until(lambda lines: any(line["type"] == "stream_event" for line in lines), "half a text")
    killed = ("killed in a text", "killed in a tool")
    for scene in killed:
        prompts_of = partial(lane.event_names, truth_of(runs[scene].lines).session_id)
        lane.until(prompts_of, lambda names: bool(names["user_prompt"]), "that its prompt was exported")
    lane.until_exported()
    for scene in killed:
        runs[scene].kill()
    day.claude = {scene: truth_of(run.finish()) for scene, run in runs.items()}
    tools, cut_off = day.claude["tools"].session_id, day.claude["killed in a tool"].session_id
    later = {
        "resumed": lane.ask_claude("SCN:plain and on", "--resume", cut_off),
        "forked": lane.ask_claude("SCN:plain from here", "--resume", tools, "--fork-session"),
    }
    day.claude |= {scene: truth_of(run.finish()) for scene, run in later.items()}
    day.prompts = Counter(truth.session_id for truth in day.claude.values())


def _codex_works(day: Day) -> None:
    lane = day.lane
    thread = lane.house.thread()
    assert lane.house.turn(thread, "SCN:shell by the stream")["status"] == "completed"
    day.scenes["streamed"], day.codex[thread] = thread, ["commandExecution", "agentMessage"]
    day.asked[thread] += 1
    prompts = {"shell": "SCN:shell", "patch": "SCN:patch", "error": "SCN:fail:500", "killed": "SCN:slow:1000"}
    runs = {scene: lane.ask_codex(prompt) for scene, prompt in prompts.items()}
    runs["killed"].until(lambda lines: any(line["type"] == "turn.started" for line in lines), "that its turn began")
    lane.until_exported()
    runs["killed"].kill()
    for scene, run in runs.items():
        truth = exec_truth(run.finish())
        day.scenes[scene], day.codex[truth.session_id] = truth.session_id, truth.kinds
        day.asked[truth.session_id] += 1
    resumed = exec_truth(lane.ask_codex("SCN:plain and on", session=day.scenes["shell"]).finish())
    assert resumed.session_id == day.scenes["shell"]
    day.codex[resumed.session_id] += resumed.kinds
    day.asked[resumed.session_id] += 1


def test_each_session_is_one_row_whatever_saw_it(day: Day) -> None:
    claude = {truth.session_id for truth in day.claude.values()}
    assert sorted(day.rows("SELECT tool, session_id FROM sessions")) == sorted(
        [*(("claude", session) for session in claude), *(("codex", session) for session in day.codex)]
    )
    assert day.claude["resumed"].session_id == day.claude["killed in a tool"].session_id
    assert day.claude["forked"].session_id != day.claude["tools"].session_id
    for session in claude:
        assert {source for *_, source in day.items("claude", session)} == {"transcript"}
        assert day.lane.event_names(session)["user_prompt"] >= 1
    streamed = day.rows(
        "SELECT DISTINCT x.source FROM item_sources x JOIN items i ON i.id = x.item_row"
        " JOIN turns t ON t.id = i.turn_row JOIN sessions s ON s.id = t.session_row WHERE s.session_id = ?",
        day.scenes["streamed"],
    )
    assert {("stream",), ("rollout",)} <= set(streamed)
    assert day.lane.event_names(day.scenes["streamed"])["user_prompt"] == 1


def test_every_item_that_claude_printed_is_stored_once_with_its_end(day: Day) -> None:
    expected: dict[str, dict[str, str]] = {}
    for truth in day.claude.values():
        said = dict.fromkeys(truth.messages, "")
        expected.setdefault(truth.session_id, {}).update({**said, **truth.calls})
    for session, wanted in expected.items():
        rows = day.items("claude", session)
        stored = {item: status for item, kind, status, _ in rows if kind in SAID}
        printed = _without_agents(day, session, wanted)
        assert stored.keys() == printed.keys(), session
        calls = {item: status for item, kind, status, _ in rows if kind == "toolCall"}
        assert calls == {item: status for item, status in printed.items() if status}
        assert sum(kind == "userMessage" for _, kind, _, _ in rows) == day.prompts[session]
    [(all_items, distinct)] = day.rows(
        "SELECT count(*), count(DISTINCT i.item_id) FROM items i JOIN turns t ON t.id = i.turn_row"
        " JOIN sessions s ON s.id = t.session_row WHERE s.tool = 'claude'"
    )
    assert all_items == distinct


def _without_agents(day: Day, session: str, wanted: dict[str, str]) -> dict[str, str]:
    agents = {row[0] for row in day.items("claude", session, agents=True)} - {
        row[0] for row in day.items("claude", session)
    }
    return {item: status for item, status in wanted.items() if item not in agents}


def test_a_sub_agent_s_work_belongs_to_the_session_and_turn_that_sent_it(day: Day) -> None:
    truth = day.claude["agent"]
    own = {row[0] for row in day.items("claude", truth.session_id)}
    everything = {row[0] for row in day.items("claude", truth.session_id, agents=True)}
    assert truth.items <= everything
    assert {call for call in truth.calls if call not in own}
    assert day.rows(
        "SELECT count(*) FROM turns t JOIN sessions s ON s.id = t.session_row WHERE s.session_id = ?", truth.session_id
    ) == [(1,)]


def test_every_answer_of_the_claude_api_is_counted_once_with_its_tokens(day: Day) -> None:
    rows = day.rows(
        "SELECT r.response_id, r.input, r.cached, r.cache_written, r.output FROM response_usage r"
        " JOIN sessions s ON s.id = r.session_row WHERE s.tool = 'claude'"
    )
    served = day.lane.api.served
    assert Counter(row[0] for row in rows) == Counter(each.request_id for each in served)
    for _, taken, cached, written, output in rows:
        assert (taken, cached, written, output) == (12 + 700 + 30, 700, 30, 42)


def test_every_item_that_codex_printed_is_stored_once_in_its_order(day: Day) -> None:
    for session, kinds in day.codex.items():
        stored = [kind for _, kind, _, _ in day.items("codex", session)]
        assert [kind for kind in stored if kind != "userMessage"] == kinds, session
        assert stored.count("userMessage") == day.asked[session], session


def test_every_response_that_codex_had_is_counted_once(day: Day) -> None:
    answered = Counter(each.thread for each in day.lane.model.answered)
    for session in day.codex:
        spent = tuple(answered[session] * each for each in TOKENS)
        assert day.lane.spent(session) == spent, session


def test_the_rates_are_computed_from_what_the_programs_said(day: Day, tmp_path: Path) -> None:
    said = {item for truth in day.claude.values() for item in truth.items}
    asked = [f"{session}/userMessage" for session in day.prompts.elements()]
    claude = [*said, *asked, *(answer.request_id for answer in day.lane.api.served)]
    rows = [(session, row) for session in day.prompts for row in day.items("claude", session, agents=True)]
    stored = [
        *(row[0] for _, row in rows),
        *(f"{session}/userMessage" for session, row in rows if row[1] == "userMessage"),
        *(row[0] for row in day.rows("SELECT response_id FROM response_usage")),
    ]
    codex = [f"{session}/{kind}" for session, kinds in day.codex.items() for kind in kinds]
    codex += [f"{session}/userMessage" for session in day.asked.elements()]
    kept = [f"{session}/{row[1]}" for session in day.codex for row in day.items("codex", session)]
    rates = [success_of("claude", claude, stored), success_of("codex", codex, kept)]
    file = Path(os.environ.get("HYBRID_CAPTURE_INGEST_REPORT", tmp_path / "ingest-success.json"))
    file.write_bytes(report(rates))
    assert [(rate.rate, rate.missing) for rate in rates] == [(1.0, ())] * 2
    assert [rate.expected for rate in rates] == [len(claude), len(codex)]


def test_the_ledger_balances_and_nothing_was_dropped(day: Day) -> None:
    [(differences,)] = day.rows("SELECT count(*) FROM offsets WHERE difference != 0")
    assert differences == 0
    dropped = day.rows("SELECT disposition, count FROM ledger WHERE disposition LIKE 'dropped%'")
    assert dropped == []
