import os
import signal
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from chaos import scripted_loop
from chaos.scripted_loop import BACKLOG_BYTES_MAX, Loop, Stopped


class Pipes:
    """A loop between two pipes, in this process."""

    def __init__(self, *, ignore_stop: bool = False) -> None:
        self.stdin_read, self.stdin = os.pipe()
        self.stdout, self.stdout_write = os.pipe()
        self.lines: list[bytes] = []
        self.loop = Loop(self.stdin_read, self.stdout_write, self.on_line, ignore_stop=ignore_stop)

    def on_line(self, line: bytes) -> None:
        self.lines.append(line)

    def said(self) -> bytes:
        os.set_blocking(self.stdout, False)
        try:
            return os.read(self.stdout, 1 << 20)
        except BlockingIOError:
            return b""


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGPIPE)}
    pipes = Pipes()
    yield pipes
    for number, handler in handlers.items():
        signal.signal(number, handler)
    for fd in (pipes.stdin_read, pipes.stdin, pipes.stdout, pipes.stdout_write):
        try:
            os.close(fd)
        except OSError:
            continue


def test_lines_are_whole_however_they_were_written(pipes: Pipes) -> None:
    for part in (b"on", b"e\ntwo", b"\n\nthr", b"ee\nrest"):
        os.write(pipes.stdin, part)
    os.close(pipes.stdin)
    pipes.loop.run()
    assert pipes.lines == [b"one", b"two", b"", b"three"]


def test_what_was_sent_is_written_before_the_loop_ends(pipes: Pipes) -> None:
    os.close(pipes.stdin)
    for number in range(3):
        pipes.loop.send(b"%d\n" % number)
    pipes.loop.run()
    assert pipes.said() == b"0\n1\n2\n"
    assert pipes.loop.backlog == 0


def test_timers_run_in_the_order_they_are_due(pipes: Pipes, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    with monkeypatch.context() as still:  # between two lines a busy machine may let more than 20 ms pass
        now_s = time.monotonic()
        still.setattr(scripted_loop, "time", SimpleNamespace(monotonic=lambda: now_s))
        pipes.loop.later(20, lambda: order.append("late"))
        pipes.loop.later(0, lambda: order.append("first"))
        pipes.loop.later(0, lambda: order.append("second"))
        pipes.loop.later(30, pipes.loop.stop)
    pipes.loop.run()
    assert order == ["first", "second", "late"]


def test_stdin_is_heard_while_nobody_reads_stdout(pipes: Pipes) -> None:
    size = 4 * BACKLOG_BYTES_MAX
    pipes.loop.send(b"x" * size)
    os.write(pipes.stdin, b"still there\n")
    pipes.loop.later(10, pipes.loop.stop)
    drained: list[bool] = []
    pipes.loop.when_drained(lambda: drained.append(True))
    pipes.loop.flush = lambda wait_s=0: None  # type: ignore[method-assign]
    pipes.loop.run()
    assert pipes.lines == [b"still there"]
    assert pipes.loop.backlog > BACKLOG_BYTES_MAX
    assert drained == []


def test_a_reader_that_left_does_not_end_the_loop(pipes: Pipes) -> None:
    os.close(pipes.stdout)
    pipes.loop.send(b"to nobody\n")
    os.write(pipes.stdin, b"hello\n")
    pipes.loop.later(10, pipes.loop.stop)
    pipes.loop.run()
    assert pipes.lines == [b"hello"]
    assert pipes.loop.backlog == 0


def test_sigterm_stops_it(pipes: Pipes) -> None:
    pipes.loop.later(0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Stopped):
        pipes.loop.run()


def test_it_can_be_told_to_ignore_the_end(pipes: Pipes) -> None:
    stubborn = Pipes(ignore_stop=True)
    os.close(stubborn.stdin)
    stubborn.loop.later(0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    reached: list[bool] = []
    stubborn.loop.later(20, lambda: reached.append(True))
    stubborn.loop.later(20, stubborn.loop.stop)
    stubborn.loop.run()
    assert reached == [True]
    for fd in (stubborn.stdin_read, stubborn.stdout, stubborn.stdout_write):
        os.close(fd)
