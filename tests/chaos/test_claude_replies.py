from typing import Any

import pytest

from chaos import scripts
from chaos.claude_replies import Reply, deltas, reply_for, where

Json = dict[str, Any]


def asked(prompt: str, answers: int = 0) -> Json:
    """A request with this prompt, and so many answers that called a tool since."""
    reminder = {"type": "text", "text": "<system-reminder>today</system-reminder>"}
    messages: list[Json] = [
        {"role": "user", "content": [reminder, {"type": "text", "text": prompt}, reminder]},
    ]
    for number in range(answers):
        messages.append({"role": "assistant", "content": [{"type": "tool_use", "id": f"t{number}"}]})
        messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{number}"}, reminder]})
    return {"messages": messages}


def names(reply: Reply) -> list[str]:
    return [block.get("name", block["type"]) for block in reply.blocks]


def test_the_prompt_is_found_among_what_claude_puts_around_it() -> None:
    assert where(asked("SCN:plain hello", 2)["messages"]) == ("SCN:plain hello", 2, "")
    assert where([{"role": "user", "content": "just text"}]) == ("just text", 0, "")
    assert where(asked("SCN:tools in:/a/b now")["messages"])[2] == "/a/b"
    assert where([]) == ("", 0, "")


def test_the_latest_prompt_counts_in_a_long_history() -> None:
    history = [*asked("SCN:tools")["messages"], {"role": "assistant", "content": "x"}, *asked("SCN:plain")["messages"]]
    assert where(history) == ("SCN:plain", 0, "")


def test_tools_come_one_message_after_the_other_and_then_a_text() -> None:
    told = [names(reply_for(asked("SCN:tools in:/w", step), 1)) for step in range(7)]
    assert told == [["text", "Write"], ["Edit"], ["Bash"], ["Bash"], ["Read"], ["Bash", "Bash"], ["text"]]
    assert reply_for(asked("SCN:tools in:/w"), 1).blocks[1]["input"]["file_path"] == "/w/notes.txt"
    assert [reply_for(asked("SCN:tools", step), 1).stop_reason for step in (5, 6)] == ["tool_use", "end_turn"]


def test_steps_are_as_many_calls_as_were_asked_for() -> None:
    told = [names(reply_for(asked("SCN:steps:2", step), 1)) for step in range(3)]
    assert told == [["Bash"], ["Bash"], ["text"]]
    assert [reply_for(asked("SCN:gate:2", step), 1).gated for step in range(3)] == [False, False, True]


def test_a_sub_agent_gets_a_prompt_that_is_a_scenario_itself() -> None:
    [call] = reply_for(asked("SCN:agent"), 1).blocks
    assert call["name"] == "Agent"
    assert names(reply_for(asked(call["input"]["prompt"]), 1)) == ["Bash"]


def test_errors_come_as_asked_and_a_retry_finds_a_text() -> None:
    assert reply_for(asked("SCN:retry"), 1).status == 529
    assert reply_for(asked("SCN:retry"), 2).blocks[0]["text"] == scripts.PLAIN_TEXT
    assert [reply_for(asked(f"SCN:fail{arg}"), 1).status for arg in ("", ":500")] == [400, 500]


@pytest.mark.parametrize(
    ("prompt", "kinds", "pause_ms"),
    [("SCN:plain", ["text"], 0), ("SCN:slow:3", ["text"], 20), ("SCN:thinking", ["thinking", "text"], 0)],
)
def test_texts_are_told_whole_and_cut_only_on_their_way(prompt: str, kinds: list[str], pause_ms: int) -> None:
    reply = reply_for(asked(prompt), 1)
    assert (names(reply), reply.pause_ms) == (kinds, pause_ms)
    assert "".join(deltas(reply.blocks[-1])) == reply.blocks[-1]["text"]


def test_a_long_text_has_as_many_deltas_as_were_asked_for() -> None:
    assert len(deltas(reply_for(asked("SCN:long:50"), 1).blocks[0])) == 50


def test_a_sleep_can_be_asked_for_so_that_there_is_something_to_kill() -> None:
    assert reply_for(asked("SCN:shell:30"), 1).blocks[0]["input"]["command"] == "sleep 30"
    assert reply_for(asked("SCN:shell"), 1).blocks[0]["input"]["command"] == scripts.SAFE_COMMAND
