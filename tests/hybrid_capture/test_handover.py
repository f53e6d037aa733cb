"""A gateway whose root is gone has what it holds stored by the next one."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection

import psutil
import pytest

from actors import lifeline
from hybrid_capture.exchange import AWAY, Answer, Exchange
from hybrid_capture.frames import Frames, frame_of
from hybrid_capture.handover import Handover
from messages.settings import Limits, Timing
from tests.hybrid_capture.receiver_house import PATIENCE_S, TOKEN, ReceiverHouse

ME = os.getpid(), lifeline.created_at(os.getpid())


def silent(op: str, blob: bytes | memoryview = b"", **fields: object) -> None:
    """A link at whose other end nobody is."""


def handed_over(house: ReceiverHouse, bodies: list[bytes], hold_s: float = PATIENCE_S) -> list[Answer]:
    """What is answered to bodies that waited at an exchange whose link broke, and to one that came afterwards."""

    async def run() -> list[Answer]:
        exchange = Exchange(silent, hold_s)
        waiting = [asyncio.create_task(exchange.ask("logs", "json", body)) for body in bodies]
        await asyncio.sleep(0)
        assert exchange.waiting == len(bodies)
        exchange.hand_over(Handover(("127.0.0.1", house.port), TOKEN, *ME).say)
        waiting.append(asyncio.create_task(exchange.ask("logs", "json", b'{"late":1}')))
        return list(await asyncio.gather(*waiting))

    return asyncio.run(run())


def in_turn(*answers: Answer) -> Callable[[bytes], Answer]:
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_what_waited_and_what_comes_is_stored_by_the_next_gateway() -> None:
    with ReceiverHouse() as next_one:
        large = b'{"x":"' + b"y" * 600_000 + b'"}'
        answers = handed_over(next_one, [b'{"a":1}', large])
        assert answers == [Answer("kept")] * 3
        assert sorted(next_one.bodies, key=len) == [b'{"a":1}', b'{"late":1}', large]


def test_a_next_gateway_that_is_not_able_yet_is_asked_again() -> None:
    with ReceiverHouse(reply=in_turn(Answer("busy"), Answer("busy"), Answer("kept"))) as next_one:
        assert handed_over(next_one, [b'{"a":1}']) == [Answer("kept")] * 2


def test_what_nobody_takes_in_time_is_to_be_sent_again() -> None:
    with ReceiverHouse(reply=lambda _: Answer("busy")) as next_one:
        assert {each.code for each in handed_over(next_one, [b'{"a":1}'], hold_s=0.5)} == {"busy"}


def test_what_cannot_be_read_is_told_so() -> None:
    with ReceiverHouse(reply=lambda _: Answer("undecodable", text="it is nothing")) as next_one:
        assert {each.code for each in handed_over(next_one, [b"{"])} == {"undecodable"}


def test_a_host_that_is_gone_is_seen() -> None:
    assert Handover(("127.0.0.1", 1), TOKEN, ME[0], ME[1] - 100.0).host_is_gone()
    assert not Handover(("127.0.0.1", 1), TOKEN, *ME).host_is_gone()


class Rootless:
    """A gateway process whose root is this test, and whose host is a program that sleeps."""

    def __init__(self, host: subprocess.Popen[bytes], listener: socket.socket, hold_ms: int) -> None:
        self.link, theirs = socket.socketpair()
        self.answers: list[bytes] = []
        """What was said to each request that has ended."""
        self.port = listener.getsockname()[1]
        with theirs:
            descriptors = theirs.fileno(), listener.fileno()
            words = ["--link", str(descriptors[0]), "--http", str(descriptors[1]), "--state-dir", "/nowhere"]
            self.process = psutil.Popen([sys.executable, "-m", "hybrid_capture.gateway", *words], pass_fds=descriptors)
        start = {"token": TOKEN, "panel_token": "panel-token-0123456789", "limits": Limits().model_dump(),
                 "timing": Timing(otlp_hold_ms=hold_ms).model_dump(), "host": host.pid,
                 "host_created": lifeline.created_at(host.pid)}  # fmt: skip
        self.link.sendall(frame_of("start", **start))

    def hear(self, op: str) -> None:
        """Wait until the gateway says this."""
        frames = Frames()
        while chunk := self.link.recv(65_536):
            said = frames.feed(chunk)
            if any(each.op == op and each.fields.get("signal", "logs") == "logs" for each in said):
                return
        raise AssertionError(f"it ended and never said {op}")

    def post(self) -> threading.Thread:
        """A request that nobody answers; `self.answers` has what is said at its end."""

        def run() -> None:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            connection.request("POST", "/v1/logs", b'{"resourceLogs":[]}', headers)
            self.answers.append(connection.getresponse().read())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread


@contextmanager
def rootless(hold_ms: int = 8_000) -> Iterator[tuple[Rootless, subprocess.Popen[bytes]]]:
    host = subprocess.Popen(["sleep", "60"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gateway = Rootless(host, listener, hold_ms)
        try:
            yield gateway, host
        finally:
            gateway.link.close()
            for process in (host, gateway.process):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
                process.wait()


def test_a_gateway_that_hands_over_lives_on_for_it_and_ends_with_its_host() -> None:
    with rootless() as (gateway, host):
        gateway.hear("part")  # its own probe: it serves
        waiting = gateway.post()
        gateway.hear("part")
        gateway.link.close()
        with pytest.raises(psutil.TimeoutExpired):  # that time passes is the point
            gateway.process.wait(1.0)
        assert waiting.is_alive()
        host.kill()
        host.wait()
        gateway.process.wait(PATIENCE_S)
        waiting.join(PATIENCE_S)
        assert [AWAY.text.encode() in each for each in gateway.answers] == [True], "not given up for its age"


def test_a_gateway_at_which_nobody_waits_ends_with_its_root() -> None:
    with rootless(hold_ms=500) as (gateway, _):
        gateway.hear("part")
        gateway.link.close()
        gateway.process.wait(PATIENCE_S)  # its own probe waits no longer than anybody
