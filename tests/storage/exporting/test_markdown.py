"""Sessions as pages."""

from __future__ import annotations

from storage.exporting.markdown import page
from storage.exporting.sessions import Sessions
from tests.storage.exporting.desk import Desk


def text(sessions: Sessions, session_id: str) -> str:
    told = sessions.told("codex", session_id, bodies=False)
    assert told is not None
    return "\n".join(page(told))


def test_a_page_has_its_facts_its_commits_and_its_turns(sessions: Sessions, desk: Desk) -> None:
    told = text(sessions, "one")
    assert told.startswith("# Prices \\| and \\`more\\`\n")
    assert "- Model: `gpt-5`" in told
    assert f"| `{desk.commit[:12]}` | Add prices and names | linked |" in told
    assert "## Turn 1 (completed, 12 tokens)" in told
    assert "### Changed files" in told


def test_captured_text_cannot_leave_its_fence(sessions: Sessions) -> None:
    told = text(sessions, "three")
    assert "````text\nsee ```\nfenced\n``` and <b>bold</b>\n````" in told
    assert "No commit: it changed no file and made no commit" in told
    assert "```text\nno\n```" in told, "the error of the turn"


def test_a_time_that_no_calendar_has_is_no_obstacle(sessions: Sessions) -> None:
    told = sessions.told("codex", "one", bodies=False)
    assert told is not None
    assert "- Begun: `9999-12-31 00:00:00 UTC`" in list(page({**told, "created_at_ms": 2**62}))
