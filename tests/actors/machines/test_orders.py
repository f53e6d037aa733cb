"""What a person orders of the tree, and that each order gets one answer whatever happens meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from actors.machines.effects import ConfigRefused, ConfigSeen, SaveConfig
from actors.machines.orders import ORDER_DEADLINE_MS, ORDERS_MAX, change_config, not_saved
from actors.machines.standing import Now
from messages.auth import RetryAuthRequested
from messages.config import ChangeConfig
from messages.status import AuthState, Role
from tests.actors.machines.test_supervision import AnyWeather, crash_loop, kill_thrice
from tests.actors.machines.tree_house import TreeHouse, active, tree_settings

# The kill switch.


def test_the_switch_is_written_before_anything_happens_and_told_when_the_process_is_gone() -> None:
    house = active()
    command = house.order_switch(on=True)
    assert (house.status.kill_switch, house.process) == (False, 1), "it is not written yet"
    house.turn()  # written
    assert (house.file.kill_switch, house.status.kill_switch) == (True, True)
    assert command not in house.answers, "the process still runs"
    house.rest()
    assert (house.process, house.status.mode) == (None, "OTEL_ONLY")
    answer = house.answers[command]
    assert (answer.ok, answer.result) == (True, {"on": True, "revision": 1})
    house.run(300_000)
    assert len(house.sidecar_starts) == 1


def test_off_again_hybrid_resumes_by_itself() -> None:
    house = active()
    house.order_switch(on=True)
    house.rest()
    command = house.order_switch(on=False)
    house.rest()
    assert house.answers[command].text == "the stream kill switch is off: the live stream resumes"
    assert (house.status.mode, house.status.sidecar.generation) == ("HYBRID_ACTIVE", 2)
    moves = [(each.before, each.after) for each in house.log if each.what == "kill_switch"]
    assert moves == [("", "off"), ("off", "on"), ("on", "off")]
    assert [each.cause for each in house.log if each.what == "kill_switch"][1:] == [
        "a person turned the stream kill switch on (revision 1)",
        "a person turned the stream kill switch off (revision 2)",
    ]


def test_an_answer_comes_after_the_status_that_it_brought_about() -> None:
    house = active()
    for order in (lambda: house.order_switch(on=True), lambda: house.order_switch(on=False), house.order_fallback,
                  house.order_recovery, house.order_restart):  # fmt: skip
        order()
        house.rest()
    kinds = [type(each.message).__name__ for each in house.said if each.to == "facade"]
    told = [kinds[at - 1] for at, kind in enumerate(kinds) if kind == "SupervisionDone"]
    assert told == ["StatusChanged"] * 5


def test_a_stale_writer_gets_a_conflict_and_the_revision_that_holds() -> None:
    house = active()
    house.order_switch(on=True)
    house.rest()
    command = house.order_switch(on=False, expected=0)
    house.rest()
    answer = house.answers[command]
    assert (answer.ok, answer.code, answer.result) == (False, "CONFLICT", {"on": True, "revision": 1})
    assert house.status.kill_switch


def test_the_config_is_changed_only_at_the_revision_that_the_person_saw() -> None:
    house = active()
    wish = ChangeConfig(command_id="c1", changes={"links": True}, expected_revision=7)
    assert change_config(house.machine, wish, Now(1, 1)) == ([SaveConfig("c1", {"links": True}, 7)], "")
    refused = ConfigRefused("c1", True, "another revision", house.machine.config)
    (done,), _ = not_saved(house.machine, refused, Now(1, 1))
    assert (done.message.ok, done.message.code) == (False, "CONFLICT")


def test_a_switch_that_cannot_be_written_changes_nothing() -> None:
    house = active()
    house.disk = "no space"
    command = house.order_switch(on=True)
    house.rest()
    assert (house.answers[command].ok, house.answers[command].text) == (False, "no space")
    assert house.status.mode == "HYBRID_ACTIVE"


def test_an_edit_of_the_file_is_mirrored_and_a_fault_fails_closed() -> None:
    house = active()
    house.hear(ConfigSeen(3, True))
    house.rest()
    assert (house.status.mode, house.status.config.revision, house.process) == ("OTEL_ONLY", 3, None)
    house.hear(ConfigSeen(0, False, "config.toml is empty; mend it"))
    assert house.status.mode_reason == "the stream kill switch counts as on: config.toml is empty; mend it"
    assert (house.status.kill_switch, house.status.config.fault) == (True, "config.toml is empty; mend it")
    house.hear(ConfigSeen(4, False))
    house.rest()
    assert house.status.mode == "HYBRID_ACTIVE"


def test_the_host_may_hold_it_and_the_file_does_not_clear_that() -> None:
    house = active(kill_switch=True)
    house.order_switch(on=True)
    house.rest()
    command = house.order_switch(on=False)
    house.rest()
    assert not house.answers[command].ok
    assert "host's settings" in house.answers[command].text
    assert (house.status.kill_switch, house.sidecar_starts) == (True, [])


def test_a_switch_that_comes_while_the_process_crash_loops_is_done_at_once_and_the_loop_stays() -> None:
    house = crash_loop(active())
    command = house.order_switch(on=True)
    house.rest()
    assert house.answers[command].ok
    house.order_switch(on=False)
    house.run(10_000)
    assert house.status.sidecar.state == "crash_loop", "only a person's recovery leaves it"


# The fallback.


def test_the_fallback_holds_through_deaths_until_it_is_recovered() -> None:
    house = active()
    command = house.order_fallback()
    house.rest()
    assert (house.answers[command].ok, house.status.mode, house.note) == (True, "OTEL_ONLY", True)
    roles: tuple[Role, ...] = ("sidecar", "ingest", "facade")
    for role in roles:
        house.die(role)
        house.run(5_000)
    assert (house.status.mode, house.status.fallback, len(house.sidecar_starts)) == ("OTEL_ONLY", True, 1)
    assert house.answers[house.order_fallback()].text == "already on OTEL only"
    command = house.order_recovery()
    house.rest()
    assert house.answers[command].text == "hybrid is active as generation 2"
    assert (house.status.mode, house.note) == ("HYBRID_ACTIVE", False)


def test_the_switch_goes_before_the_fallback_and_the_fallback_is_still_there_after_it() -> None:
    house = active()
    house.order_fallback()
    house.order_switch(on=True)
    house.rest()
    refused = house.answers[house.order_recovery()]
    assert (refused.ok, refused.code) == (False, "NOT_NOW")
    command = house.order_switch(on=False)
    house.rest()
    assert "recoverHybrid" in house.answers[command].text
    assert (house.status.mode, house.status.fallback) == ("OTEL_ONLY", True)


def test_a_fallback_that_is_overtaken_by_a_recovery_says_so() -> None:
    house = active()
    house.turns.clear()
    fallback = house.order_fallback()
    recovery = house.order_recovery()
    assert not house.answers[fallback].ok
    assert "later command" in house.answers[fallback].text
    house.rest()
    assert house.answers[recovery].ok
    assert house.status.mode == "HYBRID_ACTIVE"


# Recovery.


def test_recovering_what_is_active_succeeds_and_touches_nothing() -> None:
    house = active()
    for _ in range(2):
        answer = house.answers[house.order_recovery()]
        assert (answer.ok, answer.text) == (True, "already active")
    assert len(house.sidecar_starts) == 1


def test_a_crash_loop_is_left_and_its_window_cleared() -> None:
    house = crash_loop(active())
    command = house.order_recovery()
    house.rest()
    assert house.answers[command].text == "hybrid is active as generation 4"
    assert house.status.sidecar.restarts_in_window == 0


def test_a_wait_is_cut_short() -> None:
    house = active()
    house.exit_process()
    assert house.status.sidecar.state == "backing_off"
    command = house.order_recovery()
    house.rest()
    assert house.answers[command].ok


def test_a_crash_loop_that_comes_back_is_told() -> None:
    house = crash_loop(active())
    house.greets = False
    command = house.order_recovery()
    for _ in range(3):
        house.rest()
        house.exit_process(text="exit code 7")
        house.run(1_000)
    answer = house.answers[command]
    assert (answer.ok, answer.text) == (False, "the sidecar does not stay up: exit code 7")


@pytest.mark.parametrize("role", ["stager", "auth", "sidecar", "ingest"])
def test_a_part_that_was_given_up_is_brought_back_or_told_to_be_lost(role: Role) -> None:
    house = kill_thrice(active(), role)
    command = house.order_recovery()
    house.run(2_000)
    if role == "auth":
        house.auth("authenticated")
    assert house.answers[command].ok
    house = kill_thrice(active(), role)
    house.slow_start = {role}
    command = house.order_recovery()
    for _ in range(3):
        house.die(role)
        house.run(1_000)
    assert not house.answers[command].ok
    assert f"{role} crash-loops" in house.answers[command].text


@pytest.mark.parametrize("state", ["needs_login", "logged_out"])
def test_a_missing_login_is_asked_for_again_and_told_only_when_it_is_said_anew(state: AuthState) -> None:
    house = active()
    house.auth(state)
    house.login = "needs_login"
    command = house.order_recovery()
    assert command not in house.answers, "what was known before is no answer"
    assert any(isinstance(each.message, RetryAuthRequested) and each.to == "auth" for each in house.said)
    house.rest()
    assert (house.answers[command].ok, house.answers[command].text[:19]) == (False, "auth is needs_login")
    house.login = "authenticated"
    command = house.order_recovery()
    house.rest()
    assert house.answers[command].ok


def test_a_recovery_that_leads_nowhere_ends_at_its_deadline() -> None:
    house = crash_loop(active())
    house.greets = False
    command = house.order_recovery()
    house.run(ORDER_DEADLINE_MS - 1)
    assert command not in house.answers
    house.run(1)
    answer = house.answers[command]
    assert (answer.ok, answer.code) == (False, "TIMED_OUT")
    assert "handshake" in answer.text
    house.greet(house.machine.process.generation)
    house.run(ORDER_DEADLINE_MS)
    assert house.done[command] == 1


def test_a_recovery_with_the_baseline_gone_is_not_called_active() -> None:
    house = active()
    house.exit_process()
    house.hung.add("ingest")
    house.machine.store_healthy = False
    command = house.order_recovery()
    house.turn()
    assert command not in house.answers


def test_a_switch_that_is_turned_on_ends_a_recovery_and_a_restart() -> None:
    house = crash_loop(active())
    house.greets = False
    recovery, restart = house.order_recovery(), house.order_restart()
    house.order_switch(on=True)
    house.rest()
    assert [house.answers[each].ok for each in (recovery, restart)] == [False, False]
    assert all("kill switch" in house.answers[each].text for each in (recovery, restart))


def test_many_orders_are_each_answered_once() -> None:
    house = crash_loop(active())
    house.greets = False
    commands = [house.order_recovery() for _ in range(ORDERS_MAX + 2)]
    refused = [each for each in commands if each in house.answers]
    assert len(refused) == 2
    assert {house.answers[each].code for each in refused} == {"NOT_NOW"}
    house.run(ORDER_DEADLINE_MS)
    assert [house.done[each] for each in commands] == [1] * len(commands)


def test_a_tree_that_stops_answers_what_was_ordered() -> None:
    house = crash_loop(active())
    house.greets = False
    command = house.order_recovery()
    house.stop()
    assert house.answers[command].text == "the tree stops"
    for order in (house.order_recovery, house.order_fallback, lambda: house.order_switch(on=True)):
        assert house.answers[order()].text == "the tree stops"


# Whatever happens.


class AnyOrders(AnyWeather):
    """The weather of the supervisor, and people who order something at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.house = TreeHouse(tree_settings())

    @rule()
    def a_person_recovers(self) -> None:
        if not self.house.over:
            self.house.order_recovery()

    @rule()
    def a_person_falls_back(self) -> None:
        if not self.house.over:
            self.house.order_fallback()

    @rule(on=st.booleans(), expected=st.sampled_from([None, None, 0, 1]))
    def a_person_turns_the_switch(self, on: bool, expected: int | None) -> None:
        if not self.house.over:
            self.house.order_switch(on, expected)

    @rule(on=st.booleans(), fault=st.sampled_from(["", "", "config.toml is empty"]))
    def somebody_edits_the_file(self, on: bool, fault: str) -> None:
        house = self.house
        house.file = ConfigSeen(house.file.revision + 1, on or bool(fault), fault)
        house.hear(house.file)

    @rule(full=st.booleans())
    def the_disk_fills_up_or_has_room(self, full: bool) -> None:
        self.house.disk = "no space" if full else ""

    @rule(login=st.sampled_from(["authenticated", "needs_login"]))
    def the_account_says(self, login: AuthState) -> None:
        self.house.login = login

    def teardown(self) -> None:
        self.house.recover()
        self.house.run(ORDER_DEADLINE_MS)
        super().teardown()


AnyOrders.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, derandomize=True, deadline=None, database=None
)
TestAnyOrders = AnyOrders.TestCase
