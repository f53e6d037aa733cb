"""Every kind of process is killed, and stopped, many times on the real tree: it always comes back, books balanced."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.live.faults import FAULTS, HANGS, KILLED, SPINE_FAULTS, STOPPED, fault, report
from tests.live.house import ENDED_S, House, gone, named, no_strangers

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
Build = Callable[..., House]
LEAVES = ["ingest", "stager", "auth", "sidecar", "baseline", "facade"]


def _many(house: House, name: str, how: signal.Signals, count: int) -> None:
    house.active()
    samples = []
    for _ in range(count):
        samples.append(fault(house, name, how))
        ledger = house.ledger()
        assert ledger["balanced"], ledger
        assert ledger["staged"] == 0, ledger
    report(name, how, samples)
    assert [row[6] for row in house.canonical() if row[3] == "userMessage"] == ["SCN:plain after"] * count
    assert [row[3] for row in house.canonical()] == ["userMessage", "agentMessage"] * count
    assert no_strangers(house), "an orphan of an earlier tree is left"
    everything = house.everything()
    house.runtime.stop()
    assert gone(everything, ENDED_S)
    assert gone(named(house.runtime.state_dir), ENDED_S)


@pytest.mark.parametrize("name", [*LEAVES, "codex"])
def test_a_leaf_that_is_killed_again_and_again_comes_back_every_time(build: Build, name: str) -> None:
    with build(timing=KILLED) as house:
        _many(house, name, signal.SIGKILL, FAULTS)


@pytest.mark.parametrize("name", [*LEAVES, "codex"])
def test_a_leaf_that_is_stopped_again_and_again_is_replaced_every_time(build: Build, name: str) -> None:
    with build(timing=STOPPED) as house:
        _many(house, name, signal.SIGSTOP, HANGS)


@pytest.mark.parametrize("name", ["supervisor", "admin", "root"])
def test_a_spine_that_is_killed_again_and_again_is_built_anew_every_time(build: Build, name: str) -> None:
    with build(timing=KILLED) as house:
        _many(house, name, signal.SIGKILL, SPINE_FAULTS)


@pytest.mark.parametrize("name", ["supervisor", "admin", "root"])
def test_a_spine_that_is_stopped_again_and_again_is_built_anew_every_time(build: Build, name: str) -> None:
    with build(timing=STOPPED) as house:
        _many(house, name, signal.SIGSTOP, SPINE_FAULTS)
