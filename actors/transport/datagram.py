"""The Linux transport: one Unix datagram socket per endpoint in a private folder. All that is Linux only is in here.

A datagram is one sealed frame. The kernel keeps the order, tells the sender's user (SO_PASSCRED) and refuses when the
receiver's queue of ten is full; then an extra socket is connected to that receiver, for only a connected one can be
polled for room, and everything for it waits in the outbox. A datagram counts as sent once it is in the receiver's
queue: a receiver that is killed loses what is there, silently. So delivery is proved by the application's numbered
acknowledgements, never by this transport.

What remains open: a process of the same user may remove our socket file and bind its own. Until the next tick
(`loop.TICK_S`) it then gets what others send here, readable, and those sends count as sent. The tick sees the foreign
inode, counts `socket_replaced` and renames a new socket over it. Encryption would not help: that user may read our
memory as well.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
import time
from array import array
from contextlib import suppress
from typing import Any, ClassVar, Final

from thespian.system.transport import SendStatus

from actors.transport import rejects
from actors.transport.loop import SealedTransport
from actors.transport.outbox import Outgoing
from actors.transport.polling import Ready
from actors.transport.private_folder import FRESH_SUFFIX
from actors.transport.seal import FRAME_BYTES_MAX, Kind, Reason, Reject

RECEIVED_MAX: Final = 64
"""Datagrams taken in one pass of the loop. A flood of refused ones must not keep the loop from everything else."""
SEND_BUFFER_BYTES: Final = 1024 * 1024
"""Asked for each sending socket; the kernel may give less. Frames in a stopped receiver's queue are charged to it."""
BLOCKED_SOCKETS_MAX: Final = 128
"""Receivers with a socket of their own while blocked; further ones are tried again every RETRY_S."""
RETRY_S: Final = 0.02
SUN_PATH_BYTES_MAX: Final = 107
"""Longest path a Unix socket address can hold."""
_ANCILLARY_BYTES: Final = socket.CMSG_SPACE(12)
"""Room for the credentials and for nothing else, so the kernel has no place to put descriptors that come along."""
_UID: Final = slice(4, 8)
_GONE: Final = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.ENOENT, errno.EPIPE, errno.ENOTCONN})
_LATER: Final = frozenset({errno.ENOBUFS, errno.ENOMEM})


class DatagramTransport(SealedTransport):
    """See the module's first lines."""

    kernel_tells_uid: ClassVar[bool] = True

    _socket: socket.socket | None = None

    def _open(self) -> None:
        self._blocked: dict[bytes, socket.socket] = {}
        self._blocked_by_fd: dict[int, bytes] = {}
        self._buffer = bytearray(FRAME_BYTES_MAX + 1)
        self._folder_fd = -1
        self._inode = (-1, -1)
        if len(os.fsencode(self._file_of(self._token) + FRESH_SUFFIX)) > SUN_PATH_BYTES_MAX:
            # A socket address has no room for such a path, but any file can be named through an open folder.
            self._folder_fd = os.open(self._settings.folder, os.O_RDONLY | os.O_DIRECTORY)
        self._socket, self._inode = self._bind(self._file_of(self._token))
        self._listen(True)

    def _bind(self, path: str) -> tuple[socket.socket, tuple[int, int]]:
        mine = _sending_socket()
        try:
            # Before bind, so that no datagram can be queued without its sender's credentials.
            mine.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            mine.bind(self._reach(path))
            os.chmod(path, 0o600)
            seen = os.stat(path)
        except BaseException:  # the caller has not got it yet, so nobody else would close it
            mine.close()
            raise
        return mine, (seen.st_dev, seen.st_ino)

    def _reach(self, path: str) -> str:
        if self._folder_fd < 0:
            return path
        return f"/proc/self/fd/{self._folder_fd}/{os.path.basename(path)}"

    def _release(self) -> None:
        for extra in self._blocked.values():
            extra.close()
        self._blocked.clear()
        self._blocked_by_fd.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._folder_fd >= 0:
            os.close(self._folder_fd)
            self._folder_fd = -1

    def _listen(self, receiving: bool) -> None:
        assert self._socket is not None
        if receiving:
            self._want(self._socket.fileno(), read=True, write=False)
        else:
            self._forget(self._socket.fileno())

    # -- the way out --------------------------------------------------------------------------------------------------

    def _offer(self, token: bytes, item: Outgoing) -> Any:
        path = self._reach(self._file_of(token))
        while True:
            piece = item.piece()
            if item.prefix is None:
                item.prefix = self._sealer.seal(Kind.DATA, token, item.number, item.sent, len(item.data), piece)
            extra = self._blocked.get(token)
            try:
                self._send_frame(extra, path, item.prefix, piece)
            except BlockingIOError:
                if extra is not None or not self._connect_extra(token, path):
                    return None
                continue
            except OSError as error:
                if error.errno in _GONE:
                    if extra is None:
                        return SendStatus.DeadTarget
                    # The socket we were connected to is gone, its file may lead to a new one.
                    self._idle(token)
                    continue
                if error.errno in _LATER:
                    self._retry_soon()
                    return None
                rejects.PROCESS.add(Reason.SEND_FAILED)
                return SendStatus.Failed
            if item.advance(len(piece)):
                return SendStatus.Sent

    def _send_frame(self, extra: socket.socket | None, path: str, prefix: bytes, piece: memoryview) -> None:
        if extra is not None:
            extra.sendmsg([prefix, piece], [], socket.MSG_DONTWAIT)
        else:
            assert self._socket is not None
            self._socket.sendmsg([prefix, piece], [], socket.MSG_DONTWAIT, path)

    def _connect_extra(self, token: bytes, path: str) -> bool:
        """A socket of its own for a blocked receiver; False when it must be tried again later."""
        if len(self._blocked) >= BLOCKED_SOCKETS_MAX:
            self._retry_soon()
            return False
        try:
            extra = _sending_socket()
        except OSError:
            # No descriptor left: the actor's own affair, and it may pass.
            self._retry_soon()
            return False
        try:
            extra.connect(path)
        except OSError:
            # Gone since: the next send to the path says so properly.
            extra.close()
            self._retry_soon()
            return False
        self._blocked[token] = extra
        self._blocked_by_fd[extra.fileno()] = token
        self._want(extra.fileno(), read=False, write=True)
        return True

    def _retry_soon(self) -> None:
        if self._retry_s is None:
            self._retry_s = time.monotonic() + RETRY_S

    def _idle(self, token: bytes) -> None:
        extra = self._blocked.pop(token, None)
        if extra is not None:
            del self._blocked_by_fd[extra.fileno()]
            self._forget(extra.fileno())
            extra.close()

    # -- the way in ---------------------------------------------------------------------------------------------------

    def _on_ready(self, ready: Ready) -> None:
        token = self._blocked_by_fd.get(ready.fd)
        if token is not None:
            self._advance(token)
        elif self._socket is not None and ready.fd == self._socket.fileno():
            self._receive(self._socket)

    def _receive(self, source: socket.socket) -> bool:
        """Take datagrams until one completes a message, RECEIVED_MAX were taken or none is left (then False)."""
        view = memoryview(self._buffer)
        for _ in range(RECEIVED_MAX):
            try:
                size, ancillary, flags, _ = source.recvmsg_into(
                    [view], _ANCILLARY_BYTES, socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC
                )
            except OSError:
                return False
            uid, came_along = _credentials(ancillary)
            if came_along or flags & socket.MSG_CTRUNC:
                rejects.PROCESS.add(Reason.DESCRIPTOR)
                continue
            frame = self._accept(view[:size], uid)
            if isinstance(frame, Reject):
                continue
            if frame.kind is not Kind.DATA:
                rejects.PROCESS.add(Reason.BAD_SHAPE)
                continue
            whole = self._assemble(frame)
            if isinstance(whole, bytes) and self._deliver(frame.sender, whole):
                return True
        return True

    # -- the socket file ----------------------------------------------------------------------------------------------

    def _owns_file(self) -> bool:
        try:
            seen = os.lstat(self._file_of(self._token))
        except OSError:
            return False
        return (seen.st_dev, seen.st_ino) == self._inode

    def _restore_file(self) -> None:
        """Bind a new socket beside and rename it into place, then empty the old one, so that no order is broken."""
        path = self._file_of(self._token)
        old = self._socket
        assert old is not None
        with suppress(OSError):
            os.unlink(path + FRESH_SUFFIX)
        fresh, inode = self._bind(path + FRESH_SUFFIX)
        try:
            os.rename(path + FRESH_SUFFIX, path)
        except OSError:
            fresh.close()
            raise
        self._socket, self._inode = fresh, inode
        old.shutdown(socket.SHUT_RD)
        while self._receive(old):
            pass
        self._forget(old.fileno())
        old.close()
        self._listen(True)


def _sending_socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    with suppress(OSError):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return made


def _credentials(ancillary: list[tuple[int, int, bytes]]) -> tuple[int | None, bool]:
    """The sender's user as the kernel saw it, and whether descriptors came along; those are closed."""
    uid = None
    came_along = False
    for level, kind, data in ancillary:
        if level != socket.SOL_SOCKET:
            continue
        if kind == socket.SCM_CREDENTIALS and len(data) >= 12:
            uid = int.from_bytes(data[_UID], sys.byteorder)
        elif kind == socket.SCM_RIGHTS:
            came_along = True
            numbers = array("i")
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
            for fd in numbers:
                with suppress(OSError):
                    os.close(fd)
    return uid, came_along


def answers(path: str) -> bool:
    """Whether a socket lives behind this file; what is not a socket is none of ours and counts as living."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            return True
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            folder_fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
            try:
                probe.connect(f"/proc/self/fd/{folder_fd}/{os.path.basename(path)}")
            finally:
                os.close(folder_fd)
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return True
