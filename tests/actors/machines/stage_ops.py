"""What can happen in the stager's house, as numbers: so that hypothesis can choose, and shrink what it chose."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from messages.settings import Limits
from tests.actors.machines.stage_house import House

LIMITS = Limits.model_construct(
    **{
        **{name: field.default for name, field in Limits.model_fields.items()},
        # Tiny, so that every bound is reached: a window of three reads, three open items, few staged bytes.
        "read_bytes_max": 200,
        "window_batches_max": 3,
        "open_items_max": 3,
        "staged_bytes_max": 60,
    }
)
CHANNELS = ("to_stager", "to_sidecar", "to_ingest", "from_ingest")
ITEMS = ("i1", "i2", "u2/i1", "u2/i2", "u3/i3")
TURNS = ("u1", "u2", "u3")
LINES: tuple[Callable[[int], str], ...] = (
    lambda n: f"delta {ITEMS[n % 5]} text{n}",
    lambda n: f"delta {ITEMS[n % 3]} {'x' * n}",
    lambda n: f"start {ITEMS[n % 5]}",
    lambda n: f"done {ITEMS[n % 5]}",
    lambda n: f"turn {TURNS[n % 3]} {('started', 'completed', 'interrupted', 'failed')[n % 4]}",
    lambda n: ("control", "", "garbage", f"odd m{n % 4}", f"usage {TURNS[n % 3]} {n}", f"unshaped m{n % 2}")[n % 6],
)


def lines(n: int) -> list[str]:
    """One to four lines, none of them larger than a read."""
    return [LINES[(n + index * 5) % len(LINES)]((n * 7 + index) % 64) for index in range(n % 4 + 1)]


def _deliver_all(house: House, channel: str) -> None:
    for _ in range(len(house.channels[channel])):
        house.deliver(channel)


Op = Callable[[House, int], None]
OPS: tuple[tuple[int, Op], ...] = (
    (70, lambda house, n: house.speak(lines(n))),
    (60, lambda house, n: house.deliver(CHANNELS[n % 4])),
    (40, lambda house, n: _deliver_all(house, CHANNELS[n % 4])),
    (14, lambda house, n: house.deliver(CHANNELS[n % 4], n // 4)),
    (12, lambda house, n: house.repeat(CHANNELS[n % 4], n // 4)),
    (12, lambda house, n: house.lose(CHANNELS[n % 4], n // 4)),
    (16, lambda house, n: house.pass_time(n * 5)),
    (8, lambda house, n: house.end_process()),
    (8, lambda house, n: house.start_process()),
    (4, lambda house, n: house.kill_stager()),
    (3, lambda house, n: house.kill_ingest()),
    (4, lambda house, n: house.start_ingest()),
    (3, lambda house, n: setattr(house.store, "failing", n % 2 == 0)),
    (2, lambda house, n: house.kill_sidecar()),
)
"""How likely, in 256ths, and what."""
BY_NUMBER: tuple[Op, ...] = tuple(op for weight, op in OPS for _ in range(weight))
assert len(BY_NUMBER) == 256


def play(chosen: Iterable[tuple[int, int]], limits: Limits = LIMITS) -> House:
    """Start a process, let all of that happen, come to rest, and check the accounts."""
    house = House(limits)
    house.start_process()
    for op, argument in chosen:
        BY_NUMBER[op](house, argument)
        house.check()
    house.come_to_rest()
    house.check_accounts()
    return house
