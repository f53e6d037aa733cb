"""Catching up: what the live stream missed is pulled from the app-server's own history, one request at a time.

A round lists the threads of this Codex home, last changed first; asks ingest how far each is stored; and pulls the
turns behind that, oldest first. One round follows every handshake, another every `catchup_interval_ms`; a round without
news is one small `thread/list`. What other processes ran on the same home is found the same way.

The stream comes first. Nothing is asked while the window is full or an older generation is still being accounted for,
and what is pulled of a thread that is loaded here waits until the frame it came in is settled: by then everything the
stream said before is stored, and the pull only fills holes. `round.py` reads the pages.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from actors.machines.effects import NOTHING, Ask, Effects, Send
from actors.machines.rereads import Rereads, done
from actors.machines.round import Behind, Held, Parcel, Round, read_page
from actors.machines.standing import Now
from actors.wire.frames import Unshaped
from actors.wire.replies import ListedThread, threads_of, turns_of
from messages.base import Message
from messages.calls import ThreadSnapshotWanted
from messages.pulls import PositionsTold, PositionsWanted, PulledKept
from messages.records import AuditNote, KeepAudit
from messages.settings import Limits, Timing

THREADS_LIMIT = 100
"""Threads of one page in a round over all of them."""
NEWS_LIMIT = 20
"""Threads of one page in a round that looks for news."""
TURNS_LIMIT_MAX = 64
KNOWN_MAX = 4_096
"""Threads whose last stored state is remembered; of others ingest is asked again."""
OPEN_MAX = 256
"""Threads with a turn that runs elsewhere, which are looked at in every round; further ones wait for their change."""
SCAN_EVERY = 60
"""Every so many rounds upstream is asked to look into its files: half an hour with the default interval."""

Phase = Literal["off", "resting", "ready", "listing", "asking", "pulling", "holding", "keeping"]


@dataclass(frozen=True, slots=True)
class Road:
    """How the live stream stands."""

    free: bool
    """The window has room, and only the live generation is spoken of."""
    settled_seq: int
    """Through which frame of the live generation everything is accounted for."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A request got no good answer."""

    tag: str
    kind: Literal["refused", "late", "lost"]
    """Upstream said no; said nothing in time; or the answer was a line too long to carry."""
    text: str = field(default="", repr=False)


@dataclass(slots=True)
class Catchup:
    """The state of the machine. `held` tells whether some process has a thread open for writing."""

    limits: Limits
    timing: Timing
    held: Held
    phase: Phase = "off"
    generation: int = 0
    due_ms: int = 0
    sent_ms: int = 0
    asked: int = 0
    """Requests to the app-server in this generation; the last one's tag is `pull:<asked>`."""
    wanted: int = 0
    kept_n: int = 0
    hold_seq: int = 0
    rounds: int = 0
    caught_up: bool = False
    """A round over all threads came to its end in this generation."""
    swept: bool = False
    round: Round | None = None
    known: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """Threads of which everything is stored, by upstream's time of their last change."""
    open: dict[str, ListedThread] = field(default_factory=dict)
    """Threads whose newest turn has no end yet."""
    sent: Message | None = None
    """What ingest has to answer."""
    rereads: Rereads = field(default_factory=Rereads)

    # What happens.

    def spoke(self, generation: int, now: Now, road: Road) -> Effects:
        """The handshake is done and the account was asked for: begin as soon as the road is free."""
        if self.phase != "off" and generation == self.generation:
            return NOTHING
        failed = self.ended()
        self.phase, self.generation, self.due_ms = "resting", generation, now.mono
        self.asked = self.wanted = self.kept_n = self.rounds = 0
        self.caught_up = self.swept = False
        self.known.clear()
        self.open.clear()
        return (*failed, *self.tick(now, road))

    def ended(self) -> Effects:
        """The process is gone: the round is given up, and what was pulled and not kept is pulled again."""
        self.phase, self.round, self.sent = "off", None, None
        return self.rereads.ended("the app-server ended meanwhile: try again")

    def snapshot(self, wanted: ThreadSnapshotWanted, now: Now, road: Road) -> Effects:
        """Somebody wants a thread read again from its beginning; a round over all threads that begins now does it."""
        if self.phase == "off":
            return (done(wanted.command_id, "no app-server is ready: try again"),)
        refused = self.rereads.want(wanted.thread_id, wanted.command_id)
        if refused:
            return refused
        if self.phase == "resting":
            self.due_ms = now.mono
        return self.tick(now, road)

    def tick(self, now: Now, road: Road) -> Effects:
        """Time passed, or the road may be free: go on where something waited, send again what ingest did not answer."""
        if self.phase == "resting" and now.mono >= self.due_ms and road.free and road.settled_seq:
            return self._begin(now, road)
        if self.phase == "holding" and road.settled_seq >= self.hold_seq:
            self.phase = "ready"
        if self.phase == "ready":
            return self._go(now, road)
        waits = self.phase in ("asking", "keeping") and now.mono - self.sent_ms >= self.timing.resend_ms
        return self._send(now) if waits else NOTHING

    def ingest_returned(self, now: Now) -> Effects:
        """A new ingest knows nothing of what was on its way."""
        return self._send(now) if self.phase in ("asking", "keeping") else NOTHING

    def answered(self, tag: str, result: Any, bytes_count: int, seq: int, now: Now, road: Road) -> Effects:
        """The app-server's answer, which came in frame `seq` and measured `bytes_count`."""
        act = ANSWERED.get(self.phase)
        return NOTHING if act is None or tag != self._tag else act(self, result, bytes_count, seq, now, road)

    def failed(self, failure: Failed, now: Now, road: Road) -> Effects:
        """No good answer. A thread that cannot be read is left out; without a list the round ends."""
        act = FAILED.get(self.phase)
        return NOTHING if act is None or failure.tag != self._tag else act(self, failure, now, road)

    def line_lost(self, now: Now, road: Road) -> Effects:
        """A line was too long to carry. While an answer is awaited it was most likely that one."""
        return self.failed(Failed(self._tag, "lost", "the answer is too long"), now, road)

    def told(self, heard: PositionsTold, now: Now, road: Road) -> Effects:
        """How far the listed threads are stored."""
        if self.phase != "asking" or (heard.generation, heard.n) != (self.generation, self.wanted):
            return NOTHING
        round_ = self._live()
        positions = {each.session_id: each for each in heard.positions}
        for session_id, listed in round_.listed.items():
            position = positions.get(session_id)
            if session_id in round_.rereads:
                round_.behind.append(Behind(listed))
            elif position is not None and position.updated_at_s == listed.updated_at_s and session_id not in self.open:
                self._know(listed)
            elif position is None:
                round_.behind.append(Behind(listed))
            else:
                round_.behind.append(Behind(listed, position.cursor, position.last_turn_id))
        round_.listed = {}
        return self._ready(now, road)

    def kept(self, heard: PulledKept, now: Now, road: Road) -> Effects:
        """The first parcel is durable."""
        if self.phase != "keeping" or (heard.generation, heard.n) != (self.generation, self.kept_n):
            return NOTHING
        round_ = self._live()
        round_.parcels.popleft()
        read = NOTHING if round_.parcels else self.rereads.kept()
        return (*read, *self._ready(now, road))

    # How a round goes.

    @property
    def _tag(self) -> str:
        return f"pull:{self.asked}"

    def _live(self) -> Round:
        assert self.round is not None, f"no round in phase {self.phase}"
        return self.round

    def _begin(self, now: Now, road: Road) -> Effects:
        scan = not self.caught_up or self.rounds % SCAN_EVERY == 0 or bool(self.rereads.commands)
        self.round = Round(scan=scan, whole=scan, since_ms=now.mono, rereads=frozenset(self.rereads.commands))
        self.rounds += 1
        return self._ready(now, road)

    def _ready(self, now: Now, road: Road) -> Effects:
        self.phase = "ready"
        return self._go(now, road)

    def _go(self, now: Now, road: Road) -> Effects:
        """The next step of the round, when the live stream leaves room for it."""
        round_ = self._live()
        if not road.free:
            return NOTHING
        if round_.parcels:
            self.phase, self.kept_n = "keeping", self.kept_n + 1
            self.sent = round_.parcels[0].message(self.generation, self.kept_n)
            return self._send(now)
        if round_.requests >= self.limits.pull_requests_max:
            return self._over(now, road, whole=False)
        if round_.behind:
            return self._pull(round_)
        if not round_.list_over:
            self.phase = "listing"
            limit = THREADS_LIMIT if round_.whole else NEWS_LIMIT
            params = {"cursor": round_.cursor, "limit": limit, "archived": round_.archived, "scan": round_.scan}
            return self._request(round_, "thread/list", params)
        return self._over(now, road, whole=round_.whole)

    def _pull(self, round_: Round) -> Effects:
        first = round_.behind[0]
        self.phase = "pulling"
        params = {
            "thread_id": first.session_id,
            "cursor": first.cursor,
            "limit": round_.limit if round_.items else 1,
            "items": round_.items,
        }
        return self._request(round_, "thread/turns/list", params)

    def _request(self, round_: Round, call: str, params: dict[str, Any]) -> Effects:
        self.asked += 1
        round_.requests += 1
        return (Ask(call, self._tag, params),)

    def _send(self, now: Now) -> Effects:
        assert self.sent is not None, f"nothing to send in phase {self.phase}"
        self.sent_ms = now.mono
        return (Send("ingest", self.sent),)

    def _over(self, now: Now, road: Road, *, whole: bool) -> Effects:
        """Every thread was looked at, or as many as one round may. The first round ends with the sweep."""
        round_ = self._live()
        self.caught_up = self.caught_up or whole
        if not self.swept:
            self.swept = True
            text = f"{round_.threads} threads and {round_.turns} turns pulled in {now.mono - round_.since_ms} ms"
            note = AuditNote(kind="caught_up", subject=f"generation {self.generation}", text=text, at_ms=now.wall)
            round_.parcels.append(Parcel(audit=(note,), sweep=True))
            return self._ready(now, road)
        return self._rest(now)

    def _rest(self, now: Now, why: str = "the app-server's history has no such thread") -> Effects:
        missed = self.rereads.failed(self._live().rereads, why)
        self.phase, self.round, self.sent, self.rereads.last_page = "resting", None, None, None
        # What was wanted while the round was on its way has a round of its own, which begins with the next tick.
        self.due_ms = now.mono + (0 if self.rereads.commands else self.timing.catchup_interval_ms)
        return missed

    # What the app-server answers.

    def _listed(self, result: Any, _bytes: int, _seq: int, now: Now, road: Road) -> Effects:
        page, round_ = threads_of(result), self._live()
        if isinstance(page, Unshaped):
            return self._give_up(f"thread/list has another form: {page.reason}", now)
        wanted = round_.rereads - round_.seen
        news = {
            each.thread.thread_id: each
            for each in page.values
            if not self._is_known(each) or each.thread.thread_id in wanted
        }
        round_.seen |= news.keys()
        round_.cursor = page.next_cursor
        if page.next_cursor is None or not (news or round_.whole):
            self._next_list(round_, news)
        return self._want(round_, news, now, road)

    def _next_list(self, round_: Round, news: dict[str, ListedThread]) -> None:
        """One list is read: in a whole round the archived threads follow. Then open turns that no page has shown."""
        round_.cursor = None
        if round_.whole and not round_.archived:
            round_.archived = True
            return
        round_.list_over = True
        news.update({name: listed for name, listed in self.open.items() if name not in round_.seen})

    def _want(self, round_: Round, news: dict[str, ListedThread], now: Now, road: Road) -> Effects:
        if not news:
            return self._ready(now, road)
        self.phase, self.wanted, round_.listed = "asking", self.wanted + 1, news
        self.sent = PositionsWanted(generation=self.generation, n=self.wanted, session_ids=tuple(news))
        return self._send(now)

    def _paged(self, result: Any, bytes_count: int, seq: int, now: Now, road: Road) -> Effects:
        round_ = self._live()
        first = round_.behind[0]
        page = turns_of(first.session_id, result)
        if isinstance(page, Unshaped):
            return self._skip(f"thread/turns/list has another form: {page.reason}", now, road)
        bytes_max = self.limits.pull_page_bytes_max
        read = read_page(first, page, bytes_max, self.held, now)
        round_.parcels.extend(read.parcels)
        round_.turns += sum(len(each.turns) for each in read.parcels)
        fitting = round_.limit * bytes_max // max(bytes_count, 1)
        round_.limit = max(1, min(TURNS_LIMIT_MAX, fitting, round_.limit * 2)) if round_.items else 1
        round_.items = True
        if read.over:
            self._thread_over(round_, first, read.unfinished)
        self.phase, self.hold_seq = ("holding", seq) if first.listed.loaded else ("ready", 0)
        return self.tick(now, road)

    def _thread_over(self, round_: Round, first: Behind, unfinished: bool) -> None:
        round_.behind.popleft()
        round_.threads += 1
        if first.session_id in self.rereads.commands and first.session_id in round_.rereads:
            self.rereads.last_page = first.session_id
        self.open.pop(first.session_id, None)
        if unfinished and len(self.open) < OPEN_MAX:
            self.open[first.session_id] = first.listed
        elif round_.parcels[-1].positions[0].updated_at_s is not None:
            self._know(first.listed)

    def _is_known(self, listed: ListedThread) -> bool:
        return self.known.get(listed.thread.thread_id) == listed.updated_at_s

    def _know(self, listed: ListedThread) -> None:
        """Nothing to ask about this thread until it changes."""
        self.known[listed.thread.thread_id] = listed.updated_at_s
        self.known.move_to_end(listed.thread.thread_id)
        if len(self.known) > KNOWN_MAX:
            self.known.popitem(last=False)

    # What it does not answer.

    def _list_failed(self, failure: Failed, now: Now, road: Road) -> Effects:
        return self._give_up(f"thread/list: {failure.text}", now)

    def _pull_failed(self, failure: Failed, now: Now, road: Road) -> Effects:
        round_ = self._live()
        first = round_.behind[0]
        if failure.kind == "late":
            return self._give_up(f"thread/turns/list: {failure.text}", now)
        if failure.kind == "lost" and round_.items:
            round_.limit, round_.items = (1, True) if round_.limit > 1 else (1, False)
            return self._ready(now, road)
        if failure.kind == "refused" and first.cursor is not None:
            # Its history was written anew, or the cursor is of another version: from the beginning, once.
            first.cursor = first.last_turn_id = None
            return self._ready(now, road)
        return self._skip(f"thread/turns/list: {failure.text}", now, road)

    def _skip(self, text: str, now: Now, road: Road) -> Effects:
        """One thread that cannot be read is left until it changes."""
        round_ = self._live()
        first = round_.behind.popleft()
        round_.items = True
        self.open.pop(first.session_id, None)
        self._know(first.listed)
        note = AuditNote(kind="pull_failed", subject=first.session_id, text=text, at_ms=now.wall)
        wanted = (first.session_id,) if first.session_id in round_.rereads else ()
        failed = self.rereads.failed(wanted, "the app-server cannot read this thread: see the audit")
        return (Send("ingest", KeepAudit(n=0, notes=(note,))), *failed, *self._ready(now, road))

    def _give_up(self, text: str, now: Now) -> Effects:
        """This round ends here; the next one asks again."""
        note = AuditNote(kind="pull_failed", subject=f"generation {self.generation}", text=text, at_ms=now.wall)
        self.caught_up = False
        rest = self._rest(now, "the app-server's history could not be read: try again")
        return (Send("ingest", KeepAudit(n=0, notes=(note,))), *rest)


ANSWERED: dict[str, Callable[..., Effects]] = {"listing": Catchup._listed, "pulling": Catchup._paged}
FAILED: dict[str, Callable[..., Effects]] = {"listing": Catchup._list_failed, "pulling": Catchup._pull_failed}
"""What an answer means depends on what was asked last; in any other phase it is late, and nothing."""
