"""What is stored of an item depends on its kind, its status and its redacted body, and on nothing else."""

from __future__ import annotations

from storage.cleaning import ERROR_TEXT, CleanBody
from storage.content import Content, Shown, content_of
from storage.identity import ID_CHARS_MAX

DIFF = "@@ -1 +1 @@\n-old\n+new"


def test_the_order_of_fields_makes_no_difference_and_the_status_does() -> None:
    one = content_of("agentMessage", None, CleanBody({"text": "words", "id": "a"}, False))
    other = content_of("agentMessage", None, CleanBody({"id": "a", "text": "words"}, False))
    assert one == other
    assert (one.text, one.body) == ("words", '{"id":"a","text":"words"}')
    assert content_of("agentMessage", "failed", CleanBody({"text": "words", "id": "a"}, False)) != one


def test_a_body_that_could_not_be_redacted_leaves_one_word() -> None:
    content = content_of("fileChange", "completed", CleanBody(None, True))
    assert (content.text, content.body, content.failed, content.shows) == (ERROR_TEXT, f'"{ERROR_TEXT}"', True, ())


def test_what_an_item_shows_of_files_and_commits_comes_along() -> None:
    changed = {"changes": [{"path": "/r/b.py", "kind": {"type": "update", "move_path": "/r/c.py"}, "diff": DIFF}]}
    assert content_of("fileChange", "completed", CleanBody(changed, False)).shows == (
        Shown("update", "/r/c.py", "/r/b.py"),
    )
    ran = {"command": "git commit -m 'A'", "aggregatedOutput": "[main 1a2b3c4] A", "cwd": "/r"}
    assert content_of("commandExecution", "completed", CleanBody(ran, False)).shows == (
        Shown("commit", "/r", None, "1a2b3c4", "A", "main"),
    )
    assert content_of("agentMessage", None, CleanBody({"text": "git commit"}, False)).shows == ()


def test_only_an_id_of_possible_length_names_an_agent_and_nothing_prints() -> None:
    def agent(value: object) -> Content:
        return content_of("agentMessage", None, CleanBody({"text": "words", "agentId": value}, False))

    assert agent("a7").agent_id == "a7"
    assert [agent(each).agent_id for each in ("", 7, "x" * (ID_CHARS_MAX + 1))] == [None, None, None]
    assert "words" not in repr(agent("a7"))
