from pathlib import Path
from typing import Any

import pytest

from chaos.claude_program import ClaudeNotFound, find_claude, truth_of
from hybrid_capture.codex_binary import npm_platform

Json = dict[str, Any]


def line(kind: str, uuid: str, *blocks: Json, **message: Any) -> Json:
    return {"type": kind, "uuid": uuid, "session_id": "s", "message": {"id": "m1", "content": list(blocks), **message}}


def call(tool_use_id: str) -> Json:
    return {"type": "tool_use", "id": tool_use_id, "name": "Bash", "input": {}}


def result(tool_use_id: str, is_error: bool | None = None) -> Json:
    return {"type": "tool_result", "tool_use_id": tool_use_id, "is_error": is_error}


def test_the_truth_is_every_message_and_every_call_with_its_end() -> None:
    truth = truth_of(
        [
            {"type": "system", "subtype": "init", "session_id": "s"},
            line("assistant", "u1", {"type": "thinking", "thinking": "t"}),
            line("assistant", "u2", {"type": "text", "text": "t"}),
            line("assistant", "u3", call("t1"), id="m2"),
            line("assistant", "u4", call("t2"), id="m2"),
            line("user", "u5", result("t1")),
            line("user", "u6", result("t2", True)),
            line("assistant", "u7", call("t3"), id="m3"),
            {"type": "result", "session_id": "s", "is_error": False},
        ]
    )
    assert truth.session_id == "s"
    assert truth.messages == ["u1", "u2"]
    assert truth.calls == {"t1": "completed", "t2": "failed", "t3": "inProgress"}
    assert truth.items == {"u1", "u2", "t1", "t2", "t3"}
    assert truth.answers == {"m1", "m2", "m3"}
    assert not truth.failed


def test_a_message_that_claude_wrote_itself_is_an_item_but_no_answer_of_the_api() -> None:
    truth = truth_of(
        [line("assistant", "u1", {"type": "text"}, model="<synthetic>"), {"type": "result", "is_error": 1}]
    )
    assert (truth.messages, truth.answers, truth.failed) == (["u1"], set(), True)


def test_the_native_binary_is_found_and_a_missing_one_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ClaudeNotFound, match="npm package @anthropic-ai/claude-code"):
        find_claude(tmp_path)
    binary = tmp_path / f"@anthropic-ai/claude-code-{npm_platform()}" / "claude"
    binary.parent.mkdir(parents=True)
    binary.write_text("")
    assert find_claude(tmp_path) == binary
