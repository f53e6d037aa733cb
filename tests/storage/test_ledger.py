"""received = sum(dispositions) + staged, or an incident with a name."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.ledger import status
from storage.store import Store
from tests.storage.story import MEMORY, Stream, dispositions, loss, message, open_store, rows, staged, texts


def test_a_difference_is_an_incident_and_nothing_is_corrected(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(5, counts={"control": 3})
    told = store.ledger()
    assert (told.received, told.dispositions, told.balanced) == (5, {"control": 3}, False)
    assert texts(store) == [("ledger_difference", "received 5, settled 3, staged 0: 2 frames differ")]
    stream.send(1, counts={"control": 1})
    assert len(texts(store)) == 1, "the same difference is one incident"
    stream.send(1, counts={"control": 3})
    assert [kind for kind, _ in texts(store)] == ["ledger_difference", "ledger_balanced"]
    assert store.ledger().balanced
    store.close()


def test_two_differences_do_not_cancel_each_other_out(place: str) -> None:
    store = open_store(place)
    Stream(store).send(5, counts={"control": 4})
    Stream(store, generation=2).send(5, counts={"control": 6})
    assert store.ledger().received == sum(dispositions(store).values())
    assert not store.ledger().balanced
    assert [row.difference for row in store.ledger_rows()] == [1, -1]
    store.close()


def test_rows_are_per_generation_and_ready_for_json(place: str) -> None:
    store = open_store(place)
    Stream(store).send(3, items=[message("i1")], staged=[staged("i2", 2)])
    Stream(store, generation=2).send(1, counts={"control": 1}, closed=True)
    assert [row.as_dict() for row in store.ledger_rows()] == [
        {
            "run_id": "r1",
            "source": "stream",
            "generation": 1,
            "received": 3,
            "dispositions": {"stored": 1},
            "staged": 2,
            "through_seq": 3,
            "closed": False,
            "difference": 0,
            "balanced": True,
        },
        {
            "run_id": "r1",
            "source": "stream",
            "generation": 2,
            "received": 1,
            "dispositions": {"control": 1},
            "staged": 0,
            "through_seq": 1,
            "closed": True,
            "difference": 0,
            "balanced": True,
        },
    ]
    store.close()


def test_an_empty_ledger_is_balanced() -> None:
    assert status([]).balanced


STEP = st.tuples(st.sampled_from(["delta", "complete", "lose", "control", "restart"]), st.integers(1, 5))


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=20))
def test_whatever_a_stager_goes_through_the_books_balance(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory(dir=MEMORY) as folder:
        play(open_store(Path(folder)), steps)


def play(store: Store, steps: list[tuple[str, int]]) -> None:
    stream = Stream(store)
    opened: dict[str, int] = {}
    for number, (what, frames) in enumerate(steps):
        name = f"i{number % 3}"
        held = [staged(each, count) for each, count in opened.items()]
        if what == "delta":
            opened[name] = opened.get(name, 0) + frames
            stream.send(frames, staged=[staged(each, count) for each, count in opened.items()])
        elif what == "complete":
            merged = opened.pop(name, 0)
            held = [staged(each, count) for each, count in opened.items()]
            stream.send(1, items=[message(name, f"text {frames}", merged_frames=merged)], staged=held)
        elif what == "lose":
            gone = [loss(name, opened.pop(name), "superseded")] if name in opened else []
            held = [staged(each, count) for each, count in opened.items()]
            stream.send(frames, counts={"control": frames}, losses=gone, staged=held)
        elif what == "control":
            stream.send(frames, counts={"control": frames}, staged=held)
        else:
            stream = Stream(store, stager=stream.stager + 1)
            opened.clear()
        assert store.ledger().balanced, steps
    assert rows(store, "SELECT count(*) FROM audit WHERE kind = 'ledger_difference'") == [(0,)]
    store.close()
