from __future__ import annotations

from itertools import combinations

import pytest

from actors.wire.transcript_kinds import CONTROL_LINES, CONTROL_SYSTEM, NOTED_ATTACHMENTS, NOTED_SYSTEM
from tests.actors.wire.file_house import lines, shown, whole_transcript

PROMPT = {"type": "user", "uuid": "u", "sessionId": "s", "message": {"content": "go"}}


def test_no_name_stands_in_two_lists_that_one_kind_of_line_is_looked_up_in() -> None:
    for one, other in combinations((CONTROL_SYSTEM, NOTED_SYSTEM, {"compact_boundary", "turn_duration"}), 2):
        assert not one & other


@pytest.mark.parametrize("kind", sorted(CONTROL_LINES))
def test_a_line_about_the_tool_itself_is_counted_and_leaves_no_record(kind: str) -> None:
    _, got = whole_transcript(lines(PROMPT, {"type": kind, "uuid": "x", "content": "c"}))
    assert got.counts == {"control": 1}
    assert len(got.items) == 1


@pytest.mark.parametrize("subtype", sorted(CONTROL_SYSTEM | NOTED_SYSTEM))
def test_of_system_lines_those_that_a_person_saw_become_items(subtype: str) -> None:
    _, got = whole_transcript(lines(PROMPT, {"type": "system", "subtype": subtype, "uuid": "x", "content": "c"}))
    assert shown(got)[1:] == ([("systemMessage", None, "x")] if subtype in NOTED_SYSTEM else [])
    assert not got.unknown


@pytest.mark.parametrize("kind", [*sorted(NOTED_ATTACHMENTS), "todo_reminder"])
def test_of_attachments_those_of_the_sessions_own_become_items(kind: str) -> None:
    _, got = whole_transcript(lines(PROMPT, {"type": "attachment", "uuid": "x", "attachment": {"type": kind}}))
    assert [found for found, _, _ in shown(got)[1:]] == (["attachment"] if kind in NOTED_ATTACHMENTS else [])
