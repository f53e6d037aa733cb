"""What a page of turns comes to: parcels of a bounded size that never cut a turn."""

from __future__ import annotations

from actors.machines.round import Behind, read_page
from actors.machines.standing import Now
from actors.wire.replies import ListedThread, Page, PulledTurn, threads_of, turns_of
from tests.actors.machines.catchup_house import START_S, Thread, turn

LATER = Now(mono=0, wall=(START_S + 100) * 1000)


def behind(*, introduced: bool = False) -> Behind:
    listed = threads_of({"data": [Thread("a").as_listed()]})
    assert isinstance(listed, Page)
    [one] = listed.values
    assert isinstance(one, ListedThread)
    return Behind(one, introduced=introduced)


def page(*turns: object, cursor: str | None = None) -> Page[PulledTurn]:
    read = turns_of("a", {"data": list(turns), "nextCursor": cursor})
    assert isinstance(read, Page)
    return read


def test_a_page_is_cut_between_turns_and_every_cut_has_its_position() -> None:
    at = behind()
    turns = [turn(f"u{n}", items=2, text="x" * 600) for n in range(4)]
    read = read_page(at, page(*turns), 1_000, lambda _: False, LATER)
    assert [[each.turn_id for each in parcel.turns] for parcel in read.parcels] == [["u0"], ["u1"], ["u2"], ["u3"]]
    assert [parcel.positions[0].last_turn_id for parcel in read.parcels] == ["u0", "u1", "u2", "u3"]
    assert [parcel.positions[0].updated_at_s for parcel in read.parcels] == [None, None, None, START_S]
    assert [len(parcel.sessions) for parcel in read.parcels] == [1, 0, 0, 0]


def test_a_page_before_the_last_moves_to_the_next() -> None:
    at = behind()
    read = read_page(at, page(turn("u0"), cursor="8"), 1_000, lambda _: False, LATER)
    assert (read.over, at.cursor, at.last_turn_id) == (False, "8", None)
    read = read_page(at, page(), 1_000, lambda _: False, LATER)
    assert (read.over, at.cursor) == (True, "8")
    assert read.parcels[0].sessions == ()


def test_what_a_position_covers_is_not_read_again() -> None:
    at = behind()
    at.last_turn_id = "u0"
    read = read_page(at, page(turn("u0"), turn("u1")), 1_000, lambda _: False, LATER)
    assert [each.turn_id for each in read.parcels[0].turns] == ["u1"]
    at.last_turn_id = "not on this page"
    read = read_page(at, page(turn("u0"), turn("u1")), 1_000, lambda _: False, LATER)
    assert [each.turn_id for each in read.parcels[0].turns] == ["u0", "u1"]


def test_only_the_newest_turn_can_still_run() -> None:
    open_turn = turn("u0", "interrupted", end=False)
    read = read_page(behind(), page(open_turn, turn("u1")), 1_000, lambda _: True, LATER)
    assert [(each.turn_id, each.status) for each in read.parcels[0].turns] == [
        ("u0", "interrupted"),
        ("u1", "completed"),
    ]
    read = read_page(behind(), page(open_turn), 1_000, lambda _: True, LATER)
    assert (read.unfinished, read.parcels[0].turns) == (True, [])
    read = read_page(behind(), page(open_turn, cursor="1"), 1_000, lambda _: True, LATER)
    assert not read.unfinished
