"""What a person's order starts: the stream parts that were given up, with a clean slate, and nothing else."""

from __future__ import annotations

from actors.machines import process as life
from actors.machines.children import live, start_actor, start_given_up
from actors.machines.effects import Start
from actors.machines.restarts import RestartWindow
from actors.machines.standing import Kid, Now, Supervision
from tests.actors.machines.tree_house import tree_settings

NOW = Now(5_000, 9)


def test_a_start_is_a_new_incarnation_without_a_past() -> None:
    machine = Supervision(tree_settings())
    machine.kids["auth"] = Kid(state="crash_loop", incarnation=3, pid=7, epoch=2, asked_ms=1)
    assert start_actor(machine, "auth", NOW) == [Start("auth", 4)]
    kid = machine.kids["auth"]
    assert (kid.state, kid.pid, kid.epoch, kid.asked_ms, kid.since_ms) == ("starting", None, 3, None, 5_000)


def test_only_stream_parts_in_the_given_states_are_started_and_their_window_is_cleared() -> None:
    machine = Supervision(tree_settings())
    used = RestartWindow((1, 2))
    machine.kids |= {
        "ingest": Kid(state="crash_loop", window=used),
        "stager": Kid(state="backing_off", window=used),
        "auth": Kid(state="running", window=used),
        "facade": Kid(state="crash_loop", window=used),
    }
    started = start_given_up(machine, ("crash_loop", "backing_off"), NOW)
    assert [each.role for each in started if isinstance(each, Start)] == ["ingest", "stager"]
    assert [machine.kids[role].window for role in ("ingest", "stager")] == [RestartWindow()] * 2
    assert [machine.kids[role].window for role in ("auth", "facade")] == [used] * 2


def test_a_word_without_a_row_changes_nothing() -> None:
    machine = Supervision(tree_settings())
    before = machine.process
    assert live(machine, life.BackoffOver(before.epoch), NOW) == []
    assert machine.process == before
