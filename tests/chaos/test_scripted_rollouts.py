from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.client import Client
from chaos.loopback_model import LoopbackModel
from chaos.scripted_frames import agent_message, command_execution, file_change, reasoning, user_message
from chaos.scripted_rollouts import read_rollout, stored_threads, stream_item
from chaos.scripted_threads import Thread, rollout_item, rollout_path

NOW_MS = 1_795_329_558_442


@pytest.mark.parametrize(
    "item",
    [
        user_message("u", "hello"),
        agent_message("m", "hello"),
        reasoning("r", ["why"], ["because"]),
        command_execution(
            "c", "ls -l", "/w", status="failed", process_id="7", output="x\n", exit_code=2, duration_ms=1234
        ),
        file_change("f", "/w/p", "+line\n", "declined"),
    ],
    ids=lambda item: item["type"],
)
def test_an_item_survives_the_rollout(item: dict[str, object]) -> None:
    assert stream_item(rollout_item(item)) == item


def written(folder: Path) -> Thread:
    path = rollout_path(folder, "t1", NOW_MS)
    thread = Thread("t1", "/w", "gpt-5.5", "mock", "never", "read-only", NOW_MS // 1000, "probe", path)
    for turn_id in ("one", "two"):
        thread.begin(turn_id, NOW_MS)
        item = agent_message("m", f"text of {turn_id}") | {"startedAtMs": NOW_MS, "completedAtMs": NOW_MS}
        thread.keep(turn_id, item, NOW_MS)
    thread.end("one", "completed", None, NOW_MS, NOW_MS + 9)
    return thread


def test_a_thread_is_read_back(tmp_path: Path) -> None:
    thread = written(tmp_path)
    (again,) = stored_threads(tmp_path)
    assert (again.thread_id, again.cwd, again.model, again.status) == ("t1", "/w", "gpt-5.5", {"type": "notLoaded"})
    assert again.turns == thread.turns
    assert again.ordinal == thread.ordinal


def test_a_torn_last_line_ends_the_reading(tmp_path: Path) -> None:
    path = written(tmp_path).path
    assert path is not None
    path.write_bytes(path.read_bytes()[:-20])
    thread = read_rollout(path)
    assert thread is not None
    assert [turn.status for turn in thread.turns] == ["inProgress", "inProgress"]


def test_a_file_that_is_no_rollout_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "sessions" / "2026" / "11" / "22"
    folder.mkdir(parents=True)
    (folder / "rollout-x.jsonl").write_text('{"type":"event_msg","payload":{"type":"x"}}\n')
    (folder / "rollout-y.jsonl").write_text("")
    assert list(stored_threads(tmp_path)) == []


@pytest.mark.real
def test_rollouts_of_the_real_program_are_read_too(
    real_codex: Path, loopback_model: LoopbackModel, tmp_path: Path, start_app_server: Callable[..., Client]
) -> None:
    home = loopback_model.write_codex_home(tmp_path / "home", auth="none", sandbox_mode="danger-full-access")
    client = start_app_server(real_codex, loopback_model.codex_env(home))
    client.initialize()
    thread_id = client.start_thread(tmp_path)
    for prompt in ("SCN:plain", "SCN:reasoning", "SCN:shell:fail", "SCN:patch", "SCN:fail:500"):
        client.turn(thread_id, prompt)
    (thread,) = stored_threads(home)
    told = client.request("thread/turns/list", {"threadId": thread_id, "itemsView": "full", "sortDirection": "asc"})
    stored = [turn.as_frame("full") for turn in thread.turns]
    assert [(turn["id"], turn["status"]) for turn in stored] == [(turn["id"], turn["status"]) for turn in told["data"]]
    assert [turn["items"] for turn in stored] == [turn["items"] for turn in told["data"]]
