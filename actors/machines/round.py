"""One round of catching up: which threads are behind, and what a page of their turns comes to.

Pure reading; `catchup.py` decides when to ask for what.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.machines.standing import Now
from actors.wire.frames import ItemCompleted
from actors.wire.replies import ListedThread, Page, PulledTurn
from messages.pulls import KeepPulled, PullPosition
from messages.records import AuditNote, FinalItem, SessionSeen, TurnSeen

SETTLED_S = 2
"""Upstream's `updatedAt` counts whole seconds (codex 0.169), so a thread that changed within this time before it was
listed may change again without a trace: it is looked at once more."""
QUIET_MS = 600_000
"""Where nobody can tell whether a process holds a thread, a turn without an end is over after this much silence."""

UUID_CHARS = 36

Held = Callable[[str], bool | None]
"""Whether some process has this thread open for writing; None: cannot be told on this system."""


@dataclass(slots=True)
class Behind:
    """A thread with something left to pull."""

    listed: ListedThread
    cursor: str | None = None
    last_turn_id: str | None = None
    introduced: bool = False
    """What is known of the session was sent."""

    @property
    def session_id(self) -> str:
        """The thread's id: a thread is a session."""
        return self.listed.thread.thread_id


@dataclass(slots=True)
class Parcel:
    """What goes to ingest in one message, before it has its number."""

    sessions: tuple[SessionSeen, ...] = ()
    turns: list[TurnSeen] = field(default_factory=list)
    items: list[FinalItem] = field(default_factory=list)
    positions: tuple[PullPosition, ...] = ()
    audit: tuple[AuditNote, ...] = ()
    sweep: bool = False
    bytes_count: int = 0

    def message(self, generation: int, n: int) -> KeepPulled:
        """It with its number."""
        return KeepPulled(
            generation=generation,
            n=n,
            sessions=self.sessions,
            turns=tuple(self.turns),
            items=tuple(self.items),
            positions=self.positions,
            audit=self.audit,
            sweep=self.sweep,
        )


@dataclass(slots=True)
class Round:
    """What is under way, from the first `thread/list` to the last page of turns."""

    scan: bool
    """Upstream looks into its rollout files, not only into its database."""
    whole: bool
    """Every thread is looked at, archived ones too; otherwise the list is read until nothing on a page is new."""
    since_ms: int
    archived: bool = False
    cursor: str | None = None
    listed: dict[str, ListedThread] = field(default_factory=dict)
    """The threads of the page whose positions are asked for."""
    seen: set[str] = field(default_factory=set)
    """Threads without an end that were listed in this round."""
    list_over: bool = False
    behind: deque[Behind] = field(default_factory=deque)
    limit: int = 8
    """Turns of the next page."""
    items: bool = True
    """False: the turn alone, because its items did not fit a line."""
    parcels: deque[Parcel] = field(default_factory=deque)
    requests: int = 0
    threads: int = 0
    turns: int = 0
    rereads: frozenset[str] = frozenset()
    """Threads that are read from their beginning, whatever is stored of them."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """What one page came to."""

    parcels: list[Parcel]
    over: bool
    """Nothing of the thread is left to ask for in this round."""
    unfinished: bool
    """Its last turn has no end yet: it is looked at again in the next round."""


def read_page(at: Behind, page: Page[PulledTurn], bytes_max: int, held: Held, now: Now) -> PageRead:
    """Turns that ended, with their items, cut into parcels of about `bytes_max`; moves `at` behind them."""
    turns, last_page = page.values, page.next_cursor is None
    known = next((n + 1 for n, turn in enumerate(turns) if turn.end.turn_id == at.last_turn_id), 0)
    parcels = [_first(at)]
    at.last_turn_id = turns[known - 1].end.turn_id if known else None
    unfinished = False
    for number, turn in enumerate(turns[known:], known + 1):
        newest = last_page and number == len(turns)
        if newest and _runs(turn, at.listed, held, now):
            unfinished = True
            break
        if not _inherited(turn, at.listed):
            if parcels[-1].bytes_count >= bytes_max:
                parcels[-1].positions = (_position(at, None),)
                parcels.append(Parcel())
            _take(turn, parcels[-1], now)
        if newest and _unproved(turn):
            break  # its process may yet write an end: the page is read again when the thread changes
        at.last_turn_id = turn.end.turn_id
    if not last_page:
        at.cursor, at.last_turn_id = page.next_cursor, None
    at.introduced = True
    recent = now.wall < (at.listed.updated_at_s + SETTLED_S) * 1000
    done = last_page and not unfinished and not recent
    parcels[-1].positions = (_position(at, at.listed.updated_at_s if done else None),)
    return PageRead(parcels, last_page, unfinished)


def _first(at: Behind) -> Parcel:
    if at.introduced:
        return Parcel()
    t = at.listed.thread
    seen = SessionSeen(
        session_id=t.thread_id, cwd=t.cwd, branch=t.branch, commit=t.commit, model=t.model, title=t.title,
        cli_version=t.cli_version, path=t.path, created_at_ms=t.created_at_ms,
    )  # fmt: skip
    return Parcel(sessions=(seen,))


def _position(at: Behind, updated_at_s: int | None) -> PullPosition:
    return PullPosition(
        session_id=at.session_id, cursor=at.cursor, last_turn_id=at.last_turn_id, updated_at_s=updated_at_s
    )


def _unproved(turn: PulledTurn) -> bool:
    return turn.end.status == "interrupted" and turn.end.completed_at_ms is None


def _runs(turn: PulledTurn, listed: ListedThread, held: Held, now: Now) -> bool:
    """Whether the newest turn of a thread still runs.

    A turn without an end on disk reads as `interrupted` with a null `completedAt`, whether its process was killed or
    is another one that runs it right now (codex 0.169, both watched). A process keeps a lock on every thread it has
    open, which a death frees; only where locks cannot be read, time has to tell.
    """
    if turn.end.status == "inProgress":
        return True
    if not _unproved(turn) or listed.loaded:
        return False
    found = held(listed.thread.thread_id)
    return now.wall - listed.updated_at_s * 1000 < QUIET_MS if found is None else found


def _inherited(turn: PulledTurn, listed: ListedThread) -> bool:
    """A fork lists the turns of its origin with their own ids (codex 0.169): they are stored with their own thread.

    `thread/list` never names the origin, not even where `thread/read` does. But ids begin with their time of birth
    (UUIDv7), so a turn that is older than its thread is not its own.
    """
    ids = turn.end.turn_id, listed.thread.thread_id
    return all(len(each) == UUID_CHARS and each[14] == "7" for each in ids) and ids[0][:13] < ids[1][:13]


def _take(turn: PulledTurn, parcel: Parcel, now: Now) -> None:
    end = turn.end
    parcel.items += [_final(item) for item in turn.items]
    parcel.bytes_count += sum(len(item.body) for item in turn.items)
    parcel.turns.append(
        TurnSeen(
            session_id=end.thread_id,
            turn_id=end.turn_id,
            status="interrupted" if end.status == "inProgress" else end.status,
            error=end.error,
            started_at_ms=end.started_at_ms,
            completed_at_ms=end.completed_at_ms,
            duration_ms=end.duration_ms,
            frames=1,
        )
    )
    if not turn.whole:
        text = f"turn {end.turn_id}: its items are larger than one line may be and were not pulled"
        note = AuditNote(kind="pull_too_large", subject=end.thread_id, text=text, at_ms=now.wall)
        parcel.audit = (*parcel.audit, note)


def _final(item: ItemCompleted) -> FinalItem:
    return FinalItem(
        session_id=item.thread_id,
        turn_id=item.turn_id,
        item_id=item.item_id,
        kind=item.kind,
        status=item.status,
        started_at_ms=item.started_at_ms,
        completed_at_ms=item.completed_at_ms,
        body=item.body,
    )
