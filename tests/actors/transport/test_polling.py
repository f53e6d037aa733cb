from __future__ import annotations

import os
import resource
import select
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from actors.transport import polling
from actors.transport.polling import Poller, Ready, Waker
from tests.actors.transport.stage_hands import no_more_descriptors_than, open_descriptors


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reads, writes = os.pipe()
    yield reads, writes
    for fd in (reads, writes):
        try:
            os.close(fd)
        except OSError:
            continue


@pytest.fixture(params=["poll", "select"])
def poller(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Poller:
    monkeypatch.setattr(polling, "_HAS_POLL", request.param == "poll")
    return Poller()


def test_what_is_ready_is_told_and_the_rest_waits(poller: Poller, pipe: tuple[int, int]) -> None:
    reads, writes = pipe
    poller.want(reads, read=True, write=False)
    assert poller.wait(0) == []
    os.write(writes, b"x")
    assert poller.wait(5) == [Ready(reads, True, False, False)]
    poller.forget(reads)
    poller.forget(reads)
    assert poller.wait(0) == []


def test_room_to_write_is_told(poller: Poller, pipe: tuple[int, int]) -> None:
    poller.want(pipe[1], read=False, write=True)
    assert poller.wait(5) == [Ready(pipe[1], False, True, False)]


def test_the_end_of_a_pipe_is_something_to_read(poller: Poller, pipe: tuple[int, int]) -> None:
    poller.want(pipe[0], read=True, write=False)
    os.close(pipe[1])
    assert [ready.read for ready in poller.wait(5)] == [True]


def test_a_closed_descriptor_is_told_as_bad(poller: Poller, pipe: tuple[int, int]) -> None:
    poller.want(pipe[0], read=True, write=False)
    os.close(pipe[0])
    assert [(ready.fd, ready.bad) for ready in poller.wait(5)] == [(pipe[0], True)]


def test_descriptors_past_1024_are_no_trouble(pipe: tuple[int, int]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("the hard limit is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    high = os.dup2(pipe[0], 3000)
    try:
        poller = Poller()
        poller.want(high, read=True, write=False)
        os.write(pipe[1], b"x")
        assert [ready.fd for ready in poller.wait(5)] == [high]
    finally:
        os.close(high)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_waker_wakes_from_another_thread_and_rests_afterwards() -> None:
    waker, poller = Waker(), Poller()
    poller.want(waker.fileno(), read=True, write=False)
    thread = threading.Thread(target=waker.wake)
    thread.start()
    assert [ready.fd for ready in poller.wait(10)] == [waker.fileno()]
    thread.join()
    waker.rest()
    assert poller.wait(0) == []
    waker.close()


def test_a_full_waker_neither_blocks_nor_raises() -> None:
    waker = Waker()
    for _ in range(100_000):
        waker.wake()
    waker.close()
    waker.wake()
    waker.close()


def test_a_signal_itself_wakes_even_before_its_handler_has_run() -> None:
    waker, poller = Waker(), Poller()
    poller.want(waker.fileno(), read=True, write=False)
    handled: list[int] = []
    before = signal.signal(signal.SIGUSR2, lambda number, _: handled.append(number))
    waker.hear_signals()
    try:
        os.kill(os.getpid(), signal.SIGUSR2)
        began_s = time.monotonic()
        assert poller.wait(60)
        assert time.monotonic() - began_s < 30
        assert handled == [signal.SIGUSR2]
    finally:
        waker.close()
        signal.signal(signal.SIGUSR2, before)
    assert signal.set_wakeup_fd(-1) == -1


def test_a_forgotten_waker_gives_its_descriptors_back() -> None:
    before = open_descriptors()
    for _ in range(20):
        Waker()
    no_more_descriptors_than(before)


def test_linux_has_poll() -> None:
    assert hasattr(select, "poll")
