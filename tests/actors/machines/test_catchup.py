"""Stories of catching up, and the property that every turn that ended is handed over, whatever goes wrong meanwhile."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.machines.catchup import NEWS_LIMIT, OPEN_MAX, SCAN_EVERY, Failed, Road
from messages.pulls import PositionsTold, PulledKept
from tests.actors.machines.catchup_house import START_S, TIMING, Thread, World, turn


def titles(world: World) -> list[str | None]:
    return [each.title for message in world.handed for each in message.sessions]


# A round.


def test_the_first_round_pulls_what_was_never_stored_and_ends_with_the_sweep() -> None:
    world = World(Thread("a", [turn("u1"), turn("u2", "failed")]), Thread("b", [turn("u3")])).start()
    assert sorted(world.turns) == [("a", "u1", "completed"), ("a", "u2", "failed"), ("b", "u3", "completed")]
    assert [message.n for message in world.handed] == [1, 2, 3]
    assert [message.sweep for message in world.handed] == [False, False, True]
    assert (titles(world), world.notes) == (["hi", "hi"], ["caught_up"])
    assert world.machine.phase == "resting"


def test_a_round_without_news_is_one_small_list() -> None:
    world = World(Thread("a", [turn("u1")])).start()
    assert world.calls == ["thread:list", "turns:list", "thread:list"]  # the last one: archived threads
    world.later()
    [ask] = world.asked
    assert dict(ask.params) == {"cursor": None, "limit": NEWS_LIMIT, "archived": False, "scan": False}
    assert len(world.handed) == 2


def test_a_thread_that_changed_is_read_on_from_where_it_stood() -> None:
    thread = Thread("a", [turn("u1")])
    world = World(thread).start()
    thread.turns.append(turn("u2"))
    thread.updated_at_s += 5
    assert world.later().turns == [("a", "u1", "completed"), ("a", "u2", "completed")]


def test_a_new_generation_goes_on_from_the_stored_positions() -> None:
    world = World(Thread("a", [turn("u1")]), Thread("b", [turn("u2")])).start()
    world.machine.ended()
    world.threads["b"].turns.append(turn("u3"))
    world.threads["b"].updated_at_s += 5
    world.calls
    assert world.start(2).turns[2:] == [("b", "u3", "completed")]
    assert world.calls == ["thread:list", "turns:list", "thread:list"]
    assert world.handed[-1].sweep


def test_a_change_within_the_second_of_the_list_is_not_missed() -> None:
    thread = Thread("a", [turn("u1")])
    world = World(thread)
    thread.updated_at_s = world.now.wall // 1000
    world.start()
    thread.turns.append(turn("u2"))  # in the same second: upstream's time does not move
    assert world.later().turns[1:] == [("a", "u2", "completed")]
    world.later(2_000)
    world.calls
    world.later()
    assert world.calls == ["thread:list"]


def test_archived_threads_are_found_too() -> None:
    assert World(Thread("a", [turn("u1")], archived=True)).start().turns == [("a", "u1", "completed")]


def test_files_are_looked_into_once_in_a_while() -> None:
    world = World().start()
    for _ in range(SCAN_EVERY):
        world.later()
    assert [ask.params["scan"] for ask in world.asked].count(True) == 4  # twice, with the archived threads


def test_many_threads_come_in_pages() -> None:
    world = World(*(Thread(f"t{n:03}", [turn(f"u{n}")], updated_at_s=START_S + n % 7) for n in range(230))).start()
    assert len(set(world.turns)) == len(world.turns) == 230


def test_a_round_is_bounded_and_the_next_one_goes_on() -> None:
    world = World(*(Thread(f"t{n}", [turn(f"u{n}")]) for n in range(5)), pull_requests_max=3).start()
    assert len(world.turns) == 2
    for _ in range(4):
        world.later()
    assert len(set(world.turns)) == len(world.turns) == 5


# Pages.


def test_a_long_thread_comes_in_pages_and_its_position_moves_with_them() -> None:
    world = World(Thread("a", [turn(f"u{n:02}") for n in range(20)])).start()
    assert [name for _, name, _ in world.turns] == [f"u{n:02}" for n in range(20)]
    assert world.positions["a"].last_turn_id == "u19"
    assert world.positions["a"].cursor is not None


def test_pages_shrink_to_what_a_page_should_measure() -> None:
    turns = [turn(f"u{n:02}", text="x" * 3_000) for n in range(20)]
    world = World(Thread("a", turns), pull_page_bytes_max=4_096).start()
    limits = [ask.params["limit"] for ask in world.asked if ask.call == "thread/turns/list"]
    assert (limits[0], limits[1]) == (8, 1)
    assert all(sum(len(each.body) for each in message.items) < 3 * 4_096 for message in world.handed)
    assert len(world.turns) == 20


def test_a_page_too_long_for_a_line_is_asked_turn_by_turn_and_a_turn_too_long_gives_its_end() -> None:
    world = World(Thread("a", [turn("u1"), turn("u2", text="x" * 9_000), turn("u3")]))
    world.line_bytes_max = 5_000
    world.start()
    assert world.turns == [("a", "u1", "completed"), ("a", "u2", "completed"), ("a", "u3", "completed")]
    assert [each.turn_id for message in world.handed for each in message.items] == ["u1", "u3"]
    assert world.notes == ["pull_too_large", "caught_up"]


def test_a_cursor_that_upstream_forgot_begins_the_thread_again() -> None:
    thread = Thread("a", [turn(f"u{n:02}") for n in range(20)])
    world = World(thread).start()
    thread.turns, thread.updated_at_s = [turn("u00"), turn("new")], thread.updated_at_s + 1
    assert world.later().turns[20:] == [("a", "u00", "completed"), ("a", "new", "completed")]


def test_a_thread_that_cannot_be_read_does_not_stop_the_others() -> None:
    world = World(Thread("a", [turn("u1")], refuses=True), Thread("b", [turn("u2")])).start()
    assert world.turns == [("b", "u2", "completed")]
    assert world.notes == ["pull_failed", "caught_up"]


# Turns without an end.


def test_a_turn_that_runs_here_is_left_to_the_stream() -> None:
    thread = Thread("a", [turn("u1"), turn("u2", "inProgress", end=False)], loaded=True)
    world = World(thread).start().settle()
    assert world.turns == [("a", "u1", "completed")]
    thread.turns[1] = turn("u2")
    assert world.later().settle().turns[1:] == [("a", "u2", "completed")]


def test_a_turn_that_runs_elsewhere_is_not_called_interrupted() -> None:
    thread = Thread("a", [turn("u1", "interrupted", end=False)])
    world = World(thread)
    world.held = lambda thread_id: thread_id == "a"
    assert world.start().turns == []
    assert world.later().turns == []
    world.held = lambda _: False  # its process is gone, and nothing else changed
    assert world.later().turns == [("a", "u1", "interrupted")]
    thread.turns.append(turn("u2"))
    thread.updated_at_s += 5
    assert world.later().turns[-2:] == [("a", "u1", "interrupted"), ("a", "u2", "completed")]


def test_an_open_turn_is_looked_at_again_however_many_threads_changed_since() -> None:
    world = World(Thread("old", [turn("u1", "interrupted", end=False)]))
    world.held = lambda thread_id: thread_id == "old"
    world.start()
    for n in range(NEWS_LIMIT * 2):
        world.threads[f"t{n}"] = Thread(f"t{n}", [turn(f"v{n}")], updated_at_s=START_S + 50)
    world.later()
    world.held = lambda _: False
    assert ("old", "u1", "interrupted") in world.later().turns
    assert len(world.machine.open) <= OPEN_MAX


def test_where_locks_cannot_be_read_time_tells() -> None:
    world = World(Thread("a", [turn("u1", "interrupted", end=False)]))
    world.held = lambda _: None
    assert world.start().turns == []
    assert world.later(700_000).turns == [("a", "u1", "interrupted")]


def test_a_fork_gives_only_its_own_turns() -> None:
    def born(at: str) -> str:
        return f"01a20374-{at}-7722-997c-6b9ea3301d8a"

    origin, fork = Thread(born("0001"), [turn(born("0002"))]), Thread(born("0003"), [turn(born("0002"))])
    fork.turns.append(turn(born("0004")))
    world = World(origin, fork).start()
    assert [(session, name) for session, name, _ in sorted(world.turns)] == [
        (born("0001"), born("0002")),
        (born("0003"), born("0004")),
    ]


# The stream comes first.


def test_nothing_is_asked_before_the_first_frames_of_the_generation_are_settled() -> None:
    world = World(Thread("a", [turn("u1")]))
    world.road = Road(free=True, settled_seq=0)
    assert world.start().calls == []
    assert world.settle().calls[0] == "thread:list"


def test_a_full_window_stops_the_round_and_room_continues_it() -> None:
    world = World(Thread("a", [turn("u1")]), Thread("b", [turn("u2")]))
    world.do(world.machine.spoke(1, world.now, world.road))
    world.step()
    world.road = Road(free=False, settled_seq=10)
    world.run()
    assert len(world.turns) < 2
    world.later()
    assert len(world.turns) < 2
    world.settle()
    assert len(world.turns) == 2


def test_what_is_loaded_here_waits_until_the_stream_before_it_is_settled() -> None:
    world = World(Thread("a", [turn("u1")], loaded=True)).start()
    assert (world.machine.phase, world.turns) == ("holding", [])
    assert world.settle().turns == [("a", "u1", "completed")]


# What gets lost.


def test_ingest_is_told_again_what_it_did_not_answer() -> None:
    world = World(Thread("a", [turn("u1")]))
    world.away = True
    world.start().later(TIMING.resend_ms)
    assert world.turns == []
    world.away = False
    assert world.later(TIMING.resend_ms).turns == [("a", "u1", "completed")]


def test_a_new_ingest_is_told_at_once() -> None:
    world = World(Thread("a", [turn("u1")]))
    world.away = True
    world.start()
    world.away = False
    world.do(world.machine.ingest_returned(world.now))
    assert world.run().turns == [("a", "u1", "completed")]


def test_an_app_server_that_does_not_answer_ends_the_round_and_the_next_one_is_whole() -> None:
    world = World(Thread("a", [turn("u1")]))
    world.stuck = True
    world.start()
    world.do(world.machine.failed(Failed("pull:1", "late", "no answer"), world.now, world.road))
    world.run()
    assert (world.machine.phase, world.notes) == ("resting", ["pull_failed"])
    world.stuck = False
    assert world.later().turns == [("a", "u1", "completed")]


def test_a_round_is_given_up_when_the_process_ends_and_late_answers_are_nothing() -> None:
    world = World(Thread("a", [turn("u1")]))
    world.do(world.machine.spoke(1, world.now, world.road))
    world.machine.ended()
    road = world.road
    assert world.machine.answered("pull:1", {"data": []}, 1, 1, world.now, road) == ()
    assert world.machine.failed(Failed("pull:1", "late"), world.now, road) == ()
    assert world.machine.line_lost(world.now, road) == ()
    assert world.machine.tick(world.now, road) == ()
    assert world.machine.phase == "off"


def test_answers_to_an_older_generation_never_touch_the_next() -> None:
    world = World(Thread("a", [turn("u1")]))
    world.away = True
    world.start(1)
    world.machine.ended()
    world.start(2)
    wanted = world.machine.wanted
    late = PositionsTold(generation=1, n=wanted, positions=())
    assert world.machine.told(late, world.now, world.road) == ()
    assert world.machine.kept(PulledKept(generation=1, n=1), world.now, world.road) == ()
    assert world.machine.phase == "asking"
    world.do(world.machine.told(PositionsTold(generation=2, n=wanted, positions=()), world.now, world.road))
    world.run()
    assert world.machine.phase == "keeping"
    assert world.machine.kept(PulledKept(generation=1, n=1), world.now, world.road) == ()
    assert world.machine.kept(PulledKept(generation=2, n=9), world.now, world.road) == ()
    assert world.machine.phase == "keeping"


def test_answers_of_another_form_are_named_and_end_nothing_else() -> None:
    world = World(Thread("a", [turn("u1", "sleeping")]), Thread("b", [turn("u2")])).start()
    assert (world.turns, world.notes) == ([("b", "u2", "completed")], ["pull_failed", "caught_up"])
    world = World()
    world.stuck = True
    world.start()
    world.do(world.machine.answered("pull:1", [], 1, 1, world.now, world.road))
    world.run()
    assert (world.notes, world.machine.phase) == (["pull_failed"], "resting")


MOVES = st.lists(
    st.tuples(st.sampled_from(("turn", "open", "later", "away", "back", "kill", "full", "free")), st.integers(0, 3)),
    max_size=30,
)


@given(MOVES)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_every_turn_that_ended_is_handed_over_in_order_and_positions_never_skip_one(
    moves: list[tuple[str, int]],
) -> None:
    threads = [Thread(f"t{n}") for n in range(4)]
    world = World(*threads, pull_page_bytes_max=4_096)
    world.held = lambda _: True
    world.start()
    generation, count = 1, 0
    for move, which in moves:
        thread = threads[which]
        if move in ("turn", "open"):
            count += 1
            if thread.turns and thread.turns[-1]["completedAt"] is None:
                thread.turns[-1] = turn(thread.turns[-1]["id"])
            ends = move == "turn"
            thread.turns.append(turn(f"u{count:02}", "completed" if ends else "interrupted", end=ends))
            thread.updated_at_s = world.now.wall // 1000
        elif move == "kill":
            world.machine.ended()
            world.queue.clear()
            generation += 1
            world.start(generation)
        elif move in ("away", "back"):
            world.away = move == "away"
        elif move in ("full", "free"):
            world.road = Road(free=move == "free", settled_seq=world.seq)
        world.later(which * 700)
    world.away, world.held = False, lambda _: False
    world.road = Road(free=True, settled_seq=world.seq)
    for _ in range(6):
        world.later(3_000)
    for thread in threads:
        handed = {(name, status) for session, name, status in world.turns if session == thread.thread_id}
        assert {(each["id"], each["status"]) for each in thread.turns} <= handed
        for message in world.handed:
            for position in message.positions:
                if position.updated_at_s == thread.updated_at_s and position.session_id == thread.thread_id:
                    assert position.last_turn_id in (None, *(each["id"] for each in thread.turns))
