"""What the transport's tests share: starting systems, waiting with a bound, and leaving nothing behind."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil
from thespian.actors import ActorSystem
from thespian.system.transport import ReceiveEnvelope, TransmitIntent

from actors.transport import private_folder
from actors.transport.allowlist import class_names
from actors.transport.endpoint import Endpoint, Settings, new_address
from actors.transport.system_base import SealedSystemBase, StartMethod
from tests.actors.transport import cast

T = TypeVar("T")
ASK_S = 20
"""Longest wait for any one answer."""


def eventually(check: Callable[[], T], within_s: float = 30.0, what: str = "") -> T:
    """The first true value of `check`, which is asked every 5 ms. The only place here that sleeps."""
    deadline_s = time.monotonic() + within_s
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline_s, f"not within {within_s} s: {what or check}; last: {value!r}"
        time.sleep(0.005)


def open_descriptors() -> int:
    """How many this process has open, without those of objects that nobody has any more.

    Other tests may still lose some by themselves (a thread of theirs that ends): a leak is what does not go down again.
    """
    gc.collect()
    return cast.open_fds()


def no_more_descriptors_than(before: int) -> None:
    """Nothing has leaked since there were so many."""
    eventually(lambda: open_descriptors() <= before, what=f"at most {before} descriptors")


@contextlib.contextmanager
def subreaper() -> Iterator[None]:
    """Get the processes of a system, whose admin leaves its parent, as our own descendants.

    No longer than that: what the trees of later tests leave would come here as well, and some of those tests count the
    children of this process.
    """
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)
    try:
        yield
    finally:
        descendants()  # collects the dead ones
        ctypes.CDLL(None).prctl(pr_set_child_subreaper, 0, 0, 0, 0)


def descendants() -> dict[int, psutil.Process]:
    """Living processes below this one; the dead ones are reaped on the way."""
    living = {}
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                if process.ppid() == os.getpid():
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(process.pid, os.WNOHANG)
                continue
            if any("resource_tracker" in word for word in process.cmdline()):
                # Python's own helper for spawned processes; one per test run, it ends with us.
                continue
            living[process.pid] = process
    return living


class Stage:
    """One actor system and what a test wants from it."""

    def __init__(self, folder: Path, transport: type, start_method: StartMethod = "fork") -> None:
        self.folder = Path(private_folder.prepare(folder))
        self.settings = Settings(str(self.folder), class_names(cast.WIRE))
        self.before = set(descendants())
        base = SealedSystemBase(self.settings, transport, start_method)
        self.system: Any = ActorSystem(systemBase=base, transientUnique=True)
        self.transport = base.transport

    def create(self, actor: type, name: str | None = None) -> Any:
        """A new actor."""
        return self.system.createActor(actor, globalName=name)

    def ask(self, actor: Any, what: str, value: Any = None, timeout_s: float = ASK_S) -> Any:
        """The value of the answer to a Note."""
        answer = self.system.ask(actor, cast.Note(what, value), timeout_s)
        assert answer is not None, f"no answer to {what} within {timeout_s} s"
        return answer.value

    def ask_until_answered(self, actor: Any) -> None:
        """Ask again and again, from an address of its own: an answer that comes late is taken for nobody else's."""
        with self.system.private() as asker:
            eventually(lambda: asker.ask(actor, cast.Note("echo"), 0.2) is not None, what="an answer")

    def state(self, actor: Any) -> dict[str, Any]:
        """Process id, descriptors, memory and rejects of a Probe."""
        state: dict[str, Any] = self.ask(actor, "state")
        return state

    def file_of(self, actor: Any) -> Path:
        """The socket file (or port file) of an actor."""
        return Path(self.transport._file_of(actor.addressDetails.token))

    def pids(self) -> set[int]:
        """Processes of this system (and of those started after it)."""
        return set(descendants()) - self.before

    def kill(self, pid: int) -> int:
        """SIGKILL to one process; when, in monotonic ns."""
        sent_ns = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        return sent_ns

    def socket_files(self) -> list[str]:
        """Files by which an endpoint is found."""
        suffix = self.transport.file_suffix
        return [name for name in os.listdir(self.folder) if private_folder.is_token_file(name, suffix)]

    def close(self, orderly: bool = True) -> None:
        """Shut down and see that nothing is left; whatever is left all the same is killed by its id."""
        mine = self.pids()
        try:
            self.system.shutdown()
            if orderly:
                eventually(lambda: not mine & set(descendants()), what=f"processes {mine} to leave")
                eventually(lambda: not self.socket_files(), what=f"no socket files in {os.listdir(self.folder)}")
        finally:
            for pid in mine & set(descendants()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            eventually(lambda: not mine & set(descendants()), what="killed processes to go")


@contextlib.contextmanager
def on_stage(
    folder: Path, transport: type, start_method: StartMethod = "fork", orderly: bool = True
) -> Iterator[Stage]:
    """A running system that is gone afterwards."""
    stage = Stage(folder, transport, start_method)
    try:
        yield stage
    finally:
        stage.close(orderly)


class Wire:
    """Bare endpoints of one run in this process, without any actor: for looking at a transport from close by."""

    def __init__(self, folder: Path, transport: type) -> None:
        self.settings = Settings(private_folder.prepare(folder), class_names(cast.WIRE))
        self.transport = transport
        self.admin = new_address()
        self.made: list[Any] = []

    def endpoint(self, token: bytes | None = None) -> Any:
        """One more endpoint."""
        made = self.transport(Endpoint(self.settings, self.admin, token=token, child=False))
        self.made.append(made)
        return made

    def send(self, source: Any, target: Any, message: Any, **intent: Any) -> TransmitIntent:
        """Schedule a message; `outcome(intent)` tells what became of it."""
        made = TransmitIntent(getattr(target, "myAddress", target), message, **intent)
        source.scheduleTransmit(None, made)
        return made

    def pump(self, until: Callable[[], Any], within_s: float = 30.0) -> list[tuple[Any, Any]]:
        """Run all endpoints in turn until `until`; the (receiver, envelope) pairs that came meanwhile."""
        received = []

        def turn() -> Any:
            for endpoint in self.made:
                if endpoint._closed:
                    continue
                envelope = endpoint.run(None, timedelta(milliseconds=1))
                if isinstance(envelope, ReceiveEnvelope):
                    received.append((endpoint, envelope))
            return until()

        eventually(turn, within_s)
        return received

    def exchange(self, source: Any, target: Any, message: Any) -> Any:
        """Send and get what arrives."""
        got: list[Any] = []
        self.send(source, target, message)

        def arrived() -> bool:
            for endpoint in (source, target):
                envelope = endpoint.run(None, timedelta(milliseconds=1))
                if isinstance(envelope, ReceiveEnvelope):
                    got.append(envelope.message)
            return bool(got)

        eventually(arrived, what="the message to arrive")
        return got[0]

    def close(self) -> None:
        """Close every endpoint."""
        for endpoint in self.made:
            endpoint.close()
