"""What must hold when the faults are over and everything has come to rest. The app-server's home is the truth."""

from __future__ import annotations

from typing import Any

from actors.tree import ROLES
from chaos.simulating.acts import Acts
from chaos.simulating.home import Turn
from chaos.simulating.world import Violation, World

REST_MS = 150_000
"""So long after the last fault everything is well again: longer than every deadline and a full restart window."""
LOOK_MS = 500
RECOVER_MS = 20_000
"""Between two orders to recover, as long as nothing is well."""
ANSWERED_MS = 135_000
"""The longest deadline of a command, and some."""
LEAVE_MS = 12_000
CLOCKWORK = {"supervisor": "tick", "sidecar": "tick", "ingest": "probe"}
"""Who wakes up again and again, and by which name."""

_ITEMS = """SELECT s.session_id, t.turn_id, i.item_id, i.text, i.kind FROM items i
    JOIN turns t ON t.id = i.turn_row JOIN sessions s ON s.id = t.session_row"""
_TURNS = "SELECT s.session_id, t.turn_id, t.status FROM turns t JOIN sessions s ON s.id = t.session_row"
_LOST = """SELECT coalesce(sum(count), 0) FROM ledger WHERE source = 'stream' AND disposition IN ('dropped:superseded',
    'dropped:turn_interrupted', 'dropped:turn_failed', 'dropped:sidecar_exited', 'dropped:stager_lost',
    'dropped:stage_full')"""
_LOST_NAMED = """SELECT coalesce(sum(frames), 0) FROM audit
    WHERE kind IN ('stage_loss', 'stager_lost') AND text NOT LIKE '%(turn_completed)%'"""
_COUNTS = """SELECT count(*) FROM turns t
    WHERE t.item_count != (SELECT count(*) FROM items i WHERE i.turn_row = t.id)"""


class Rest:
    """Brings a world to rest, looks at it, and stops it."""

    def __init__(self, world: World, acts: Acts) -> None:
        self.world = world
        self.acts = acts
        self.checks = world.checks
        self.recovered_ms = -RECOVER_MS
        """When the recovery was ordered last."""

    def come(self) -> None:
        """Heal, order the recovery, wait until nothing moves; then look, stop, and look again."""
        world = self.world
        self.acts.heal()
        self._until(lambda: not self._facade_gone() and world.outside.reaches_facade, "the facade comes back")
        world.outside.wish("r1", "setStreamKillSwitch", {"on": False})
        world.run_until(world.clock.ms + LOOK_MS)
        self._recover()
        self._until(self._at_rest, "everything comes to rest")
        if self._open_wishes():
            self._until(lambda: not self._open_wishes(), "every command is answered", ANSWERED_MS)
        self._until(self._at_rest, "everything comes to rest")
        self._look()
        world.outside.stop()
        self._until(lambda: bool(world.outside.stopped), "the tree stops", LEAVE_MS)
        self._must(world.outside.stopped[-1].clean, "everybody leaves by himself")
        self._look_after_stop()

    def _until(self, holds: Any, what: str, ms: int = REST_MS) -> None:
        world = self.world
        end_ms = world.clock.ms + ms
        while not holds():
            if world.clock.ms >= end_ms:
                status = world.checks.status
                said = f"mode {status.mode}: {status.mode_reason}" if status else "no status"
                raise Violation(what, f"not within {ms} ms; {said}; {self._why_not()}")
            world.run_until(world.clock.ms + LOOK_MS)
            self.acts.log_in()
            if world.clock.ms >= self.recovered_ms + RECOVER_MS and not world.outside.stopping:
                self._recover()  # what was late may have given up after the first one

    def _recover(self) -> None:
        status = self.checks.status
        if self.recovered_ms < 0 or (status is not None and status.mode != "HYBRID_ACTIVE"):
            self.world.outside.wish("r2", "recoverHybrid")
        self.recovered_ms = self.world.clock.ms

    def _must(self, holds: bool, name: str, text: object = "") -> None:
        if not holds:
            raise Violation(name, str(text))

    # Rest.

    def _facade_gone(self) -> bool:
        """The facade crash-loops: no command can mend that, so the host starts anew."""
        status = self.checks.status
        if status is None:
            return True
        if any(each.name == "facade" and each.state == "crash_loop" for each in status.actors):
            self.world.kill(self.world.live["supervisor"])
            return True
        return False

    def _why_not(self) -> str:
        """What is still moving."""
        live, child = self.world.live, self.world.child
        missing = [role for role in ("supervisor", *ROLES) if role not in live]
        if missing:
            return f"{missing} do not run"
        status = self.checks.status
        if status is None or status.mode != "HYBRID_ACTIVE":
            return "not HYBRID_ACTIVE"
        if child is None or child.exited or child.speech.turn is not None or child.chunks:
            return "the app-server still speaks"
        sidecar, stager = live["sidecar"].actor, live["stager"].actor.machine
        if (
            any(box.batches for box in sidecar.courier.waiting)
            or sidecar.courier.ended
            or len(sidecar.courier.waiting) > 1
        ):
            return f"the courier waits: {[(b.generation, b.settled_seq, b.next_seq) for b in sidecar.courier.waiting]}"
        if not self.world.outside.exporter.idle:
            return "telemetry waits"
        if stager.outgoing or not stager.reading.draft.empty:
            return "the stager waits"
        if live["supervisor"].actor.machine.unkept:
            return "transitions wait"
        catchup = sidecar.catchup
        if catchup.phase != "resting" or not catchup.caught_up or not catchup.swept:
            return f"catching up is {catchup.phase}"
        if catchup.open or any(not self._stored(thread) for thread in self.world.home.threads.values()):
            return "the history is not stored yet"
        asked = [number for number in child.asked if number not in child.withdrawn and not child.answers[number]]
        return f"questions {asked} are open" if asked else ""

    def _at_rest(self) -> bool:
        return not self._why_not()

    def _stored(self, thread: Any) -> bool:
        """Whether every turn of it is in the file, with its end and all that it completed."""
        ended = {(turn.turn_id, _end_of(turn)) for turn in thread.turns}
        rows = self.checks.query(f"{_TURNS} WHERE s.session_id = ?", (thread.thread_id,))
        if not ended <= {row[1:] for row in rows}:
            return False
        kept = {row[1:3] for row in self.checks.query(f"{_ITEMS} WHERE s.session_id = ?", (thread.thread_id,))}
        items = {(turn.turn_id, item["id"]) for turn in thread.turns for item in turn.items}
        return items <= kept or self._too_large(thread)

    def _open_wishes(self) -> list[str]:
        """Commands that somebody still waits for, of people who are still there and a facade that lives."""
        facade = self.world.live.get("facade")
        people = {person.client_id for person in self.world.outside.people.values()}
        return [
            f"{name} {wish.command}"
            for name, wish in self.world.outside.wishes.items()
            if wish.facade is facade
            and wish.client in people
            and (not wish.answers or (wish.accepted and not wish.effects and wish.command != "subscribe"))
        ]

    # Looking.

    def _look(self) -> None:
        self.checks.balance()
        self._items()
        self._turns()
        self._frames()
        for word in self.world.outside.exporter.words:
            self.checks.kept_event(word)
        self._must(self.checks.problem is None, *(self.checks.problem or ("", "")))
        child = self.world.child
        assert child is not None
        for number in child.asked:
            answers = child.answers[number]
            fits = answers <= child.asks[number] and (answers >= 1 or number in child.withdrawn)
            self._must(fits, "every question is answered exactly once", f"{number}: {answers}")
        asked = self.world.live["facade"].actor.machine.questions
        self._must(len(asked) == 0, "no question stays on the screens of people", len(asked))
        self._clockwork()
        (lost,), (named,) = self.checks.query(_LOST)[0], self.checks.query(_LOST_NAMED)[0]
        self._must(lost == named, "every loss is named", f"{lost} frames lost, {named} named")

    def _clockwork(self) -> None:
        """Whoever comes back by itself does so once: a second wake-up of the same name would tick twice for ever."""
        for party, name in CLOCKWORK.items():
            waiting = self.world.wakes_of(self.world.live[party], name)
            self._must(waiting == 1, "each clockwork ticks once", f"{party} has {waiting} times {name} before it")

    def _items(self) -> None:
        rows = self.checks.query(_ITEMS)
        stored = {row[:3]: row[3] for row in rows}
        self._must(len(stored) == len(rows), "nothing is stored twice")
        for thread in self.world.home.threads.values():
            for turn in thread.turns:
                for item in turn.items:
                    key = (thread.thread_id, turn.turn_id, item["id"])
                    if key not in stored and self._too_large(thread):
                        continue
                    self._must(key in stored, "every completed item is stored", key)
                    wanted = item.get("text") or item.get("aggregatedOutput") or item.get("content", [""])[0]
                    self._must(wanted.strip() in stored[key], "an item is stored as it was completed", key)
        (wrong,) = self.checks.query(_COUNTS)[0]
        self._must(wrong == 0, "turns count their items", wrong)

    def _too_large(self, thread: Any) -> bool:
        """A turn that fits no line comes neither by the stream nor by the pull; it has its audit row."""
        sql = "SELECT count(*) FROM audit WHERE kind = 'pull_too_large' AND subject = ?"
        return bool(self.checks.query(sql, (thread.thread_id,))[0][0])

    def _turns(self) -> None:
        stored = {row[:2]: row[2] for row in self.checks.query(_TURNS)}
        for thread in self.world.home.threads.values():
            for turn in thread.turns:
                found = stored.get((thread.thread_id, turn.turn_id))
                wanted = _end_of(turn)
                text = f"{thread.thread_id} {turn.turn_id}: {found}, not {wanted}"
                self._must(found == wanted, "a turn ends as it ended", text)

    def _frames(self) -> None:
        """Of every process whose owner lived on, each line that was read is in the books."""
        sql = "SELECT generation, received, closed FROM offsets WHERE run_id = ? AND source = 'stream'"
        books = {row[0]: row[1:] for row in self.checks.query(sql, (self.checks.run_id,))}
        for (tree, generation), process in self.checks.generations.items():
            if tree != self.world.trees:
                continue
            received, closed = books.get(generation, (0, 0))
            text = f"generation {generation}: {process.lines_read} read, {received} received"
            if (tree, generation) in self.checks.orphans:
                self._must(received <= process.lines_read, "no more is received than was read", text)
            else:
                self._must(received == process.lines_read, "every frame that was read is accounted for", text)
                self._must(bool(closed) == process.exited, "books close with their process", text)

    def _look_after_stop(self) -> None:
        """The log of transitions is whole: of a tree that was killed its beginning, of the last one all of it."""
        self.checks.balance()
        sql = "SELECT seq, what, who, before, after FROM transitions WHERE run_id = ? ORDER BY seq"
        for tree, log in self.checks.log.items():
            kept = self.checks.query(sql, (f"sim.{tree}",))
            said = [(each.seq, each.what, each.who, each.before, each.after) for each in log]
            name = "the transition log is complete and in order"
            self._must(kept == said[: len(kept)], name, f"tree {tree}")
            if tree == self.world.trees:
                # Nobody can write down that ingest left.
                rest = [each for each in said[len(kept) :] if each[1:3] != ("actor", "ingest")]
                self._must(not rest, name, f"not kept: {rest}")
            last: dict[tuple[str, str], str] = {}
            for each in log:
                self._must(each.before == last.get((each.what, each.who), ""), name, f"{each.what} {each.who} jumps")
                last[each.what, each.who] = each.after


def _end_of(turn: Turn) -> str:
    """Without an end it is over all the same when nobody runs it any more."""
    return turn.status if turn.completed_at_s is not None else "interrupted"
