"""The stage: one heap of events, one clock, the processes of one tree after another, and who hears what when.

Messages of one link keep their order, as the transport keeps it; those of different senders overtake each other.
Everything that was on its way to a process that died is lost, and so is what it was handling.
"""

from __future__ import annotations

import heapq
import importlib
import shutil
from collections import Counter, deque
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from thespian.actors import ActorExitRequest, ChildActorExited, DeadEnvelope, WakeupMessage, WatchMessage

from actors.envelope import Envelope
from actors.tree import BY_ROLE
from chaos.simulating.chance import Chance, mix
from chaos.simulating.checks import Checks
from chaos.simulating.clock import VirtualClock
from chaos.simulating.disk import Disk
from chaos.simulating.home import Home
from chaos.simulating.hosted import Died, Hosted
from chaos.simulating.links import Links
from chaos.simulating.outside import Outside
from chaos.simulating.plan import Plan
from chaos.simulating.stand_in import StandIn
from messages.settings import Limits, OtlpSettings, SidecarSettings, Timing, TraceSettings, TreeSettings

LIMITS = Limits(
    # Small, so that every bound is reached.
    line_bytes_max=16_384,
    read_bytes_max=4_096,
    window_batches_max=2,
    open_items_max=2,
    staged_bytes_max=6_000,
    pending_requests_max=6,
    request_deadline_ms=2_000,
    login_deadline_ms=4_000,
    approvals_max=3,
    approval_deadline_ms=3_000,
    pull_page_bytes_max=4_096,
    pull_requests_max=12,
    dedupe_keys_max=8,
    trace_rows_max=200,
    trace_waiting_max=32,
)
TIMING = Timing(
    liveness_interval_ms=1_000,
    liveness_deadline_ms=2_500,
    resend_ms=500,
    catchup_interval_ms=4_000,
    initialize_deadline_ms=3_000,
    backoff_max_ms=2_000,
)
STORY_LINES = 4_000
STEPS_MAX = 60_000
"""Ten times what the busiest plan takes: more is a storm that feeds itself."""
NOTICE_US = (500, 2_500)
"""Between a death and the notice of it."""


class Violation(Exception):
    """Something that must hold does not. `name` is the invariant, the text what was seen."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class World:
    """One simulation. `run` it inside `seams`."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        """`folder` is an empty one of its own; a file system in memory is fastest."""
        self.plan = plan
        self.folder = folder
        self.clock = VirtualClock()
        self.chance = Chance(plan.seed, 2)
        self.home = Home(calls_back=self.chance.one_in(2), calls_early=self.chance.one_in(4))
        self.heap: list[tuple[int, int, Any, Any, Any]] = []
        self.numbered = 0
        self.steps = 0
        self.links = Links(plan.seed)
        self.story: deque[tuple[int, str, Any, tuple[tuple[str, Any], ...]]] = deque(maxlen=STORY_LINES)
        """When, who, what arrived or happened, and what left then."""
        self.hearing: tuple[Any, Hosted] | None = None
        """What is being handled, and whose word it is."""
        self.leaving: list[tuple[str, Any]] = []
        self.said: Counter[str] = Counter()
        """What was handled, by name."""
        self.acted: Counter[str] = Counter()
        """Steps of the plan that had something to act on."""
        self.hash = blake2b(digest_size=16)
        self.slept_ms = 0
        """How long the machine slept in all: the plan goes on where it was."""
        self.processes_started = 0
        self.hosted_count = 0
        self.trees = 0
        self.live: dict[str, Hosted] = {}
        self.child: StandIn | None = None
        self.disk = Disk()
        self.system = Hosted(self, "outside", -1, None)
        self.checks = Checks(self)
        self.outside = Outside(self)

    # The tree.

    @property
    def settings_window(self) -> int:
        """What may wait in one courier: its window and one read more."""
        return LIMITS.window_batches_max * LIMITS.read_bytes_max + LIMITS.line_bytes_max + LIMITS.read_bytes_max

    def settings(self) -> TreeSettings:
        return TreeSettings(
            run_id=f"sim.{self.trees}",
            state_dir=str(self.folder),
            database=str(self.folder / "capture.sqlite3"),
            sidecar=SidecarSettings(codex_path="/bin/codex", codex_home="/nowhere"),
            otlp=OtlpSettings(enabled=True, address="http://127.0.0.1:4318"),
            links=False,
            traces=TraceSettings(on=self.plan.traced),
            limits=LIMITS,
            timing=TIMING,
        )

    def start_tree(self) -> Hosted:
        """The host starts a root, the root a tree."""
        self.trees += 1
        return self.create("supervisor", None)

    def create(self, party: str, parent: Hosted | None) -> Hosted:
        """A process with its actor in it."""
        self.hosted_count += 1
        hosted = Hosted(self, party, self.hosted_count, parent)  # type: ignore[arg-type]  # a role is a party
        if party == "supervisor":
            kind = importlib.import_module("actors.supervisor").SupervisorActor
        else:
            child = BY_ROLE[party]  # type: ignore[index]  # every other party that is created is a role
            kind = getattr(importlib.import_module(child.module), child.actor)
        hosted.actor = kind()
        hosted.actor._myRef = hosted
        if parent is not None:
            parent.children.append(hosted)
        self.live[party] = hosted
        self.checks.created(hosted)
        return hosted

    def spawn(self, settings: SidecarSettings, limits: Limits, _marks: object) -> StandIn:
        """What the sidecar gets for `AppServer`."""
        self.checks.spawned()
        self.child = StandIn(self, settings, limits)
        self.checks.processes.append(self.child)
        return self.child

    # Death.

    def kill(self, hosted: Hosted) -> None:
        """SIGKILL: nothing of it goes on, and everybody below dies with it."""
        if not hosted.alive:
            return
        hosted.alive = False
        hosted.waiting.clear()
        if self.live.get(hosted.party) is hosted:
            del self.live[hosted.party]
        if hosted.party == "sidecar" and self.child is not None:
            self.checks.orphaned(hosted)
            self.child.lost()
            self.child = None
        if hosted.party == "ingest":
            self.disk.close()
        for child in hosted.children:
            self.kill(child)
        if hosted.parent is None:
            self.after(NOTICE_US[0], self.outside.tree_ended, hosted)
        elif hosted.parent.alive:
            hosted.parent.children.remove(hosted)
            notice = ChildActorExited(hosted.address)
            self._push(self.clock.us + self.chance.between(*NOTICE_US), hosted.parent, notice, self.system)

    def hang(self, hosted: Hosted) -> None:
        """SIGSTOP."""
        hosted.hung = True

    def resume(self, hosted: Hosted) -> None:
        """SIGCONT: what waited is handled, in order, before anything that comes now."""
        hosted.hung = False
        hosted.resumed_us = self.clock.us
        while hosted.waiting and hosted.alive and not hosted.hung:
            self._hear(hosted, *hosted.waiting.popleft())

    # Events.

    def _push(self, at_us: int, receiver: Any, what: Any, sender: Any) -> None:
        self.numbered += 1
        heapq.heappush(self.heap, (at_us, self.numbered, receiver, what, sender))

    def after(self, us: int, call: Callable[..., None], *args: Any) -> None:
        """Something that happens by itself."""
        self._push(self.clock.us + us, None, call, args)

    def wake(self, hosted: Hosted, after_us: int, wakeup: WakeupMessage) -> None:
        self._push(self.clock.us + after_us, hosted, wakeup, hosted)

    def wakes_of(self, hosted: Hosted, name: str) -> int:
        """How many wake-ups of this name are before it."""
        return sum(
            receiver is hosted and isinstance(what, WakeupMessage) and what.payload.name == name
            for _, _, receiver, what, _ in self.heap
        )

    def send(self, sender: Hosted, receiver: Hosted, message: Any) -> None:
        """Put a message on its way."""
        if isinstance(message, ActorExitRequest):
            self._push(self.clock.us, receiver, message, sender)
            return
        self.leaving.append((receiver.party, message))
        self.checks.sent(sender, receiver, message)
        for at_us in self.links.arrivals(sender, receiver, message, self.clock.us):
            self._push(at_us, receiver, message, sender)

    def ready(self, hosted: Hosted, watch: WatchMessage) -> None:
        """Something that it watches has something to read."""
        self._push(self.clock.us, hosted, watch, self.system)

    def child_spoke(self, child: StandIn) -> None:
        """The process has something to say, or is gone: whoever watches it is told."""
        owner = self.live.get("sidecar")
        if child is self.child and owner is not None and not owner.readable_due:
            owner.readable_due = True
            self._push(self.clock.us + 100 + mix(self.plan.seed, 3, self.numbered) % 400, owner, _READABLE, self.system)

    # The loop.

    def run_until(self, ms: int) -> None:
        """Everything that is due until then, `ms` since the beginning."""
        end_us = self.clock.us + (ms - self.clock.ms) * 1000
        heap, clock = self.heap, self.clock
        while heap and heap[0][0] <= end_us:
            at_us, _, receiver, what, sender = heapq.heappop(heap)
            if at_us > clock.us:
                clock.us = at_us
            if receiver is None:
                what(*sender)
            elif not receiver.alive:
                self._dead_letter(receiver, what)
            elif receiver.hung:
                receiver.waiting.append((what, sender))
            else:
                self._hear(receiver, what, sender)
        clock.us = max(clock.us, end_us)

    def happened(self, who: str, what: Any) -> None:
        """Something that is no message, for the story."""
        self.story.append((self.clock.us, who, what, ()))

    def _dead_letter(self, receiver: Hosted, what: Any) -> None:
        supervisor = self.live.get("supervisor")
        if isinstance(what, Envelope) and supervisor is not None and receiver.party != "supervisor":
            self._push(self.clock.us + NOTICE_US[0], supervisor, DeadEnvelope(receiver.address, what), self.system)

    def _hear(self, receiver: Hosted, what: Any, sender: Hosted) -> None:
        if what is _READABLE:
            receiver.readable_due = False
            ready = self.child.ready(receiver.watch) if self.child is not None else []
            if not ready:
                return
            what = WatchMessage(ready)
        self.steps += 1
        self.leaving = []
        self.hearing = (what, sender)
        died = False
        try:
            receiver.hear(what, sender)
        except Died:
            died = True
        self.story.append((self.clock.us, receiver.name, what, tuple(self.leaving)))
        if died:
            self.happened(receiver.name, "dies in the middle of it")
            self.kill(receiver)
        kind = what.kind if isinstance(what, Envelope) else type(what).__name__
        self.said[kind] += 1
        self.hash.update(f"{self.clock.us} {receiver.name} {kind} {sender.name}\n".encode())
        if isinstance(what, ActorExitRequest):
            self.kill(receiver)
        self.checks.must(self.steps < STEPS_MAX, "messages come to rest", f"{self.steps} steps")
        self.checks.after(receiver, what)
        if receiver.party == "sidecar" and receiver.alive and self.child is not None and not receiver.readable_due:
            child = self.child
            if child.ready(receiver.watch):
                self.child_spoke(child)

    # What was there.

    @property
    def trace_hash(self) -> str:
        """The same for the same seed, in every process."""
        return self.hash.hexdigest()

    def close(self) -> None:
        """Give up what it holds."""
        self.disk.close()
        shutil.rmtree(self.folder, ignore_errors=True)


_READABLE = object()
