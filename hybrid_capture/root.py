"""The root process: guardian of the actor tree and of the gateway, and the desk where renderers come.

Started fresh by the host, with one thread, so that actors can be forked from it. It never repairs a tree: when the
supervisor or the system's admin is gone, it takes everything down and exits, and the host starts a new root on the
same sockets. When the host is gone, its link ends and so does everything below.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # What is loaded from here on lives as long as this process: looking for cycles in it, again and again while it
    # grows, was a tenth of the loading. `main` ends this.
    gc.disable()

import psutil
from pydantic import ValidationError

from actors import forks, leftovers, lifeline
from actors.system import PartReturned, Readable, Tree, preload
from hybrid_capture.desk import Client, Desk
from hybrid_capture.frames import Said
from hybrid_capture.gateway_process import GatewayProcess, end_gateway
from hybrid_capture.link import Lines, LinkBroken, line_of
from hybrid_capture.pulse import Pulse
from messages.base import Message
from messages.facade import ClientGone, ClientSaid, ToClient
from messages.lifecycle import Knock, Knocked, StopTree, TreeFailed, TreeReady, TreeStopped
from messages.otlp import OtlpAnswered, OtlpGivenUp, OtlpPart, OtlpTaken, SourceProbed
from messages.records import AuditNote, KeepAudit
from messages.settings import Timing, TreeSettings
from storage.redaction import warm
from storage.redaction_log import redact_tracebacks

HOST = "host"
IDLE_S = 1.0
"""Longest wait of the loop: adopted orphans are collected this often."""
BUSY_S = 0.02
"""Wait while a slow renderer has lines waiting."""
START_DEADLINE_S = 20.0
STOP_DEADLINE_S = 15.0
"""An orderly stop that takes longer is finished by force."""
REAP_DEADLINE_S = 2.0
LEAVING_S = 2.0
"""How long a gateway of the last root may live on when it should have handed everything over."""
NO_GATEWAY_S = 1.0
"""How often the supervisor is told that there is no gateway."""
ADMIN_DEPTH = 2
"""Forks between the root and the actor system's admin."""
EXIT_STOPPED, EXIT_TREE_LOST, EXIT_HOST_GONE, EXIT_NOT_STARTED = 0, 70, 71, 72


class Root:
    """One tree and its clients. `run` returns the exit code."""

    def __init__(
        self,
        tree: Tree,
        desk: Desk,
        host: Client,
        timing: Timing,
        gateway: GatewayProcess | None,
        no_gateway: str = "",
        notes: tuple[AuditNote, ...] = (),
        leaving: tuple[int, float] | None = None,
    ) -> None:
        self._tree = tree
        self._desk = desk
        self._host = host
        self._gateway = gateway
        self._no_gateway = no_gateway
        """Why there is no gateway though one is wanted."""
        self._told_s = 0.0
        """When the supervisor was last told that there is none."""
        self._leaving = leaving
        """The gateway of the last root, which still hands over."""
        self._leaving_until_s = time.monotonic() + timing.otlp_in_hand_ms / 1000 + LEAVING_S
        self._notes = notes
        """What is to be kept in the audit as soon as somebody can."""
        self._guards: dict[int, str] = {}
        """Exit notices of processes that the tree cannot live without."""
        self._guarded: list[tuple[str, int, float]] = []
        """The same where the OS has no such notices: name, pid, creation time."""
        self._ready = False
        interval_s, deadline_s = timing.ping_interval_ms / 1000, timing.ping_deadline_ms / 1000
        self._pulse = Pulse(interval_s, deadline_s)
        """Of the supervisor."""
        self._still = Pulse(interval_s, deadline_s)
        """Of the admin, which cannot be asked: it counts as answering unless it is stopped."""
        self._admin: psutil.Process | None = None
        self._idle_s = min(IDLE_S, interval_s)
        self._deadline_s: float | None = time.monotonic() + START_DEADLINE_S
        self._code: int | None = None
        tree.watch(*desk.descriptors())
        if gateway is not None:
            self._meet(gateway)

    def run(self) -> int:
        """Pass messages until the tree stops, breaks, or the host is gone."""
        while self._code is None:
            busy = self._desk.busy or (self._gateway is not None and self._gateway.busy)
            event = self._tree.next_event(BUSY_S if busy else self._idle_s)
            if isinstance(event, Readable):
                self._readable(event.descriptor)
            elif isinstance(event, PartReturned):
                self._returned(event)
            elif isinstance(event, Message):
                self._heard(event)
            for descriptor in self._desk.flush_all():
                self._hang_up(descriptor)
            self._look_after()
        return self._code

    def _look_after(self) -> None:
        if self._deadline_s is not None and time.monotonic() >= self._deadline_s:
            self._lost("the tree did not start in time" if not self._ready else "the tree did not stop in time")
        for name, pid, created in self._guarded:
            if lifeline.process_is_gone(pid, created):
                self._lost(f"{name} exited")
        if self._admin is not None:
            self._look_for_hangs(self._admin, time.monotonic())
        self._look_after_gateway(time.monotonic())
        if self._leaving is not None and time.monotonic() >= self._leaving_until_s:
            end_gateway(*self._leaving)
            self._leaving = None
        _collect()

    def _look_for_hangs(self, admin: psutil.Process, now_s: float) -> None:
        """A supervisor that does not answer, or an admin that is stopped, is as bad as a dead one."""
        if self._pulse.due(now_s):
            self._tree.tell("supervisor", Knock(n=self._pulse.count))
        if self._still.due(now_s) and _runs(admin):
            self._still.heard()
        for name, pulse in (("the supervisor", self._pulse), ("the actor system's admin", self._still)):
            late_s = pulse.late_s(now_s)
            if late_s is not None:
                self._lost(f"{name} hangs: no sign of life for {late_s * 1000:.0f} ms")

    # The gateway.

    def _meet(self, gateway: GatewayProcess) -> None:
        """A gateway was started."""
        if gateway.descriptor is not None:
            self._tree.watch(gateway.descriptor)
        pid, created = gateway.identity
        self._tell_host("gateway", pid=pid, created=created)
        if self._ready:
            gateway.tell("facade")

    def _look_after_gateway(self, now_s: float) -> None:
        gateway = self._gateway
        if gateway is not None:
            gateway.look_after(now_s)
            if gateway.due(now_s):
                try:
                    gateway.start()
                except OSError:  # no descriptor or no process to be had: that counts like one that ended
                    gateway.gone(time.monotonic_ns() // 1_000_000)
                else:
                    self._meet(gateway)
        fault = self._no_gateway or (gateway.trouble if gateway is not None else "")
        if fault and self._ready and now_s - self._told_s >= NO_GATEWAY_S:
            self._told_s = now_s
            self._tree.tell("supervisor", SourceProbed(source="otlp", healthy=False, reason=fault))

    def _gateway_readable(self, gateway: GatewayProcess, descriptor: int) -> None:
        said = gateway.read()
        if said is None:
            self._tree.unwatch(descriptor)
            for client in gateway.clients:
                self._tree.tell("facade", ClientGone(client_id=client))
            gateway.gone(time.monotonic_ns() // 1_000_000)
            self._told_s = 0.0
            self._look_after_gateway(time.monotonic())
            return
        for each in said:
            self._gateway_said(gateway.number, each)

    def _gateway_said(self, number: int, said: Said) -> None:
        """A body's part goes on to the baseline, a probe's result to the supervisor.

        The gateway hears strangers, so what it says is checked here like anything else: a word that does not fit ends
        it, not the root.
        """
        try:
            self._pass_on(number, said)
        except (ValidationError, TypeError):
            assert self._gateway is not None
            self._gateway.kill()

    def _pass_on(self, number: int, said: Said) -> None:
        if said.op == "part":
            self._tree.tell("baseline", OtlpPart(gateway=number, body=said.blob, **said.fields))
        elif said.op == "givenUp":
            self._tree.tell("baseline", OtlpGivenUp(gateway=number, **said.fields))
        elif said.op == "probed":
            self._tree.tell("supervisor", SourceProbed(source="otlp", **said.fields))
        elif said.op in ("said", "left", "refused"):
            self._from_renderer(number, said)

    def _from_renderer(self, number: int, said: Said) -> None:
        """A renderer at the gateway's socket. Its name carries the gateway's number, so that none comes twice."""
        assert self._gateway is not None
        if said.op == "refused":
            note = AuditNote(
                kind="renderer_refused", subject="gateway", text=said.fields["text"][:500], at_ms=_wall_ms()
            )
            self._tree.tell("ingest", KeepAudit(n=0, notes=(note,)))
            return
        client = f"g{number}.{said.fields['client']}"
        if said.op == "left":
            self._gateway.clients.discard(client)
            self._tree.tell("facade", ClientGone(client_id=client))
            return
        self._gateway.clients.add(client)
        body = said.blob.decode(errors="replace")
        self._tree.tell("facade", ClientSaid(client_id=client, role=said.fields["role"], body=body))

    def _to_clients(self, message: ToClient) -> None:
        """To each renderer where it is: at the desk, or at the gateway's socket."""
        line = b""
        for client_id in message.client_ids:
            client = self._desk.find(client_id)
            if client is not None:
                line = line or line_of("told", body=message.body)
                self._desk.tell(client, line, message.droppable)
        if self._gateway is not None:
            begin = f"g{self._gateway.number}."
            names = tuple(each.removeprefix(begin) for each in message.client_ids if each.startswith(begin))
            if names:
                self._gateway.tell_clients(names, message.body.encode(errors="replace"), message.droppable)

    def _answered(self, message: OtlpTaken | OtlpAnswered) -> None:
        if self._gateway is not None and message.gateway == self._gateway.number:
            op = "taken" if isinstance(message, OtlpTaken) else "answered"
            self._gateway.tell(op, **message.model_dump(exclude={"gateway"}))

    # What the tree says.

    def _heard(self, message: Message) -> None:
        if isinstance(message, ToClient):
            self._to_clients(message)
        elif isinstance(message, OtlpTaken | OtlpAnswered):
            self._answered(message)
        elif isinstance(message, Knocked):
            self._pulse.heard()
        elif isinstance(message, TreeReady):
            self._ready, self._deadline_s = True, None
            self._guard(message.supervisor_pid)
            pids: dict[str, int] = {"root": os.getpid(), "supervisor": message.supervisor_pid}
            pids.update(message.pids.items())
            self._tell_host("ready", pids=pids)
            if self._gateway is not None:
                self._gateway.tell("facade")
            if self._notes:
                self._tree.tell("ingest", KeepAudit(n=0, notes=self._notes))
                self._notes = ()
        elif isinstance(message, TreeStopped):
            self._tree.stop()
            self._tell_host("stopped", clean=message.clean)
            self._code = EXIT_STOPPED
        elif isinstance(message, TreeFailed):
            self._lost(message.text)

    def _guard(self, supervisor: int) -> None:
        """From now on the end of the supervisor or of the admin above it is the end of the tree."""
        admin = psutil.Process(supervisor).ppid()
        self._admin = psutil.Process(admin)
        for name, pid in (("the supervisor", supervisor), ("the actor system's admin", admin)):
            try:
                notice = lifeline.exit_notice(pid)
            except ProcessLookupError:
                self._lost(f"{name} exited")
                return
            if notice is None:
                self._guarded.append((name, pid, lifeline.created_at(pid)))
            else:
                self._guards[notice] = name
                self._tree.watch(notice)

    def _returned(self, event: PartReturned) -> None:
        """A new facade knows no renderer: each subscribes again. A new baseline knows no request: all come again."""
        if event.party == "baseline" and self._gateway is not None:
            self._gateway.tell("returned")
        if event.party == "facade" and self._gateway is not None:
            self._gateway.tell("facade")
        if event.party == "facade":
            for client in self._desk.known():
                self._desk.tell(client, line_of("facadeReturned"), droppable=False)

    def _lost(self, text: str) -> None:
        self._tell_host("failed", text=text)
        self._code = EXIT_TREE_LOST if self._ready else EXIT_NOT_STARTED

    # What renderers and the host say.

    def _readable(self, descriptor: int) -> None:
        if descriptor in self._guards:
            self._lost(f"{self._guards[descriptor]} exited")
            return
        if self._gateway is not None and descriptor == self._gateway.descriptor:
            self._gateway_readable(self._gateway, descriptor)
            return
        if descriptor == self._desk.descriptors()[0]:
            self._tree.watch(*self._desk.accept())
            return
        client, said, gone = self._desk.read(descriptor)
        for message in said:
            if client is self._host and message["op"] == "ping":
                self._tell_host("pong")
            elif client is self._host and message["op"] == "stop":
                self._stop(str(message.get("reason", "")))
            elif client is not None and message["op"] == "say":
                body = str(message.get("body", ""))
                self._tree.tell("facade", ClientSaid(client_id=client.name, role=client.role, body=body))
        if gone:
            self._hang_up(descriptor)

    def _stop(self, reason: str) -> None:
        self._deadline_s = time.monotonic() + STOP_DEADLINE_S
        if self._gateway is not None:
            self._gateway.tell("stop")  # nothing new; what is in hand is kept while everybody leaves
        self._tree.tell("supervisor", StopTree(reason=reason))

    def _hang_up(self, descriptor: int) -> None:
        """Somebody is gone, found by reading or by writing. Without the host there is no reason to live."""
        client = self._desk.at(descriptor)
        if client is self._host:
            self._code = EXIT_HOST_GONE
        elif client is not None and client.known:
            self._tree.tell("facade", ClientGone(client_id=client.name))
        self._tree.unwatch(descriptor)
        self._desk.drop(descriptor)

    def _tell_host(self, op: str, **fields: Any) -> None:
        self._desk.tell(self._host, line_of(op, **fields), droppable=False)


def reap(deadline_s: float = REAP_DEADLINE_S, spared: int | None = None) -> int:
    """SIGKILL every descendant, orphans included, until none is left; gives how many are left at the deadline. One pid
    may be spared.

    The root is subreaper, so whatever its tree leaves behind is its own child. Elsewhere only known children are found.
    """
    end = time.monotonic() + deadline_s
    while True:
        _collect()
        alive = [each for each in psutil.Process().children(recursive=True) if each.pid != spared and _living(each)]
        if not alive or time.monotonic() >= end:
            _collect()
            return len(alive)
        leftovers.end(alive, 0.2)


def sweep(state_dir: str, spared: tuple[int, float] | None = None) -> tuple[AuditNote, ...]:
    """End whatever an earlier tree of this folder left, however it ended; gives what the audit has to know of it. The
    last gateway is spared: it hands over, and ends by itself.

    The host owns the folder, so nobody else's living tree can be in it. A scan that failed is told, and capture starts
    all the same: a leftover is a nuisance, no capture is a loss.
    """
    at_ms = time.time_ns() // 1_000_000
    try:
        found = leftovers.belonging(state_dir)
    except leftovers.ScanFailed as failed:
        return (AuditNote(kind="scan_failed", subject="an earlier run", text=str(failed), at_ms=at_ms),)
    processes = [each for each in found.processes if spared is None or (each.pid, each.create_time()) != spared]
    if not processes:
        return ()
    names = leftovers.told(processes)
    left = leftovers.end(processes)
    text = f"{names}; still there: {leftovers.told(left)}" if left else names
    return (AuditNote(kind="leftovers_ended", subject="an earlier run", text=text, at_ms=at_ms),)


def _collect() -> None:
    """Wait for whatever has ended, orphans that became ours included: where init does not, it would stay a zombie."""
    if os.name == "posix":
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _living(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE))
    except psutil.Error:
        return False


def _first_message(link: socket.socket) -> dict[str, Any]:
    """The start. A spare root waits for it as long as its host lives; the end of the host is the end of the link."""
    lines = Lines()
    while True:
        chunk = link.recv(64 * 1024)
        if not chunk:
            raise LinkBroken("the host hung up before the start")
        messages = lines.feed(chunk)
        if messages:
            return messages[0]


def close_in_children(*descriptors: int) -> Callable[[], None]:
    """The root's own sockets are not for its actors: a copy in one of them would hide the root's death."""
    open_ones = list(descriptors)

    def close() -> None:
        while open_ones:
            with contextlib.suppress(OSError):
                os.close(open_ones.pop())

    forks.in_each_child(close)
    return close


def end_with_parent() -> None:
    """Every process forked from here on, and from those, dies with the one that forked it.

    The supervisor looks after the root's death, but a root that is killed while it starts has no supervisor yet: its
    admin stayed for ever (seen). Thespian 4.0.1 forks the admin through a go-between that exits at once, so the admin
    waits until it has been adopted by the root. Where the OS has no parent-death signal nothing is forked either.
    """
    root, parent, depth = os.getpid(), os.getpid(), 0

    def bind() -> None:
        nonlocal parent, depth
        depth += 1
        if depth == ADMIN_DEPTH:
            end = time.monotonic() + START_DEADLINE_S
            while os.getppid() == parent and time.monotonic() < end:
                time.sleep(0.0005)
            parent = root
        lifeline.die_with_parent(parent)
        parent = os.getpid()

    forks.in_each_child(bind)


def main(arguments: list[str] | None = None) -> int:
    """Take the link and the control socket over from the host, and live."""
    parser = argparse.ArgumentParser(prog="hybrid_capture.root", description="Started by the host; not for people.")
    parser.add_argument("--link", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--http", type=int, help="The gateway's socket; without it there is no gateway.")
    # For whoever reads the process list, `doctor` among them: the actors have this command line, too.
    parser.add_argument("--state-dir", required=True)
    given = parser.parse_args(arguments)
    redact_tracebacks()
    # Signals of a terminal are for the host, which stops us in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = socket.socket(fileno=given.link)
    listener = socket.socket(fileno=given.control)
    lifeline.adopt_orphans()
    # Compiled once, before the actors are forked: a restarted one has the rules at once.
    warm(cache=Path(given.state_dir) / "cache")
    preload()
    gc.freeze()
    gc.enable()
    try:
        start = _first_message(link)
    except (LinkBroken, OSError):
        return EXIT_HOST_GONE
    settings = TreeSettings.model_validate_json(start["settings"])
    leaving = tuple(start["leaving"]) if start.get("leaving") else None
    swept = sweep(settings.state_dir, leaving)
    gateway = None
    if given.http is not None:
        # Before the tree: it comes up meanwhile.
        tokens = start["otlp_token"], start["panel_token"]
        gateway = GatewayProcess(given.http, given.state_dir, *tokens, settings.limits, settings.timing)
        gateway.start()
        assert gateway.descriptor is not None
        close_in_children(given.http, gateway.descriptor)
    close_in_children(given.link, given.control)
    end_with_parent()
    spared: int | None = None
    try:
        tree = Tree(settings, Path(start["folder"]))
        desk = Desk(listener, start["token"], settings.limits.subscriber_events_max)
        host = desk.admit(link, HOST, known=True)
        assert host is not None
        code = Root(tree, desk, host, settings.timing, gateway, start["no_gateway"], swept, leaving).run()
        # The host starts another root: what the gateway holds is for that one.
        spared = gateway.leave() if code == EXIT_TREE_LOST and gateway is not None else None
        return code
    finally:
        if gateway is not None and spared is None:
            gateway.end()
        if leaving is not None:
            end_gateway(*leaving)
        reap(spared=spared)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # The host waits for this end before it starts the next root, and tearing the modules down took 0.2 s of it.
    os._exit(code)
