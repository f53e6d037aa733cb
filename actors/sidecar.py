"""SidecarActor: owns the app-server's process and its JSON-RPC; numbers its frames; creates no actor.

Every line goes to the stager in numbered batches. The few lines that concern the sidecar itself (answers, questions,
account) are also read here. Nothing here blocks: pipes are watched, deadlines are a tick.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Literal

from actors.appserver import AppServer, NotReading, NotStarted
from actors.leftovers import end_app_server, marks, note
from actors.machines import sidecar as life
from actors.machines.catchup import Catchup, Failed, Road
from actors.machines.courier import Courier
from actors.machines.effects import (
    Ask,
    CloseStdin,
    Effect,
    MachineRefused,
    ProcessExited,
    ProcessFailed,
    ProcessStarted,
    RunProcess,
    SignalProcess,
    Woke,
    WriteLine,
)
from actors.machines.liveness import Liveness
from actors.questions import Questions
from actors.shell import Shell, clean, now
from actors.upstream import LINES, PULL, REFRESH, Params, Request, answered, unanswered, unproved, wanted
from actors.wire.frames import (
    AccountChanged,
    ItemStarted,
    LoginCompleted,
    Response,
    ServerRequest,
    ServerRequestResolved,
    TurnCompleted,
)
from actors.wire.hot import control_lines
from actors.wire.lines import Lines, LineSplitter
from actors.wire.methods import decode
from actors.wire.rpc import Full, Pending, Settled
from actors.writer_locks import writer_locks
from messages.auth import LoginEnded, SidecarInitialized
from messages.base import Message
from messages.calls import ApprovalGiven, ThreadSnapshotWanted
from messages.lifecycle import Begin
from messages.pulls import PositionsTold, PulledKept
from messages.sidecar import StartSidecar, StopSidecar
from messages.status import Party
from messages.stream import BatchSettled, ResendFrames
from messages.traces import Outcome

TICK_MS_MAX = 500
"""Deadlines are looked at at least this often; more often when one of them is shorter."""


class SidecarActor(Shell):
    """The one process that hears the app-server, and so the only one that can prove a login."""

    ROLE = "sidecar"

    def begin(self, begin: Begin) -> None:
        self.settings = begin.settings
        limits, timing = begin.settings.limits, begin.settings.timing
        self.life = life.Life(timing=timing)
        self.courier = Courier(limits.window_batches_max * limits.read_bytes_max, timing.resend_ms)
        held = writer_locks(begin.settings.sidecar.codex_home, begin.settings.sidecar.environment)
        self.catchup = Catchup(limits, timing, held)
        self.child: AppServer | None = None
        self.leave_asked = False
        shortest = min(
            timing.liveness_interval_ms, timing.liveness_late_ms, timing.liveness_deadline_ms, timing.resend_ms,
            timing.settle_deadline_ms, limits.request_deadline_ms, limits.approval_deadline_ms,
            timing.catchup_interval_ms,
        )  # fmt: skip
        self.tick_ms = max(10, min(TICK_MS_MAX, shortest // 4))
        self._forget_process()
        self._end_leftovers("an earlier sidecar")
        self.wake(self.tick_ms, "tick")

    def _forget_process(self) -> None:
        limits = self.settings.limits
        self.splitter = LineSplitter(limits.line_bytes_max)
        self.pending: Pending[Request] = Pending(limits.pending_requests_max)
        self.questions = Questions(limits, secrets.token_urlsafe)
        self.account: AccountChanged | None = None
        self.liveness = Liveness(self.settings.timing)
        self.frame = (0, 0)
        """Number and length of the line that is being read."""
        self.tokens_refused = False

    # Messages.

    def on(self, message: Message, sender: Party) -> None:
        if isinstance(message, StartSidecar | StopSidecar):
            self._live(message)
        elif isinstance(message, BatchSettled):
            self.perform(self.courier.settled(message))
            self.begins("bytes", "pipe", lambda _: self._read_more(), None)
            self.perform(self.catchup.tick(now(), self._road()))
            self._leave_when_settled()
            self.outcome = self.stale(message.generation)
        elif isinstance(message, ResendFrames):
            self.outcome = self.stale(message.generation)
            self.perform(self.courier.resend(message, now().mono))
        elif isinstance(message, PositionsTold):
            self.perform(self.catchup.told(message, now(), self._road()))
        elif isinstance(message, PulledKept):
            self.perform(self.catchup.kept(message, now(), self._road()))
        elif isinstance(message, ThreadSnapshotWanted):
            self.perform(self.catchup.snapshot(message, now(), self._road()))
        elif isinstance(message, ApprovalGiven):
            line, effects = self.questions.given(message)
            self._write(line)
            self.perform(effects)
        else:
            wish = wanted(message, self.settings.sidecar.cwd, secrets.token_hex)
            if wish is not None:
                self._ask(*wish)

    def stale(self, generation: int) -> Outcome:
        """What a word about this generation is, for the traces."""
        return "stale" if generation < self.life.generation else "handled"

    def peers_changed(self, changed: list[Party]) -> None:
        """A new stager gets what is unsettled; a new auth gets its evidence anew; a new facade the open questions."""
        if "stager" in changed:
            self.perform(self.courier.stager_returned(now().mono))
        if "auth" in changed and self.life.phase == "speaking":
            self.send_to("auth", SidecarInitialized(generation=self.life.generation))
            self._ask(Request("account/read", "account:account_read"))
        if "facade" in changed:
            self.perform(self.questions.open_ones())
        if "ingest" in changed:
            self.perform(self.catchup.ingest_returned(now()))

    # The process.

    def watched(self) -> list[int]:
        return self.child.watched(reading=not self.courier.full) if self.child is not None else []

    def readable(self, ready: list[int]) -> None:
        if self.child is None:
            return
        self.child.read_stderr()
        self._read_more()

    def _read_more(self) -> None:
        """One read, so that messages get their turn; all of it once the process is gone."""
        child = self.child
        if child is None:
            return
        while not self.courier.full:
            # Asked before the read: what it said with its last breath, after an empty read, would be taken for nothing.
            ended = child.ended()
            chunk = child.read()
            if chunk:
                self._lines(self.splitter.feed(chunk))
                if not ended:
                    return
                continue
            if ended:
                self._drained(child)
            elif chunk is not None:
                self.liveness.closed(now().mono)
            return

    def _lines(self, lines: Lines) -> None:
        if not lines.count:
            return
        at = now()
        self.bytes_read += len(lines.data)
        self.liveness.heard(at.mono)
        dropped = [(each.index, each.bytes_count, each.reason) for each in lines.dropped]
        first_seq = self.courier.next_seq
        self.perform(self.courier.read(lines.data, lines.count, dropped, at.wall, at.mono))
        for index, line in control_lines(lines.data, lines.count):
            self.frame = (first_seq + index, len(line))
            self._control(decode(line))
        if dropped:
            self.perform(self.catchup.line_lost(at, self._road()))

    def _road(self) -> Road:
        return Road(free=not self.courier.full, settled_seq=self.courier.settled_seq)

    def _drained(self, child: AppServer) -> None:
        self._lines(self.splitter.finish())
        child.read_stderr()
        code, signal = child.outcome()
        tail = clean(child.stderr_tail())
        child.release()
        self.child = None
        self.perform(self.catchup.ended())
        for gone in self.pending.close_all():
            self._unanswered(gone.tag, "the app-server ended")
        self.perform(self.questions.close())
        self.perform(self.courier.closed(self.life.generation))
        self._live(ProcessExited(code, signal, tail))
        self._end_leftovers(f"generation {self.life.generation}")
        self._leave_when_settled()

    # What the app-server says to us.

    def _control(self, frame: object) -> None:
        if isinstance(frame, Response):
            self._response(frame)
        elif isinstance(frame, AccountChanged):
            self.account, self.tokens_refused = frame, False
            self._live(life.AccountCallback(frame.auth_mode))
        elif isinstance(frame, LoginCompleted):
            ended = LoginEnded(
                generation=self.life.generation,
                login_id=frame.login_id,
                success=frame.success,
                text=clean(frame.error or ""),
            )
            self.send_to("auth", ended)
        elif isinstance(frame, ServerRequest):
            line, effects = self.questions.asked(frame, self.life.generation, now())
            self._write(line)
            self.perform(effects)
            if frame.method == REFRESH:
                self._tokens_expired()
        elif isinstance(frame, ItemStarted):
            self.questions.started(frame)
        elif isinstance(frame, ServerRequestResolved):
            self.perform(self.questions.resolved(frame))
        elif isinstance(frame, TurnCompleted) and frame.error_kind == "unauthorized":
            # A login that expired is announced by nothing but a failed turn (codex 0.169): ask how it stands.
            self._ask(Request("account/read", "account:account_read"))

    def _response(self, frame: Response) -> None:
        settled = self.pending.settle(frame)
        if not isinstance(settled, Settled):
            self.audit("unknown_reply", f"generation {self.life.generation}", "an answer that nobody waits for")
            return
        # What follows belongs to the trace of who asked, not to that of the bytes that brought the answer.
        around, (self.trace, self.hop, self.cause) = (self.trace, self.hop, self.cause), settled.tag.asked_in
        self._settled(settled.tag, settled)
        self.trace, self.hop, self.cause = around

    def _settled(self, request: Request, settled: Settled[Request]) -> None:
        if settled.error is not None:
            text = clean(settled.error.message)
            if request.tag == "greeting":
                self._live(life.GreetingFailed(f"initialize was refused: {text}"))
            self._unanswered(request, text, "refused")
        elif request.tag == "greeting":
            self._live(life.Greeted())
        elif request.tag.startswith(PULL):
            seq, bytes_count = self.frame
            self.perform(self.catchup.answered(request.tag, settled.result, bytes_count, seq, now(), self._road()))
        else:
            effects = answered(request, settled.result, self.life.generation)
            self.perform(tuple(unproved(each) if self.tokens_refused else each for each in effects))
            self._account_known(request)

    def _unanswered(self, request: Request, text: str, kind: Literal["refused", "late"] = "late") -> None:
        if request.tag.startswith(PULL):
            self.perform(self.catchup.failed(Failed(request.tag, kind, text), now(), self._road()))
        else:
            self.perform(tuple(unanswered(request, text, self.life.generation)))
            self._account_known(request)

    def _account_known(self, request: Request) -> None:
        """The first word on the account ends the greeting, whatever it says: history is local and needs no login."""
        if request.call == "account/read" and self.life.phase == "speaking" and self.child is not None:
            self.perform(self.catchup.spoke(self.life.generation, now(), self._road()))

    def _tokens_expired(self) -> None:
        """Upstream wants new external tokens, and whoever brought the old ones is not part of this tree.

        The answer is a refusal, at once. After it the turn fails and `account/read` still names the account (codex
        0.169, watched), so from here on only a new `account/updated` proves a login again.
        """
        self.tokens_refused = True
        self.audit("login_expired", f"generation {self.life.generation}", "external tokens expired: log in again")
        self._ask(Request("account/read", "account:account_read"))

    # What we say to it.

    def _ask(self, request: Request, params: Params | None = None, deadline_ms: int | None = None) -> None:
        if self.child is None:
            self._unanswered(request, "the sidecar is not running")
            return
        request = replace(request, asked_in=(self.trace, self.hop, self.cause))
        deadline = deadline_ms or self.settings.limits.request_deadline_ms
        number = self.pending.issue(request.call, now().mono, deadline, request)
        if isinstance(number, Full):
            text = f"{number.requests_max} requests wait for the app-server already"
            self._unanswered(request, text)
            return
        self._write(LINES[request.call](number, params or {}))

    def _write(self, line: bytes | None) -> None:
        if line is None or self.child is None:
            return
        try:
            self.child.write(line)
        except NotReading:
            self._live(life.Hung("it does not read its stdin"))

    # Deadlines.

    def woke(self, woke: Woke) -> None:
        if woke.name == "tick":
            self._tick()
            self.wake(self.tick_ms, "tick")
        elif woke.name == "grace":
            self._live(life.GraceOver(woke.epoch))
        elif woke.name == "account_callback":
            self._live(life.CallbackDue(woke.epoch))

    def _tick(self) -> None:
        at = now()
        self.perform(self.courier.tick(at.mono))
        for late in self.pending.expire(at.mono):
            text = f"the app-server did not answer {late.method} in time"
            if late.tag.tag == "greeting":
                self._live(life.GreetingFailed(text))
            self._unanswered(late.tag, text)
        for line, effects in self.questions.expired(at.mono):
            self._write(line)
            self.perform(effects)
        if self.child is not None:
            self.child.flush()
            if self.child.exit_fd is None or self.child.ended():
                self._read_more()  # where the OS gives no notice of an exit
        self.perform(self.catchup.tick(at, self._road()))
        self._check_health(at.mono)

    def _check_health(self, mono_ms: int) -> None:
        full, oldest_ms, speaking = self.courier.full, self.courier.oldest_at_ms, self.life.phase == "speaking"
        found = self.liveness.look(self.life.generation, mono_ms, speaking=speaking, full=full, oldest_ms=oldest_ms)
        if isinstance(found, life.Hung):
            self._live(found)
        else:
            self.perform(found)

    # The machine.

    def _live(self, heard: life.Heard) -> None:
        outcome = life.step(self.life, heard)
        if not isinstance(outcome, MachineRefused):
            self.life, effects = outcome
            self.perform(effects)
        else:
            self.perform(outcome)

    def perform_other(self, effect: Effect) -> None:
        if isinstance(effect, RunProcess):
            self._run(effect.generation)
        elif isinstance(effect, WriteLine):
            self._write(effect.line)
        elif isinstance(effect, Ask):
            changed = self.account if effect.tag == "account:callback" else None
            self._ask(Request(effect.call, effect.tag, changed), dict(effect.params), effect.deadline_ms)
        elif self.child is not None and isinstance(effect, CloseStdin):
            self.child.close_stdin()
        elif self.child is not None and isinstance(effect, SignalProcess):
            self.child.signal(effect.signal)

    def _run(self, generation: int) -> None:
        self._forget_process()
        try:
            whose = marks(self.settings.state_dir, f"{self.settings.run_id}/{generation}")
            self.child = AppServer(self.settings.sidecar, self.settings.limits, whose)
        except NotStarted as failed:
            self._live(ProcessFailed(str(failed)))
            return
        note(self.settings.state_dir, self.child.pid, self.child.created_at)
        self.perform(self.courier.opened(generation))
        self.liveness.heard(now().mono)
        self._live(ProcessStarted(self.child.pid, self.child.created_at))

    # The end.

    def _end_leftovers(self, whose: str) -> None:
        """No generation outlives its process: commands that codex started run in sessions of their own and survive a
        SIGKILL of it (codex 0.169), and an app-server that survived its actor holds the writer locks of its threads."""
        done = end_app_server(self.settings.state_dir)
        if done is not None:
            self.audit(done.kind, whose, done.text)

    def leave(self) -> None:
        """End the process, account for its last frames, go."""
        self.leave_asked = True
        self._live(StopSidecar(reason="the tree stops"))
        self._leave_when_settled()

    def _leave_when_settled(self) -> None:
        if self.leave_asked and self.child is None and self.courier.idle:
            self.left()
