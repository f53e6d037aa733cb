"""What happens to each record of a message, whichever source sent it. Runs inside the caller's transaction.

Sessions first, then turns, then items, then the results of turns that ended: a turn may end in the same message as its
last item. Every record is a decision with a reason, never an exception.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from messages.baseline import EventSeen, ResponseUsage
from messages.records import FinalItem, ItemStored, SessionSeen, StageLoss, TurnSeen, TurnStored
from storage.audit import Audit, DecisionLog
from storage.cleaning import ERROR_TEXT, Cleaner, cut
from storage.events import Events
from storage.identity import ID_CHARS_MAX, Malformed, Place
from storage.items import Items, KeptItem
from storage.links import Links
from storage.responses import Responses
from storage.sessions import Sessions
from storage.tombstones import DISPOSITION as PURGED
from storage.tombstones import Tombstones
from storage.turns import Turns

Announced = ItemStored | TurnStored

Kind = TypeVar("Kind", ResponseUsage, EventSeen)


class Records(Protocol):
    """What every message with records has."""

    @property
    def sessions(self) -> Sequence[SessionSeen]: ...
    @property
    def turns(self) -> Sequence[TurnSeen]: ...
    @property
    def items(self) -> Sequence[FinalItem]: ...


class Keeping:
    """The canonical rows, their log and their audit, together."""

    def __init__(
        self,
        cleaner: Cleaner,
        audit: Audit,
        decisions: DecisionLog,
        sessions: Sessions,
        turns: Turns,
        items: Items,
        responses: Responses,
        links: Links,
        events: Events,
        tombstones: Tombstones,
    ) -> None:
        self._cleaner = cleaner
        self._audit = audit
        self._decisions = decisions
        self._sessions = sessions
        self._turns = turns
        self._items = items
        self._responses = responses
        self._links = links
        self._events = events
        self._tombstones = tombstones

    def keep(self, records: Records, place: Place, tally: Counter[str]) -> list[Announced]:
        """Keep sessions, turns and items; gives what to announce once it is durable."""
        announce: list[Announced] = []
        for session in records.sessions:
            self._see_session(session, place, tally)
        ended = [(turn, row) for turn in records.turns if (row := self._see_turn(turn, place, tally)) is not None]
        unsettled = {row for _, row in ended}
        for item in records.items:
            kept = self._keep_item(item, place, tally)
            if kept.decision in ("accepted", "replaced"):
                announce.append(_item_stored(item, kept.decision))
            if kept.turn_row is not None and item.kind == "agentMessage":
                unsettled.add(kept.turn_row)
        unsettled |= self._items.settle()
        for row in sorted(unsettled):
            self._turns.settle(row)
        announce.extend(self._turns.stored(turn, row) for turn, row in ended)
        self._links.settle()
        self._decisions.settle()
        return announce

    def keep_usage(self, responses: Iterable[ResponseUsage], place: Place, tally: Counter[str]) -> None:
        """Keep what model responses used."""
        for response in self._unpurged(responses, place, tally):
            try:
                changed = self._responses.keep(response, place)
            except Malformed as error:
                self._drop(place, tally, response.frames, response.session_id, f"usage: {error}")
            else:
                tally["stored" if changed else "duplicate"] += response.frames

    def keep_events(self, events: Iterable[EventSeen], place: Place, tally: Counter[str]) -> None:
        """Keep telemetry records."""
        kept = self._events.keep(self._unpurged(events, place, tally), place)
        tally["stored"] += kept.stored
        tally["duplicate"] += kept.duplicate
        for event, why in kept.malformed:
            self._drop(place, tally, event.frames, event.session_id, f"event: {why}")

    def _unpurged(self, records: Iterable[Kind], place: Place, tally: Counter[str]) -> list[Kind]:
        """Those that are not from before a purge; the others are counted."""
        left = []
        for record in records:
            if self._tombstones.refuse(place, record.session_id, record.turn_id, record.at_ms):
                tally[PURGED] += record.frames
            else:
                left.append(record)
        return left

    def sweep(self, place: Place) -> list[Announced]:
        """End what nobody will end any more, each with its audit row."""
        told: list[Announced] = []
        for session_id, turn_id, row in self._turns.sweep(place):
            self._turns.settle(row)
            self._decisions.write(place, (session_id, turn_id, None), "turn", "accepted", "its process is gone", None)
            text = f"thread {session_id}: its process is gone and wrote no end"
            self._audit.say(place.at_ms, "turn_lost", turn_id, text)
            seen = TurnSeen(session_id=session_id, turn_id=turn_id, status="interrupted")
            told.append(self._turns.stored(seen, row))
        self._decisions.settle()
        return told

    def _see_session(self, seen: SessionSeen, place: Place, tally: Counter[str]) -> None:
        if self._tombstones.refuse(place, seen.session_id, None, seen.at_ms):
            tally[PURGED] += seen.frames
            return
        try:
            change = self._sessions.see(seen, place)
        except Malformed as error:
            self._drop(place, tally, seen.frames, seen.session_id, f"session: {error}")
            return
        tally["stored" if change.changed else "duplicate"] += seen.frames
        if change.descent:
            self._turns.resettle(change.row)

    def _see_turn(self, seen: TurnSeen, place: Place, tally: Counter[str]) -> int | None:
        """The turn's row when it ended with this."""
        at_ms = seen.completed_at_ms or seen.started_at_ms
        if self._tombstones.refuse(place, seen.session_id, seen.turn_id, at_ms):
            tally[PURGED] += seen.frames
            return None
        try:
            change = self._turns.see(seen, place)
        except Malformed as error:
            self._drop(place, tally, seen.frames, seen.turn_id, f"turn: {error}")
            return None
        tally["stored" if change.changed else "duplicate"] += seen.frames
        key = (seen.session_id, seen.turn_id, None)
        if change.ended:
            self._decisions.write(place, key, "turn", "accepted", f"ended as {seen.status}", None)
            return change.row
        if change.refused:
            self._decisions.write(place, key, "turn", "duplicate", change.refused, None)
        return None

    def _keep_item(self, item: FinalItem, place: Place, tally: Counter[str]) -> KeptItem:
        at_ms = item.completed_at_ms or item.started_at_ms
        if self._tombstones.refuse(place, item.session_id, item.turn_id, at_ms):
            kept = KeptItem("dropped", PURGED, "it was purged", None, None)
        else:
            kept = self._items.keep(item, place)
        if kept.item_row is not None:
            assert kept.turn_row is not None, "both are set together"
            self._links.see(kept.item_row, kept.turn_row, item.kind, kept.shows, new=kept.decision == "accepted")
        key = (cut(item.session_id, ID_CHARS_MAX), cut(item.turn_id, ID_CHARS_MAX), cut(item.item_id, ID_CHARS_MAX))
        kind = self._cleaner.word(item.kind)
        self._decisions.write(place, key, kind, kept.decision, kept.reason, kept.revision)
        tally[kept.disposition] += item.frames
        # What an item absorbs shares its fate: deltas of an item that could not be stored are not merged into anything.
        tally[kept.disposition if kept.decision == "dropped" else "merged"] += item.merged_frames
        if kept.disposition != PURGED and (kept.decision == "dropped" or kept.redaction_failed):
            what = "item_dropped" if kept.decision == "dropped" else "redaction_failed"
            about = _loss(item, kind, kept.disposition)
            reason = kept.reason if kept.decision == "dropped" else f"redaction failed; {ERROR_TEXT} stands for it"
            self._audit.item(place, what, f"{kind}: {reason}", about)
        return kept

    def _drop(self, place: Place, tally: Counter[str], frames: int, subject: str, text: str) -> None:
        tally["dropped:malformed"] += frames
        self._audit.say(place.at_ms, "record_dropped", subject, text)


def _item_stored(item: FinalItem, decision: str) -> ItemStored:
    return ItemStored(
        session_id=item.session_id,
        turn_id=item.turn_id,
        item_id=item.item_id,
        kind=item.kind,
        decision=decision,
        completed_at_ms=item.completed_at_ms,
    )


def _loss(item: FinalItem, kind: str, reason: str) -> StageLoss:
    return StageLoss(
        session_id=cut(item.session_id, ID_CHARS_MAX),
        turn_id=cut(item.turn_id, ID_CHARS_MAX),
        item_id=cut(item.item_id, ID_CHARS_MAX),
        kind=kind,
        frames=item.frames + item.merged_frames,
        bytes_count=len(item.body.encode()),
        reason=reason,
    )
