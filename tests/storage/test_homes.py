"""A turn that several sessions have lives with the one that ran it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from actors.wire.rollout_state import RolloutState
from actors.wire.transcript_state import TranscriptState
from messages.records import FinalItem
from storage.reader import Reader
from tests.actors.wire.file_house import FIXTURES, ROLLOUTS, TRANSCRIPTS, read_cut, rollout, transcript
from tests.storage.conftest import Places
from tests.storage.story import Files, canonical_rows, message, open_store, response, rows, thread, turn

SHARED = "93b7707d-d417-4bb2-93cf-28004845562d"
OWN = "4f6bb846-7647-490d-ab5d-9bddea151485"
HOMES = """SELECT t.turn_id, s.session_id FROM turns t JOIN sessions s ON s.id = t.session_row ORDER BY t.turn_id"""


def of(session: str, turn_id: str, item_id: str) -> FinalItem:
    return message(item_id, session=session, turn=turn_id)


def tell_origin(files: Files) -> None:
    files.send(
        sessions=[thread("origin", created_at_ms=5)],
        turns=[turn("completed", turn=SHARED, session="origin")],
        items=[of("origin", SHARED, "a"), of("origin", SHARED, "b")],
        usage=[response("r1", session="origin", turn=SHARED, input=7, output=2)],
    )


def tell_fork(files: Files) -> None:
    files.send(
        sessions=[thread("fork", created_at_ms=5, forked_from="origin")],
        turns=[turn("completed", turn=SHARED, session="fork"), turn("completed", turn=OWN, session="fork")],
        items=[of("fork", SHARED, "a"), of("fork", OWN, "c")],
        usage=[
            response("r1", session="fork", turn=SHARED, input=7, output=2),
            response("r2", session="fork", turn=OWN, input=9),
        ],
    )


def tell_fork_of_fork(files: Files) -> None:
    files.send(sessions=[thread("afork", created_at_ms=5, forked_from="fork")], items=[of("afork", SHARED, "a")])


def test_a_copied_turn_stays_with_its_origin_whichever_file_is_read_first(places: Places) -> None:
    found = []
    for order in itertools.permutations((tell_origin, tell_fork, tell_fork_of_fork)):
        store = open_store(places())
        files = Files(store, source="transcript", tool="claude")
        for tell in order:
            tell(files)
        assert rows(store, HOMES) == [(OWN, "fork"), (SHARED, "origin")]
        assert rows(store, "SELECT count(*) FROM items") == [(3,)]
        assert rows(store, "SELECT response_id, input FROM response_usage ORDER BY response_id") == [
            ("r1", 7),
            ("r2", 9),
        ]
        found.append(canonical_rows(store))
        store.close()
    assert all(each == found[0] for each in found)


def test_a_copy_whose_origin_is_not_known_is_kept(place: str) -> None:
    store = open_store(place)
    tell_fork(Files(store, source="transcript", tool="claude"))
    assert rows(store, HOMES) == [(OWN, "fork"), (SHARED, "fork")]
    store.close()


def test_without_a_word_about_forks_the_older_session_has_the_turn(places: Places) -> None:
    for order in (("old", "new"), ("new", "old")):
        store = open_store(places())
        files = Files(store)
        for name in order:
            files.send(items=[of(name, SHARED, "a")])
            files.send(sessions=[thread(name, created_at_ms={"old": 3, "new": 8}[name])])
        assert rows(store, HOMES) == [(SHARED, "old")]
        store.close()


def test_a_turn_id_that_is_not_unique_is_one_turn_per_session(place: str) -> None:
    store = open_store(place)
    Files(store).send(items=[of("s1", "1", "a"), of("s2", "1", "a")])
    assert rows(store, HOMES) == [("1", "s1"), ("1", "s2")]
    store.close()


def from_files(folder: Path, paths: Iterable[Path]) -> tuple[Any, Any]:
    """What recorded files of the real programs come to, read in this order."""
    store = open_store(folder)
    senders = {"rollout": Files(store), "transcript": Files(store, "transcript", "claude")}
    for path in paths:
        data = path.read_bytes()
        if "rollouts" in path.parts:
            source, got = "rollout", read_cut(rollout, RolloutState(), data, [])
        else:
            source, got = "transcript", read_cut(transcript, TranscriptState(), data, [])
        kinds = {name: getattr(got, name) for name in ("sessions", "turns", "items", "usage", "audit")}
        senders[source].send(received=got.received, counts=dict(got.counts), **kinds)
    assert store.ledger().balanced
    found = canonical_rows(store)
    with Reader(folder / "capture.sqlite3") as reader:
        spent = {each["session_id"]: reader.session(each["session_id"]) for each in reader.sessions()}
    store.close()
    return found, {name: each and each["usage"] for name, each in spent.items()}


def test_recorded_files_give_the_same_rows_in_either_order_and_twice(tmp_path: Path) -> None:
    paths = [*ROLLOUTS, *TRANSCRIPTS]
    forward, spent = from_files(tmp_path / "forward", paths)
    backward, spent_backward = from_files(tmp_path / "backward", paths[::-1])
    for table, found in forward.items():
        assert found == backward[table], table
    assert spent == spent_backward
    twice, spent_twice = from_files(tmp_path / "twice", [*paths, *paths])
    assert (twice, spent_twice) == (forward, spent)


def test_recorded_forks_add_their_own_turns_only(tmp_path: Path) -> None:
    fork, origin = (FIXTURES / "transcripts" / f"{name}.jsonl" for name in ("fork", "tools"))
    alone, spent_alone = from_files(tmp_path / "alone", [origin])
    both, spent = from_files(tmp_path / "both", [fork, origin])
    (origin_id,) = spent_alone
    assert spent[origin_id] == spent_alone[origin_id]
    homes = {row[0] for row in both["turns"]}
    assert homes == set(spent)
    assert len(both["items"]) == len(alone["items"]) + 2
    assert [row for row in both["items"] if row[0] == origin_id] == alone["items"]


def test_a_turn_is_looked_for_by_its_name_and_not_in_every_session(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        asked: list[str] = []
        connection = store._database.connection()
        connection.set_trace_callback(asked.append)
        tell_origin(Files(store))
        connection.set_trace_callback(None)
        sql = next(each for each in asked if each.startswith("SELECT t.id, t.session_row"))
        steps = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert [step.split("(")[1] for step in steps] == ["turn_id=?)", "rowid=?)"]
