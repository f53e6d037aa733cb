"""The root process: guardian of the actor tree and of the gateway, and the desk where renderers come.

Started fresh by the host, with one thread, so that actors can be forked from it. It never repairs a tree: when the
supervisor or the system's admin is gone (`guard.py`), it takes everything down and exits, and the host starts a new
root on the same sockets. When the host is gone, its link ends and so does everything below. What passes between tree
and gateway is in `relay.py`.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # What is loaded from here on lives as long as this process: looking for cycles in it, again and again while it
    # grows, was a tenth of the loading. `main` ends this.
    gc.disable()

from actors import lifeline
from actors.system import PartReturned, Readable, Tree, preload
from hybrid_capture.desk import Client, Desk
from hybrid_capture.forking import close_in_children, end_with_parent
from hybrid_capture.gateway_process import GatewayProcess, end_gateway
from hybrid_capture.guard import Guard
from hybrid_capture.link import Lines, LinkBroken, line_of
from hybrid_capture.relay import Relay
from hybrid_capture.sweeping import collect, reap, sweep
from messages.base import Message
from messages.facade import ClientGone, ClientSaid, ToClient
from messages.lifecycle import Knocked, StopTree, TreeFailed, TreeReady, TreeStopped
from messages.otlp import OtlpAnswered, OtlpTaken
from messages.records import AuditNote, KeepAudit
from messages.settings import Timing, TreeSettings
from messages.status import Party
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
LEAVING_S = 2.0
"""How long a gateway of the last root may live on when it should have handed everything over."""
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
        self._notes = notes
        """What is to be kept in the audit as soon as somebody can."""
        self._ready = False
        self._guard = Guard(tree, timing)
        self._idle_s = min(IDLE_S, timing.ping_interval_ms / 1000)
        self._deadline_s: float | None = time.monotonic() + START_DEADLINE_S
        self._code: int | None = None
        tree.watch(*desk.descriptors())
        leaving_until_s = time.monotonic() + timing.otlp_in_hand_ms / 1000 + LEAVING_S
        self._relay = Relay(tree, gateway, self._gateway_started, no_gateway, leaving, leaving_until_s)

    def run(self) -> int:
        """Pass messages until the tree stops, breaks, or the host is gone."""
        while self._code is None:
            event = self._tree.next_event(BUSY_S if self._desk.busy or self._relay.busy else self._idle_s)
            if isinstance(event, Readable):
                self._readable(event.descriptor)
            elif isinstance(event, PartReturned):
                self._returned(event.party)
            elif isinstance(event, Message):
                self._heard(event)
            for descriptor in self._desk.flush_all():
                self._hang_up(descriptor)
            self._look_after(time.monotonic())
        return self._code

    def _look_after(self, now_s: float) -> None:
        if self._deadline_s is not None and now_s >= self._deadline_s:
            self._lost("the tree did not start in time" if not self._ready else "the tree did not stop in time")
        for text in self._guard.look(now_s):
            self._lost(text)
        self._relay.look_after(now_s)
        collect()

    # What the tree says.

    def _heard(self, message: Message) -> None:
        if isinstance(message, ToClient):
            self._to_clients(message)
        elif isinstance(message, OtlpTaken | OtlpAnswered):
            self._relay.answered(message)
        elif isinstance(message, Knocked):
            self._guard.heard()
        elif isinstance(message, TreeReady):
            self._begin(message)
        elif isinstance(message, TreeStopped):
            self._tree.stop()
            self._tell_host("stopped", clean=message.clean)
            self._code = EXIT_STOPPED
        elif isinstance(message, TreeFailed):
            self._lost(message.text)

    def _begin(self, message: TreeReady) -> None:
        self._ready, self._deadline_s = True, None
        lost = self._guard.begin(message.supervisor_pid)
        if lost:
            self._lost(lost)
        pids: dict[str, int] = {"root": os.getpid(), "supervisor": message.supervisor_pid}
        pids.update(message.pids.items())
        self._tell_host("ready", pids=pids)
        self._relay.tree_is_ready()
        if self._notes:
            self._tree.tell("ingest", KeepAudit(n=0, notes=self._notes))
            self._notes = ()

    def _to_clients(self, message: ToClient) -> None:
        """To each renderer where it is: at the desk, or at the gateway's socket."""
        line = b""
        for client_id in message.client_ids:
            client = self._desk.find(client_id)
            if client is not None:
                line = line or line_of("told", body=message.body)
                self._desk.tell(client, line, message.droppable)
        self._relay.to_clients(message)

    def _returned(self, party: Party) -> None:
        """A part was started anew: whoever has to know, knows it."""
        self._relay.returned(party)
        if party == "facade":
            for client in self._desk.known():
                self._desk.tell(client, line_of("facadeReturned"), droppable=False)

    def _lost(self, text: str) -> None:
        self._tell_host("failed", text=text)
        self._code = EXIT_TREE_LOST if self._ready else EXIT_NOT_STARTED

    # What renderers and the host say.

    def _readable(self, descriptor: int) -> None:
        exited = self._guard.exited(descriptor)
        if exited:
            self._lost(exited)
            return
        if self._relay.readable(descriptor):
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
        self._relay.stop()
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

    def _gateway_started(self, pid: int, created: float) -> None:
        self._tell_host("gateway", pid=pid, created=created)

    def _tell_host(self, op: str, **fields: Any) -> None:
        self._desk.tell(self._host, line_of(op, **fields), droppable=False)


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


def main(arguments: list[str] | None = None) -> int:
    """Take the link and the control socket over from the host, load everything, wait for the start, and live."""
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
    return _live(link, listener, given, start)


def _live(link: socket.socket, listener: socket.socket, given: argparse.Namespace, start: dict[str, Any]) -> int:
    """One tree from its start to its end; whatever it leaves is reaped. Gives the exit code."""
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
