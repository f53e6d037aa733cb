"""What a person reads of an item."""

from __future__ import annotations

from typing import Any

import pytest

from storage.texts import item_text


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("agentMessage", {"text": "done"}, "done"),
        ("userMessage", {"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"text": "b"}]}, "a\nb"),
        ("reasoning", {"summary": ["first", {"text": "second"}], "content": ["hidden"]}, "first\nsecond"),
        ("reasoning", {"summary": [], "content": ["only this"]}, "only this"),
        ("commandExecution", {"command": "ls", "aggregatedOutput": "a\nb"}, "ls\na\nb"),
        ("commandExecution", {"command": ["ls", "-l"], "aggregatedOutput": None}, "ls -l"),
        ("fileChange", {"changes": [{"path": "a.py", "kind": {"type": "add"}, "diff": "+x"}]}, "a.py\n+x"),
        ("systemMessage", {"content": [{"type": "text", "text": "said by the tool"}]}, "said by the tool"),
        (
            "toolCall",
            {
                "tool": "Bash",
                "arguments": {"command": "ls", "timeout": 5},
                "result": "a",
                "toolUseResult": {"stdout": "a"},
            },
            "Bash\nls\na",
        ),
        ("toolCall", {"tool": "Edit", "arguments": {"edits": [{"old": "x", "new": "y"}]}}, "Edit\nx\ny"),
        ("attachment", {"about": "file", "attachment": {"filename": "a.py", "content": {"text": "x"}}}, "a.py\nx"),
        ("webSearch", {"query": "q", "id": "1"}, '{"id":"1","query":"q"}'),
    ],
)
def test_each_kind_has_its_text(kind: str, body: dict[str, Any], text: str) -> None:
    assert item_text(kind, body) == text


@pytest.mark.parametrize(
    "kind", ["agentMessage", "userMessage", "reasoning", "commandExecution", "fileChange", "toolCall"]
)
@pytest.mark.parametrize("odd", [None, 1, "text", [], [1, None], {"a": 1}])
def test_odd_shapes_are_no_error(kind: str, odd: object) -> None:
    fields = ("text", "content", "summary", "command", "aggregatedOutput", "changes", "result", "toolUseResult")
    assert isinstance(item_text(kind, dict.fromkeys(fields, odd)), str)
    assert item_text(kind, {}) == ""


def test_a_nul_is_shown_as_its_picture() -> None:
    assert item_text("agentMessage", {"text": "a\x00b"}) == "a\u2400b"
