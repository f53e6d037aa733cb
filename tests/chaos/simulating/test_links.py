"""Links keep their order; what may be lost or repeated is only what the conversation can bear."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from chaos.simulating.links import NUMBERED, REPEATABLE, Links
from messages.catalog import CATALOG


def party(name: str, number: int) -> Any:
    return SimpleNamespace(party=name, number=number)


SIDECAR, STAGER = party("sidecar", 1), party("stager", 2)
BATCH = SimpleNamespace(kind="FrameBatch")
START = SimpleNamespace(kind="StartSidecar")


def test_messages_of_one_link_keep_their_order() -> None:
    links = Links(1)
    times = [links.arrivals(SIDECAR, STAGER, BATCH, 1_000)[0] for _ in range(200)]
    assert times == sorted(set(times))


def test_messages_of_different_senders_overtake_each_other() -> None:
    links = Links(1)
    first = [links.arrivals(SIDECAR, STAGER, BATCH, at)[0] for at in range(0, 10_000, 1_000)]
    other = [links.arrivals(party("facade", 3), STAGER, BATCH, at + 100)[0] for at in range(0, 10_000, 1_000)]
    overtaken = sum(late < early for early, late in zip(first, other, strict=True))
    assert 0 < overtaken < 10


def test_only_numbered_conversations_lose_messages() -> None:
    links = Links(1)
    links.drops["sidecar", "stager"] = 1
    assert len(links.arrivals(SIDECAR, STAGER, START, 0)) == 1
    assert links.arrivals(SIDECAR, STAGER, BATCH, 0) == ()
    assert len(links.arrivals(SIDECAR, STAGER, BATCH, 0)) == 1


def test_a_repetition_comes_later_than_the_message() -> None:
    links = Links(1)
    links.repeats["sidecar", "stager"] = 1
    first, again = links.arrivals(SIDECAR, STAGER, BATCH, 0)
    assert again > first
    assert len(links.arrivals(SIDECAR, STAGER, BATCH, 0)) == 1


def test_a_slow_link_is_slow_until_it_heals() -> None:
    links = Links(1)
    links.slow_us["sidecar", "stager"] = 50_000
    assert links.arrivals(SIDECAR, STAGER, BATCH, 0)[0] > 50_000
    links.heal()
    assert links.arrivals(SIDECAR, party("stager", 4), BATCH, 0)[0] < 1_000


def test_what_may_be_lost_is_in_the_catalogue() -> None:
    assert {kind.__name__ for kind in CATALOG} >= REPEATABLE
    assert sorted(NUMBERED - REPEATABLE) == ["OtlpPart"]
