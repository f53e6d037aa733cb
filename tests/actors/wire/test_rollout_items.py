from __future__ import annotations

from typing import Any

import pytest

from actors.wire.rollout_items import camel, stream_item


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("UserMessage", "userMessage"),
        ("process_id", "processId"),
        ("unified_exec_startup", "unifiedExecStartup"),
        ("cwd", "cwd"),
        ("exit2_code", "exit2Code"),
        ("_", "_"),
    ],
)
def test_names_are_spelt_as_in_the_stream(name: str, expected: str) -> None:
    assert camel(name) == expected


def test_a_patch_is_told_as_the_stream_tells_it() -> None:
    changes = {
        "/w/mv.txt": {"type": "update", "unified_diff": "@@\n-a\n+b\n", "move_path": "/w/mv2.txt"},
        "/w/a.txt": {"type": "update", "unified_diff": "@@\n", "move_path": None},
        "/w/gone.txt": {"type": "delete", "content": "x\n"},
    }
    item = {"type": "FileChange", "id": "c", "changes": changes, "status": "completed", "stdout": "Success"}
    # As codex 0.169 wrote both sides.
    assert stream_item(item, 1, 2) == {
        "type": "fileChange",
        "id": "c",
        "changes": [
            {"path": "/w/a.txt", "kind": {"type": "update", "move_path": None}, "diff": "@@\n"},
            {"path": "/w/gone.txt", "kind": {"type": "delete"}, "diff": "x\n"},
            {
                "path": "/w/mv.txt",
                "kind": {"type": "update", "move_path": "/w/mv2.txt"},
                "diff": "@@\n-a\n+b\n\n\nMoved to: /w/mv2.txt",
            },
        ],
        "status": "completed",
        "startedAtMs": 1,
        "completedAtMs": 2,
    }


def test_an_item_of_an_unknown_kind_keeps_all_it_says() -> None:
    item = {"type": "DreamTold", "id": "d", "deep_sleep": {"snake_inside": 1}, "status": "completed"}
    assert stream_item(item, None, None) == {
        "type": "dreamTold", "id": "d", "deepSleep": {"snake_inside": 1}, "status": "completed",
        "startedAtMs": None, "completedAtMs": None,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["UserMessage", "AgentMessage", "Reasoning", "CommandExecution", "FileChange"])
@pytest.mark.parametrize("odd", [None, 7, [], {}, "x", [7], {"a": 7}])
def test_odd_shapes_give_less_and_never_an_error(kind: str, odd: Any) -> None:
    names = ("content", "summary_text", "command", "parsed_cmd", "duration", "changes", "status", "cwd", "source")
    assert stream_item({"type": kind, "id": "i", **dict.fromkeys(names, odd)}, None, None)["id"] == "i"
