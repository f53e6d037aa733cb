import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.client import CLIENT_INFO, Client
from chaos.scripted import read_settings, write_executable
from chaos.scripts import ProcessScript

Start = Callable[..., Client]


@pytest.fixture
def boot(tmp_path: Path, start_app_server: Start) -> Callable[..., Client]:
    """`boot(script, seed=…, clock_ms=…, home=…)` → a Client that has said nothing yet."""

    def boot(script: ProcessScript | None = None, *, home: str = "home", **options: Any) -> Client:
        folder = tmp_path / home
        folder.mkdir(exist_ok=True)
        codex = write_executable(tmp_path / "codex", script=script, **options)
        return start_app_server(codex, {"CODEX_HOME": str(folder), "PATH": os.environ["PATH"]})

    return boot


def run(codex: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [codex, *argv], capture_output=True, timeout=60, env=env, check=False, stdin=subprocess.DEVNULL
    )


def test_it_tells_its_version(scripted_codex: Path) -> None:
    done = run(scripted_codex, "--version")
    assert (done.returncode, done.stdout) == (0, b"codex-cli 0.169.0-scripted\n")


def test_an_unknown_command_line_is_exit_code_2(scripted_codex: Path) -> None:
    assert run(scripted_codex, "exec", "hello").returncode == 2
    assert run(scripted_codex).returncode == 2


def test_the_executable_stands_anywhere_and_has_the_pid_of_the_server(boot: Callable[..., Client]) -> None:
    client = boot()
    client.initialize()
    assert client.request("server/diagnostics", {})["process"]["id"] == client.process.pid


def test_without_a_home_it_touches_nothing(scripted_codex: Path, tmp_path: Path) -> None:
    done = run(scripted_codex, "app-server", HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_config_is_exit_code_1(scripted_codex: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("model = ")
    done = run(scripted_codex, "app-server", CODEX_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"config.toml" in done.stderr


def test_the_config_decides_what_the_config_of_the_real_one_decides(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        'model = "m"\nmodel_provider = "p"\napproval_policy = "never"\n'
        "[model_providers.p]\nrequires_openai_auth = false\nstream_max_retries = 3\n"
    )
    settings = read_settings(tmp_path)
    assert (settings.model, settings.approval_policy, settings.stream_max_retries) == ("m", "never", 3)
    assert settings.requires_openai_auth is False


def test_a_crash_at_start_writes_nothing(boot: Callable[..., Client], tmp_path: Path) -> None:
    client = boot(ProcessScript(start="exit", exit_code=9, exit_message="no luck"))
    assert client.wait_exit() == 9
    assert client.lines == []
    assert (tmp_path / "stderr").read_text() == "no luck\n"


def test_an_exit_by_code_0_at_once_is_possible_too(boot: Callable[..., Client]) -> None:
    assert boot(ProcessScript(start="exit", exit_code=0)).wait_exit() == 0


def test_the_starts_can_differ(boot: Callable[..., Client]) -> None:
    script = ProcessScript(starts=({"start": "exit", "exit_code": 4}, {"start": "exit", "exit_code": 5}, {}))
    assert [boot(script).wait_exit() for _ in range(2)] == [4, 5]
    assert boot(script).initialize()["platformFamily"] == "unix"


def test_a_crash_after_initialize(boot: Callable[..., Client]) -> None:
    client = boot(ProcessScript(initialize="crash_after", exit_code=6))
    assert client.request("initialize", {"clientInfo": CLIENT_INFO})
    assert client.wait_exit() == 6


def test_a_hang_before_the_initialize_reply(boot: Callable[..., Client]) -> None:
    client = boot(ProcessScript(initialize="hang"))
    asked = client.post("initialize", {"clientInfo": CLIENT_INFO})
    with pytest.raises(TimeoutError):
        client.reply_to(asked, wait_s=0.5)
    assert client.process.poll() is None


def test_a_slow_initialize(boot: Callable[..., Client]) -> None:
    client = boot(ProcessScript(initialize_delay_ms=250))
    client.initialize()
    question, reply, *_ = client.lines
    assert reply.t_s - question.t_s >= 0.25


def test_frames_before_the_handshake(boot: Callable[..., Client]) -> None:
    client = boot(ProcessScript(frames_before_handshake=3))
    for _ in range(3):
        client.wait_method("configWarning")
    assert [line.dir for line in client.lines] == ["in"] * 3
    client.initialize()


def test_stdout_closed_but_alive(boot: Callable[..., Client]) -> None:
    client = boot(ProcessScript(start="stdout_closed"))
    client.wait_eof()
    client.send({"method": "initialized"})
    assert client.process.poll() is None
    client.close_stdin()
    assert client.wait_exit() == 0


def test_a_process_that_ignores_being_told_to_stop(boot: Callable[..., Client]) -> None:
    client = boot(ProcessScript(ignore_stop=True))
    client.initialize()
    client.kill(signal.SIGTERM)
    assert client.request("thread/loaded/list", {})["data"] == []
    client.close_stdin()
    with pytest.raises(subprocess.TimeoutExpired):
        client.process.wait(0.3)
    client.kill()
    assert client.wait_exit() == -signal.SIGKILL


def test_a_process_that_takes_its_time_to_stop(boot: Callable[..., Client]) -> None:
    client = boot(ProcessScript(stop_delay_ms=300))
    client.initialize()
    began = time.monotonic()
    client.close_stdin()
    assert client.wait_exit() == 0
    assert time.monotonic() - began >= 0.25


def test_no_stand_in_outlives_its_time(boot: Callable[..., Client]) -> None:
    client = boot(ProcessScript(initialize="hang", lifetime_s_max=1))
    with contextlib.suppress(BrokenPipeError):  # it may have ended before we say anything
        client.post("initialize", {"clientInfo": CLIENT_INFO})
    assert client.wait_exit() == -signal.SIGALRM


def test_the_same_seed_and_clock_make_the_same_bytes(boot: Callable[..., Client], tmp_path: Path) -> None:
    def play(home: str) -> list[object]:
        client = boot(seed=7, clock_ms=1_700_000_000_000, home=home)
        client.initialize()
        thread_id = client.start_thread(tmp_path)
        for prompt in ("SCN:plain", "SCN:shell", "SCN:cut"):
            client.turn(thread_id, prompt)
        client.end()
        said = [line.message for line in client.lines if line.dir == "in"]
        assert isinstance(said[0], dict)
        return [str(message).replace(home, "HOME") for message in said]

    assert play("home-a") == play("home-b")


def test_a_restarted_process_makes_other_ids(boot: Callable[..., Client], tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        client = boot(seed=7, clock_ms=1_700_000_000_000)
        client.initialize()
        ids.append(client.start_thread(tmp_path))
        client.end()
    assert ids[0] != ids[1]


def test_a_flood_is_faster_than_anything_that_reads_it(scripted_codex: Path, tmp_path: Path) -> None:
    # Of its own processor time, so that a busy machine passes. Measured on 2 cores: 1.6 M lines/s of the clock.
    count, floor_per_s = 1_000_000, 500_000
    process = subprocess.Popen(
        [scripted_codex, "app-server"],
        env={"CODEX_HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b'{"method":"initialize","id":1,"params":{"clientInfo":{"name":"p","version":"1"}}}\n')
        process.stdin.write(b'{"method":"thread/start","id":2,"params":{"cwd":"/"}}\n')
        process.stdin.flush()
        head = b""
        while b'"id":2,' not in head:
            head = process.stdout.readline()
        thread_id = head.split(b'"id":"', 1)[1][:36]
        process.stdin.write(
            b'{"method":"turn/start","id":3,"params":{"threadId":"%s","input":[{"type":"text","text":"SCN:flood:%d"}]}}\n'
            % (thread_id, count)
        )
        process.stdin.flush()
        writer = psutil.Process(process.pid)
        before_s, lines, tail = sum(writer.cpu_times()[:2]), 0, b""
        while b'"turn/completed"' not in tail:
            block = os.read(process.stdout.fileno(), 1 << 20)
            lines += block.count(b"\n")
            tail = tail[-100:] + block
        took_s = sum(writer.cpu_times()[:2]) - before_s
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(30)
    assert lines >= count
    assert lines / took_s > floor_per_s
