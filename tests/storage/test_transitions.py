from __future__ import annotations

from messages.records import KeepTransitions
from storage.store import Store
from tests.storage.story import HIDDEN, SECRET, open_store, rows, step


def test_transitions_are_kept_once_and_in_order(store: Store) -> None:
    def keep(*seqs: int) -> int:
        return store.keep_transitions(KeepTransitions(transitions=tuple(map(step, seqs)))).through_seq

    assert keep(1, 2) == 2
    assert keep(2, 1, 3) == 3
    assert keep(5) == 3
    assert keep(4, 5) == 5
    assert rows(store, "SELECT seq FROM transitions ORDER BY id") == [(1,), (2,), (3,), (4,), (5,)]


def test_transitions_of_another_run_count_anew(place: str) -> None:
    for run in ("r1", "r2"):
        store = open_store(place, run)
        assert store.keep_transitions(KeepTransitions(transitions=(step(1),))).through_seq == 1
        store.close()


def test_words_of_a_transition_are_redacted(store: Store) -> None:
    store.keep_transitions(KeepTransitions(transitions=(step(1, f"because of {SECRET}"),)))
    assert rows(store, "SELECT cause FROM transitions") == [(f"because of {HIDDEN}",)]
