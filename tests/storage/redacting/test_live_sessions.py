"""Items of one session share what it gave away."""

from storage.redacting.live_sessions import SESSIONS_MAX, LiveSessions

VALUE = "q8ZkP2vLx9Wb"


def test_what_one_item_gave_away_is_hidden_in_the_next_of_its_session():
    live = LiveSessions()
    assert live("t1").feed(f"DB_PASSWORD={VALUE}\n") == "DB_PASSWORD=[REDACTED:password]\n"
    assert live("t1").feed(f"connecting with {VALUE}\n") == "connecting with [REDACTED:password]\n"
    assert live("t2").feed(f"connecting with {VALUE}\n") == f"connecting with {VALUE}\n"


def test_items_that_are_open_together_hold_their_own_lines():
    live = LiveSessions()
    one, other = live("t1"), live("t1")
    one.feed("half ")
    assert other.feed("whole\n") == "whole\n"
    assert one.feed("line\n") == "half line\n"


def test_only_so_many_sessions_are_remembered():
    live = LiveSessions()
    for number in range(SESSIONS_MAX + 5):
        live(f"t{number}")
    assert repr(live) == f"LiveSessions({SESSIONS_MAX})"
