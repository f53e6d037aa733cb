"""Each command that wants a thread read again gets one answer, whatever becomes of the thread."""

from __future__ import annotations

from actors.machines.effects import NOTHING
from actors.machines.rereads import THREADS_MAX, Rereads, done
from tests.actors.machines.catchup_house import Thread, World, turn


def test_several_commands_want_one_thread_and_each_is_answered() -> None:
    rereads = Rereads()
    assert rereads.want("a", "c1") == rereads.want("a", "c2") == NOTHING
    rereads.last_page = "a"
    assert rereads.kept() == (done("c1", "read again", ok=True), done("c2", "read again", ok=True))
    assert rereads == Rereads()


def test_what_becomes_durable_without_a_last_page_answers_nobody() -> None:
    rereads = Rereads()
    rereads.want("a", "c1")
    assert rereads.kept() == NOTHING
    assert list(rereads.commands) == ["a"]


def test_one_thread_too_many_is_refused_and_a_known_one_is_not() -> None:
    rereads = Rereads()
    for number in range(THREADS_MAX):
        assert rereads.want(f"t{number}", f"c{number}") == NOTHING
    [refused] = rereads.want("one more", "c99")
    assert refused == done("c99", "too many threads are read again already: try again")
    assert "one more" not in rereads.commands
    assert rereads.want("t0", "c100") == NOTHING


def test_a_failure_answers_those_who_wanted_its_threads_and_nobody_else() -> None:
    rereads = Rereads()
    rereads.want("a", "c1")
    rereads.want("b", "c2")
    assert rereads.failed(["a", "nobody wants it"], "why") == (done("c1", "why"),)
    rereads.last_page = "b"
    assert rereads.ended("over") == (done("c2", "over"),)
    assert rereads == Rereads()


# With the machine that reads them.


def test_a_thread_that_is_stored_is_read_again_from_its_beginning() -> None:
    world = World(Thread("a", [turn("u1"), turn("u2")]), Thread("b", [turn("u3")])).start()
    stored = len(world.turns)
    world.want("a").later(0)
    assert world.turns[stored:] == [("a", "u1", "completed"), ("a", "u2", "completed")]
    assert world.done == [("c1", True, "read again")]


def test_a_thread_that_is_not_there_or_cannot_be_read_is_told() -> None:
    world = World(Thread("a", [turn("u1")])).start()
    world.want("x").later(0)
    assert world.done == [("c1", False, "the app-server's history has no such thread")]
    world.threads["a"].refuses = True
    world.want("a", "c2").later(0)
    world.later(0)
    assert world.done[1:] == [("c2", False, "the app-server cannot read this thread: see the audit")]


def test_without_an_app_server_nothing_is_read_again() -> None:
    world = World(Thread("a", [turn("u1")]))
    assert world.want("a").done == [("c1", False, "no app-server is ready: try again")]
    world.start()
    world.stuck = True
    world.want("a", "c2")
    world.do(world.machine.ended())
    assert world.run().done[1:] == [("c2", False, "the app-server ended meanwhile: try again")]
