"""Catching up with the real codex: what other processes ran, and what a killed one left without an end."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.client import CLIENT_INFO, Client
from chaos.loopback_model import LoopbackModel
from hybrid_capture.settings import Settings
from tests.live.house import House, alive
from tests.live.test_catchup import balanced, until_caught_up
from tests.unhurried import unhurried

pytestmark = pytest.mark.real
OFTEN = unhurried(catchup_interval_ms=200)
Build = Callable[..., House]


@pytest.fixture
def build(tmp_path: Path, real_codex: Path, loopback_model: LoopbackModel) -> Iterator[Build]:
    """`build(timing=…)` → a House on the real codex; every one of a test has the same Codex home."""
    before = set(psutil.Process().children(recursive=True))
    home = loopback_model.write_codex_home(tmp_path / "home")
    (tmp_path / "workspace").mkdir()

    def make(state: str = "state", **settings: Any) -> House:
        given = {
            "state_dir": tmp_path / state,
            "codex": real_codex,
            "codex_home": home,
            "cwd": tmp_path / "workspace",
            "codex_environment": loopback_model.codex_env(home),
            "otlp_port": 0,
            "timing": unhurried(),
            **settings,
        }
        return House(Settings(**given))

    yield make
    left = alive(set(psutil.Process().children(recursive=True)) - before)
    for process in left:
        process.kill()
    assert not left, f"left alive: {left}"


@pytest.fixture
def neighbour(tmp_path: Path, real_codex: Path, loopback_model: LoopbackModel, start_app_server: Any) -> Any:
    """`neighbour()` → another app-server on the same home, greeted."""

    def start() -> Client:
        client: Client = start_app_server(real_codex, loopback_model.codex_env(tmp_path / "home"))
        client.request("initialize", {"clientInfo": CLIENT_INFO, "capabilities": {}})
        client.send({"method": "initialized"})
        return client

    return start


def begin(client: Client, thread: str, prompt: str) -> str:
    said = [{"type": "text", "text": prompt, "text_elements": []}]
    turn = str(client.request("turn/start", {"threadId": thread, "input": said})["turn"]["id"])
    client.wait(lambda m: m.get("method") == "item/completed", "the prompt")
    return turn


def run(client: Client, thread: str, prompt: str) -> str:
    turn = begin(client, thread, prompt)
    while True:
        said = client.wait(lambda m: m.get("method") == "turn/completed" or ("id" in m and "method" in m), "an end")
        if said["method"] == "turn/completed":
            return turn
        client.answer(said["id"], {"decision": "accept"})


def test_turns_of_another_app_server_and_of_codex_exec_are_captured(
    build: Build, neighbour: Any, tmp_path: Path, real_codex: Path, loopback_model: LoopbackModel
) -> None:
    with build(timing=OFTEN) as house:
        house.active()
        other = neighbour()
        thread = other.request("thread/start", {"cwd": str(tmp_path / "workspace")})["thread"]["id"]
        turn = run(other, thread, "SCN:shell:approve from elsewhere")
        stored = house.stored(turn)
        assert (stored["status"], stored["items"]) == ("completed", 3)
        again = run(other, thread, "SCN:plain and on")
        assert house.stored(again)["status"] == "completed"
        subprocess.run(
            [real_codex, "exec", "--skip-git-repo-check", "-C", tmp_path / "workspace", "SCN:plain by exec"],
            env=loopback_model.codex_env(tmp_path / "home"), check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        house.until_rows("SELECT text FROM items WHERE text = 'SCN:plain by exec'", lambda rows: len(rows) == 1)
        assert [row[3] for row in house.canonical()] == [
            *("userMessage", "commandExecution", "agentMessage"),
            *("userMessage", "agentMessage") * 2,
        ]
        balanced(house)


def test_a_fork_is_captured_without_the_turns_it_inherited(build: Build, neighbour: Any, tmp_path: Path) -> None:
    with build(timing=OFTEN) as house:
        house.active()
        other = neighbour()
        thread = other.request("thread/start", {"cwd": str(tmp_path / "workspace")})["thread"]["id"]
        house.stored(run(other, thread, "SCN:plain origin"))
        fork = other.request("thread/fork", {"threadId": thread})["thread"]["id"]
        house.stored(run(other, fork, "SCN:plain own"))
        asked = [row[6] for row in house.canonical() if row[3] == "userMessage"]
        assert asked == ["SCN:plain origin", "SCN:plain own"]
        balanced(house)


def test_a_turn_that_runs_elsewhere_ends_when_its_process_does(build: Build, neighbour: Any, tmp_path: Path) -> None:
    with build(timing=OFTEN) as house:
        house.active()
        other = neighbour()
        thread = other.request("thread/start", {"cwd": str(tmp_path / "workspace")})["thread"]["id"]
        turn = begin(other, thread, "SCN:slow:1000")
        house.until_rows("SELECT session_id FROM pulls", lambda rows: len(rows) == 1)
        assert house.rows("SELECT count(*) FROM turns") == [(0,)]
        other.process.kill()
        assert house.stored(turn)["status"] == "interrupted"


@pytest.mark.parametrize("name", ["codex", "sidecar"])
def test_a_turn_whose_process_was_killed_ends_interrupted_and_nothing_is_stored_twice(build: Build, name: str) -> None:
    with build() as house:
        house.active()
        house.turn(house.thread(), "SCN:reasoning before")
        turn = house.begin(house.thread(), "SCN:slow:1000")
        house.until(lambda e: e.get("event") == "itemStored" and e["turnId"] == turn, "the prompt")
        house.kill(name)
        assert house.stored(turn)["status"] == "interrupted"
        house.active(generation=2)
        until_caught_up(house, 2)
        assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"
        rows = [row[1:4] for row in house.canonical()]
        assert rows == [
            *(("completed", n, kind) for n, kind in enumerate(("userMessage", "reasoning", "agentMessage"), 1)),
            ("interrupted", 1, "userMessage"),
            *(("completed", n, kind) for n, kind in enumerate(("userMessage", "agentMessage"), 1)),
        ]
        assert all(row[5] == 1 for row in house.canonical())
        balanced(house)


def test_a_new_store_on_an_old_home_gets_the_rows_that_the_stream_gave(build: Build) -> None:
    prompts = ("SCN:plain one", "SCN:reasoning two", "SCN:shell:approve three", "SCN:patch:approve four")
    with build() as house:
        house.active()
        for prompt in prompts:
            house.turn(house.thread(), prompt)
        query = "SELECT i.item_id, i.ordinal, i.kind, i.status, i.revision, i.content_hash FROM items i ORDER BY 6"
        streamed, turns = house.rows(query), house.rows("SELECT turn_id, status, duration_ms FROM turns ORDER BY 1")
    with build(state="another") as house:
        house.active()
        until_caught_up(house, 1)
        assert house.rows(query) == streamed
        assert house.rows("SELECT turn_id, status, duration_ms FROM turns ORDER BY 1") == turns
        balanced(house)
