import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chaos.client import Client, RpcError
from chaos.drilling.stage import gone

ECHO = """
import sys, json
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "fail":
        sys.stdout.write(json.dumps({"error": {"code": -1, "message": "no"}, "id": message["id"]}) + "\\n")
    elif message.get("method") == "quit":
        sys.exit(3)
    elif message.get("method") == "garbage":
        sys.stdout.write("garbage\\n")
    elif "id" in message and message.get("method") != "silent":
        sys.stdout.write(json.dumps({"method": "heard", "params": message}) + "\\n")
        sys.stdout.write(json.dumps({"id": message["id"], "result": message.get("params")}) + "\\n")
    sys.stdout.flush()
"""


@pytest.fixture
def client() -> Iterator[Client]:
    with Client([sys.executable, "-c", ECHO], {}) as client:
        yield client


def test_a_request_gets_its_own_reply(client: Client) -> None:
    first, second = client.post("m", {"n": 1}), client.post("m", {"n": 2})
    assert client.reply_to(second) == {"n": 2}
    assert client.reply_to(first) == {"n": 1}


def test_an_error_reply_is_raised(client: Client) -> None:
    with pytest.raises(RpcError) as error:
        client.request("fail")
    assert (error.value.code, error.value.message) == (-1, "no")


def test_every_wait_ends(client: Client) -> None:
    with pytest.raises(TimeoutError, match=r"no reply to request 1 within 0\.1 s; last lines"):
        client.request("silent", {}, wait_s=0.1)
    with pytest.raises(TimeoutError):
        client.wait_method("never", wait_s=0.1)
    with pytest.raises(TimeoutError):
        client.wait_eof(wait_s=0.1)


def test_the_end_of_stdout_is_told_apart(client: Client) -> None:
    with pytest.raises(EOFError):
        client.request("quit")
    assert client.wait_exit() == 3


def test_waiting_twice_finds_two_messages(client: Client) -> None:
    client.request("m", {"n": 1})
    client.request("m", {"n": 2})
    assert client.wait_method("heard")["params"]["params"] == {"n": 1}
    assert client.wait_method("heard")["params"]["params"] == {"n": 2}
    with pytest.raises(TimeoutError):
        client.wait_method("heard", wait_s=0.05)
    assert client.wait_method("heard", since=0)["params"]["params"] == {"n": 1}


def test_every_line_is_remembered_both_ways(client: Client) -> None:
    client.send({"method": "garbage"})
    client.request("m", {})
    assert sorted(line.dir for line in client.lines) == ["in", "in", "in", "out", "out"]
    assert b"garbage\n" in [line.message for line in client.lines]
    assert [line.t_s for line in client.lines] == sorted(line.t_s for line in client.lines)


def test_leaving_ends_a_process_that_will_not_leave(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    with Client([sys.executable, "-c", stubborn], {}, stderr=tmp_path / "stderr") as client:
        assert client.process.poll() is None
    assert client.process.returncode == -signal.SIGKILL


def test_leaving_ends_what_the_process_started() -> None:
    parent = """
import subprocess, sys
child = subprocess.Popen(["sleep", "600"])
print('{"pid": %d}' % child.pid, flush=True)
sys.stdin.read()
"""
    with Client([sys.executable, "-c", parent], {"PATH": "/usr/bin:/bin"}) as client:
        pid = client.wait(lambda message: "pid" in message, "the pid")["pid"]
    # Killed it is; where many processes wait for a processor, its last step waits as well.
    assert gone([each for each in psutil.process_iter() if each.pid == pid], 30.0)
