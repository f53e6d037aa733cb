from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any

import pytest
from thespian.actors import ActorExitRequest, ChildActorExited, WakeupMessage, WatchMessage
from thespian.system import timing
from thespian.system.addressManager import ActorAddressManager
from thespian.system.messages.multiproc import ChildMayHaveDied
from thespian.system.messages.status import Thespian_ActorStatus
from thespian.system.transport import (
    SendStatus,
    Thespian__Run_Expired,
    Thespian__Run_Terminated,
    TransmitOnly,
)

from actors.transport.loop import TICK_EARLY_S
from tests.actors.transport.stage_hands import Wire, no_more_descriptors_than, open_descriptors

SECOND = timedelta(seconds=1)
NEVER_S = float("inf")
"""A tick that does not come: nothing else ends a wait."""


@pytest.fixture
def transport() -> str:
    """The loop is the same on both; once is enough here."""
    return "datagram"


def test_a_run_ends_with_its_time(wire: Wire) -> None:
    one = wire.endpoint()
    one._next_tick_s = NEVER_S
    began_s = time.monotonic()
    assert isinstance(one.run(None, timedelta(milliseconds=30)), Thespian__Run_Expired)
    assert 0.02 < time.monotonic() - began_s < 10


def test_even_a_run_without_time_makes_one_pass(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    wire.send(one, two, "there already")
    assert two.run(None, timedelta(0)).message == "there already"


def test_a_handler_is_called_until_it_says_stop(wire: Wire) -> None:
    one = wire.endpoint()
    for number in range(5):
        wire.send(one, one, number)
    seen: list[int] = []

    def handler(envelope: Any) -> bool:
        seen.append(envelope.message)
        return envelope.message < 2

    assert not one.run(handler, SECOND)
    assert seen == [0, 1, 2]
    assert one.run(None, SECOND).message == 3


def test_abort_ends_the_run_after_the_handler(wire: Wire) -> None:
    one = wire.endpoint()
    for number in range(3):
        wire.send(one, one, number)
    seen: list[int] = []

    def handler(envelope: Any) -> bool:
        seen.append(envelope.message)
        one.abort_run()
        return True

    assert isinstance(one.run(handler), Thespian__Run_Terminated)
    assert seen == [0]


def test_a_draining_abort_waits_for_what_can_still_go_and_no_longer(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.transport.loop.DRAIN_S_MAX", 0.2)
    one, two = wire.endpoint(), wire.endpoint()
    while not one._outbox:
        wire.send(one, two, "fill")
    wire.send(one, one, "go")
    one._next_tick_s = NEVER_S
    began_s = time.monotonic()
    assert isinstance(one.run(lambda _: one.abort_run(drain=True) or True), Thespian__Run_Terminated)
    assert 0.15 < time.monotonic() - began_s < 4


def test_who_is_awake_anyhow_looks_after_itself_before_it_is_time(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    wire.send(one, two, "heartbeat")
    os.unlink(two._file_of(two._token))
    planned_s = two._next_tick_s = time.monotonic() + TICK_EARLY_S
    assert two.run(None, SECOND).message == "heartbeat"
    assert two._owns_file()
    assert two._next_tick_s > planned_s


def test_with_nothing_to_send_transmit_only_returns_at_once_and_receives_nothing(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    wire.send(one, two, "later")
    assert two.run(TransmitOnly, SECOND) == 0
    assert two.run(None, SECOND).message == "later"


def test_waiting_to_send_takes_no_processor_time_even_with_mail_in_the_box(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    while not one._outbox:
        wire.send(one, two, "fill")
    wire.send(one, one, "mine")
    one.interrupt_wait(check_children=True)
    began_s = time.thread_time()
    one.run(TransmitOnly, timedelta(milliseconds=300))
    assert time.thread_time() - began_s < 0.1


def test_every_signal_is_noticed_however_many_came_before(wire: Wire) -> None:
    one = wire.endpoint()
    for _ in range(30):
        one.interrupt_wait(check_children=True)
        assert isinstance(one.run(None, timedelta(0)).message, ChildMayHaveDied), "in the very first pass"
    one.interrupt_wait(signal_shutdown=True)
    assert isinstance(one.run(None, SECOND).message, ActorExitRequest)


def test_wake_ups_come_in_order_and_messages_come_between(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    one = wire.endpoint()
    with monkeypatch.context() as still:  # between two lines a busy machine may let more than a millisecond pass
        now_s = timing.currentTime()
        still.setattr(timing, "currentTime", lambda: now_s)
        for number in (3, 1, 2):
            one.addWakeup(timedelta(milliseconds=number), number)
    woken = [one.run(None, SECOND) for _ in range(3)]
    assert all(isinstance(envelope.message, WakeupMessage) for envelope in woken)
    assert [envelope.message.payload for envelope in woken] == [1, 2, 3]


def test_wake_ups_set_from_wake_ups_do_not_starve_messages(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    seen: list[Any] = []

    def handler(envelope: Any) -> bool:
        seen.append(envelope.message)
        if isinstance(envelope.message, WakeupMessage):
            one.addWakeup(timedelta(0), None)
        return isinstance(envelope.message, WakeupMessage)

    one.addWakeup(timedelta(0), None)
    wire.send(two, one, "excuse me")
    one.run(handler, timedelta(seconds=5))
    assert seen[-1] == "excuse me"


def test_no_wake_up_is_lost_to_a_transmit_only_run(wire: Wire) -> None:
    one = wire.endpoint()
    one.addWakeup(timedelta(0), "keep me")
    assert one.run(TransmitOnly, timedelta(milliseconds=5)) == 0
    assert one.run(None, SECOND).message.payload == "keep me"


def test_watched_descriptors_are_told_together_and_only_while_they_are_watched(wire: Wire) -> None:
    one = wire.endpoint()
    pipes = [os.pipe() for _ in range(3)]
    try:
        one.set_watch([reads for reads, _ in pipes[:2]])
        for _, writes in pipes:
            os.write(writes, b"x")
        message = one.run(None, SECOND).message
        assert isinstance(message, WatchMessage)
        assert sorted(message.ready) == sorted(reads for reads, _ in pipes[:2])
        one.set_watch([pipes[2][0]])
        assert one.run(None, SECOND).message.ready == [pipes[2][0]]
        one.set_watch([])
        assert isinstance(one.run(None, timedelta(milliseconds=20)), Thespian__Run_Expired)
    finally:
        for pipe in pipes:
            for fd in pipe:
                os.close(fd)


def test_a_number_that_was_watched_and_is_now_our_socket_is_ours(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    reads, writes = os.pipe()
    one.set_watch([reads])
    os.close(reads)
    while not one._outbox:
        wire.send(one, two, "fill")
    assert any(extra.fileno() == reads for extra in one._blocked.values()), "the number was used again"
    one.set_watch([])
    wire.pump(lambda: not one._outbox)
    os.close(writes)


def test_what_waits_for_a_dead_child_is_a_dead_target_and_its_file_goes(wire: Wire) -> None:
    one, child = wire.endpoint(), wire.endpoint()
    manager = ActorAddressManager(wire.admin, one.myAddress)
    intents = []
    while not one._outbox:
        intents.append(wire.send(one, child, "fill"))
    path = one._file_of(child._token)
    one.deadAddress(manager, child.myAddress)
    assert intents[-1].result == SendStatus.DeadTarget
    assert not os.path.exists(path)
    assert not one._outbox


def test_a_child_that_never_had_an_address_can_still_be_reported_dead(wire: Wire) -> None:
    one = wire.endpoint()
    manager = ActorAddressManager(wire.admin, one.myAddress)
    wire.send(one, one, ChildActorExited(manager.createLocalAddress()))
    assert isinstance(one.run(None, SECOND).message, ChildActorExited)
    one.deadAddress(manager, manager.createLocalAddress())


def test_closing_twice_is_closing_once_and_a_closed_one_does_not_run(wire: Wire) -> None:
    one = wire.endpoint()
    one.close()
    one.close()
    assert isinstance(one.run(None, SECOND), Thespian__Run_Terminated)
    assert not os.path.exists(one._file_of(one._token))


def test_the_endpoint_of_a_child_says_who_it_is_and_who_made_it(wire: Wire) -> None:
    one = wire.endpoint()
    manager = ActorAddressManager(wire.admin, one.myAddress)
    child = one.prepEndpoint(manager.createLocalAddress(), {})
    assert (child.addrInst, child.token, child.parent, child.admin) == (0, None, one.myAddress, wire.admin)
    admin = one.prepEndpoint(wire.admin, {})
    assert (admin.addrInst, admin.token) == (None, wire.admin.addressDetails.token)
    assert not one.probeAdmin(wire.admin)
    wire.endpoint(wire.admin.addressDetails.token)
    assert one.probeAdmin(wire.admin)
    assert one.getAdminAddr({}) is wire.admin
    assert one.childResetFileNumList() == []
    assert one._waker.fileno() in one.protectedFileNumList()


def test_its_status_can_be_asked_for(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    while not one._outbox:
        wire.send(one, two, "fill")
    response = Thespian_ActorStatus(one.myAddress, "Actor", wire.admin, None, None, None)
    one._updateStatusResponse(response)
    assert len(response.pendingMessages) == len(list(one._outbox))


def test_a_folder_that_cannot_be_bound_in_leaves_nothing_open(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    before = open_descriptors()
    monkeypatch.setattr("os.chmod", _refuse)
    with pytest.raises(PermissionError):
        wire.endpoint()
    monkeypatch.undo()
    no_more_descriptors_than(before)


def _refuse(*_: object, **__: object) -> None:
    raise PermissionError
