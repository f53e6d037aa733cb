"""One place to wait for events and signals."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from hybrid_capture import inbox as inbox_module
from hybrid_capture.inbox import GONE, SIGNAL, Inbox, signals_to


def test_events_come_in_order_and_nothing_is_none() -> None:
    inbox = Inbox()
    inbox.put({"event": "a"})
    inbox.put({"event": "b"})
    assert [inbox.next(0), inbox.next(0), inbox.next(0), inbox.next(-1)] == [{"event": "a"}, {"event": "b"}, None, None]


def test_a_signal_wakes_a_waiting_reader_and_the_handlers_are_given_back() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    inbox = Inbox()
    with signals_to(inbox, "SIGUSR1", "SIGNOSUCH"):
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        began = time.monotonic()
        assert inbox.next(60) == SIGNAL
        assert time.monotonic() - began < 30, "it was woken"
        timer.join()
    assert signal.getsignal(signal.SIGUSR1) == before


def test_the_end_of_the_link_is_an_event() -> None:
    inbox = Inbox()
    inbox.heard_link({"op": "gone"})
    inbox.heard_link({"op": "other"})
    assert (inbox.next(0), inbox.next(0)) == (GONE, None)


def test_over_the_bound_events_are_counted_and_what_a_person_does_still_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "EVENTS_MAX", 2)
    inbox = Inbox()
    for number in range(5):
        inbox.put({"event": str(number)})
    inbox.put(SIGNAL)
    inbox.put({"event": "typed", "line": "y"})
    assert inbox.missed == 3
    assert [inbox.next(0) for _ in range(3)] == [{"event": "0"}, {"event": "1"}, SIGNAL]
    assert inbox.next(0) == {"event": "typed", "line": "y"}
