"""A hostile process of the same user. Run as `python attacker.py WHAT JSON`; prints one line of JSON. Ends by itself.

It knows where the socket files are. Only what is called an insider here also knows the run's key.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import pickle
import random
import resource
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(HERE))))
WAIT_S = 30.0


class Payload:
    """Unpickled by a careless receiver it leaves a file behind: the proof that foreign code ran."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (os.system, (f"touch {self.marker}",))


class Target:
    """Where frames are thrown: a datagram socket or a TCP port."""

    def __init__(self, path: str, kind: str) -> None:
        # By its name alone: a socket address has no room for the path of every temporary folder.
        os.chdir(os.path.dirname(path))
        self.path = os.path.basename(path)
        self.kind = kind
        self.port = 0
        if kind == "tcp":
            with open(self.path, "rb") as entry:
                self.port = int.from_bytes(entry.read(2), "big")
        else:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * 1024 * 1024)
            self.sock.settimeout(WAIT_S)

    def connect(self) -> socket.socket:
        """A fresh TCP connection."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)
        made.settimeout(WAIT_S)
        return made

    def throw(self, frame: bytes) -> bytes:
        """Send one frame; on TCP in a connection of its own, waiting until it is closed or answered."""
        if self.kind == "datagram":
            self.sock.sendto(frame, self.path)
            return b""
        return self.stream(struct.pack(">I", len(frame)) + frame)

    def stream(self, data: bytes, end: bool = True) -> bytes:
        """Raw bytes in one TCP connection; what came back."""
        answer = b""
        with self.connect() as sock:
            try:
                sock.sendall(data)
                if end:
                    sock.shutdown(socket.SHUT_WR)
                while got := sock.recv(65536):
                    answer += got
            except OSError:
                pass
        return answer


def unsigned(target: Target, marker: str, **_: Any) -> Any:
    """Pickles as they are, and dressed up as frames without a key."""
    pickled = pickle.dumps(Payload(marker))
    for raw in (pickled, pickled + b"\0" * 200, b"\0" * 73 + pickled, os.urandom(16) + b"\1" + b"\0" * 56 + pickled):
        target.throw(raw)
        if target.kind == "tcp":
            target.stream(raw)
            target.stream(str(len(raw)).encode() + b">" + raw)
    return 4


def flips(target: Target, frame: str, count: int, **_: Any) -> Any:
    """A recorded frame with one bit of one byte changed, all over its length."""
    original = bytes.fromhex(frame)
    places = sorted({round(place * (len(original) - 1) / (count - 1)) for place in range(count)})
    for place in places:
        changed = bytearray(original)
        changed[place] ^= 1 << (place % 8)
        target.throw(bytes(changed))
    return len(places)


def replay(target: Target, frames: list[str], **_: Any) -> Any:
    """Recorded frames once more."""
    answers = [target.throw(bytes.fromhex(frame)) for frame in frames]
    return sum(len(answer) for answer in answers)


def oversize(target: Target, **_: Any) -> Any:
    """Datagrams over the maximum, up to what the kernel lets through."""
    sent = 0
    for size in (128 * 1024 + 1, 150_000, 200_000, 400_000, 3_000_000):
        try:
            target.sock.sendto(os.urandom(1024) * (size // 1024 + 1), target.path)
            sent += 1
        except OSError:
            break
    return sent


def lengths(target: Target, **_: Any) -> Any:
    """Length prefixes that are negative, zero, huge, endless, or text."""
    tries = [
        struct.pack(">i", -5),
        struct.pack(">I", 0),
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">I", 128 * 1024 + 1),
        b"99999999999>",
        b"-5>",
        b"9" * 2_000_000,
    ]
    for prefix in tries:
        target.stream(prefix + b"x" * 1000)
    endless = 0
    with target.connect() as sock:
        try:
            while endless < 200 * 1024 * 1024:
                endless += sock.send(b"\xff" * 65536)
        except OSError:
            pass
    return {"tries": len(tries) + 1, "endless_bytes": endless}


def half_frames(target: Target, count: int, **_: Any) -> Any:
    """Frames begun and never finished; how long until each was closed, s."""
    socks = [target.connect() for _ in range(count)]
    for number, sock in enumerate(socks):
        if number % 2:
            with contextlib.suppress(OSError):  # ended for its silence already
                sock.sendall(struct.pack(">I", 1000) + b"half")
    began_s = time.monotonic()
    closed = []
    for sock in socks:
        with contextlib.suppress(OSError):
            sock.recv(1)
        closed.append(time.monotonic() - began_s)
    return {"longest_s": max(closed), "shortest_s": min(closed)}


def half_open(target: Target, count: int, **_: Any) -> Any:
    """Many connections held open; tells on stdout when they stand, holds them until stdin closes."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    socks = []
    for _ in range(count):
        sock = target.connect()
        sock.sendall(b"\0\0")
        socks.append(sock)
    print(json.dumps(count), flush=True)
    sys.stdin.read()
    return count


def descriptors(target: Target, frames: list[str], count: int, **_: Any) -> Any:
    """Datagrams that carry open descriptors, some of them 200 at once."""
    made = [os.dup(2) for _ in range(200)]
    for number in range(count):
        fds = array.array("i", made if number % 50 == 0 else made[: 1 + number % 3])
        body = bytes.fromhex(frames[0]) if number % 2 else os.urandom(200)
        target.sock.sendmsg([body], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)], 0, target.path)
    return count


def flood(target: Target, count: int, size: int, seed: int, **_: Any) -> Any:
    """Random frames as fast as they go."""
    dice = random.Random(seed)
    frames = [dice.randbytes(size) for _ in range(16)]
    began_s = time.monotonic()
    if target.kind == "datagram":
        for number in range(count):
            target.sock.sendto(frames[number % 16], target.path)
    else:
        for number in range(count):
            target.throw(frames[number % 16])
    return time.monotonic() - began_s


def noise(target: Target, count: int, seed: int, **_: Any) -> Any:
    """Random bytes of random length; on TCP without any framing."""
    dice = random.Random(seed)
    for _ in range(count):
        raw = dice.randbytes(dice.randrange(0, 600))
        if target.kind == "datagram":
            target.throw(raw)
        else:
            target.stream(raw)
    return count


def empty(target: Target, count: int, **_: Any) -> Any:
    """Datagrams of no bytes."""
    for _ in range(count):
        target.throw(b"")
    return count


def steal_file(target: Target, how: str, **_: Any) -> Any:
    """Take the victim's place: unlink its file, perhaps bind one's own; tell what was caught until stdin closes."""
    os.unlink(target.path)
    if how == "unlink":
        return 0
    if how == "fifo":
        os.mkfifo(target.path)
        return 0
    if how == "link":
        os.symlink("/dev/zero", target.path)
        return 0
    caught = []
    if target.kind == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
        with open(target.path, "wb") as entry:
            entry.write(listener.getsockname()[1].to_bytes(2, "big") + b"\0" * 16)
        listener.settimeout(0.5)
        print(json.dumps("ready"), flush=True)
        sys.stdin.read()
        try:
            sock, _ = listener.accept()
            caught.append(len(sock.recv(65536)))
        except OSError:
            pass
        return caught
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as impostor:
        impostor.bind(target.path)
        impostor.setblocking(False)
        print(json.dumps("ready"), flush=True)
        sys.stdin.read()
        try:
            while True:
                caught.append(len(impostor.recv(65536)))
        except OSError:
            pass
    return caught


def foreign_user(target: Target, frames: list[str], uid: int, **_: Any) -> Any:
    """A frame that is good in all but its sender's user."""
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    for frame in frames:
        target.throw(bytes.fromhex(frame))
    return os.getuid()


def main() -> None:
    """Do what the command line says."""
    arguments = json.loads(sys.argv[2])
    target = Target(arguments.pop("path"), arguments.pop("kind"))
    attack: Callable[..., Any] = globals()[sys.argv[1]]
    print(json.dumps(attack(target, **arguments)), flush=True)


if __name__ == "__main__":
    main()
