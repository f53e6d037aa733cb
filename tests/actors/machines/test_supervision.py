"""Stories of the supervisor, and what holds whatever the actors and the process do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.machines.effects import MachineRefused, WaitsForDisk
from actors.machines.standing import Now
from actors.machines.supervision import PongFrom, late, step
from actors.tree import ROLES
from messages.lifecycle import ActorFaulted, Ping, Pong, Ready
from messages.otlp import SourceProbed
from messages.records import BaselineProbed
from messages.settings import OtlpSettings
from messages.sidecar import HandshakeChanged, SidecarSpawnFailed, StreamHealthChanged
from messages.status import Role
from tests.actors.machines.tree_house import TreeHouse, active, kill_thrice, tree_settings


def crash_loop(house: TreeHouse) -> TreeHouse:
    for _ in range(3):
        house.exit_process()
        house.run(1_000)
    assert house.status.sidecar.state == "crash_loop"
    return house


# The beginning.


def test_children_start_in_order_and_the_root_hears_once_that_they_are_there() -> None:
    house = active()
    assert [role for _, role in house.starts] == list(ROLES)
    assert (house.status.mode, house.announced) == ("HYBRID_ACTIVE", 1)
    house.die("auth")
    house.run(5_000)
    assert house.announced == 1


def test_the_process_starts_when_every_part_of_the_stream_is_there() -> None:
    house = TreeHouse()
    house.slow_start = {"stager"}
    house.rest()
    assert house.sidecar_starts == []
    house.report("stager")
    assert [generation for _, generation in house.sidecar_starts] == [1]


def test_with_the_kill_switch_on_nothing_starts_and_the_mode_says_so() -> None:
    house = active(kill_switch=True)
    house.run(5_000)
    assert (house.sidecar_starts, house.status.mode) == ([], "OTEL_ONLY")
    assert house.answers[house.order_restart()].text == "the stream kill switch is on: the host's settings hold it"


def test_a_tree_in_which_a_part_was_given_up_is_announced_all_the_same() -> None:
    house = TreeHouse()
    house.slow_start = {"ingest"}
    house.rest()
    assert house.announced == 0
    for _ in range(3):
        house.die("ingest")
        house.run(600)
    assert house.announced == 1
    assert house.status.mode == "FAILURE"
    assert house.status.mode_reason == "durable baseline is not working: ingest crash-loops: process exited"


def test_an_actor_that_does_not_report_is_killed_at_its_deadline() -> None:
    house = TreeHouse()
    house.slow_start = {"facade"}
    house.run(4_000)
    assert len(house.starts) == len(ROLES)
    house.run(3_000)
    assert [role for _, role in house.starts].count("facade") == 2
    assert house.machine.kids["facade"].restarts == 1


# Actors that die or hang.


@pytest.mark.parametrize("role", ROLES)
def test_an_actor_that_dies_is_back_at_once(role: Role) -> None:
    house = active()
    house.die(role)
    house.rest()
    assert house.machine.kids[role].state == "running"
    assert house.machine.kids[role].restarts == 1
    house.run(5_000)
    assert house.status.mode == "HYBRID_ACTIVE" or role == "auth", "a new auth hears of the account from the sidecar"
    house.check_log()


@pytest.mark.parametrize("role", ROLES)
def test_an_actor_that_dies_thrice_in_a_minute_is_given_up(role: Role) -> None:
    house = kill_thrice(active(), role)
    before = len(house.starts)
    house.run(300_000)
    assert len(house.starts) == before
    wanted = {"ingest": "FAILURE", "baseline": "FAILURE", "facade": "HYBRID_ACTIVE"}.get(role, "DEGRADED_STREAMING")
    assert house.status.mode == wanted
    assert role == "facade" or "crash-loops" in house.status.mode_reason


def test_the_second_restart_of_an_actor_waits() -> None:
    house = active()
    house.die("stager")
    house.rest()
    house.die("stager")
    assert house.machine.kids["stager"].state == "backing_off"
    house.run(249)
    assert house.machine.kids["stager"].state == "backing_off"
    house.run(1)
    assert house.machine.kids["stager"].state == "running"


@pytest.mark.parametrize("role", ROLES)
def test_a_hung_actor_is_killed_by_its_deadline(role: Role) -> None:
    house = active()
    house.hung.add(role)
    at, timing = house.now, house.settings.timing
    while not [each for each in house.starts if each[0] > at]:
        house.run(100)
        assert house.now - at <= timing.ping_deadline_ms + 2 * timing.ping_interval_ms
    assert any("hung: no answer for" in each.cause for each in house.log if each.who == role)


def test_an_actor_that_answers_late_is_slow_not_hung() -> None:
    house = active()
    house.hung.add("stager")  # it answers each ping only after the next one was sent
    incarnation = house.alive["stager"]
    for _ in range(20):
        n = house.machine.pings
        house.run(1_000)
        house.hear(PongFrom("stager", Pong(n=n, incarnation=incarnation)))
    assert house.alive["stager"] == incarnation


def test_an_actor_that_waits_for_the_disk_is_not_killed_and_one_that_hangs_afterwards_is() -> None:
    house = active()
    house.hung.add("ingest")
    before, deadline_ms = house.alive["ingest"], house.settings.timing.ping_deadline_ms
    for _ in range(5):
        house.run(deadline_ms - 100)
        assert late(house.machine, Now(house.now + deadline_ms - 1, 0)) == ["ingest"]
        house.hear(WaitsForDisk("ingest"))
        assert late(house.machine, Now(house.now + deadline_ms - 1, 0)) == []
    assert house.alive["ingest"] == before
    assert house.status.mode == "FAILURE", "that nothing is committed meanwhile is told"
    house.run(2 * deadline_ms)
    assert house.alive["ingest"] == before + 1


def test_an_actor_whose_start_waits_for_the_disk_has_as_long_again() -> None:
    house = TreeHouse()
    house.slow_start = {"ingest"}
    for _ in range(3):
        house.run(house.settings.timing.start_deadline_ms - 500)
        house.hear(WaitsForDisk("ingest"))
    assert [role for _, role in house.starts].count("ingest") == 1


def test_a_pong_of_an_older_incarnation_is_nothing() -> None:
    house = active()
    house.hung.add("stager")
    house.run(3_500)
    house.hear(PongFrom("stager", Pong(n=house.machine.pings, incarnation=house.alive["stager"] - 1)))
    house.run(1_500)
    assert [role for _, role in house.starts].count("stager") == 2


def test_a_fault_is_the_reason_of_the_exit_that_follows() -> None:
    house = active()
    house.hear(ActorFaulted(role="auth", incarnation=1, doing="AccountUpdated", text="KeyError: 'x'"))
    house.die("auth")
    house.rest()
    assert any("fault while handling AccountUpdated: KeyError" in each.cause for each in house.log)


def test_a_late_word_of_an_older_incarnation_is_nothing() -> None:
    house = active()
    house.die("auth")
    house.rest()
    before = house.status
    house.hear(Ready(role="auth", incarnation=1, pid=1, token="t", created_at=1.0))
    assert house.status == before


# Proof.


def test_a_new_process_is_not_active_before_it_proved_its_own_account() -> None:
    house = active()
    house.greets = False
    house.die("sidecar")  # with its process; auth was told nothing
    house.run(1_000)
    generation = house.status.sidecar.generation
    assert generation == 2
    house.hear(HandshakeChanged(generation=2, initialize_sent=True, initialized=True))
    house.hear(StreamHealthChanged(generation=2, healthy=True, reason="answers"))
    assert (house.status.auth.state, house.status.mode) == ("authenticating", "DEGRADED_STREAMING")
    house.auth("authenticated", 1)
    assert house.status.mode == "DEGRADED_STREAMING", "what the old process proved is void"
    house.auth("authenticated", 2)
    assert house.status.mode == "HYBRID_ACTIVE"


def test_a_new_auth_knows_nothing_and_neither_does_the_supervisor() -> None:
    house = active()
    house.die("auth")
    house.rest()
    assert (house.status.auth.state, house.status.mode) == ("authenticating", "DEGRADED_STREAMING")


def test_a_login_that_is_lost_degrades_at_once_and_without_a_restart() -> None:
    house = active()
    house.auth("needs_login")
    assert house.status.mode_reason == "auth is needs_login: auth is needs_login"
    house.auth("authenticated")
    assert (house.status.mode, len(house.sidecar_starts)) == ("HYBRID_ACTIVE", 1)


# The process.


def test_a_process_that_exits_is_back_without_anybody_asking() -> None:
    house = active()
    house.exit_process()
    assert house.status.mode == "DEGRADED_STREAMING"
    house.run(1_000)
    assert (house.status.mode, house.status.sidecar.generation) == ("HYBRID_ACTIVE", 2)
    house.check_log()


def test_a_crash_loop_starts_nothing_until_a_person_asks() -> None:
    house = crash_loop(active())
    before = len(house.sidecar_starts)
    house.run(600_000)
    assert (len(house.sidecar_starts), house.status.mode) == (before, "DEGRADED_STREAMING")
    command = house.order_restart()
    house.rest()
    assert house.answers[command].ok
    assert (house.status.mode, house.status.sidecar.restarts_in_window) == ("HYBRID_ACTIVE", 0)


def test_a_binary_that_cannot_start_ends_in_crash_loop_and_degrades() -> None:
    house = active()
    house.exit_process()
    for _ in range(2):
        while house.process is None:
            house.run(50)
        generation, house.process = house.process, None
        house.turns.clear()
        house.hear(SidecarSpawnFailed(generation=generation, text="there is no codex binary"))
    assert house.status.sidecar.state == "crash_loop"
    assert "there is no codex binary" in house.status.mode_reason


# The baseline.


def test_a_baseline_that_stays_silent_is_not_healthy() -> None:
    house = active()
    house.hung.add("ingest")
    house.run(3_900)
    house.hung.discard("ingest")
    house.hear(BaselineProbed(healthy=False, reason="disk full"))
    assert house.status.mode_reason == "durable baseline is not working: disk full; the live stream is still captured"
    house.run(2_000)
    assert house.status.mode == "HYBRID_ACTIVE"


def test_without_ingest_the_mode_is_failure() -> None:
    house = active()
    house.slow_start = {"ingest"}
    house.die("ingest")
    assert (house.status.mode, house.status.baseline.reason) == ("FAILURE", "ingest is down")


def test_a_receiver_that_cannot_listen_is_failure_while_it_is_the_only_source() -> None:
    house = active()
    house.probe = SourceProbed(source="otlp", healthy=False, reason="port 4318 is taken")
    house.run(2_000)
    assert house.status.mode == "FAILURE"
    assert house.status.mode_reason.startswith("durable baseline is not working: otlp: port 4318 is taken")
    assert [(each.name, each.healthy, each.address) for each in house.status.sources] == [
        ("otlp", False, "http://127.0.0.1:4318")
    ]
    assert [(each.who, each.after) for each in house.log if each.what == "source"][-1] == ("otlp", "not healthy")


def test_a_source_that_works_beside_one_that_does_not_is_no_failure() -> None:
    house = active()
    house.hear(SourceProbed(source="transcript", healthy=False, reason="the folder is gone"))
    assert (house.status.mode, house.status.baseline.healthy, house.status.baseline.working) == (
        "DEGRADED_STREAMING", False, True,
    )  # fmt: skip
    house.hear(SourceProbed(source="transcript", healthy=True, reason="the folder is watched"))
    assert house.status.mode == "HYBRID_ACTIVE"


def test_a_receiver_whose_probes_stay_away_is_not_healthy() -> None:
    house = active()
    house.hung.add("baseline")
    house.run(house.settings.timing.ping_deadline_ms - 500)
    assert house.status.mode == "HYBRID_ACTIVE"
    house.hung.discard("baseline")
    house.probe = SourceProbed(source="otlp", healthy=False, reason="")  # from here on none comes that says well
    house.run(2_000)
    assert house.status.mode == "FAILURE"


def test_a_new_baseline_is_healthy_when_its_probe_shows_it() -> None:
    house = active()
    house.slow_start = {"baseline"}
    house.die("baseline")
    assert (house.status.mode, house.status.baseline.reason) == ("FAILURE", "otlp: the baseline is starting")
    house.report("baseline")
    assert house.status.mode == "HYBRID_ACTIVE"


def test_without_any_source_switched_on_the_store_is_the_baseline() -> None:
    settings = tree_settings().model_copy(update={"otlp": OtlpSettings()})
    house = TreeHouse(settings)
    house.probe = SourceProbed(source="otlp", healthy=True, reason="")
    house.machine.sources.clear()
    house.rest()
    assert house.status.baseline.healthy


def test_nothing_is_told_when_nothing_changed() -> None:
    house = active()
    house.run(2_000)
    told = len(house.statuses)
    house.run(10_000)
    assert len(house.statuses) == told


def test_what_it_does_not_listen_to_is_refused() -> None:
    house = active()
    assert step(house.machine, Ping(n=1), house._at()) == MachineRefused("running", "Ping")


# Whatever happens.


class AnyWeather(RuleBasedStateMachine):
    """Everything that a house can do, in any order and at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.house = TreeHouse(tree_settings())

    roles = st.sampled_from(ROLES)

    @rule(role=roles)
    def an_actor_dies(self, role: Role) -> None:
        self.house.die(role)

    @rule(role=roles)
    def an_actor_hangs(self, role: Role) -> None:
        if role in self.house.ready:
            self.house.hung.add(role)

    @rule(role=roles, slow=st.booleans())
    def an_actor_starts_slowly(self, role: Role, slow: bool) -> None:
        (self.house.slow_start.add if slow else self.house.slow_start.discard)(role)

    @rule()
    def the_process_exits(self) -> None:
        self.house.exit_process()

    @rule(greets=st.booleans())
    def processes_greet_or_not(self, greets: bool) -> None:
        self.house.greets = greets

    @rule(healthy=st.booleans(), old=st.booleans())
    def the_stream_is_or_is_not_healthy(self, healthy: bool, old: bool) -> None:
        generation = self.house.machine.process.generation - old
        self.house.hear(StreamHealthChanged(generation=generation, healthy=healthy, reason="x"))

    @rule(state=st.sampled_from(["needs_login", "authenticating", "authenticated", "logged_out"]), old=st.booleans())
    def auth_moves(self, state: Any, old: bool) -> None:
        self.house.auth(state, self.house.machine.process.generation - old)

    @rule(keeps=st.booleans())
    def ingest_keeps_or_not(self, keeps: bool) -> None:
        self.house.keeps = keeps

    @rule()
    def a_person_restarts(self) -> None:
        if not self.house.over:
            self.house.order_restart()

    @rule(ms=st.sampled_from([1, 20, 250, 500, 1_000, 3_000, 6_000, 61_000]))
    def time_passes(self, ms: int) -> None:
        self.house.run(ms)

    @rule()
    def turns_are_taken(self) -> None:
        self.house.rest()

    @rule(sure=st.integers(0, 9))
    def the_tree_stops(self, sure: int) -> None:
        if sure == 9:
            self.house.stop()

    @invariant()
    def it_holds(self) -> None:
        self.house.check()
        self.house.check_log()

    def teardown(self) -> None:
        """In fair weather every command is answered; and the tree stops whatever it went through."""
        house = self.house
        house.slow_start, house.keeps, house.greets = set(), True, True
        house.recover()
        house.run(20_000)
        if not house.over:
            # A process that never greeted is hung: its owner ends it.
            house.exit_process()
            house.run(20_000)
        for command in house.ordered:
            assert house.done[command] == 1, f"{command} was answered {house.done[command]} times"
        house.stop()
        house.run(60_000)
        assert len(house.stopped) == 1, "TreeStopped always comes"


AnyWeather.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, derandomize=True, deadline=None, database=None
)
TestAnyWeather = AnyWeather.TestCase


@pytest.mark.parametrize("role", ROLES)
def test_after_a_sleep_of_the_machine_nobody_is_judged_by_what_came_meanwhile(role: Role) -> None:
    house = active()
    timing = house.settings.timing
    house.hung.add(role)
    house.run(timing.ping_interval_ms + 1)  # it was asked, and its answer is on its way
    house.hung.discard(role)
    starts, incarnation = len(house.starts), house.alive[role]
    house.sleep(10 * timing.ping_deadline_ms)
    house.run(timing.ping_interval_ms)
    assert house.alive[role] == incarnation
    assert len(house.starts) == starts
    assert house.machine.status is not None
    assert house.machine.status.mode == "HYBRID_ACTIVE"


def test_one_that_hangs_is_found_after_a_sleep_too() -> None:
    house = active()
    house.hung.add("stager")
    house.sleep(10 * house.settings.timing.ping_deadline_ms)
    at = house.now
    house.run(house.settings.timing.ping_deadline_ms + 2 * house.settings.timing.ping_interval_ms)
    assert [role for when, role in house.starts if when > at] == ["stager"]
