"""TCP, the way out: one connection per receiver, one message on it at a time.

Window 1: the next message goes out when the one before is answered, so order holds whatever is sent again. A message
whose answer is lost is sent again under its old number with fresh counters: that is not a replay, and the receiver
answers a number it has without delivering it twice.
"""

from __future__ import annotations

import errno
import socket
import time
from enum import Enum, auto
from typing import Any, ClassVar, Final

from thespian.system.transport import SendStatus

from actors.transport import port_file, rejects
from actors.transport.framing import FrameReader, framed
from actors.transport.loop import SealedTransport
from actors.transport.outbox import Outgoing
from actors.transport.polling import Ready
from actors.transport.seal import Kind, Reject

ANSWER_S: Final = 2.0
"""Wait for an answer before connecting and sending again; doubles with each try up to ANSWER_S_MAX."""
ANSWER_S_MAX: Final = 60.0
REST_S: Final = 0.05
"""Wait after a lost connection; doubles with each try up to REST_S_MAX."""
REST_S_MAX: Final = 2.0
IDLE_S_MAX: Final = 30.0
"""A connection to a receiver is closed when it has not been used for this long."""
IDLE_LINKS_MAX: Final = 64
"""Unused connections to receivers; one more closes the longest unused."""
_STATUS: Final = {Kind.ACK: SendStatus.Sent, Kind.REFUSED: SendStatus.BadPacket}


class _Phase(Enum):
    CONNECTING = auto()
    SENDING = auto()
    ANSWER = auto()
    IDLE = auto()
    RESTING = auto()


class _Link:
    """Our connection to one receiver, and the message on it."""

    __slots__ = ("due_s", "item", "out", "phase", "reader", "sock", "token", "tries")

    def __init__(self, token: bytes) -> None:
        self.token = token
        self.phase = _Phase.RESTING
        self.due_s = 0.0
        self.tries = 0
        self.item: Outgoing | None = None
        self.out = memoryview(b"")
        self.sock: socket.socket | None = None
        self.reader = FrameReader()


class TcpSender(SealedTransport):
    """The half of `tcp.TcpTransport` that connects to others."""

    file_suffix: ClassVar[str] = ".port"

    def _prepare_links(self) -> None:
        self._links: dict[bytes, _Link] = {}
        self._links_by_fd: dict[int, _Link] = {}

    def _release_links(self) -> None:
        for link in list(self._links.values()):
            self._hang_up(link)
        self._links.clear()

    def _offer(self, token: bytes, item: Outgoing) -> Any:
        link = self._links.setdefault(token, _Link(token))
        if link.item is item:
            return None
        link.item = item
        link.tries = 0
        if link.sock is None:
            return self._connect(link)
        link.phase = _Phase.SENDING
        self._write(link)
        return None

    def _connect(self, link: _Link) -> Any:
        """Begin a connection: None when under way, DeadTarget when there is no such address."""
        assert link.item is not None
        link.item.restart()
        try:
            entry = port_file.read(self._file_of(link.token))
            port = port_file.port_in(self._settings.key, link.token, entry)
        except FileNotFoundError:
            return SendStatus.DeadTarget
        except OSError:
            port = None
        if port is None:
            # Tampered with; its owner puts it right within a tick.
            self._rest(link)
            return None
        try:
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        except OSError:
            self._rest(link)
            return None
        sock.setblocking(False)
        outcome = sock.connect_ex((port_file.LOOPBACK, port))
        if outcome not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            sock.close()
            if outcome == errno.ECONNREFUSED:
                return SendStatus.DeadTarget
            self._rest(link)
            return None
        link.sock = sock
        link.reader = FrameReader()
        link.out = memoryview(b"")
        link.phase = _Phase.CONNECTING
        link.due_s = time.monotonic() + ANSWER_S
        self._links_by_fd[sock.fileno()] = link
        self._want(sock.fileno(), read=False, write=True)
        return None

    def _connected(self, link: _Link) -> None:
        assert link.sock is not None
        failure = link.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure == 0:
            try:
                # A port nobody listens on may be given to the caller itself, which then talks to itself.
                failure = errno.ECONNREFUSED if link.sock.getsockname() == link.sock.getpeername() else 0
            except OSError:
                failure = errno.ECONNRESET
        if failure == errno.ECONNREFUSED:
            self._answered(link, SendStatus.DeadTarget)
        elif failure != 0:
            self._rest(link)
        else:
            link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.phase = _Phase.SENDING
            self._write(link)

    def _write(self, link: _Link) -> None:
        item, sock = link.item, link.sock
        assert item is not None
        assert sock is not None
        while True:
            if not link.out:
                if item.sent >= len(item.data):
                    link.phase = _Phase.ANSWER
                    link.due_s = time.monotonic() + min(ANSWER_S * 2**link.tries, ANSWER_S_MAX)
                    self._want(sock.fileno(), read=True, write=False)
                    return
                piece = item.piece()
                prefix = self._sealer.seal(Kind.DATA, link.token, item.number, item.sent, len(item.data), piece)
                link.out = memoryview(framed(prefix, piece))
                item.advance(len(piece))
            try:
                link.out = link.out[sock.send(link.out) :]
            except BlockingIOError:
                link.due_s = time.monotonic() + ANSWER_S_MAX
                self._want(sock.fileno(), read=True, write=True)
                return
            except OSError:
                self._rest(link)
                return

    def _read_answers(self, link: _Link) -> None:
        assert link.sock is not None
        try:
            data = link.sock.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            link.reader.feed(data)
            while True:
                raw = link.reader.next_frame()
                if raw is None:
                    return
                if isinstance(raw, Reject):
                    rejects.PROCESS.add(raw.reason)
                    break
                frame = self._accept(raw)
                if isinstance(frame, Reject):
                    break
                if frame.sender == link.token and link.item is not None and frame.message == link.item.number:
                    self._answered(link, _STATUS.get(frame.kind, SendStatus.BadPacket))
                    return
        if link.item is None:
            self._hang_up(link)
            del self._links[link.token]
        else:
            self._rest(link)

    def _answered(self, link: _Link, status: Any) -> None:
        link.item = None
        if link.phase is not _Phase.ANSWER:
            self._hang_up(link)
        self._finish(link.token, status)
        self._advance(link.token)

    def _rest(self, link: _Link) -> None:
        """The connection is lost or could not be made: the message goes again, later."""
        self._hang_up(link)
        link.phase = _Phase.RESTING
        link.due_s = time.monotonic() + min(REST_S * 2**link.tries, REST_S_MAX)
        link.tries = min(link.tries + 1, 16)

    def _hang_up(self, link: _Link) -> None:
        if link.sock is not None:
            self._links_by_fd.pop(link.sock.fileno(), None)
            self._forget(link.sock.fileno())
            link.sock.close()
            link.sock = None

    def _idle(self, token: bytes) -> None:
        link = self._links.get(token)
        if link is None:
            return
        if link.item is not None or link.sock is None:
            self._hang_up(link)
            del self._links[token]
        else:
            link.phase = _Phase.IDLE
            link.due_s = time.monotonic() + IDLE_S_MAX
            self._want(link.sock.fileno(), read=True, write=False)
            idle = [other for other in self._links.values() if other.phase is _Phase.IDLE]
            if len(idle) > IDLE_LINKS_MAX:
                oldest = min(idle, key=lambda other: other.due_s)
                self._hang_up(oldest)
                del self._links[oldest.token]

    def _on_link_ready(self, link: _Link, ready: Ready) -> None:
        if link.phase is _Phase.CONNECTING:
            self._connected(link)
        elif ready.read:
            self._read_answers(link)
        elif link.phase is _Phase.SENDING:
            self._write(link)

    def _on_link_time(self, now_s: float) -> None:
        for link in [link for link in self._links.values() if link.due_s <= now_s]:
            if link.phase is _Phase.IDLE:
                self._hang_up(link)
                del self._links[link.token]
            elif link.phase is _Phase.RESTING:
                status = self._connect(link)
                if status is not None:
                    self._answered(link, status)
            else:
                self._rest(link)
