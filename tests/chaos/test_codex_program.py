from typing import Any

from chaos.codex_program import exec_truth

Json = dict[str, Any]


def item(kind: str, event: str = "item.completed") -> Json:
    return {"type": event, "item": {"id": "item_0", "type": kind}}


def test_the_truth_of_a_run_is_its_items_by_kind_and_its_tokens() -> None:
    truth = exec_truth(
        [
            {"type": "thread.started", "thread_id": "t"},
            {"type": "turn.started"},
            item("command_execution", "item.started"),
            item("command_execution"),
            item("agent_message"),
            {"type": "turn.completed", "usage": {"input_tokens": 200, "output_tokens": 20}},
        ]
    )
    assert (truth.session_id, truth.kinds) == ("t", ["commandExecution", "agentMessage"])
    assert (truth.tokens, truth.failed) == ((200, 20), False)


def test_a_turn_that_failed_says_so_and_has_no_tokens() -> None:
    truth = exec_truth([{"type": "error", "message": "x"}, {"type": "turn.failed", "error": {"message": "x"}}])
    assert (truth.tokens, truth.failed) == ((0, 0), True)
