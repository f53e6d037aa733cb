"""One message to an actor in another process and its answer, beside stock Thespian, Ray, Erlang, Pykka and a bare pair.

    make peers && python -m benchmarks.round_trips [n]

Every caller asks for one thing at a time, 308 characters there and back. Ours is what the tree does: a typed message,
checked at both ends, in an envelope on the sealed transport. Beside it the same transport without our messages, and the
least that two processes can do, bytes over a socket pair, which all ratios are told against. Ray's and stock Thespian's
actors are processes, Pykka's is a thread of the caller; Erlang is asked twice, within one virtual machine and from one
node to another. Ray and stock Thespian listen on every interface: they run in a network namespace of their own, and
are absent where there is none to be had. The last line is JSON.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from thespian.actors import Actor

from actors.envelope import Envelope, pack, unpack
from actors.transport.system_base import start_system
from benchmarks.alone import ALONE, IMPOSSIBLE, possible
from benchmarks.echoes.asking import asked
from benchmarks.samples import TOOLS, machine, print_result, print_table, row
from messages.records import TurnSeen

N = 5_000
WAIT_S = 90
"""For one peer, its start included: Ray needs up to a minute for it on a busy machine."""
PEERS = TOOLS / "peers" / "bin" / "python"
TEXT = "the quick brown fox jumps over the lazy dog " * 7
ECHOES = Path(__file__).resolve().parent / "echoes"


class PythonPeer(NamedTuple):
    """An actor library of its own interpreter."""

    name: str
    module: str
    script: str
    alone: bool
    """Run without any other network."""


PYTHON_PEERS = (
    PythonPeer("stock Thespian, multiprocTCPBase", "thespian", "stock_thespian.py", True),
    PythonPeer("Ray, actor in a process", "ray", "ray_actor.py", True),
    PythonPeer("Pykka, actor in a thread", "pykka", "pykka_thread.py", False),
)
DISTRIBUTIONS = """
from importlib.metadata import distributions
for each in distributions():
    print(each.name.lower(), each.version)
"""
PAIR = """
import socket, sys
pair = socket.socket(fileno=int(sys.argv[1]))
while text := pair.recv(65_536):
    pair.send(text)
"""


class Echo(Actor):  # type: ignore[misc]  # thespian is untyped
    """Gives an envelope back as it came."""

    def receiveMessage(self, received: Any, sender: Any) -> None:
        if isinstance(received, Envelope):
            self.send(sender, received)


class TypedEcho(Actor):  # type: ignore[misc]  # thespian is untyped
    """Reads the message in an envelope, checks it, and answers with one of its own."""

    def receiveMessage(self, received: Any, sender: Any) -> None:
        if isinstance(received, Envelope):
            self.send(sender, pack(unpack(received), received.trace, received.hop + 1))


@contextmanager
def ours(echo: type[Actor]) -> Iterator[Callable[[], object]]:
    """An actor on the sealed transport, as a question to it."""
    sent = TurnSeen(session_id="s", turn_id="t", error=TEXT)
    with tempfile.TemporaryDirectory() as folder:
        system = start_system(Path(folder) / "run", allow=[Envelope])
        try:
            address = system.createActor(echo)
            bare = pack(sent, "trace", 0)

            def untyped() -> None:
                assert isinstance(system.ask(address, bare, 10), Envelope)

            def typed() -> None:
                answer = system.ask(address, pack(sent, "trace", 0), 10)
                assert unpack(answer) == sent

            yield typed if echo is TypedEcho else untyped
        finally:
            system.shutdown()


@contextmanager
def pair() -> Iterator[Callable[[], object]]:
    """Two processes and a socket pair between them."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    data = TEXT.encode()

    def ask() -> None:
        here.send(data)
        assert here.recv(65_536) == data

    with (
        here,
        subprocess.Popen([sys.executable, "-SE", "-c", PAIR, str(there.fileno())], pass_fds=[there.fileno()]) as child,
    ):
        there.close()
        yield ask
        here.close()
        child.wait()


def by_script(words: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> list[float]:
    """What one of the scripts in `echoes/` measured, in µs. Errors: CalledProcessError, TimeoutExpired."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        env = {"PATH": os.environ["PATH"], "HOME": home, **(environment or {})}
        with (Path(home) / "said").open("wb") as said:
            done = subprocess.run(
                [*words], stdout=subprocess.PIPE, stderr=said, env=env, cwd=home, timeout=WAIT_S, check=True
            )
    found: list[float] = orjson.loads(done.stdout.splitlines()[-1])
    return found


def two_nodes(n: int) -> list[float]:
    """From one Erlang node to another, µs. The cookie that they share is in a home of their own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    flags = f"-start_epmd false -erl_epmd_port {port} -kernel inet_dist_use_interface {{127,0,0,1}}"
    words = ["escript", str(ECHOES / "two_nodes.escript")]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "ERL_FLAGS": flags}
        with subprocess.Popen(
            [*words, "echo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        ) as there:
            assert there.stdin is not None
            assert there.stdout is not None
            assert there.stdout.readline() == b"up\n"
            try:
                return by_script([*words, str(n), TEXT], {**environment, "ERL_FLAGS": f"{flags} -dist_listen false"})
            finally:
                there.stdin.close()


def peer_versions() -> dict[str, str]:
    """What `make peers` installed for this, by its distribution's name."""
    if not PEERS.exists():
        return {}
    said = subprocess.run([PEERS, "-c", DISTRIBUTIONS], capture_output=True, text=True, check=True).stdout
    known = dict(each.split(" ", 1) for each in said.splitlines())
    return {module: known[module] for module in (peer.module for peer in PYTHON_PEERS) if module in known}


def peers(n: int) -> tuple[dict[str, Callable[[], list[float]]], list[str]]:
    """How each peer that is there is measured, and what is to be said of the others."""
    there: dict[str, Callable[[], list[float]]] = {}
    absent = []
    if shutil.which("escript"):
        there["Erlang, from node to node"] = partial(two_nodes, n)
        words: list[str | Path] = ["escript", ECHOES / "one_vm.escript", str(n), TEXT]
        there["Erlang, within one virtual machine"] = partial(by_script, words)
    else:
        absent.append("Erlang (Debian's `erlang-base`)")
    installed = peer_versions()
    for peer in PYTHON_PEERS:
        if peer.module not in installed:
            absent.append(f"{peer.name} (`make peers`)")
        elif peer.alone and not possible():
            absent.append(f"{peer.name}: {IMPOSSIBLE}")
        else:
            words = [*(ALONE if peer.alone else ()), PEERS, ECHOES / peer.script, str(n), TEXT]
            there[peer.name] = partial(by_script, words)
    return there, absent


def main(n: int = N) -> None:
    """Measure, print, give the result."""
    print(machine())
    with pair() as ask:
        bare = asked(ask, n)
    rows = [row("bytes over a socket pair, nothing else", bare, "µs")]
    for name, echo in (("hybrid-capture, typed and checked", TypedEcho), ("hybrid-capture's transport alone", Echo)):
        with ours(echo) as ask:
            rows.append(row(name, asked(ask, n), "µs", bare))
    there, absent = peers(n)
    for name, measure in there.items():
        try:
            rows.append(row(name, measure(), "µs", bare))
        except (subprocess.SubprocessError, ValueError) as error:
            absent.append(f"{name}: {type(error).__name__}")
    print_table(rows, absent)
    versions = peer_versions()
    if shutil.which("erl"):
        words = ["erl", "-noshell", "-eval", "io:put_chars(erlang:system_info(otp_release)), halt()."]
        versions["erlang/otp"] = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    print_result("round_trips", rows, peers=versions, absent=absent)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
