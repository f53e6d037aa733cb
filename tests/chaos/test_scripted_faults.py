import os
import signal
from collections.abc import Callable
from pathlib import Path

import orjson
import psutil
import pytest

from chaos.client import Client


@pytest.fixture
def client(scripted_codex: Path, tmp_path: Path, start_app_server: Callable[..., Client]) -> Client:
    home = tmp_path / "home"
    home.mkdir()
    client = start_app_server(scripted_codex, {"CODEX_HOME": str(home), "PATH": os.environ["PATH"]})
    client.initialize()
    return client


@pytest.mark.parametrize(("prompt", "code"), [("SCN:crash", -signal.SIGKILL), ("SCN:crash:3", 3), ("SCN:crash:0", 0)])
def test_a_crash_comes_after_the_first_deltas(client: Client, tmp_path: Path, prompt: str, code: int) -> None:
    client.start_turn(client.start_thread(tmp_path), prompt)
    assert client.wait_exit() == code
    assert len(client.notifications("item/agentMessage/delta")) == 3
    assert client.notifications("turn/completed") == []


def test_a_hanging_process_is_alive_and_hears_nothing(client: Client, tmp_path: Path) -> None:
    client.start_turn(client.start_thread(tmp_path), "SCN:hang")
    client.wait(lambda message: message.get("params", {}).get("delta") == "hen cut", "the last delta")
    probe = client.post("thread/loaded/list", {})
    client.kill(signal.SIGTERM)
    client.close_stdin()
    with pytest.raises(TimeoutError):
        client.reply_to(probe, wait_s=0.3)
    assert client.process.poll() is None


def test_garbage_is_followed_by_a_whole_turn(client: Client, tmp_path: Path) -> None:
    turn = client.turn(client.start_thread(tmp_path), "SCN:garbage")
    raw = [line.message for line in client.lines if line.dir == "in" and not isinstance(line.message, dict)]
    assert [each if isinstance(each, list) else each[:10] for each in raw] == [
        b'{"method":',
        b'{"method":',
        b"\n",
        [1, 2, 3],
    ]
    assert b"\xff" in raw[1]
    assert client.notifications("item/neverHeardOf/happened")
    assert turn["status"] == "completed"


@pytest.mark.parametrize("size", [500, 65_536, 65_537, 3_000_000])
def test_a_long_line_is_exactly_as_long_as_asked(client: Client, tmp_path: Path, size: int) -> None:
    client.turn(client.start_thread(tmp_path), f"SCN:longline:{size}")
    (delta,) = client.notifications("item/agentMessage/delta")
    assert len(orjson.dumps(delta)) == size


@pytest.mark.parametrize("count", [0, 1, 999, 4000, 12_345])
def test_a_flood_is_complete_and_in_order(client: Client, tmp_path: Path, count: int) -> None:
    client.turn(client.start_thread(tmp_path), f"SCN:flood:{count}")
    deltas = [each["params"]["delta"] for each in client.notifications("item/agentMessage/delta")]
    assert deltas == [f"{number % 1000:03d} " for number in range(count)]
    assert client.notifications("item/completed")[-1]["params"]["item"]["text"] == "".join(deltas)


def test_an_orphan_outlives_the_process_in_its_own_session(client: Client, tmp_path: Path) -> None:
    client.turn(client.start_thread(tmp_path), "SCN:orphan:30")
    items = [each["params"]["item"] for each in client.notifications("item/completed")]
    pid = int(next(item["processId"] for item in items if item["type"] == "commandExecution"))
    orphan = psutil.Process(pid)
    try:
        assert os.getsid(pid) == pid
        client.kill()
        client.wait_exit()
        assert orphan.is_running()
        assert orphan.cmdline() == ["sleep", "30"]
    finally:
        orphan.kill()
