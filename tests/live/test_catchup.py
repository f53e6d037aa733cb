"""What the stream missed is stored all the same: killed processes, lost lines, and turns that others ran."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.client import CLIENT_INFO, Client
from chaos.scripts import PLAIN_TEXT
from messages.settings import Limits
from tests.live.house import House
from tests.unhurried import unhurried

pytestmark = pytest.mark.live
Build = Callable[..., House]
OFTEN = unhurried(catchup_interval_ms=100)


class Neighbour:
    """Another app-server process on the same Codex home."""

    def __init__(self, house: House) -> None:
        assert house.settings.codex is not None
        env = {**os.environ, "CODEX_HOME": str(house.settings.codex_home)}
        self.client = Client([house.settings.codex, "app-server", "--strict-config"], env)
        self.client.request("initialize", {"clientInfo": CLIENT_INFO, "capabilities": {}})
        self.client.send({"method": "initialized"})

    def thread(self, cwd: Path) -> str:
        return str(self.client.request("thread/start", {"cwd": str(cwd)})["thread"]["id"])

    def begin(self, thread: str, prompt: str) -> str:
        said = [{"type": "text", "text": prompt, "text_elements": []}]
        turn = str(self.client.request("turn/start", {"threadId": thread, "input": said})["turn"]["id"])
        self.client.wait(lambda m: m.get("method") == "item/completed", "the prompt")
        return turn

    def turn(self, thread: str, prompt: str) -> str:
        turn = self.begin(thread, prompt)
        self.client.wait(lambda m: m.get("method") == "turn/completed" and m["params"]["turn"]["id"] == turn, "an end")
        return turn


@pytest.fixture
def neighbours() -> Iterator[Callable[[House], Neighbour]]:
    """`neighbours(house)` → another process; all are ended after the test."""
    made: list[Neighbour] = []

    def make(house: House) -> Neighbour:
        made.append(Neighbour(house))
        return made[-1]

    yield make
    for each in made:
        each.client.end()


def until_caught_up(house: House, generation: int) -> None:
    query = f"SELECT text FROM audit WHERE kind = 'caught_up' AND subject = 'generation {generation}'"
    house.until_rows(query, lambda rows: len(rows) > 0)


def shown(house: House) -> list[tuple[Any, ...]]:
    """The canonical rows, whichever thread came first and wherever the home is."""
    home = str(house.settings.codex_home)
    return sorted(((*row[1:6], row[6].replace(home, "HOME")) for row in house.canonical()), key=repr)


def balanced(house: House) -> dict[str, Any]:
    ledger = house.ledger()
    assert ledger["balanced"], ledger
    assert ledger["staged"] == 0
    assert house.rows("SELECT count(*) FROM offsets WHERE difference != 0") == [(0,)]
    return dict(ledger)


def test_a_turn_that_another_process_ran_on_the_same_home_is_captured(build: Build, neighbours: Any) -> None:
    with build(timing=OFTEN) as house:
        house.active()
        other = neighbours(house)
        thread = other.thread(house.settings.cwd)
        turn = other.turn(thread, "SCN:plain from elsewhere")
        assert house.stored(turn)["status"] == "completed"
        assert [row[1:] for row in house.canonical()] == [
            ("completed", 1, "userMessage", None, 1, "SCN:plain from elsewhere"),
            ("completed", 2, "agentMessage", None, 1, PLAIN_TEXT),
        ]
        second = other.turn(thread, "SCN:reasoning again")
        assert house.stored(second)["items"] == 3
        assert house.rows("SELECT source FROM sessions") == [("pull",)]
        assert len(house.canonical()) == 5
        balanced(house)


def test_a_turn_that_runs_elsewhere_is_not_called_interrupted_until_its_process_is_gone(
    build: Build, neighbours: Any
) -> None:
    with build(timing=OFTEN) as house:
        house.active()
        other = neighbours(house)
        turn = other.begin(other.thread(house.settings.cwd), "SCN:interrupt")
        house.until_rows("SELECT session_id FROM pulls", lambda rows: len(rows) == 1)  # it was looked at
        assert house.rows("SELECT count(*) FROM turns") == [(0,)]
        other.client.process.kill()
        assert house.stored(turn)["status"] == "interrupted"
        assert [row[1:4] for row in house.canonical()] == [("interrupted", 1, "userMessage")]


def test_a_turn_whose_process_was_killed_ends_interrupted_and_the_next_one_is_captured(house: House) -> None:
    thread = house.thread()
    house.turn(thread, "SCN:plain before")
    turn = house.begin(thread, "SCN:slow:1000")
    house.until(lambda e: e.get("event") == "itemStored" and e["turnId"] == turn, "the prompt")
    house.kill("codex")
    assert house.stored(turn)["status"] == "interrupted"
    house.active(generation=2)
    until_caught_up(house, 2)
    assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"
    assert [row[1] for row in house.canonical()] == ["completed"] * 2 + ["interrupted"] + ["completed"] * 2
    balanced(house)


@pytest.mark.parametrize("name", ["codex", "sidecar"])
def test_rows_after_a_kill_between_turns_equal_an_undisturbed_run(build: Build, name: str) -> None:
    prompts = ("SCN:plain one", "SCN:reasoning two", "SCN:shell:approve three", "SCN:patch:approve four")
    with build() as calm:
        calm.active()
        for prompt in prompts:
            calm.turn(calm.thread(), prompt)
        expected = shown(calm)
    with build() as house:
        house.active()
        for number, prompt in enumerate(prompts):
            house.turn(house.thread(), prompt)
            if number == 1:
                house.kill(name)
                house.until_status(
                    lambda s: s["mode"] == "HYBRID_ACTIVE" and s["sidecar"]["generation"] >= 2, "another process"
                )
                until_caught_up(house, 2)
        assert shown(house) == expected
        dispositions = balanced(house)["dispositions"]
        assert dispositions["duplicate"] >= 3 + 4  # two turns and their items came again, and changed nothing
        assert house.rows("SELECT count(*) FROM dedupe_log WHERE source = 'pull' AND decision != 'duplicate'") == [(0,)]


def test_a_turn_whose_sidecar_actor_was_killed_ends_interrupted(house: House) -> None:
    turn = house.begin(house.thread(), "SCN:slow:1000")
    house.until(lambda e: e.get("event") == "itemStored", "the prompt")
    house.kill("sidecar")
    assert house.stored(turn)["status"] == "interrupted"
    house.active(generation=2)
    assert [row[1:4] for row in house.canonical()] == [("interrupted", 1, "userMessage")]


def test_a_turn_whose_end_was_too_long_a_line_gets_its_end_from_history(build: Build) -> None:
    with build(timing=OFTEN, limits=Limits(line_bytes_max=64 * 1024)) as house:
        house.active()
        turn = house.begin(house.thread(), f"SCN:longline:{80 * 1024}")
        assert house.stored(turn)["status"] == "completed"
        [(text,)] = house.rows("SELECT text FROM audit WHERE kind = 'pull_too_large'")
        assert turn in text
        assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"
        assert house.ledger()["balanced"]


def test_a_runtime_that_was_away_finds_what_happened_meanwhile_and_nothing_twice(build: Build, neighbours: Any) -> None:
    first = build()
    with first as house:
        house.active()
        house.turn(house.thread(), "SCN:plain mine")
        until_caught_up(house, 1)
    other = neighbours(first)
    turn = other.turn(other.thread(first.settings.cwd), "SCN:plain theirs")
    with House(first.settings) as house:
        # It may be stored before anybody listens.
        house.until_rows(f"SELECT status FROM turns WHERE turn_id = '{turn}'", lambda rows: rows == [("completed",)])
        house.active()
        assert sorted(row[6] for row in house.canonical() if row[3] == "userMessage") == [
            "SCN:plain mine",
            "SCN:plain theirs",
        ]
        assert house.rows("SELECT count(*) FROM items") == [(4,)]
        balanced(house)
