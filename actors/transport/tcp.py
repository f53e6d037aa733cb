"""The transport for systems without Unix datagrams: sealed frames over TCP, bound to 127.0.0.1 and nothing else.

An endpoint listens on a port the kernel picks and writes it, with a MAC under the run key, into a small file in the
private folder (`port_file.py`); so an address is the same eight random bytes as on Linux. A connection carries messages
one way and sealed answers the other; `tcp_sender.py` is the end that connects, this is the end that listens.

There is no checked user here, so what an open port attracts is bounded instead: connections that have not shown a valid
frame are few and short-lived, and every length is checked before it is believed.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections import OrderedDict
from contextlib import suppress
from typing import Final

from actors.transport import port_file, rejects
from actors.transport.framing import READ_BYTES_MAX, FrameReader, framed
from actors.transport.loopback_port import claim
from actors.transport.polling import Ready
from actors.transport.seal import EPOCH_BYTES, SENDERS_MAX, Frame, Kind, Reason, Reject, Sealer
from actors.transport.tcp_sender import TcpSender

STRANGERS_MAX: Final = 32
"""Connections that have not shown a valid frame; one more closes the oldest."""
FRIENDS_MAX: Final = 256
"""Connections that have; one more closes the longest unused. Its sender connects again."""
HALF_FRAME_S_MAX: Final = 2.0
"""A frame that has begun (on a new connection: the first frame) must be complete by then."""
NO_DESCRIPTORS_S: Final = 1.0
"""Wait before accepting again when the process is out of descriptors and there is nobody to let go."""


class _Caller:
    """Someone's connection to us. A stranger until it has shown a valid frame."""

    __slots__ = ("due_s", "friend", "reader", "sock")

    def __init__(self, sock: socket.socket, due_s: float) -> None:
        self.sock = sock
        self.due_s: float | None = due_s
        self.friend = False
        self.reader = FrameReader()


class TcpTransport(TcpSender):
    """See the module's first lines."""

    _listener: socket.socket | None = None

    def _open(self) -> None:
        self._prepare_links()
        self._callers: OrderedDict[int, _Caller] = OrderedDict()
        self._taken: OrderedDict[bytes, int] = OrderedDict()
        self._own_entry = b""
        self._listen_again_s: float | None = None
        # Answers and messages to one peer travel on two connections, in no common order: each needs its own counter.
        epoch = os.urandom(EPOCH_BYTES)
        self._answer_sealer = Sealer(self._settings.key, self._token, epoch, time.monotonic_ns)
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener = listener
        claim(listener)
        listener.setblocking(False)
        listener.bind((port_file.LOOPBACK, 0))
        listener.listen(64)
        self._own_entry = port_file.entry_for(self._settings.key, self._token, listener.getsockname()[1])
        self._restore_file()
        self._listen(True)

    def _release(self) -> None:
        self._release_links()
        for caller in self._callers.values():
            caller.sock.close()
        self._callers.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _listen(self, receiving: bool) -> None:
        assert self._listener is not None
        for fd in (self._listener.fileno(), *self._callers):
            if receiving:
                self._want(fd, read=True, write=False)
            else:
                self._forget(fd)

    def _owns_file(self) -> bool:
        try:
            return port_file.read(self._file_of(self._token)) == self._own_entry
        except OSError:
            return False

    def _restore_file(self) -> None:
        port_file.write(self._file_of(self._token), self._own_entry)

    def _on_ready(self, ready: Ready) -> None:
        link = self._links_by_fd.get(ready.fd)
        if link is not None:
            self._on_link_ready(link, ready)
        elif ready.fd in self._callers:
            self._read(self._callers[ready.fd])
        elif self._listener is not None and ready.fd == self._listener.fileno():
            self._greet()

    def _greet(self) -> None:
        """Accept a few callers; those who show nothing are let go first."""
        assert self._listener is not None
        for _ in range(16):
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE):
                    return
                # Out of descriptors. The listener stays ready, so make room or this becomes a busy loop.
                if not self._let_go(friends=False) and not self._let_go(friends=True):
                    self._forget(self._listener.fileno())
                    self._listen_again_s = time.monotonic() + NO_DESCRIPTORS_S
                    return
                continue
            sock.setblocking(False)
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._callers[sock.fileno()] = _Caller(sock, time.monotonic() + HALF_FRAME_S_MAX)
            self._want(sock.fileno(), read=True, write=False)
            if sum(not caller.friend for caller in self._callers.values()) > STRANGERS_MAX:
                self._let_go(friends=False)

    def _let_go(self, friends: bool) -> bool:
        """Close the oldest stranger, or the longest unused friend; False when there is none."""
        for caller in self._callers.values():
            if caller.friend is friends:
                rejects.PROCESS.add(Reason.CROWDED)
                self._dismiss(caller)
                return True
        return False

    def _dismiss(self, caller: _Caller) -> None:
        fd = caller.sock.fileno()
        if self._callers.pop(fd, None) is not None:
            self._forget(fd)
            caller.sock.close()

    def _read(self, caller: _Caller) -> None:
        try:
            data = caller.sock.recv(READ_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            if caller.reader.partial:
                rejects.PROCESS.add(Reason.HALF_FRAME)
            self._dismiss(caller)
            return
        caller.reader.feed(data)
        while (raw := caller.reader.next_frame()) is not None:
            if isinstance(raw, Reject):
                rejects.PROCESS.add(raw.reason)
            elif self._take(caller, raw):
                continue
            self._dismiss(caller)
            return
        if caller.reader.partial and caller.due_s is None:
            caller.due_s = time.monotonic() + HALF_FRAME_S_MAX

    def _take(self, caller: _Caller, raw: memoryview) -> bool:
        """One frame of a caller; False when the connection is not worth keeping."""
        frame = self._opener.open(raw)
        if isinstance(frame, Reject):
            rejects.PROCESS.add(frame.reason)
            return False
        if frame.kind is not Kind.DATA:
            rejects.PROCESS.add(Reason.BAD_SHAPE)
            return False
        caller.due_s = None
        self._callers.move_to_end(caller.sock.fileno())
        if not caller.friend:
            caller.friend = True
            if sum(other.friend for other in self._callers.values()) > FRIENDS_MAX:
                self._let_go(friends=True)
        whole = self._assemble(frame)
        if isinstance(whole, Reject):
            return False
        return whole is None or self._answer(caller, frame, self._deliver_once(frame, whole))

    def _deliver_once(self, frame: Frame, whole: bytes) -> Kind:
        if frame.message <= self._taken.get(frame.epoch, 0):
            rejects.PROCESS.add(Reason.DUPLICATE)
            return Kind.ACK
        self._taken[frame.epoch] = frame.message
        self._taken.move_to_end(frame.epoch)
        if len(self._taken) > SENDERS_MAX:
            self._taken.popitem(last=False)
        return Kind.ACK if self._deliver(frame.sender, whole) else Kind.REFUSED

    def _answer(self, caller: _Caller, frame: Frame, kind: Kind) -> bool:
        # An answer is under a hundred bytes: when there is no room for it, its reader has long stopped reading.
        answer = framed(self._answer_sealer.seal(kind, frame.sender, frame.message))
        try:
            return caller.sock.send(answer) == len(answer)
        except OSError:
            return False

    # -- deadlines ----------------------------------------------------------------------------------------------------

    def _next_deadline_s(self) -> float | None:
        moments = [link.due_s for link in self._links.values()]
        if self._listen_again_s is not None:
            moments.append(self._listen_again_s)
        if self._receiving:
            moments += [caller.due_s for caller in self._callers.values() if caller.due_s is not None]
        return min(moments, default=None)

    def _on_time(self, now_s: float) -> None:
        self._on_link_time(now_s)
        if self._listen_again_s is not None and now_s >= self._listen_again_s:
            self._listen_again_s = None
            self._listen(self._receiving)
        if not self._receiving:
            return
        overdue = [caller for caller in self._callers.values() if caller.due_s is not None and caller.due_s <= now_s]
        for caller in overdue:
            # We may have been the slow one: what has arrived meanwhile counts.
            self._read(caller)
            if caller.due_s is not None and caller.due_s <= now_s and caller.sock.fileno() in self._callers:
                rejects.PROCESS.add(Reason.HALF_FRAME)
                self._dismiss(caller)
