import time
import uuid

from chaos.scripted_clock import Clock, Ids


def test_a_started_clock_ticks_once_per_reading() -> None:
    clock = Clock(1000)
    assert [clock(), clock()] == [1001, 1002]


def test_without_a_start_it_is_the_real_clock() -> None:
    assert abs(Clock()() - time.time() * 1000) < 5000


def test_the_same_seed_makes_the_same_ids() -> None:
    first, again, other = (Ids(seed, Clock(1000)) for seed in ("7:1", "7:1", "7:2"))
    ids = [first() for _ in range(3)]
    assert ids == [again() for _ in range(3)]
    assert ids != [other() for _ in range(3)]


def test_ids_are_uuids_of_version_7_in_rising_order() -> None:
    ids = Ids(None, Clock(1_700_000_000_000))
    made = [ids() for _ in range(50)]
    assert {uuid.UUID(each).version for each in made} == {7}
    assert {uuid.UUID(each).variant for each in made} == {uuid.RFC_4122}
    assert made == sorted(made)
