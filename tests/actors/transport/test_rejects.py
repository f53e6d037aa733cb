from __future__ import annotations

import os

import pytest

from actors.transport import rejects
from actors.transport.rejects import REPORT_EVERY_NS, RejectCounters
from actors.transport.seal import Reason


def test_totals_only_rise() -> None:
    counters = RejectCounters()
    counters.add(Reason.REPLAY)
    counters.add(Reason.REPLAY, 4)
    counters.report(0)
    assert counters.totals() == {"replay": 5}


def test_a_reason_is_reported_at_once_and_then_at_most_once_a_second() -> None:
    told: list[tuple[str, int]] = []
    counters = RejectCounters()
    counters.hooks.append(lambda reason, count: told.append((reason, count)))
    for now_ns in range(0, REPORT_EVERY_NS, REPORT_EVERY_NS // 100):
        counters.add(Reason.BAD_MAC)
        counters.report(now_ns)
    assert told == [("bad_mac", 1)]
    assert counters.pending()
    counters.add(Reason.SHORT)
    counters.report(REPORT_EVERY_NS)
    assert told == [("bad_mac", 1), ("bad_mac", 99), ("short", 1)]
    assert not counters.pending()


def test_a_hook_that_raises_is_counted_and_the_next_is_still_told() -> None:
    told: list[str] = []
    counters = RejectCounters()
    counters.hooks += [lambda *_: 1 / 0, lambda reason, _: told.append(reason)]  # type: ignore[func-returns-value, list-item]
    counters.add(Reason.GAP)
    counters.report(0)
    assert told == ["gap"]
    assert counters.totals() == {"gap": 1, "hook_failed": 1}


def test_a_hook_can_be_removed_again() -> None:
    told: list[str] = []
    remove = rejects.on_reject(lambda reason, _: told.append(reason))
    remove()
    remove()
    rejects.PROCESS.add(Reason.GAP)
    rejects.PROCESS.report(1)
    assert told == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_starts_at_zero_without_hooks() -> None:
    rejects.PROCESS.add(Reason.SHORT)
    remove = rejects.on_reject(lambda *_: None)
    assert rejects.transport_rejects()["short"] >= 1
    pid = os.fork()
    if pid == 0:
        os._exit(0 if rejects.transport_rejects() == {} and not rejects.PROCESS.hooks else 1)
    assert os.waitpid(pid, 0)[1] == 0
    remove()
