"""The runtime inside a host that has its own threads, loop, signals and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
import pytest

from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.async_runtime import AsyncCaptureRuntime
from hybrid_capture.runtime import CaptureRuntime, NotStarted
from hybrid_capture.settings import Settings
from tests.live.house import ENDED_S, PATIENCE_S, House, alive, gone, tree
from tests.unhurried import as_environment, unhurried

pytestmark = pytest.mark.live
Build = Callable[..., House]
LISTENS = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


def test_two_runtimes_in_one_process_do_not_disturb_each_other(build: Build) -> None:
    with build() as one, build() as two:
        one.active()
        two.active()
        one.kill("codex")
        assert two.turn(two.thread(), "SCN:plain second")["status"] == "completed"
        one.active(generation=2)
        assert two.runtime.status()["sidecar"]["generation"] == 1
        one.runtime.stop()
        assert two.turn(two.thread(), "SCN:plain third")["status"] == "completed"


def test_a_start_that_was_given_up_leaves_nothing_that_starts_later(tmp_path: Path) -> None:
    slow = unhurried(backoff_min_ms=60_000, backoff_max_ms=60_000)
    never = Settings(state_dir=tmp_path / "state", python=Path(shutil.which("false") or ""), timing=slow, otlp=False)
    with pytest.raises(NotStarted, match=r"see .*root\.log"):
        CaptureRuntime(never).start(timeout_s=1.0)
    assert not [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    with pytest.raises(NotStarted):
        CaptureRuntime(never).start(timeout_s=0.1)  # the folder is free again


def test_a_host_with_threads_a_loop_and_handlers_keeps_them_and_is_never_forked(build: Build, capfd) -> None:  # type: ignore[no-untyped-def]
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)}
    environment, folder, mask = dict(os.environ), os.getcwd(), os.umask(0o22)
    os.umask(mask)
    forks: list[int] = []
    os.register_at_fork(before=lambda: forks.append(1))
    stop, before = threading.Event(), set(threading.enumerate())
    busy = [threading.Thread(target=stop.wait) for _ in range(4)]
    for thread in busy:
        thread.start()
    try:
        house = build()

        async def host() -> None:
            runtime = await AsyncCaptureRuntime(house.settings).start()
            try:
                status = await runtime.wait_for("HYBRID_ACTIVE", PATIENCE_S)
                assert status["mode"] == "HYBRID_ACTIVE"
                events = runtime.events()
                first = await asyncio.wait_for(anext(events), PATIENCE_S)
                assert first["event"] == "status"
                thread = (await runtime.do({"command": "startThread"}))["result"]["threadId"]
                await runtime.do({"command": "startTurn", "threadId": thread, "text": "SCN:plain hello"})
                async for event in events:
                    if event["event"] == "turnStored":
                        break
                await events.aclose()  # type: ignore[attr-defined]
            finally:
                await runtime.stop()

        asyncio.run(host())
    finally:
        stop.set()
        for thread in busy:
            thread.join()
    assert forks == []
    assert {number: signal.getsignal(number) for number in handlers} == handlers
    assert (dict(os.environ), os.getcwd()) == (environment, folder)
    for thread in set(threading.enumerate()) - before:  # one that is done may not have ended yet
        thread.join(ENDED_S)
    assert set(threading.enumerate()) <= before
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_a_killed_host_leaves_nothing_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    codex = write_executable(tmp_path / "codex", script=ProcessScript(auth="chatgpt"))
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from hybrid_capture.runtime import CaptureRuntime\n"
        "from hybrid_capture.settings import Settings\n"
        f"rt = CaptureRuntime(Settings(state_dir=Path({str(tmp_path / 'state')!r}), codex=Path({str(codex)!r}),"
        f" codex_home=Path({str(home)!r}), otlp_port=0))\n"
        f"rt.start({PATIENCE_S}); rt.wait_for('HYBRID_ACTIVE', {PATIENCE_S}); print('up', flush=True); time.sleep(60)\n"
    )
    environment = {**os.environ, **as_environment()}
    host = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert host.stdout
        assert host.stdout.readline() == "up\n"
        below = set(psutil.Process(host.pid).children(recursive=True))
        assert len(below) >= 9
    finally:
        host.kill()
        host.wait()
    all_left = gone(below, ENDED_S)  # within 2 s on a machine that has nothing else to do: the drill kill-host
    for process in alive(below):
        process.kill()
    assert all_left
    # The folder is free again: nothing but the lock said that it was taken, and the lock died with its holder.
    runtime = CaptureRuntime(
        Settings(state_dir=tmp_path / "state", codex=codex, codex_home=home, otlp_port=0, timing=unhurried())
    )
    with runtime:
        runtime.wait_for("HYBRID_ACTIVE", PATIENCE_S)


def test_no_process_of_the_tree_listens_beyond_this_machine(build: Build) -> None:
    with build() as house:
        house.active()
        door = {house.runtime.pids["root"]} | {house.pid_of("gateway")}
        assert len(door) == 2
        # The spare root, which is there a second after the start, has the gateway's socket ready for the next one.
        actors = _inet_sockets(each.pid for each in tree(house) if each.pid not in door)
        assert actors == [], "on Linux no actor has an inet socket at all"
        port = int(house.runtime.addresses["otlp"].rpartition(":")[2])
        assert set(_inet_sockets(door)) == {("tcp", f"0100007F:{port:04X}")}, "one port, on loopback"


def _inet_sockets(pids: Iterable[int]) -> list[tuple[str, str]]:
    """Protocol and local address of every listening inet socket that these processes hold."""
    inodes = set()
    for pid in pids:
        with contextlib.suppress(OSError):  # a look at git may end meanwhile
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    target = os.readlink(descriptor)
                    if target.startswith("socket:["):
                        inodes.add(target[8:-1])
    assert inodes, "the tree has sockets of its own"
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            # The gateway's probe of itself is a connection, and ends like one: of TCP only what listens counts.
            if fields[9] in inodes and (fields[3] == LISTENS or not table.startswith("tcp")):
                found.append((table, fields[1]))
    return found


def test_a_callback_that_raises_ends_its_subscription_and_not_the_runtime(build: Build) -> None:
    calls: list[str] = []

    def bad(event: dict[str, object]) -> None:
        calls.append(str(event["event"]))
        raise ValueError("the host's own fault")

    with build() as house:
        house.active()
        house.runtime.subscribe(bad)
        assert house.turn(house.thread(), "SCN:plain hello")["status"] == "completed"
        assert len(calls) == 1
