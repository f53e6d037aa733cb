from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from thespian.system.transport import SendStatus, Thespian__UpdateWork, TransmitOnly

from actors.transport import rejects
from actors.transport.allowlist import MessageTooLargeError, NotOnAllowListError
from actors.transport.endpoint import new_address
from actors.transport.loop import DRAIN_S_MAX
from actors.transport.outbox import Outbox
from actors.transport.seal import MESSAGE_BYTES_MAX
from tests.actors.transport.cast import Note, Unlisted
from tests.actors.transport.stage_hands import Wire


def counted(reason: str) -> int:
    return rejects.transport_rejects().get(reason, 0)


def block(wire: Wire, source: Any, target: Any) -> list[Any]:
    """Send to a receiver that does not run until something waits."""
    intents = []
    while not source._outbox or len(intents) < 30:
        intents.append(wire.send(source, target, b"b" * 10_000))
    return intents


def test_messages_arrive_whole_and_in_order(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    sizes = [1, 10, 200_000, 0, 1_000_000, 5] * 5
    intents = [wire.send(one, two, (number, b"x" * size)) for number, size in enumerate(sizes)]
    received = wire.pump(lambda: all(intent.result for intent in intents))
    while len(received) < len(sizes):
        received += wire.pump(lambda: True)
    assert [envelope.message for _, envelope in received] == [(n, b"x" * size) for n, size in enumerate(sizes)]
    assert all(envelope.sender == one.myAddress for _, envelope in received)


def test_a_message_to_oneself_is_handed_over_unpickled(wire: Wire) -> None:
    one = wire.endpoint()
    message = Unlisted()
    assert wire.send(one, one, message).result == SendStatus.Sent
    assert one.run(None, timedelta(seconds=1)).message is message


def test_what_may_not_cross_or_is_too_large_fails_where_it_is_sent(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    with pytest.raises(NotOnAllowListError):
        wire.send(one, two, Unlisted())
    with pytest.raises(MessageTooLargeError):
        wire.send(one, two, b"x" * MESSAGE_BYTES_MAX)
    assert wire.exchange(one, two, "fine") == "fine"


def test_nobody_there_is_a_dead_target_told_inside_the_next_run(wire: Wire) -> None:
    one = wire.endpoint()
    told: list[Any] = []
    intent = wire.send(one, new_address(), "anyone?", onError=lambda result, _: told.append((result, one.abort_run())))
    assert told == [], "told before the run, the abort would be lost"
    began_s = time.monotonic()
    assert not one.run(None, timedelta(seconds=60))
    assert time.monotonic() - began_s < 30
    assert intent.result == SendStatus.DeadTarget
    assert [result for result, _ in told] == [SendStatus.DeadTarget]


def test_a_receiver_that_closes_turns_what_waits_into_dead_targets(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    intents = block(wire, one, two)
    two.close()
    wire.pump(lambda: not one._outbox)
    assert {str(intent.result) for intent in intents} <= {"+SENDSTS_SENT", "-SENDSTS_DEADTARGET"}
    assert intents[-1].result == SendStatus.DeadTarget


def test_a_send_nobody_takes_expires_and_is_counted(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    block(wire, one, two)
    before = counted("send_expired")
    for item in one._outbox:
        item.intent._quitTime = type(item.intent._quitTime)(0)
    one._next_tick_s = 0.0
    one.run(TransmitOnly, timedelta(milliseconds=50))
    assert not one._outbox
    assert counted("send_expired") > before


def test_over_the_bound_a_send_fails_at_once_and_others_still_go(wire: Wire) -> None:
    one, stuck, free = wire.endpoint(), wire.endpoint(), wire.endpoint()
    one._outbox = Outbox(bytes_max=400_000, target_bytes_max=200_000)
    before = counted("send_overflow")
    intents = [wire.send(one, stuck, b"b" * 10_000) for _ in range(100)]
    one.run(TransmitOnly, timedelta(milliseconds=20))
    failed = [intent for intent in intents if intent.result == SendStatus.Failed]
    assert len(failed) == counted("send_overflow") - before > 0
    sent = wire.send(one, free, "through")
    wire.pump(lambda: sent.result)
    received = len([intent for intent in intents if intent.result != SendStatus.Failed])
    assert received + len(failed) == 100


def test_closing_with_blocked_receivers_is_immediate_and_fails_what_waits(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    intents = block(wire, one, two)
    monkeypatch.setattr(one._poller, "wait", pytest.fail)
    began_s = time.monotonic()
    one.close()
    assert time.monotonic() - began_s < DRAIN_S_MAX
    assert intents[-1].result == SendStatus.Failed
    late = wire.send(one, two, "late")
    one._settle()
    assert late.result == SendStatus.Failed


def test_threads_share_an_endpoint_without_losing_or_mixing(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    threads = [
        threading.Thread(target=lambda who=who: [wire.send(one, two, Note("n", (who, n))) for n in range(200)])
        for who in range(4)
    ]
    for thread in threads:
        thread.start()
    received: list[Any] = []
    while len(received) < 800:
        received += wire.pump(lambda: True)
    for thread in threads:
        thread.join()
    for who in range(4):
        assert [e.message.value[1] for _, e in received if e.message.value[0] == who] == list(range(200))


def test_a_send_from_another_thread_wakes_the_one_that_runs(wire: Wire) -> None:
    one = wire.endpoint()
    timer = threading.Timer(0.05, lambda: wire.send(one, one, "up"))
    timer.start()
    assert one.run(None, timedelta(seconds=10)).message == "up"
    timer.join()


def test_thespians_work_notice_is_swallowed(wire: Wire) -> None:
    one = wire.endpoint()
    assert wire.send(one, one, Thespian__UpdateWork()).result == SendStatus.Sent
    assert not one._inbox
