"""The seal: what makes bytes from a socket fit to be looked at. Pure: clock and key are given, nothing is sent.

Every datagram (or TCP frame) is one sealed frame: `MAC | header | data`. The MAC is keyed BLAKE2b over header and data,
the key is random per run. `Opener.open` refuses in a fixed order, all before anything is unpickled: kernel-checked uid,
size, MAC, destination, replay, age, shape. What passes goes to `reassembly.py` and then to `allowlist.py`.

A refusal is a value, `Reject`, because a stranger's mistake is not our exception.
"""

from __future__ import annotations

import hmac
import struct
from collections import OrderedDict
from collections.abc import Callable
from enum import IntEnum, StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

KEY_BYTES: Final = 32
"""Length of the run key."""
TOKEN_BYTES: Final = 8
"""Length of an address: random, never used twice."""
EPOCH_BYTES: Final = 8
"""Length of a sender epoch: random, new for every transport object, so counters may start at 1 again."""
MAC_BYTES: Final = 16
FRAME_BYTES_MAX: Final = 128 * 1024
"""Largest sealed frame, header included. The kernel's default send buffer (212,992) still takes one whole."""
MESSAGE_BYTES_MAX: Final = 64 * 1024 * 1024 + 64 * 1024
"""Largest pickled message: 64 MiB of payload and 64 KiB for the envelope round it."""
SENDERS_MAX: Final = 4096
"""Sender epochs a receiver remembers. Past it the longest silent is forgotten, see `Opener`."""

_HEADER: Final = struct.Struct(">B8s8s8sQQQII")
OVERHEAD_BYTES: Final = MAC_BYTES + _HEADER.size
DATA_BYTES_MAX: Final = FRAME_BYTES_MAX - OVERHEAD_BYTES
_PERSON: Final = b"hybrid-capture/1"


class Kind(IntEnum):
    """What a frame carries. Datagrams only use DATA; the others answer it on TCP."""

    DATA = 1
    ACK = 2
    """The message with this number was taken (now or before)."""
    REFUSED = 3
    """The message with this number was complete and will never be taken: do not send it again."""


_KINDS: Final = {int(kind): kind for kind in Kind}


class Reason(StrEnum):
    """Why something was refused, given up or repaired. Each is counted; none carries content."""

    FOREIGN_UID = "foreign_uid"
    """The kernel says another user sent it, or could not say who did."""
    DESCRIPTOR = "descriptor"
    """File descriptors came along; they were closed."""
    SHORT = "short"
    """Too short to be a frame; empty datagrams are this."""
    OVERSIZE = "oversize"
    """A frame or a declared message is over its maximum."""
    BAD_MAC = "bad_mac"
    """Not sealed with this run's key, or changed on the way."""
    WRONG_DESTINATION = "wrong_destination"
    """Sealed for another address."""
    REPLAY = "replay"
    """This counter of this sender was seen already."""
    STALE = "stale"
    """Older than this address, or than what a forgotten sender last said."""
    BAD_SHAPE = "bad_shape"
    """Offsets and sizes contradict each other."""
    GAP = "gap"
    """A fragment arrived without the one before it."""
    ABANDONED = "abandoned"
    """A half message was given up: its sender began another, or fell silent."""
    REASSEMBLY_FULL = "reassembly_full"
    """A half message was thrown out to make room for another."""
    FORBIDDEN_CLASS = "forbidden_class"
    """A class that is not on the allow-list; it was not imported and not called."""
    UNREADABLE = "unreadable"
    """Properly sealed, but not a pickle of ours."""
    BAD_LENGTH = "bad_length"
    """TCP: a length prefix out of bounds; the connection was closed."""
    HALF_FRAME = "half_frame"
    """TCP: a frame was begun and not finished in time; the connection was closed."""
    CROWDED = "crowded"
    """TCP: too many connections that had not shown a valid frame; the oldest was closed."""
    DUPLICATE = "duplicate"
    """TCP: a message sent again because its answer was lost; answered again, not delivered again."""
    SOCKET_REPLACED = "socket_replaced"
    """Our socket file was removed or replaced by someone; a fresh one was put in its place."""
    SEND_OVERFLOW = "send_overflow"
    """A send failed: too many bytes already wait for blocked receivers."""
    SEND_EXPIRED = "send_expired"
    """A send failed: its receiver took nothing for the whole life of the message."""
    SEND_FAILED = "send_failed"
    """A send failed: the operating system refused it for a reason that will not pass."""
    HOOK_FAILED = "hook_failed"
    """The installed reject hook raised."""


class Reject(NamedTuple):
    """A refusal as a value."""

    reason: Reason


class Frame(NamedTuple):
    """A frame that proved itself. `data` is a view into the caller's buffer: copy it before that is used again."""

    kind: Kind
    sender: bytes
    epoch: bytes
    message: int
    """Number of the message within the sender's epoch; rises, and is kept when a message is sent again."""
    offset: int
    """Where `data` belongs in the message, in bytes."""
    total: int
    """Size of the whole message in bytes."""
    data: memoryview


def new_mac(key: bytes) -> blake2b:
    """The keyed state every MAC starts from; copying it is cheaper than keying anew for each frame."""
    assert len(key) == KEY_BYTES, "a run key has KEY_BYTES bytes"
    return blake2b(key=key, digest_size=MAC_BYTES, person=_PERSON)


class Sealer:
    """Seals what one transport object sends. Not thread-safe: the caller holds its lock.

    `clock` gives monotonic nanoseconds of a clock all processes of the machine share.
    """

    def __init__(self, key: bytes, sender: bytes, epoch: bytes, clock: Callable[[], int]) -> None:
        assert len(sender) == TOKEN_BYTES
        assert len(epoch) == EPOCH_BYTES
        self._mac = new_mac(key)
        self._sender = sender
        self._epoch = epoch
        self._clock = clock
        self._counter = 0
        self._message = 0

    def next_message(self) -> int:
        """A fresh message number (1, 2, 3 …)."""
        self._message += 1
        return self._message

    def seal(
        self,
        kind: Kind,
        destination: bytes,
        message: int,
        offset: int = 0,
        total: int = 0,
        data: bytes | memoryview = b"",
    ) -> bytes:
        """MAC and header for `data`; send both, in this order. Each call uses up one counter.

        Errors: AssertionError when `data` is over DATA_BYTES_MAX (ours, never a peer's).
        """
        assert len(data) <= DATA_BYTES_MAX, "the caller cuts messages into fragments"
        self._counter += 1
        header = _HEADER.pack(
            kind, destination, self._sender, self._epoch, self._counter, message, self._clock(), offset, total
        )
        mac = self._mac.copy()
        mac.update(header)
        mac.update(data)
        return mac.digest() + header


class Opener:
    """Checks what one transport object receives; remembers the last counter of every sender epoch.

    `bound_ns` is the time just before the address came to be: nothing older can be meant for it. `uid` is the only user
    whose frames are looked at, or None where the kernel does not tell.

    At most `senders_max` epochs are remembered. When one is forgotten, its last time of sending becomes the floor for
    epochs not (or no longer) known, so forgetting never makes an old frame good again.
    """

    def __init__(
        self, key: bytes, destination: bytes, bound_ns: int, uid: int | None = None, senders_max: int = SENDERS_MAX
    ) -> None:
        self._mac = new_mac(key)
        self._destination = destination
        self._bound_ns = bound_ns
        self._floor_ns = bound_ns
        self._uid = uid
        self._senders_max = senders_max
        self._seen: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def open(self, frame: memoryview, uid: int | None = None) -> Frame | Reject:
        """The frame, proved; or why not. State changes only when everything holds."""
        if self._uid is not None and uid != self._uid:
            return Reject(Reason.FOREIGN_UID)
        size = len(frame)
        if size < OVERHEAD_BYTES:
            return Reject(Reason.SHORT)
        if size > FRAME_BYTES_MAX:
            return Reject(Reason.OVERSIZE)
        mac = self._mac.copy()
        mac.update(frame[MAC_BYTES:])
        if not hmac.compare_digest(mac.digest(), frame[:MAC_BYTES]):
            return Reject(Reason.BAD_MAC)
        kind, destination, sender, epoch, counter, message, sent_ns, offset, total = _HEADER.unpack_from(
            frame, MAC_BYTES
        )
        if destination != self._destination:
            return Reject(Reason.WRONG_DESTINATION)
        last = self._seen.get(epoch)
        if last is not None and counter <= last[0]:
            return Reject(Reason.REPLAY)
        if sent_ns < self._bound_ns or (last is None and sent_ns <= self._floor_ns):
            return Reject(Reason.STALE)
        data = frame[OVERHEAD_BYTES:]
        shape = _check_shape(kind, offset, total, len(data))
        if shape is not None:
            return Reject(shape)
        self._remember(epoch, counter, sent_ns)
        return Frame(_KINDS[kind], sender, epoch, message, offset, total, data)

    def _remember(self, epoch: bytes, counter: int, sent_ns: int) -> None:
        self._seen[epoch] = (counter, sent_ns)
        self._seen.move_to_end(epoch)
        if len(self._seen) > self._senders_max:
            _, (_, forgotten_ns) = self._seen.popitem(last=False)
            self._floor_ns = max(self._floor_ns, forgotten_ns)


def _check_shape(kind: int, offset: int, total: int, size: int) -> Reason | None:
    if kind not in _KINDS:
        return Reason.BAD_SHAPE
    if kind != Kind.DATA:
        return None if offset == total == size == 0 else Reason.BAD_SHAPE
    if total > MESSAGE_BYTES_MAX:
        return Reason.OVERSIZE
    if size == 0 or offset + size > total:
        return Reason.BAD_SHAPE
    return None
