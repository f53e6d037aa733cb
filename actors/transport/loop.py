"""What both transports have in common: Thespian's run loop, wake-ups, watches, child deaths, and the way in.

`SealedTransport` stands on Thespian 4.0.1's plug-in seam; `sending.py` is its other half. A subclass (`datagram.py`,
`tcp.py`) adds the sockets: `_open`, `_offer`, `_on_ready` and a few more, listed at the end of each half.

One message is taken from the kernel at a time. What an actor has not looked at stays where back-pressure sees it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar, Final

from thespian.actors import ActorAddress, ActorExitRequest, WatchMessage
from thespian.system.addressManager import ActorLocalAddress
from thespian.system.messages.multiproc import ChildMayHaveDied
from thespian.system.timing import ExpirationTimer
from thespian.system.transport import (
    ReceiveEnvelope,
    SendStatus,
    Thespian__Run_Expired,
    Thespian__Run_HandlerResult,
    Thespian__Run_Terminated,
    TransmitOnly,
)
from thespian.system.transport.wakeupTransportBase import wakeupTransportBase
from thespian.system.utilis import thesplog

from actors.transport import lifetime, rejects
from actors.transport.endpoint import Endpoint, SealedAddress
from actors.transport.outbox import Outbox
from actors.transport.polling import Poller, Ready
from actors.transport.private_folder import keep_thespian_log_in
from actors.transport.reassembly import Reassembly
from actors.transport.seal import Frame, Opener, Reason, Reject
from actors.transport.sending import SendingTransport

TICK_S: Final = 2.0
"""Longest wait before the transport looks after itself: its socket file, silent half messages, overdue sends. A process
that wakes for this alone takes about 0.3 ms of processor time (cold caches; 6 µs warm)."""
TICK_EARLY_S: Final = 1.25
"""Whoever is awake anyhow does it so much earlier at most: who hears a heartbeat never wakes for this alone."""
DRAIN_S_MAX: Final = 5.0
"""Longest a run goes on after `abort_run(drain=True)` because of receivers that take nothing."""


class SealedTransport(SendingTransport, wakeupTransportBase):  # type: ignore[misc]  # thespian is untyped
    """One endpoint: an address, its socket, what waits to go out, what came in. `run` is for one thread at a time."""

    kernel_tells_uid: ClassVar[bool] = False
    """Whether frames come with the sender's user, checked by the kernel."""
    file_suffix: ClassVar[str] = ""
    """What the name of this transport's socket file ends in."""

    def __init__(self, endpoint: Endpoint, *_: object) -> None:
        super().__init__(endpoint)
        keep_thespian_log_in(endpoint.settings.folder)
        self.run_time = ExpirationTimer(None)
        self._adminAddr = endpoint.admin
        self._parentAddr = endpoint.parent
        self._owner_pid = os.getpid()
        self._abort: float | None = None
        self._watches: list[int] = []
        self._internal: set[int] = set()
        self._receiving = True
        self._child_died = False
        self._exit_asked = False
        self._next_tick_s = time.monotonic() + TICK_S
        self._retry_s: float | None = None
        self._reassembly = Reassembly(rejects.PROCESS.add)
        uid = os.getuid() if self.kernel_tells_uid else None
        self._opener = Opener(endpoint.settings.key, self._token, time.monotonic_ns(), uid)
        self._poller = Poller()
        self._poller.want(self._waker.fileno(), read=True, write=False)
        try:
            self._open()
        except BaseException:  # nobody else knows yet what is open
            self.close()
            raise
        lifetime.remember(self)
        if endpoint.child:
            self._waker.hear_signals()

    # -- what Thespian asks a transport for ---------------------------------------------------------------------------

    def getAdminAddr(self, _capabilities: object) -> Any:
        """Address of this system's admin."""
        return self._adminAddr

    def probeAdmin(self, address: Any) -> bool:
        """Whether an admin may live at `address` already."""
        return os.path.exists(self._file_of(address.addressDetails.token))

    def prepEndpoint(self, assigned: Any, _capabilities: object) -> Endpoint:
        """What a child's transport is made from."""
        details = assigned.addressDetails
        if isinstance(details, ActorLocalAddress):
            return Endpoint(self._settings, self._adminAddr, self.myAddress, addrInst=details.addressInstanceNum)
        return Endpoint(self._settings, self._adminAddr, self.myAddress, token=details.token)

    def connectEndpoint(self, _endpoint: Endpoint) -> None:
        """Nothing to do: a child reports its address itself."""

    def external_transport_clone(self) -> SealedTransport:
        """Another endpoint of the host, with an address of its own, for another thread."""
        return type(self)(Endpoint(self._settings, self._adminAddr, child=False))

    def protectedFileNumList(self) -> list[int]:
        """Descriptors this transport needs."""
        return [self._waker.fileno(), *self._internal]

    def childResetFileNumList(self) -> list[int]:
        """Nothing: a forked child has closed its parent's sockets before Thespian would close these numbers, and in a
        spawned child the numbers mean something else."""
        return []

    def set_watch(self, filenos: list[int]) -> None:
        """Descriptors to watch for the actor until the next handler returns."""
        watches = list(filenos)
        if watches == self._watches:
            return
        with self._lock:
            for fd in self._watches:
                if fd not in self._internal:
                    self._poller.forget(fd)
            self._watches = watches
            for fd in watches:
                self._want_watch(fd)

    def interrupt_wait(self, signal_shutdown: bool = False, check_children: bool = False) -> None:
        """Note a signal and wake the run loop. Called by signal handlers: takes no lock, always wakes. (Thespian's UDP
        transport skips the wake-up from the seventh child death on, and then nobody notices it.)"""
        self._exit_asked |= signal_shutdown
        self._child_died |= check_children
        self._waker.wake()

    def abort_run(self, drain: bool = False) -> None:
        """Make `run` return; with `drain` only when all sends are done, or after DRAIN_S_MAX."""
        self._abort = time.monotonic() + (DRAIN_S_MAX if drain else 0.0)

    def deadAddress(self, addressManager: Any, address: Any) -> None:
        """A child is dead: what waits for it fails, its socket file goes. No mark on the address: it never returns."""
        exported = addressManager.exportAddr(address)
        details = getattr(exported, "addressDetails", None)
        if not isinstance(details, SealedAddress):
            return
        with self._lock:
            for item in self._outbox.drop(details.token):
                self._done.append((item.intent, SendStatus.DeadTarget))
            self._idle(details.token)
            if details.token != self._token:
                with suppress(OSError):
                    os.unlink(self._file_of(details.token))
        self._settle()

    def _updateStatusResponse(self, response: Any) -> None:
        SendingTransport._updateStatusResponse(self, response)
        wakeupTransportBase._updateStatusResponse(self, response)
        with self._lock:
            for item in self._outbox:
                response.addPendingMessage(self.myAddress, item.intent.targetAddr, str(item.intent.message))

    def close(self) -> None:
        """Fail what has not gone out, close the sockets, remove the socket file. Waits for nothing; may be repeated."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for token in self._outbox.targets():
                self._done.extend((item.intent, SendStatus.Failed) for item in self._outbox.drop(token))
            self._release()
            self._waker.close()
            if os.getpid() == self._owner_pid:
                self._remove_own_file()
        lifetime.forget(self)
        self._settle()

    def abandon(self) -> None:
        """In a forked child: close our copies of the parent's sockets, or a dead parent's address would stay alive in
        its children. The lock is not taken: the thread that held it does not exist here."""
        self._closed = True
        self._outbox = Outbox()
        self._release()
        self._waker.close()

    # -- the way in ---------------------------------------------------------------------------------------------------

    def _accept(self, raw: memoryview, uid: int | None = None) -> Frame | Reject:
        """Check one frame; refusals are counted here."""
        opened = self._opener.open(raw, uid)
        if isinstance(opened, Reject):
            rejects.PROCESS.add(opened.reason)
        return opened

    def _deliver(self, sender: bytes, data: bytes) -> bool:
        """Unpickle a whole message into the inbox; False when it was refused, which is counted."""
        message = self._allowed.loads(data)
        if isinstance(message, Reject):
            rejects.PROCESS.add(message.reason)
            return False
        self._inbox.append(ReceiveEnvelope(ActorAddress(SealedAddress(sender)), message))
        return True

    def _assemble(self, frame: Frame) -> bytes | Reject | None:
        whole = self._reassembly.add(frame, time.monotonic_ns())
        if isinstance(whole, Reject):
            rejects.PROCESS.add(whole.reason)
        return whole

    # -- the run loop -------------------------------------------------------------------------------------------------

    def run(self, incomingHandler: Any, maximumDuration: timedelta | None = None) -> Any:
        """Receive, deliver, send until the handler says stop, `abort_run`, or the time is over.

        With handler None the first envelope is returned; with TransmitOnly nothing is received and 0 is returned as
        soon as nothing waits to go out. At least one pass is made, whatever the duration.
        """
        transmit_only = incomingHandler is TransmitOnly or isinstance(incomingHandler, TransmitOnly)
        deadline_s = None if maximumDuration is None else time.monotonic() + maximumDuration.total_seconds()
        self._abort = None
        before, self._runner = self._runner, threading.get_ident()
        try:
            return self._run(incomingHandler, transmit_only, deadline_s)
        finally:
            self._runner = before

    def _run(self, handler: Any, transmit_only: bool, deadline_s: float | None) -> Any:
        first = True
        while not self._closed:
            self._settle()
            if self._abort is not None:
                if not self._outbox or time.monotonic() >= self._abort:
                    return Thespian__Run_Terminated()
            elif transmit_only:
                if not self._outbox:
                    return 0
            else:
                self._notice()
                for _ in range(len(self._inbox)):
                    envelope = self._inbox.popleft()
                    if handler is None:
                        return envelope
                    result = Thespian__Run_HandlerResult(handler(envelope))
                    if not result:
                        return result
                    if self._abort is not None:
                        break
                if self._abort is not None:
                    continue
            now_s = time.monotonic()
            if deadline_s is not None and now_s >= deadline_s and not first:
                return Thespian__Run_Expired()
            first = False
            self._set_receiving(not transmit_only and self._abort is None)
            self._wait(self._patience(now_s, deadline_s))
        return Thespian__Run_Terminated()

    def _notice(self) -> None:
        """Put what is not a message from someone into the inbox: signals and wake-ups that are due, in order."""
        if self._child_died:
            self._child_died = False
            self._inbox.append(ReceiveEnvelope(self.myAddress, ChildMayHaveDied()))
        if self._exit_asked:
            self._exit_asked = False
            self._inbox.append(ReceiveEnvelope(self.myAddress, ActorExitRequest()))
        if self._pendingWakeups:
            self._realizeWakeups()
            # Thespian would deliver those due at the same time last first.
            self._inbox.extend(self._activeWakeups)
            self._activeWakeups.clear()

    def _patience(self, now_s: float, deadline_s: float | None) -> float:
        if self._done or (self._receiving and (self._inbox or self._child_died or self._exit_asked)):
            return 0.0
        until_s = self._next_tick_s
        for moment_s in (deadline_s, self._abort, self._retry_s, self._next_deadline_s()):
            if moment_s is not None and moment_s < until_s:
                until_s = moment_s
        patience_s = max(0.0, until_s - now_s)
        if self._receiving and self._pendingWakeups:
            patience_s = min(patience_s, self._pendingWakeups[0][0].view().remainingSeconds())
        return patience_s

    def _wait(self, timeout_s: float) -> None:
        watched: list[int] = []
        for ready in self._poller.wait(timeout_s):
            if ready.fd == self._waker.fileno():
                self._waker.rest()
            elif ready.fd in self._internal:
                with self._lock:
                    if ready.fd in self._internal:
                        self._on_ready(ready)
            elif ready.bad:
                # Closed by the actor while it was being watched. Thespian drops such a watch too.
                self._poller.forget(ready.fd)
                self._watches = [fd for fd in self._watches if fd != ready.fd]
            else:
                watched.append(ready.fd)
        if watched:
            self._inbox.append(ReceiveEnvelope(self.myAddress, WatchMessage(watched)))
        now_s = time.monotonic()
        with self._lock:
            if self._closed:
                return
            if self._retry_s is not None and now_s >= self._retry_s:
                self._retry_s = None
                for token in self._outbox.targets():
                    self._advance(token)
            self._on_time(now_s)
            if now_s >= self._next_tick_s - TICK_EARLY_S:
                self._next_tick_s = now_s + TICK_S
                self._tick()
        if rejects.PROCESS.pending():
            for reason, count in rejects.PROCESS.report(time.monotonic_ns()):
                thesplog("transport %s: %s, %d times", self._token.hex(), reason, count, level=logging.WARNING)

    def _tick(self) -> None:
        self._reassembly.expire(time.monotonic_ns())
        self._expire_sends()
        if self._receiving and not self._owns_file():
            rejects.PROCESS.add(Reason.SOCKET_REPLACED)
            with suppress(OSError):
                self._restore_file()

    def _set_receiving(self, receiving: bool) -> None:
        if receiving == self._receiving:
            return
        with self._lock:
            self._receiving = receiving
            self._listen(receiving)
            for fd in self._watches:
                if receiving:
                    self._want_watch(fd)
                elif fd not in self._internal:
                    self._poller.forget(fd)

    def _want_watch(self, fd: int) -> None:
        # A number the actor closed may be one of our sockets by now; ours wins until the actor corrects its list.
        if self._receiving and fd not in self._internal:
            self._poller.want(fd, read=True, write=False)

    def _want(self, fd: int, read: bool, write: bool) -> None:
        self._internal.add(fd)
        self._poller.want(fd, read, write)

    def _forget(self, fd: int) -> None:
        self._internal.discard(fd)
        self._poller.forget(fd)

    # -- what a subclass adds; all with the lock held -----------------------------------------------------------------

    def _file_of(self, token: bytes) -> str:
        """Path of the file by which `token` is found."""
        return os.path.join(self._settings.folder, token.hex() + self.file_suffix)

    def _remove_own_file(self) -> None:
        with suppress(OSError):
            if self._owns_file():
                os.unlink(self._file_of(self._token))

    def _open(self) -> None:
        """Bind, and put the socket file in place."""
        raise NotImplementedError

    def _release(self) -> None:
        """Close every descriptor. Called without the lock in a forked child."""
        raise NotImplementedError

    def _listen(self, receiving: bool) -> None:
        """Ask the poller for incoming messages, or no longer."""
        raise NotImplementedError

    def _owns_file(self) -> bool:
        """Whether the socket file still leads to us."""
        raise NotImplementedError

    def _restore_file(self) -> None:
        """Make the socket file lead to us again."""
        raise NotImplementedError

    def _on_ready(self, ready: Ready) -> None:
        """One of our descriptors is ready."""
        raise NotImplementedError

    def _on_time(self, now_s: float) -> None:
        """Once per pass: see to deadlines that have come."""

    def _next_deadline_s(self) -> float | None:
        """When `_on_time` has something to do."""
        return None
