"""A turn is a generator: here it is played by hand, without a process."""

import itertools
from pathlib import Path

from chaos.scripted_clock import Clock
from chaos.scripted_scenarios import SCENARIOS
from chaos.scripted_threads import Thread
from chaos.scripted_turns import Answer, Ask, End, Note, Play, Step, Turn, ending, message, play, steered


def turn_of(prompt: str, *, auth_mode: str | None = None, retries: int = 2, cwd: str = "/nowhere") -> Turn:
    thread = Thread("t1", cwd, "gpt-5.5", "mock", "never", "read-only", 1, "probe", None)
    numbers = itertools.count(1)
    turn = Turn(
        thread, "turn1", prompt, Clock(1000), lambda: f"id{next(numbers)}", lambda: auth_mode, "acct", retries, 1000
    )
    thread.begin("turn1", 1000)
    return turn


def performed(script: Play, *answers: Answer) -> tuple[list[Step], End]:
    """Every step, answering each question with the next answer."""
    waiting = list(answers)
    steps: list[Step] = []
    answer: Answer | None = None
    while True:
        try:
            step = script.send(answer)
        except StopIteration as stop:
            return steps, stop.value
        steps.append(step)
        answer = waiting.pop(0) if isinstance(step, Ask) else None


def methods(steps: list[Step]) -> list[str]:
    return [step.method for step in steps if isinstance(step, Note)]


def test_a_turn_opens_with_its_status_itself_and_its_prompt() -> None:
    steps, end = performed(play(turn_of("hello"), SCENARIOS))
    assert methods(steps)[:4] == ["thread/status/changed", "turn/started", "item/started", "item/completed"]
    assert end == End("completed")


def test_an_unknown_scenario_is_plain() -> None:
    plain, _ = performed(play(turn_of("SCN:plain"), SCENARIOS))
    unknown, _ = performed(play(turn_of("SCN:neverheard"), SCENARIOS))
    assert methods(unknown) == methods(plain)


def test_the_completed_text_is_the_sum_of_the_deltas() -> None:
    turn = turn_of("x")
    steps = list(message(turn, ["a", "bc", ""]))
    deltas = [step.params["delta"] for step in steps if isinstance(step, Note) and step.method.endswith("/delta")]
    assert deltas == ["a", "bc", ""]
    assert turn.summary[0]["text"] == "abc"


def test_usage_is_repeated_only_when_the_thread_has_any() -> None:
    turn = turn_of("x")
    assert [note.method for note in turn.limits()] == ["account/rateLimits/updated"]
    turn.usage()
    assert [note.method for note in turn.limits()] == ["thread/tokenUsage/updated", "account/rateLimits/updated"]


def test_a_steer_starts_the_message_ids_again() -> None:
    turn = turn_of("SCN:slow")
    turn.messages = 1
    steps, _ = performed(steered(turn, "SCN:plain", SCENARIOS))
    started = [step.params["item"] for step in steps if isinstance(step, Note) and step.method == "item/started"]
    assert [(item["type"], item["id"]) for item in started] == [("userMessage", "id1"), ("agentMessage", "msg_1")]


def test_only_a_completed_turn_repeats_its_last_message() -> None:
    for status, summarised in (("completed", True), ("interrupted", False), ("failed", False)):
        turn = turn_of("x")
        turn.summary = [{"type": "agentMessage"}]
        turn.thread.end("turn1", status, None, 1000, 1001)
        last = ending(turn, End(status))[-1].params["turn"]
        assert (last["status"], bool(last["items"])) == (status, summarised)


def test_the_turn_works_in_the_folder_of_its_thread(tmp_path: Path) -> None:
    performed(play(turn_of("SCN:patch:now", cwd=str(tmp_path)), SCENARIOS))
    assert (tmp_path / "patched.txt").read_text() == "line one\nline two\n"
