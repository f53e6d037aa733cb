"""SupervisorActor: supervision, wired. Creates every other actor, and kills those that hang."""

from __future__ import annotations

import os
import secrets
import signal
from collections import deque
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from actors import lifeline
from actors.envelope import BadMessage, unpack
from actors.machines.effects import (
    ActorExited,
    ConfigChanged,
    ConfigRefused,
    ConfigSaved,
    ConfigSeen,
    Effect,
    Introduce,
    KillActor,
    MachineRefused,
    NoteFallback,
    SaveConfig,
    SaveKillSwitch,
    Start,
    WaitsForDisk,
    Woke,
)
from actors.machines.standing import Supervision
from actors.machines.supervision import PongFrom, begin, late, step
from actors.shell import Shell, clean, now
from actors.tree import BY_ROLE
from messages.base import Message
from messages.lifecycle import Begin, Knock, Knocked, Left, PeersChanged, Pong, Ready, TreeFailed
from messages.status import Party, Role
from storage.config import Config, ConfigFile
from storage.errors import ConfigConflict, ConfigUnusable
from storage.fallback import FallbackNote


class SupervisorActor(Shell):
    """The only actor with children. When it dies its leaves die with it, and the root builds a new tree."""

    ROLE = "supervisor"

    def begin(self, begin_: Begin) -> None:
        self.root_pid, self.root_created_at = begin_.root_pid, begin_.root_created_at
        self.root_exit = self._watch_root()
        folder = Path(begin_.settings.state_dir)
        self.config, self.fallback = ConfigFile(folder), FallbackNote(folder, begin_.settings.run_id)
        self.heard: deque[object] = deque()
        self.machine = Supervision(
            begin_.settings, os.getpid(), config=self._read_config(), fallback=self.fallback.read()
        )
        self.children: dict[Role, Any] = {}
        self.tokens: dict[Role, str] = {}
        self.rejects: dict[str, dict[str, int]] = {}
        self.handleDeadLetters(True)
        self.perform(begin(self.machine, now()))

    def on(self, message: Message, sender: Party) -> None:
        if isinstance(message, Knock):
            self.send_to("root", Knocked(n=message.n))
        elif isinstance(message, Pong):
            self._count_rejects(sender, message)
            self._step(PongFrom(sender, message))  # type: ignore[arg-type]  # the catalogue: only leaves say it
        else:
            if isinstance(message, Left):
                self.peers.pop(sender, None)  # nothing more is said to it
            self._step(message)

    def woke(self, woke: Woke) -> None:
        if self.root_exit is None and lifeline.process_is_gone(self.root_pid, self.root_created_at):
            self._end_with_root()
        if woke.name == "tick":
            self._look_at_config()
            for role in late(self.machine, now()):
                process = self._process(role)
                if process is not None and process.pid is not None and lifeline.waits_for_disk(process.pid):
                    self._step(WaitsForDisk(role))
        self._step(woke)

    def _step(self, heard: object) -> None:
        """One step, and then those for what its effects brought at once: never one inside another."""
        self.heard.append(heard)
        while self.heard:
            outcome = step(self.machine, self.heard.popleft(), now())
            if isinstance(outcome, MachineRefused):
                self.audit("refused", self.ROLE, f"{outcome.message} in {outcome.phase}")
            else:
                self.perform(outcome)

    # The config file, which decides, and the note of the fallback.

    def _look_at_config(self) -> None:
        """Somebody may have edited the file, or it was broken or mended: one look at its folder entry tells."""
        if self.config.mark() != self.config_mark:
            self._step(self._read_config())

    def _read_config(self) -> ConfigSeen:
        """What the file says; an edit by hand gets its revision now, so that nobody who saw less can overwrite it.

        The mark is taken first: what changes while we read, our own writing included, is looked at once more.
        """
        self.config_mark = self.config.mark()
        try:
            return _seen(self.config.adopt())
        except ConfigUnusable as error:
            self.audit("config", self.config.path.name, str(error))
            return _seen(self.config.load())

    def _save_switch(self, effect: SaveKillSwitch) -> None:
        try:
            config = self.config.load()
            fresh = effect.expected_revision in (None, config.revision)
            if config.fault or not fresh or config.kill_switch != effect.on:
                config = self.config.change(effect.expected_revision, kill_switch=effect.on)
            self.heard.append(ConfigSaved(effect.command_id, _seen(config)))
        except (ConfigConflict, ConfigUnusable) as error:
            conflict = isinstance(error, ConfigConflict)
            self.heard.append(ConfigRefused(effect.command_id, conflict, str(error), _seen(self.config.load())))

    def _save_config(self, effect: SaveConfig) -> None:
        try:
            config = self.config.change(effect.expected_revision, **effect.changes)
            self.heard.append(ConfigChanged(effect.command_id, _seen(config)))
        except (ConfigConflict, ConfigUnusable) as error:
            conflict = isinstance(error, ConfigConflict)
            self.heard.append(ConfigRefused(effect.command_id, conflict, str(error), _seen(self.config.load())))

    def _note_fallback(self, on: bool) -> None:
        try:
            self.fallback.write(on)
        except OSError as error:
            # It holds in this tree; only a tree that is built anew would not know of it.
            self.audit("fallback", "fallback.json", f"cannot be written: {error.strerror}")

    # Children.

    def perform_other(self, effect: Effect) -> None:
        if isinstance(effect, Start):
            self._start(effect)
        elif isinstance(effect, Introduce):
            self._introduce()
        elif isinstance(effect, KillActor):
            self._kill(effect.role)
        elif isinstance(effect, SaveKillSwitch):
            self._save_switch(effect)
        elif isinstance(effect, SaveConfig):
            self._save_config(effect)
        elif isinstance(effect, NoteFallback):
            self._note_fallback(effect.on)

    def _start(self, effect: Start) -> None:
        child = BY_ROLE[effect.role]
        assert self.begun is not None
        address = self.createActor(f"{child.module}.{child.actor}")
        self.children[effect.role] = address
        self.tokens[effect.role] = secrets.token_hex(16)
        self.peers.pop(effect.role, None)
        hello = self.begun.model_copy(
            update={"role": effect.role, "incarnation": effect.incarnation, "token": self.tokens[effect.role]}
        )
        self.peers[effect.role] = address
        self.send_to(effect.role, hello)
        del self.peers[effect.role]  # it is nobody until it proves with its token who it is

    def _hear(self, envelope: Any, address: Any, sender: Party) -> None:
        """A child's first word comes from an address that is not known yet: its token proves it."""
        if self.begun is not None and envelope.kind == "Ready":
            self._ready(envelope, address)
        else:
            super()._hear(envelope, address, sender)

    def _ready(self, envelope: Any, address: Any) -> None:
        try:
            ready = unpack(envelope)
        except BadMessage as error:
            self._refuse(envelope.kind, "outside", str(error))
            return
        assert isinstance(ready, Ready)
        if not secrets.compare_digest(ready.token, self.tokens.get(ready.role, secrets.token_hex(16))):
            self._refuse(envelope.kind, "outside", f"not the {ready.role} that was started")
            return
        self.peers[ready.role] = address
        self.incarnations[ready.role] = ready.incarnation
        self._step(ready)

    def _introduce(self) -> None:
        """Everybody who runs learns the addresses of everybody who runs, and the root those of all."""
        known = [party for party in self.peers if party != "supervisor"]
        message = PeersChanged(
            parties=tuple(known), incarnations=tuple(self.incarnations.get(party, 0) for party in known)
        )
        refs = tuple(self.peers[party] for party in known)
        for party in known:
            self.send_to(party, message, refs)

    def child_exited(self, address: Any) -> None:
        for role, known in list(self.children.items()):
            # A child has a local address until it connects; either may be named here.
            if known == address or address == known or self.peers.get(role) == address:
                del self.children[role]
                self.peers.pop(role, None)
                incarnation = self.machine.kids[role].incarnation
                if not self.machine.stopping:
                    self._introduce()
                self._step(ActorExited(role, incarnation))

    def _kill(self, role: Role) -> None:
        """A hung process gets SIGKILL."""
        process = self._process(role)
        if process is not None:
            process.kill()

    def _process(self, role: Role) -> BaseProcess | None:
        """The process of an actor; that it is ours is known from Thespian's own record of its children."""
        address = self.children.get(role)
        for child in getattr(self._myRef, "_child_procs", []):
            if address is not None and address in (child.childAddr, getattr(child, "childRealAddr", None)):
                process: BaseProcess = child.childProc
                return process
        return None

    # The edges of the tree.

    def undelivered(self, letter: Any) -> None:
        """A message to somebody who is gone. Whoever needed it delivered sends it again; the trace is kept."""
        message = getattr(letter, "deadMessage", None) or getattr(letter, "poisonMessage", letter)
        if getattr(message, "kind", "") == "KeepTraces":
            return  # a hole in the numbers tells that
        self.audit("dead_letter", type(letter).__name__, str(message)[:200])

    def _count_rejects(self, sender: Party, pong: Pong) -> None:
        """What a process's transport refused becomes audit rows, by reason."""
        known = self.rejects.setdefault(sender, {})
        for reason, count in pong.rejects.items():
            before = known.get(reason, 0)
            fresh = count - before if count >= before else count
            if fresh:
                self.audit("transport_reject", sender, f"{reason}: {fresh}")
            known[reason] = count

    def watched(self) -> list[int]:
        return [self.root_exit] if self.root_exit is not None else []

    def _watch_root(self) -> int | None:
        try:
            return lifeline.exit_notice(self.root_pid)
        except ProcessLookupError:
            self._end_with_root()
            return None

    def readable(self, ready: list[int]) -> None:
        if self.root_exit in ready:
            self._end_with_root()

    def _end_with_root(self) -> None:
        """The root is gone, and with it the reason to live: take the whole session of processes along, at once.

        The leaves die by their parent-death signal; the admin and its logger share our session and are ended here.
        """
        own = os.getpid()
        if hasattr(os, "getsid"):
            session = os.getsid(0)
            for process in psutil.process_iter():
                if process.pid != own and _session_of(process.pid) == session:
                    _end(process.pid)
        os.kill(own, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)

    def _fault(self, doing: str, error: Exception) -> None:
        """The supervisor itself failed: there is nothing above it but the root."""
        self.send_to("root", TreeFailed(text=clean(f"supervisor, {doing}: {type(error).__name__}: {error}")))
        self.exit()


def _seen(config: Config) -> ConfigSeen:
    return ConfigSeen(config.revision, config.kill_switch, config.fault)


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return -1


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
