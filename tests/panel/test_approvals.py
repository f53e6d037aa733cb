"""Questions of the app-server: what is asked, the four answers, and every way in which one ends."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.panel.gateway import ScriptedGateway, done, failed

DIFF = """--- a/src/parser.py
+++ b/src/parser.py
@@ -40,3 +40,3 @@
         if not line:
-            break
+            continue
"""
ANSWERS = {
    "Accept": ("accept", "Accepted. The turn goes on."),
    "Accept for session": ("acceptForSession", "the same for the rest of this session"),
    "Decline": ("decline", "Declined. The turn goes on without it."),
    "Cancel turn": ("cancel", "the turn is cancelled"),
}


def asked(token: str = "k1", within_ms: int = 300_000, **changes: Any) -> dict[str, Any]:
    return {
        "event": "approvalRequested", "token": token, "kind": "command", "sessionId": "s-1", "turnId": "t-1",
        "itemId": "i-1", "summary": "rm -r build", "diff": "", "diffCut": False,
        "expiresAtMs": time.time_ns() // 1_000_000 + within_ms, **changes,
    }  # fmt: skip


@pytest.mark.parametrize("label", ANSWERS)
def test_each_answer_goes_out_once_with_the_questions_own_token(
    label: str, gateway: ScriptedGateway, panel: Page
) -> None:
    decision, words = ANSWERS[label]
    gateway.on["submitApproval"] = lambda _: done(decision)
    gateway.tell(asked(), asked("k2", summary="make install"))
    question = panel.get_by_role("article").filter(has_text="rm -r build")
    question.get_by_role("button", name=label, exact=True).click()
    said = gateway.wait_command("submitApproval")
    assert (said["token"], said["decision"]) == ("k1", decision)
    expect(question).to_contain_text(words)
    expect(question.get_by_role("button")).to_have_count(0)
    expect(panel.get_by_role("article").filter(has_text="make install").get_by_role("button")).to_have_count(4)
    assert gateway.said("submitApproval") == 1


def test_a_file_change_shows_its_diff_line_by_line(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.tell(asked(kind="fileChange", summary="src/parser.py", diff=DIFF, diffCut=True))
    expect(panel.get_by_role("heading", name="Codex wants to change files")).to_be_visible()
    diff = panel.get_by_role("group", name="What would change")
    assert diff.locator(".plus").inner_text().strip() == "+            continue".strip()
    assert diff.locator(".minus").inner_text().strip() == "-            break".strip()
    expect(diff).to_contain_text("only its beginning is shown")


def test_a_question_counts_down_and_a_late_answer_says_that_it_is_late(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["submitApproval"] = lambda _: failed("this request was answered already, or is over")
    gateway.tell(asked(within_ms=29_000))
    timer = panel.get_by_role("timer")
    expect(timer).to_contain_text("0:2")
    expect(timer).to_contain_text("left, then it is declined")
    expect(panel.locator("#urgent")).to_contain_text("rm -r build")
    panel.get_by_role("button", name="Accept", exact=True).click()
    expect(panel.locator(".approval .trouble")).to_contain_text("answered already")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("expired", "Nobody answered in time"),
        ("withdrawn", "needs no answer any more"),
        ("closed", "The sidecar ended"),
    ],
)
def test_a_question_that_ends_elsewhere_says_how(
    outcome: str, words: str, gateway: ScriptedGateway, panel: Page
) -> None:
    gateway.tell(asked(), {"event": "approvalClosed", "token": "k1", "outcome": outcome})
    expect(panel.locator(".approval")).to_contain_text(words)
    expect(panel.locator(".approval button")).to_have_count(0)


def test_what_is_asked_is_text_whatever_it_looks_like(gateway: ScriptedGateway, panel: Page) -> None:
    bait = "<img src=x onerror='document.title=1'><script>document.title=2</script>"
    gateway.tell(asked(summary=bait, diff=f"+{bait}\n", kind="fileChange"))
    expect(panel.locator(".approval > pre")).to_have_text(bait)
    assert panel.locator(".approval img, .approval script").count() == 0


def test_keys_reach_a_question_and_its_answer_keeps_the_focus_in_the_page(
    gateway: ScriptedGateway, panel: Page
) -> None:
    gateway.on["submitApproval"] = lambda _: done("decline")
    gateway.tell(asked())
    expect(panel.locator(".approval")).to_be_visible()
    panel.keyboard.press("a")
    expect(panel.get_by_role("button", name="Accept", exact=True)).to_be_focused()
    panel.keyboard.press("Tab")
    panel.keyboard.press("Tab")
    panel.keyboard.press("Enter")
    assert gateway.wait_command("submitApproval")["decision"] == "decline"
    expect(panel.locator(".approval")).to_contain_text("Declined")
    expect(panel.locator(".approval")).to_be_focused()


def test_who_may_only_look_has_no_buttons(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.tell(asked(token=""))
    expect(panel.locator(".approval")).to_contain_text("This page may look on, but not decide.")
