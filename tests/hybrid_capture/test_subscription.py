"""What a host hears, whoever listens slowly, wrongly, or no more."""

from __future__ import annotations

from hybrid_capture.subscription import EVENTS_MAX, Event, Subscriptions


def noise(number: int) -> Event:
    return {"event": "noise", "n": number}


def test_every_subscriber_hears_what_is_told_from_then_on_in_order() -> None:
    all_ = Subscriptions()
    first = all_.add(None, live=False)
    all_.publish(noise(1))
    second = all_.add(None, live=False)
    all_.publish(noise(2))
    all_.publish(None)
    assert list(first) == [noise(1), noise(2)]
    assert list(second) == [noise(2)]


def test_a_subscriber_that_never_reads_loses_old_events_and_is_told_how_many() -> None:
    all_ = Subscriptions()
    slow = all_.add(None, live=False)
    for number in range(EVENTS_MAX + 200):
        all_.publish(noise(number))
    assert slow.next(0) == {"event": "gap", "missed": 200}
    seen = []
    while (event := slow.next(0)) is not None:
        seen.append(event["n"])
    assert seen == list(range(200, EVENTS_MAX + 200)), "the newest win"


def test_a_callback_that_raises_hears_nothing_more_and_costs_the_others_nothing() -> None:
    all_ = Subscriptions()
    calls: list[Event] = []

    def bad(event: Event) -> None:
        calls.append(event)
        raise ValueError("the host's own fault")

    all_.add(bad, live=False)
    other = all_.add(None, live=False)
    all_.publish(noise(1))
    all_.publish(noise(2))
    assert calls == [noise(1)]
    assert [other.next(0), other.next(0)] == [noise(1), noise(2)]


def test_who_has_left_hears_nothing_and_leaves_once() -> None:
    all_ = Subscriptions()
    with all_.add(None, live=True) as events:
        assert (all_.listening, all_.live) == (True, True)
    events.close()
    all_.publish(noise(1))
    assert events.next(0) is None
    assert (all_.listening, all_.live) == (False, False)


def test_live_lines_come_as_long_as_one_of_them_wants_them() -> None:
    all_ = Subscriptions()
    all_.add(None, live=False)
    assert not all_.live
    wants = all_.add(None, live=True)
    assert all_.live
    wants.close()
    assert (all_.listening, all_.live) == (True, False)
