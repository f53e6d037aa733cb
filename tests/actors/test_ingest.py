"""What ingest does when its store is not what it was, and with what it has to say itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import ingest
from actors.ingest import IngestActor
from messages.records import (
    BaselineProbed,
    CheckpointKept,
    CheckpointRefused,
    KeepAudit,
    KeepCheckpoint,
    StageOpened,
    StageReset,
    StoreSetAside,
)
from storage.errors import StoreUnavailable
from tests.actors.actor_house import ActorHouse, settings_in

Started = Callable[..., ActorHouse]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """`started(incarnation, settings…)`: an ingest on the store of this folder; its file is given back at the end."""
    monkeypatch.setattr("actors.lifeline.die_with_parent", lambda *_: False)
    houses: list[ActorHouse] = []

    def start(incarnation: int = 1, **given: Any) -> ActorHouse:
        houses.append(ActorHouse(IngestActor, settings_in(tmp_path, **given), incarnation))
        return houses[-1]

    yield start
    for house in houses:
        died(house)


def died(house: ActorHouse) -> None:
    """Its process is gone, and its hold on the file with it."""
    store = house.actor.open_store  # type: ignore[attr-defined]  # the actor is an ingest
    if store is not None:
        store.close()


def audit(folder: Path, kind: str) -> list[tuple[str, str]]:
    with sqlite3.connect(f"file:{folder / 'capture.sqlite3'}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT subject, text FROM audit WHERE kind = ?", (kind,)).fetchall()


def checkpoint(first_seq: int, last_seq: int) -> KeepCheckpoint:
    counts = {"control": last_seq - first_seq + 1}
    return KeepCheckpoint(generation=1, stager=1, first_seq=first_seq, last_seq=last_seq, counts=counts)


def test_what_it_refuses_is_in_the_audit_once_and_it_says_nothing_to_itself(started: Started, tmp_path: Path) -> None:
    house = started()
    house.hear(checkpoint(1, 1), "auth")
    assert house.sent(KeepAudit) == []
    assert audit(tmp_path, "message_refused") == [("auth -> ingest", "KeepCheckpoint: auth may not say this to ingest")]


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(started: Started, tmp_path: Path) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("")
    house = started(database=str(in_the_way / "capture.sqlite3"))
    house.woke("probe")
    assert [probed.healthy for probed in house.sent(BaselineProbed)] == [False]
    in_the_way.unlink()
    house.woke("probe")
    assert [probed.healthy for probed in house.sent(BaselineProbed)] == [False, True]


def test_whether_the_store_was_set_aside_in_this_run_is_looked_at_until_it_is_known(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | StoreUnavailable] = [StoreUnavailable("locked", "wait"), "it was damaged"]

    def look(place: str, run_id: str) -> str:
        said = told.pop(0)
        if isinstance(said, StoreUnavailable):
            raise said
        return said

    monkeypatch.setattr(ingest, "set_aside_by", look)
    house = started(incarnation=2)
    house.hear(StageOpened(generation=1, stager=1), "stager")
    assert house.sent(StageReset) == []
    house.woke("probe")
    assert [aside.text for aside in house.sent(StoreSetAside, "supervisor")] == ["it was damaged"]


def test_a_store_that_knows_less_than_was_stored_begins_a_new_run(started: Started, tmp_path: Path) -> None:
    first = started()
    first.hear(StageOpened(generation=1, stager=1), "stager")
    first.hear(checkpoint(1, 3), "stager")
    assert [kept.through_seq for kept in first.sent(CheckpointKept)] == [3]
    died(first)
    (tmp_path / "capture.sqlite3").unlink()

    second = started(incarnation=2)
    second.hear(checkpoint(4, 5), "stager")
    assert [refused.code for refused in second.sent(CheckpointRefused)] == ["not_opened"]
    second.hear(StageOpened(generation=1, stager=1), "stager")
    assert [reset.through_seq for reset in second.sent(StageReset)] == [0]
    assert second.sent(StoreSetAside) == []
    second.forget()
    second.hear(checkpoint(4, 5), "stager")
    (aside,) = second.sent(StoreSetAside, "supervisor")
    assert "frame 1 comes next, not 4" in aside.text
    assert second.sent(CheckpointRefused) == second.sent(CheckpointKept) == []
    assert audit(tmp_path, "store_replaced") == [("store", aside.text)]
    second.hear(StageOpened(generation=2, stager=1), "stager")
    assert second.sent(StageReset) == [], "nothing more is kept in this run"
