"""Who is believed, and that nothing depends on who comes first."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messages.records import Source
from storage.precedence import NAMES, RANKS, comes_before, rank
from storage.reader import Reader
from storage.store import Store
from tests.storage.story import (
    MEMORY,
    Files,
    Stream,
    canonical_rows,
    event,
    message,
    open_store,
    response,
    thread,
    turn,
)
from tests.storage.test_pulls import Pull


def test_every_source_has_a_rank_and_a_name() -> None:
    assert set(RANKS) == set(NAMES) == set(get_args(Source))


def test_the_stream_is_believed_before_history_files_and_telemetry() -> None:
    order = sorted(("otlp", "rollout", "stream", "pull"), key=rank, reverse=True)
    assert order == ["stream", "pull", "rollout", "otlp"]
    assert rank(None) == rank("") == 0


def test_the_reason_names_both() -> None:
    assert comes_before("stream", "otlp") == "the live stream comes before telemetry"


# Whatever comes in whichever order, in whichever pieces and however often, the rows are the same.

ORIGIN, FORK = "01a20000-0000-7000-8000-000000000001", "01a20009-0000-7000-8000-000000000002"
FIRST, SECOND = "01a20001-0000-7000-8000-000000000003", "01a20002-0000-7000-8000-000000000004"
OWN = "01a2000a-0000-7000-8000-000000000005"
Record = tuple[str, Any]
"""The field of the message that a record stands in, and the record."""


def said(source: str, turn_id: str, number: int, session: str = ORIGIN) -> list[Record]:
    """What a source says of an item: in the files a call comes before its result."""
    at = int(turn_id[-1]) * 1_000 + number * 10
    word = "the same" if number == 2 else source
    fields = {"turn": turn_id, "session": session, "started_at_ms": at, "completed_at_ms": at + 1}
    done = ("items", message(f"i{number}", f"{word} says {number}", status="completed", **fields))
    if source in ("stream", "pull") or number % 2:
        return [done]
    return [("items", message(f"i{number}", f"call {number}", status="inProgress", **fields)), done]


def ending(turn_id: str, session: str = ORIGIN, **fields: Any) -> Record:
    return ("turns", turn("completed", turn=turn_id, session=session, completed_at_ms=9_000, **fields))


def used(number: int, turn_id: str | None, session: str = ORIGIN, **fields: Any) -> Record:
    return ("usage", response(f"resp_{number}", session=session, turn=turn_id, input=number, output=1, **fields))


def records_of(source: str, missing: frozenset[int]) -> list[Record]:
    """What a source has to tell, in its order; it has lost the items in `missing`."""
    if source == "otlp":
        told = [("events", event(f"e{n}", "tool_result", session=ORIGIN, call_id=f"i{n}")) for n in (1, 2)]
        return [*told, used(1, None, at_ms=5), used(3, FIRST, cost_usd_micros=7)]
    if source == "fork":
        copied = [record for n in (1, 2) for record in said("rollout", FIRST, n, FORK)]
        own = [record for n in (1, 2) if n not in missing for record in said("rollout", OWN, n, FORK)]
        facts = ("sessions", thread(FORK, created_at_ms=9, forked_from=ORIGIN, model="m3", at_ms=30))
        return [facts, *copied, used(1, FIRST, FORK), ending(FIRST, FORK), *own, used(9, OWN, FORK), ending(OWN, FORK)]
    found: list[Record] = []
    if source != "pull":
        more = {"at_ms": 20} if source == "rollout" else {}
        found.append(("sessions", thread(ORIGIN, cwd=f"/{source}", model=f"of the {source}", created_at_ms=3, **more)))
    for number, turn_id in enumerate((FIRST, SECOND), 1):
        if source != "pull":
            found.append(("turns", turn("inProgress", turn=turn_id, session=ORIGIN, started_at_ms=number)))
        found += [each for n in (1, 2, 3, 4) if n not in missing for each in said(source, turn_id, n)]
        if source == "rollout":
            found.append(used(number, turn_id))
        if source == "stream":
            found.append(("turns", turn(turn=turn_id, session=ORIGIN, usage={"input": number, "total": 9})))
        found.append(ending(turn_id, error=f"as the {source} says", duration_ms=len(source)))
    return found


class Teller:
    """One telling of what a source has to tell, in pieces."""

    def __init__(self, store: Store, source: str, number: int, pieces: list[list[Record]]) -> None:
        self._pieces = pieces
        self._sender: Any
        if source == "stream":
            self._sender = Stream(store, generation=number)
        elif source == "pull":
            self._sender = Pull(store, generation=number)
        else:
            self._sender = Files(store, "otlp" if source == "otlp" else "rollout", incarnation=number)
        self._last: Any = None

    def tell(self, again: bool) -> None:
        """The next piece; `again`: the message before comes once more, too."""
        sender = self._sender
        if not self._pieces:
            return
        fields: dict[str, list[Any]] = {}
        for name, record in self._pieces.pop(0):
            fields.setdefault(name, []).append(record)
        if isinstance(sender, Stream):
            checkpoint = sender.checkpoint(sum(each.frames for every in fields.values() for each in every), **fields)
            sender.through = sender.store.keep_checkpoint(checkpoint, 1).reply.through_seq
            keep, self._last = sender.store.keep_checkpoint, checkpoint
        else:
            given = sender.message(**fields)
            keep = sender.store.keep_pulled if isinstance(sender, Pull) else sender.store.keep_records
            keep(given, 1)
            self._last = given
        if again:
            keep(self._last, 1)


Told = list[tuple[str, list[list[Record]]]]
Telling = tuple[dict[str, frozenset[int]], Told, list[int], list[bool]]
SOURCES = ("stream", "pull", "rollout", "fork", "otlp")


@st.composite
def tellings(draw: st.DrawFn) -> Telling:
    """What each source lost; every source told one to two times, in pieces; and in which order the pieces come."""
    lost = {name: frozenset(draw(st.sets(st.sampled_from((1, 3, 4)), max_size=2))) for name in SOURCES}
    lost["rollout"] -= {1}  # the fork copied it from there
    told = []
    for name in SOURCES:
        for _ in range(draw(st.integers(1, 2))):
            records = records_of(name, lost[name])
            cuts = sorted(draw(st.sets(st.integers(1, len(records) - 1), max_size=3)))
            told.append((name, [records[a:b] for a, b in itertools.pairwise([0, *cuts, len(records)])]))
    turns = [number for number, (_, pieces) in enumerate(told) for _ in pieces]
    order = draw(st.permutations(turns))
    return lost, told, list(order), draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))


def kept(told: Told, order: list[int], again: list[bool]) -> tuple[Any, Any]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        store = open_store(Path(folder))
        tellers = [Teller(store, name, number, list(pieces)) for number, (name, pieces) in enumerate(told, 1)]
        for number, twice in zip(order, again, strict=True):
            tellers[number].tell(twice)
        assert store.ledger().balanced
        found = canonical_rows(store)
        with Reader(Path(folder) / "capture.sqlite3") as reader:
            spent = [reader.session(each, bodies=False) for each in (ORIGIN, FORK)]
        store.close()
        return found, [each and (each["usage"], [turn["usage"] for turn in each["turns"]]) for each in spent]


@given(tellings())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_cut_and_repetition_of_all_sources_gives_the_same_rows(
    telling: Telling,
) -> None:
    lost, told, order, again = telling
    calm = [(name, [records_of(name, lost[name])]) for name in SOURCES]
    expected = kept(calm, list(range(len(calm))), [False] * len(calm))
    found = kept(told, order, again)
    for table, rows_found in found[0].items():
        assert rows_found == expected[0][table], table
    assert found[1] == expected[1]
