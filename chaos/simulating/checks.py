"""What must hold after every step. Looks at what is said and at what is in the file; believes no machine.

How the statuses of a supervisor may follow each other is in `oversight.py`; what must hold once everything has come to
rest is in `rest.py`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from actors.envelope import Envelope, unpack
from chaos.simulating.hosted import Carried, Hosted
from chaos.simulating.oversight import Oversight
from messages.auth import AccountUpdated
from messages.base import Message
from messages.status import Transition, TreeStatus
from storage.config import ConfigFile

if TYPE_CHECKING:
    from chaos.simulating.outside import Wish
    from chaos.simulating.stand_in import StandIn
    from chaos.simulating.world import World

SWITCHED_TICKS_MAX = 14
"""So many ticks of the supervisor (1 s each) after the switch the process must be gone, whatever hangs."""
EXCUSED_US = 2_500_000
"""An answer that was late may still be on its way for so long."""
HUNG_TICKS_MAX = 6
"""An actor that hangs for so many ticks was killed by then: its ping has a deadline of 3 s."""
FORGIVEN_MS = 2_500
"""A supervisor that was away itself for so long starts every deadline anew."""
SILENT_TICKS_MAX = 9
"""A process that stopped was replaced by then: it is asked after 1 s, has 2.5 s to answer, and its owner may hang."""

_LEDGER = """SELECT o.run_id, o.source, o.generation, o.received,
    (SELECT coalesce(sum(l.count), 0) FROM ledger l
        WHERE l.run_id = o.run_id AND l.source = o.source AND l.generation = o.generation)
    + (SELECT coalesce(sum(s.frames), 0) FROM staged_items s
        WHERE s.run_id = o.run_id AND s.source = o.source AND s.generation = o.generation) AS settled
    FROM offsets o WHERE o.received != settled LIMIT 1"""
_THROUGH = "SELECT through_seq, closed FROM offsets WHERE run_id = ? AND source = ? AND generation = ?"
_KEPT_TRANSITIONS = "SELECT coalesce(max(seq), 0) FROM transitions WHERE run_id = ?"

LEDGER_MOVERS = frozenset({"KeepCheckpoint", "KeepPulled", "StageOpened", "KeepRecords"})


class Checks:
    """Watches one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.problem: tuple[str, str] | None = None
        self.processes: list[StandIn] = []
        self.generations: dict[tuple[int, int], StandIn] = {}
        """By tree and generation."""
        self.told: dict[int, set[str | None]] = defaultdict(set)
        """What each process ever answered about its account."""
        self.auth_phases: dict[int, str] = {}
        """What each auth actor believed last."""
        self.orphans: set[tuple[int, int]] = set()
        """Tree and generation of processes whose owner died: what it had not handed on is gone with it."""
        self.log: dict[int, list[Transition]] = defaultdict(list)
        """The transitions of each tree."""
        self.oversight = Oversight(self)
        self.switched_ticks = 0
        self.ticked_ms = 0
        self.config_changed_us = 0
        self.refused: Counter[str] = Counter()
        """What the machines had no row for."""
        self.batches: list[Message] = []
        self._reader: sqlite3.Connection | None = None

    # Seeing.

    def violated(self, name: str, text: str) -> None:
        """The first thing that went wrong ends the simulation, as soon as the step is over."""
        if self.problem is None:
            self.problem = (name, text)

    def must(self, holds: bool, name: str, text: object = "") -> None:
        if not holds:
            self.violated(name, str(text))

    def query(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """What the file says, past everybody's memory."""
        if self._reader is None:
            place = self.world.folder / "capture.sqlite3"
            if not place.exists():
                return []
            self._reader = sqlite3.connect(f"file:{place}?mode=ro", uri=True, isolation_level=None)
        return self._reader.execute(sql, params).fetchall()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    @property
    def status(self) -> TreeStatus | None:
        """The newest one of this tree."""
        return self.oversight.status

    @property
    def run_id(self) -> str:
        return f"sim.{self.world.trees}"

    # Processes.

    def created(self, hosted: Hosted) -> None:
        if hosted.party == "supervisor":
            self.oversight = Oversight(self)
            self.batches.clear()  # its seal has another key: nothing of an older tree gets through
            self.switched_ticks = self.ticked_ms = 0

    def killed_by_supervisor(self, hosted: Hosted) -> None:
        """It may kill who hangs, who has only just stopped hanging, and who does not leave in time."""
        recently = self.world.clock.us - hosted.resumed_us < EXCUSED_US
        fits = hosted.hung or recently or self.world.outside.stopping
        self.must(fits, "only who hangs is killed", hosted.name)

    def orphaned(self, sidecar: Hosted) -> None:
        """The owner of a process died: so does every generation whose books it still had open."""
        courier = sidecar.actor.courier if sidecar.actor.begun else None
        for box in courier.waiting if courier else ():
            self.orphans.add((self.world.trees, box.generation))

    def spawned(self) -> None:
        """A process of the app-server is about to start."""
        state = self.status.sidecar.state if self.status else "none"
        self.must(state != "crash_loop", "nothing starts in a crash loop", state)

    def account_told(self, process: StandIn, account: str | None) -> None:
        self.told[process.number].add(account)

    def config_changes(self) -> None:
        """By hand, now."""
        self.config_changed_us = self.world.clock.us

    def answered(self, process: StandIn, number: Any, message: dict[str, Any]) -> None:
        """An answer reached the process that had asked."""
        self.must(number in process.asked, "only questions are answered", number)
        once = process.answers[number] <= process.asks[number]
        self.must(once, "a question is answered once", f"{number} of {process.number}")
        self.must(("result" in message) != ("error" in message), "an answer is a result or an error", message)

    def send_stale(self) -> bool:
        """A batch of an older process arrives late."""
        stager = self.world.live.get("stager")
        sidecar = self.world.live.get("sidecar")
        if not self.batches or stager is None or sidecar is None:
            return False
        self.world.outside.tell(stager, self.batches[len(self.batches) // 2], sidecar)
        return True

    # People.

    def answered_person(self, wish: Wish) -> None:
        self.must(wish.answers <= wish.said, "a command is answered once", wish.command)

    def done_for_person(self, wish: Wish, _body: dict[str, Any]) -> None:
        self.must(wish.effects <= wish.said, "a command has one effect", wish.command)
        self.must(wish.accepted or wish.effects == 0, "only what was accepted has an effect", wish.command)

    # What is said.

    def sent(self, sender: Hosted, receiver: Hosted, message: Any) -> None:
        """Somebody of the tree says something."""
        look = _SENT.get(getattr(message, "kind", ""))
        if look is not None and sender.party != "outside":
            look(self, _inside(message), sender)

    def _fault(self, message: Any, sender: Hosted) -> None:
        self.violated("no handler raises", f"{message.role} while handling {message.doing}: {message.text}")

    def _started(self, message: Any, _sender: Hosted) -> None:
        status = self.world.live["supervisor"].actor.machine
        from actors.machines.standing import stream_expected

        expected, why = stream_expected(status)
        self.must(expected, "nothing starts that is not wanted", why)

    def _settled(self, message: Any, sender: Hosted) -> None:
        """What is acknowledged is in the file."""
        if sender.party != "stager" or (message.through_seq == 0 and not message.closed):
            return
        rows = self.query(_THROUGH, (self.run_id, "stream", message.generation))
        through, closed = rows[0] if rows else (0, 0)
        self.must(
            through >= message.through_seq, "nothing is acknowledged and lost",
            f"generation {message.generation} settled through {message.through_seq}, the file has {through}",
        )  # fmt: skip
        self.must(bool(closed) or not message.closed, "books are closed in the file first", message.generation)

    def _pulled(self, message: Any, _sender: Hosted) -> None:
        rows = self.query(_THROUGH, (self.run_id, "pull", message.generation))
        self.must(bool(rows) and rows[0][0] >= message.n, "nothing is acknowledged and lost", f"pull {message.n}")

    def kept_event(self, word: str) -> None:
        """A record of telemetry was answered with `kept`."""
        ((rows,),) = self.query("SELECT count(*) FROM events WHERE call_id = ?", (word,))
        self.must(rows > 0, "nothing is acknowledged and lost", f"telemetry {word}")
        self.must(rows < 2, "nothing is stored twice", f"telemetry {word}")

    def _transitions_kept(self, message: Any, _sender: Hosted) -> None:
        (kept,) = self.query(_KEPT_TRANSITIONS, (self.run_id,))[0]
        self.must(kept >= message.through_seq, "nothing is acknowledged and lost", f"transition {message.through_seq}")

    def _proved(self, message: Any, _sender: Hosted) -> None:
        if message.state != "authenticated":
            return
        process = self.generations.get((self.world.trees, message.generation))
        told = self.told[process.number] if process else set()
        self.must(self._proof(message.generation), "only the account proves a login", "said without its proof")
        self.must("chatgpt" in told, "only the account proves a login", f"generation {message.generation}: {told}")

    def _proof(self, generation: int) -> bool:
        """Whether what is being handled right now is the sidecar's word that the account is there. Decision 1."""
        what, says = self.world.hearing or (None, None)
        word = _inside(what) if isinstance(what, Envelope) else None
        if not isinstance(word, AccountUpdated) or says is None or says.party != "sidecar":
            return False
        return (word.auth_mode, word.authenticated, word.generation) == ("chatgpt", True, generation)

    def _batch(self, message: Any, sender: Hosted) -> None:
        if sender.party == "sidecar" and len(self.batches) < 400:
            self.batches.append(message)

    def _done(self, message: Any, sender: Hosted) -> None:
        """A switch that is answered is in the file."""
        fresh = self.world.clock.us - self.config_changed_us < 2_500_000
        if sender.party != "supervisor" or not message.ok or "on" not in message.result or fresh:
            return
        config = ConfigFile(self.world.folder).load()
        self.must(
            config.kill_switch == message.result["on"], "the switch is durable before it is answered", message.text
        )

    def _note(self, message: Any, _sender: Hosted) -> None:
        for note in message.notes:
            if note.kind == "refused":
                self.refused[f"{note.subject}: {note.text}"] += 1

    # After a step.

    def after(self, receiver: Hosted, what: Any) -> None:
        """`receiver` has handled `what`."""
        look = _AFTER.get(receiver.party)
        if look is not None and receiver.alive:
            look(self, receiver, what)
        if self.problem is not None:
            from chaos.simulating.world import Violation

            raise Violation(*self.problem)

    def _after_supervisor(self, hosted: Hosted, what: Any) -> None:
        if hosted.actor.begun is None:
            return
        machine = hosted.actor.machine
        log = self.log[self.world.trees]
        for moved in machine.unkept if machine.transition_seq > len(log) else ():
            if moved.seq == len(log) + 1:
                log.append(moved)
        self.must(machine.transition_seq == len(log), "no transition is left out", machine.transition_seq)
        kind = getattr(what, "kind", "")
        if kind in ("RestartSidecarRequested", "RecoverHybridRequested"):
            self.oversight.ordered()
        if machine.status is not self.status and machine.status is not None:
            self.oversight.stands(machine.status)
        if self.status is None:
            return
        payload = getattr(what, "payload", None)
        if payload is not None and payload.name == "tick":
            child = self.world.child
            killed = self.status.kill_switch and child is not None and not child.exited
            self.switched_ticks = self.switched_ticks + 1 if killed else 0
            self.must(self.switched_ticks < SWITCHED_TICKS_MAX, "the kill switch stops the process")
            self._nobody_hangs()

    def _nobody_hangs(self) -> None:
        """Once a tick: who stands still is noticed."""
        ticked_ms, self.ticked_ms = self.ticked_ms, self.world.clock.now().mono
        forgiven = self.ticked_ms - ticked_ms >= FORGIVEN_MS
        for hosted in self.world.live.values():
            hosted.hung_ticks = (0 if forgiven else hosted.hung_ticks + 1) if hosted.hung else 0
            self.must(hosted.hung_ticks < HUNG_TICKS_MAX, "who hangs is killed", hosted.name)
        child = self.world.child
        if child is not None:
            child.stalled_ticks = child.stalled_ticks + 1 if child.stalled and not child.exited else 0
            self.must(child.stalled_ticks < SILENT_TICKS_MAX, "a silent process is replaced", child.number)

    def _after_sidecar(self, hosted: Hosted, _what: Any) -> None:
        actor = hosted.actor
        if actor.begun is None:
            return
        if actor.child is not None:
            self.generations.setdefault((self.world.trees, actor.life.generation), actor.child)
        window = self.world.settings_window
        for box in actor.courier.waiting:
            self.must(box.bytes_count < window, "the window bounds what waits", box.bytes_count)

    def _after_auth(self, hosted: Hosted, _what: Any) -> None:
        if hosted.actor.begun is None:
            return
        auth = hosted.actor.state
        if auth.phase == "authenticated" != self.auth_phases.get(hosted.number):
            proved = self._proof(auth.generation)
            self.must(proved, "only the account proves a login", "believed without its proof")
        self.auth_phases[hosted.number] = auth.phase

    def _after_stager(self, hosted: Hosted, _what: Any) -> None:
        if hosted.actor.begun is None:
            return
        stage, limits = hosted.actor.machine.reading.stage, hosted.actor.machine.limits
        fits = len(stage.items) <= limits.open_items_max and stage.bytes_count <= limits.staged_bytes_max
        self.must(fits, "the stage is bounded", f"{len(stage.items)} items, {stage.bytes_count} bytes")

    def _after_ingest(self, _hosted: Hosted, what: Any) -> None:
        if getattr(what, "kind", "") in LEDGER_MOVERS:
            self.balance()

    def balance(self) -> None:
        """received = what became of it + what is staged, for each source and generation."""
        for run, source, generation, received, settled in self.query(_LEDGER):
            text = f"{run} {source} {generation}: {received} received, {settled} accounted for"
            self.violated("the ledger balances", text)


def _inside(envelope: Any) -> Any:
    if isinstance(envelope, Carried):
        return envelope.message
    assert isinstance(envelope, Envelope)
    return unpack(envelope)


_SENT: dict[str, Any] = {
    "ActorFaulted": Checks._fault,
    "StartSidecar": Checks._started,
    "BatchSettled": Checks._settled,
    "PulledKept": Checks._pulled,
    "TransitionsKept": Checks._transitions_kept,
    "AuthStateChanged": Checks._proved,
    "FrameBatch": Checks._batch,
    "SupervisionDone": Checks._done,
    "KeepAudit": Checks._note,
}
_AFTER: dict[str, Any] = {
    "supervisor": Checks._after_supervisor,
    "sidecar": Checks._after_sidecar,
    "auth": Checks._after_auth,
    "stager": Checks._after_stager,
    "ingest": Checks._after_ingest,
}
