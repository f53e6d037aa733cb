"""The history of messages of a real tree: one turn as a story, deaths in between, and nothing of what was said."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from actors.recording import FOLDER
from chaos.replaying import replay
from chaos.scripts import PLANTED_SECRETS
from storage.trace_reader import TraceReader
from tests.live.conftest import Build
from tests.live.house import PATIENCE_S, House

pytestmark = pytest.mark.live


CHAIN = {"ClientSaid", "TurnWanted", "CallDone", "FrameBatch", "KeepCheckpoint", "TurnStored"}


def story_of(house: House, turn: str) -> list[dict[str, Any]]:
    """The history of a stored turn, as soon as everybody has told its part: the first heartbeat after 2 s makes it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        with TraceReader(house.database) as reader:
            story = reader.turn(turn)
        names = {row["message_id"] for row in story}
        if {row["type"] for row in story} >= CHAIN and all(row["cause_id"] in names for row in story if row["hop"]):
            return story
        assert time.monotonic() < end, f"never whole: {[(row['type'], row['receiver']) for row in story]}"
        house.events.next(0.1)


def test_a_turn_is_one_story_from_the_wish_to_the_stored_end(house: House) -> None:
    turn = house.begin(house.thread(), "SCN:plain hello")
    house.stored(turn)
    story = story_of(house, turn)
    with TraceReader(house.database) as reader:
        assert reader.missed() == {}
    steps = [(row["sender"], row["type"], row["receiver"]) for row in story]
    asked = [("root", "ClientSaid", "facade"), ("facade", "TurnWanted", "sidecar"), ("sidecar", "CallDone", "facade")]
    heard = [
        ("root", "ClientSaid", "facade"),
        ("sidecar", "FrameBatch", "stager"),
        ("stager", "KeepCheckpoint", "ingest"),
        ("ingest", "TurnStored", "facade"),
    ]
    for chain in (asked, heard):
        places = [steps.index(step) for step in chain]
        assert places == sorted(places), steps
    assert ("pipe", "bytes", "sidecar") in steps, "the frames begin where they were read"
    by_name = {row["message_id"]: row for row in story}
    for row in story:
        if row["cause_id"]:
            cause = by_name[row["cause_id"]]
            assert (cause["receiver"], cause["hop"] + 1) == (row["sender"], row["hop"])
            assert cause["at_us"] <= row["sent_us"] <= row["at_us"], "one clock for all processes"
        assert row["queued_us"] >= 0
        assert row["handled_us"] >= 0
    end = next(row for row in story if row["type"] == "TurnStored")
    assert end["turn_ids"] == [turn]


def test_traces_go_on_when_ingest_dies_and_say_what_was_lost(house: House) -> None:
    thread = house.thread()
    house.stored(house.begin(thread, "SCN:plain one"))
    house.until_rows("SELECT incarnation FROM traces WHERE receiver = 'ingest'", bool)
    house.kill("ingest", signal.SIGKILL)
    turn = house.begin(thread, "SCN:plain two")
    house.stored(turn)
    # What others told while nobody was there to write it is lost, and counted; what the new ingest did is not.
    mine = f"receiver = 'ingest' AND type = 'KeepCheckpoint' AND sender = 'stager' AND turn_ids LIKE '%,{turn},%'"
    house.until_rows(f"SELECT 1 FROM traces WHERE incarnation = 2 AND {mine}", bool)
    with TraceReader(house.database) as reader:
        assert "KeepCheckpoint" in [row["type"] for row in reader.turn(turn)]
        assert all(count >= 1 for count in reader.missed().values())
        assert {row["incarnation"] for row in reader.rows(9_999) if row["receiver"] == "ingest"} == {1, 2}


def test_no_secret_of_a_turn_is_in_its_traces(house: House) -> None:
    turn = house.begin(house.thread(), "SCN:secret tell me")
    house.stored(turn)
    story_of(house, turn)
    kept = "".join(map(str, house.rows("SELECT * FROM traces")))
    assert not [secret for secret in PLANTED_SECRETS.values() if secret in kept]
    assert "tell me" not in kept


def test_the_answer_to_a_command_names_its_trace(house: House) -> None:
    answer = house.runtime.command({"command": "startThread"})
    with_trace = f"SELECT type FROM traces WHERE trace_id = '{answer['traceId']}' ORDER BY at_us"
    # Each part tells of what it heard with its own next heartbeat.
    rows = house.until_rows(with_trace, lambda rows: {("ThreadWanted",), ("CallDone",)} <= set(rows))
    assert rows[0] == ("ClientSaid",)


def test_without_traces_a_turn_leaves_none(build: Build) -> None:
    with build(traces=False) as house:
        house.active()
        house.turn(house.thread(), "SCN:plain hello")
    assert house.rows("SELECT count(*) FROM traces") == [(0,)]


def test_what_a_live_tree_decided_is_decided_again_and_holds_no_secret(build: Build) -> None:
    with build(record_decisions=True) as house:
        house.active()
        thread = house.thread()
        house.turn(thread, "SCN:secret tell me")
        house.turn(thread, "SCN:shell:approve go")
    made = sorted((house.runtime.state_dir / FOLDER).iterdir())
    machines = set()
    for path in made:
        assert path.stat().st_mode & 0o777 == 0o600
        said = path.read_text()
        assert not [secret for secret in PLANTED_SECRETS.values() if secret in said]
        assert "tell me" not in said
        if '"decided"' not in said:
            continue  # an actor whose decisions are not recorded
        with path.open("rb") as lines:
            found = replay(lines)
        assert found.difference is None, f"{path.name}: {found.difference}"
        assert not found.cut, path.name
        machines.add(path.name.split("-")[-2])
    assert machines == {"supervisor", "auth", "sidecar", "stager", "facade"}
