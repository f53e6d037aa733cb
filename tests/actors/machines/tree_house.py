"""A world around the supervisor: actors that become ready, die and hang; an app-server that starts, speaks and ends.

Nothing here decides anything: it performs what `Supervision` asks, and remembers what was said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from actors.machines.effects import (
    ActorExited,
    ConfigRefused,
    ConfigSaved,
    ConfigSeen,
    Effect,
    Exit,
    Introduce,
    KillActor,
    MachineRefused,
    NoteFallback,
    SaveKillSwitch,
    Send,
    Start,
    Wake,
    Woke,
)
from actors.machines.modes import mode_of, stream_ready
from actors.machines.standing import Now, Supervision, facts_of, same, status_of, stream_expected
from actors.machines.supervision import PongFrom, begin, step
from actors.tree import ROLES
from messages.auth import AuthStateChanged, RetryAuthRequested
from messages.calls import (
    FallbackRequested,
    RecoverHybridRequested,
    RestartSidecarRequested,
    StatusChanged,
    SupervisionDone,
)
from messages.config import SetKillSwitch
from messages.lifecycle import Leave, Left, Ping, Pong, Ready, StopTree, TreeReady, TreeStopped
from messages.otlp import SourceProbed
from messages.records import BaselineProbed, KeepTransitions, TransitionsKept
from messages.settings import OtlpSettings, SidecarSettings, Timing, TreeSettings
from messages.sidecar import (
    HandshakeChanged,
    SidecarExited,
    SidecarStarted,
    StartSidecar,
    StopSidecar,
    StreamHealthChanged,
)
from messages.status import AuthState, Role, Transition, TreeStatus

TIMING = Timing()


def tree_settings(*, kill_switch: bool = False, **timing: Any) -> TreeSettings:
    return TreeSettings(
        run_id="r1",
        state_dir="/nowhere",
        database=":memory:",
        kill_switch=kill_switch,
        sidecar=SidecarSettings(codex_path="/bin/true"),
        otlp=OtlpSettings(enabled=True, address="http://127.0.0.1:4318"),
        timing=Timing(**timing),
    )


@dataclass(slots=True)
class TreeHouse:
    """The tree as the supervisor meets it. Time moves only by `run`."""

    settings: TreeSettings = field(default_factory=tree_settings)
    machine: Supervision = field(init=False)
    now: int = 1_000
    alive: dict[Role, int] = field(default_factory=dict)
    """Actors whose process exists, with their incarnation."""
    ready: set[Role] = field(default_factory=set)
    hung: set[Role] = field(default_factory=set)
    slow_start: set[Role] = field(default_factory=set)
    """Actors that do not report by themselves."""
    wakes: list[tuple[int, Wake]] = field(default_factory=list)
    said: list[Send] = field(default_factory=list)
    statuses: list[TreeStatus] = field(default_factory=list)
    log: list[Transition] = field(default_factory=list)
    """What ingest kept."""
    keeps: bool = True
    killed: list[Role] = field(default_factory=list)
    starts: list[tuple[int, Role]] = field(default_factory=list)
    left: list[Role] = field(default_factory=list)
    sidecar_starts: list[tuple[int, int]] = field(default_factory=list)
    process: int | None = None
    """Generation of the app-server that lives, if it does."""
    done: Counter[str] = field(default_factory=Counter)
    answers: dict[str, SupervisionDone] = field(default_factory=dict)
    ordered: list[str] = field(default_factory=list)
    stopped: list[bool] = field(default_factory=list)
    over: bool = False
    greets: bool = True
    login: AuthState = "authenticated"
    """What the account says when it is read."""
    file: ConfigSeen = field(default_factory=ConfigSeen)
    """What the config file says."""
    disk: str = ""
    """Why the config file cannot be written."""
    probe: SourceProbed = field(default_factory=lambda: SourceProbed(source="otlp", healthy=True, reason="it answers"))
    """What the receiver's probe shows."""
    note: bool = False
    """Whether the fallback is noted beyond this tree."""

    def __post_init__(self) -> None:
        self.machine = Supervision(self.settings)
        self._do(begin(self.machine, self._at()))

    def _at(self) -> Now:
        return Now(self.now, self.now + 1_000_000)

    def hear(self, heard: Any) -> None:
        if self.over:
            return
        outcome = step(self.machine, heard, self._at())
        assert not isinstance(outcome, MachineRefused), outcome
        self._do(outcome)
        self.check()

    def _do(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case Start(role, incarnation):
                    assert role not in self.alive, f"{role} is started twice"
                    self.alive[role] = incarnation
                    self.starts.append((self.now, role))
                case KillActor(role):
                    self.killed.append(role)
                case Wake():
                    self.wakes.append((self.now + effect.after_ms, effect))
                case Exit():
                    self.over = True
                case Introduce():
                    pass
                case NoteFallback(on):
                    self.note = on
                case SaveKillSwitch():
                    self.turns.append(self._save(effect))
                case Send(to, message):
                    self._note(effect)
                    self.said.append(effect)
                    if to == "root" or to in self.ready:
                        self._say(to, message)
                case _:
                    raise AssertionError(f"the supervisor does not do {effect}")

    def _save(self, wish: SaveKillSwitch) -> ConfigSaved | ConfigRefused:
        conflict = wish.expected_revision not in (None, self.file.revision)
        if conflict or self.disk:
            return ConfigRefused(wish.command_id, conflict, self.disk or "another revision", self.file)
        if self.file.kill_switch != wish.on:
            self.file = ConfigSeen(self.file.revision + 1, wish.on)
        return ConfigSaved(wish.command_id, self.file)

    def _note(self, sent: Send) -> None:
        message = sent.message
        if isinstance(message, StatusChanged):
            self.statuses.append(message.status)
        elif isinstance(message, SupervisionDone):
            self.done[message.command_id] += 1
            self.answers[message.command_id] = message
        elif isinstance(message, TreeStopped):
            self.stopped.append(message.clean)
        elif isinstance(message, StartSidecar):
            assert stream_expected(self.machine)[0], "nothing is started that a person does not want"
            self.sidecar_starts.append((self.now, message.generation))

    def _say(self, to: Any, message: Any) -> None:
        """What happens inside the one who hears it; answers come later, as turns of their own."""
        if to in self.hung:
            self.held.append((to, message))
            return
        answer: list[Any] = []
        match message:
            case Ping(n=n):
                answer = [PongFrom(to, Pong(n=n, incarnation=self.alive[to]))]
                if to == "ingest":
                    answer.append(BaselineProbed(healthy=True, reason="the store commits"))
                if to == "baseline":
                    answer.append(self.probe)
            case Leave():
                answer = [("leave", to, self.alive[to])]
            case KeepTransitions() if self.keeps:
                self._keep(message)
                answer = [TransitionsKept(through_seq=self.log[-1].seq if self.log else 0)]
            case StartSidecar(generation=generation):
                self.process = generation
                answer = [SidecarStarted(generation=generation, pid=99, created_at=1.0)]
                if self.greets:
                    answer += [("greet", generation)]
            case RetryAuthRequested():
                answer = [("account", self.machine.process.generation)]
            case StopSidecar():
                answer = [("stop", self.process)]
        self.turns.extend(answer)

    turns: list[Any] = field(default_factory=list)
    held: list[tuple[Role, Any]] = field(default_factory=list)
    """What waits in the queues of those who hang."""

    def _keep(self, message: KeepTransitions) -> None:
        for one in message.transitions:
            if one.seq == (self.log[-1].seq if self.log else 0) + 1:
                self.log.append(one)

    # Turns of the world.

    def turn(self) -> bool:
        """One thing that was due by itself; false when there was none."""
        for role in ROLES:
            if role in self.alive and role not in self.ready | self.hung | self.slow_start:
                self.report(role)
                return True
        if not self.turns:
            return False
        what = self.turns.pop(0)
        match what:
            case ("leave", role, incarnation):
                if self.alive.get(role) == incarnation and role not in self.hung:
                    self.left.append(role)
                    if role == "sidecar" and self.process is not None:
                        self.exit_process(requested=True)
                    self.hear(Left(role=role, incarnation=incarnation))
                    self.die(role)
            case ("greet", generation):
                self.greet(generation)
            case ("account", generation):
                self.auth("authenticating", generation)
                self.auth(self.login, generation)
            case ("stop", generation):
                if self.process == generation and generation is not None:
                    self.exit_process(requested=True)
            case _:
                self.hear(what)
        return True

    def rest(self) -> None:
        for _ in range(1_000):
            if not self.turn() and not self._reap():
                return
        raise AssertionError("the tree does not come to rest")

    def _reap(self) -> bool:
        """Whoever was killed dies."""
        for role in [role for role in self.killed if role in self.alive]:
            self.killed.remove(role)
            self.die(role)
            return True
        self.killed.clear()
        return False

    def run(self, ms: int) -> None:
        """Let time pass, wake-up by wake-up."""
        end = self.now + ms
        while True:
            self.rest()
            due = min((at for at, _ in self.wakes), default=end + 1)
            if due > end or self.over:
                break
            self.now = max(self.now, due)
            wake = next(wake for at, wake in self.wakes if at == due)
            self.wakes.remove((due, wake))
            self.hear(Woke(wake.name, wake.epoch))
        self.now = end

    def sleep(self, ms: int) -> None:
        """The machine sleeps: the clock goes on, nothing is woken, and then everything that is due comes at once."""
        self.now += ms
        self.run(0)

    # What may happen.

    def report(self, role: Role) -> None:
        self.ready.add(role)
        self.hear(Ready(role=role, incarnation=self.alive[role], pid=10, token="t", created_at=1.0))
        if role == "ingest":
            self.hear(BaselineProbed(healthy=True, reason="the store commits"))
        if role == "baseline":
            self.hear(self.probe)

    def die(self, role: Role) -> None:
        incarnation = self.alive.pop(role, None)
        self.ready.discard(role)
        self.hung.discard(role)
        self.held = [each for each in self.held if each[0] != role]
        if incarnation is not None:
            if role == "sidecar":
                self.process = None
                self.turns = [turn for turn in self.turns if not isinstance(turn, SidecarStarted)]
            self.hear(ActorExited(role, incarnation))

    def recover(self) -> None:
        """Nobody hangs any more; what waited is handled."""
        self.hung.clear()
        held, self.held = self.held, []
        for to, message in held:
            self._say(to, message)

    def greet(self, generation: int) -> None:
        if self.process != generation or "sidecar" in self.hung:
            return
        self.hear(HandshakeChanged(generation=generation, initialize_sent=True, initialized=False))
        self.hear(HandshakeChanged(generation=generation, initialize_sent=True, initialized=True))
        self.hear(StreamHealthChanged(generation=generation, healthy=True, reason="answers"))
        self.auth("authenticating", generation)
        self.auth(self.login, generation)

    def auth(self, state: AuthState, generation: int | None = None) -> None:
        if "auth" in self.ready - self.hung:
            at = self.machine.process.generation if generation is None else generation
            mode = "chatgpt" if state == "authenticated" else None
            self.hear(AuthStateChanged(generation=at, state=state, mode=mode, plan=None, cause=f"auth is {state}"))

    def exit_process(self, requested: bool = False, text: str = "exit code 1") -> None:
        if self.process is not None and "sidecar" in self.ready - self.hung:
            generation, self.process = self.process, None
            self.hear(SidecarExited(generation=generation, exit_code=1, signal=None, requested=requested, text=text))
            if not requested:
                self.auth("authenticating", generation)

    def order_restart(self) -> str:
        command_id = f"r{len(self.ordered)}"
        self.ordered.append(command_id)
        self.hear(RestartSidecarRequested(command_id=command_id))
        return command_id

    def order_recovery(self) -> str:
        return self._order(RecoverHybridRequested)

    def order_fallback(self) -> str:
        return self._order(FallbackRequested)

    def order_switch(self, on: bool, expected: int | None = None) -> str:
        return self._order(SetKillSwitch, on=on, expected_revision=expected)

    def _order(self, kind: type[Any], **given: Any) -> str:
        command_id = f"r{len(self.ordered)}"
        self.ordered.append(command_id)
        self.hear(kind(command_id=command_id, **given))
        return command_id

    def stop(self) -> None:
        self.hear(StopTree(reason="the host stops"))

    # What must hold.

    @property
    def status(self) -> TreeStatus:
        assert self.machine.status is not None
        return self.machine.status

    @property
    def announced(self) -> int:
        return sum(isinstance(each.message, TreeReady) for each in self.said)

    def check(self) -> None:
        machine, status = self.machine, self.status
        facts = facts_of(machine)
        assert (status.mode, status.mode_reason) == mode_of(facts)
        assert same(status, status_of(machine, self._at())), "no change stays unseen"
        if status.mode == "HYBRID_ACTIVE":
            assert stream_ready(facts)
            assert status.handshake.initialized
            assert status.auth.state == "authenticated"
            assert machine.auth_generation == status.sidecar.generation, "proved by this very process"
            assert status.sidecar.state == "running"
            assert self.ready >= set(ROLES) - {"facade"}
        for role in ROLES:
            times = [at for at, who in self.starts if who == role][1:]
            kid = machine.kids[role]
            assert len(kid.window.restarted_at_ms) <= machine.settings.timing.restarts_max
            if not self.ordered:
                self._bounded(times, role)
        if (
            not self.ordered
            and len(self.sidecar_starts) > 1
            and len([1 for _, who in self.starts if who == "sidecar"]) == 1
        ):
            self._bounded([at for at, _ in self.sidecar_starts[1:]], "the process")
        for older, newer in zip(self.statuses, self.statuses[1:], strict=False):
            assert newer.revision > older.revision
        assert all(count == 1 for count in self.done.values()), "each command is answered once"
        assert len(self.stopped) <= 1

    def _bounded(self, times: list[int], who: str) -> None:
        timing = self.settings.timing
        for at in times:
            # A restart is counted at the exit before it, up to one backoff earlier.
            inside = [each for each in times if at - timing.restart_window_ms + timing.backoff_max_ms < each <= at]
            assert len(inside) <= timing.restarts_max, f"{who} was restarted {len(inside)} times in a window"

    def check_log(self) -> None:
        """What was kept and what still waits is one history without a hole."""
        history = [*self.log, *(each for each in self.machine.unkept if not self.log or each.seq > self.log[-1].seq)]
        assert [each.seq for each in history] == list(range(1, len(history) + 1))
        last: dict[tuple[str, str], str] = {}
        for each in history:
            assert each.before == last.get((each.what, each.who), ""), f"{each.what} {each.who} jumps"
            assert each.before != each.after
            assert each.cause
            last[each.what, each.who] = each.after


def active(**given: Any) -> TreeHouse:
    """A tree at HYBRID_ACTIVE."""
    house = TreeHouse(tree_settings(**given))
    house.rest()
    return house


def kill_thrice(house: TreeHouse, role: Role) -> TreeHouse:
    for _ in range(3):
        house.die(role)
        house.run(1_000)
    assert house.machine.kids[role].state == "crash_loop"
    return house
