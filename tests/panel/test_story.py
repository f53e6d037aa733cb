"""The panel on a whole runtime: root, gateway, actors and store as they are, with the scripted app-server below.

First the walk of a newcomer from a working capture through a crash loop back to a session of their own; then each
action for what it really does, and what the page says when parts of the runtime die.
"""

from __future__ import annotations

import os
import signal

from playwright.sync_api import Page, expect

from chaos.drilling.stage import PATIENCE_S
from chaos.scripts import PLANTED_SECRETS, ProcessScript
from tests.panel.conftest import Begin, Open, picture, sees, view

PATIENCE_MS = PATIENCE_S * 1_000


def mode(page: Page, wanted: str) -> None:
    expect(page.locator(".banner .mode")).to_have_text(wanted, timeout=PATIENCE_MS)


def outcome(page: Page, card: str = "actions") -> None:
    expect(page.locator(f"#{card} [data-outcome='done']").first).to_be_visible(timeout=PATIENCE_MS)


def press(page: Page, label: str, asks: bool = False) -> None:
    page.get_by_role("button", name=label, exact=True).click()
    if asks:
        page.get_by_role("dialog").get_by_role("button", name=label).click()


def test_a_newcomer_breaks_the_sidecar_mends_it_logs_in_approves_and_finds_the_session(
    begin: Begin, open_page: Open
) -> None:
    logged_in, nobody = {"auth": "chatgpt"}, {"auth": "none"}
    stage = begin(ProcessScript(starts=(logged_in, logged_in, logged_in, nobody), login_delay_ms=6_000))
    stage.active()
    page = open_page(stage.runtime.panel_address(timeout_s=PATIENCE_S))

    # What is captured?
    mode(page, "HYBRID_ACTIVE")
    captured = page.locator("#captured")
    expect(captured.locator("li").filter(has_text="Live stream")).to_contain_text("working")
    expect(captured.locator("li").filter(has_text="Telemetry")).to_contain_text("127.0.0.1")
    picture(page, "story-1-working")

    # What happens when it breaks, three times?
    for generation in (1, 2, 3):
        stage.active(generation)
        os.kill(stage.runtime.status()["sidecar"]["pid"], signal.SIGKILL)
    mode(page, "DEGRADED_STREAMING")
    codex = page.locator("[data-part='codex app-server']")
    expect(codex).to_contain_text("gave up (crash loop)", timeout=PATIENCE_MS)
    expect(page.locator(".last-error")).to_contain_text("signal 9")
    offered = {each.get_attribute("data-action") for each in page.locator("[data-action]").all()}
    assert offered == set(stage.runtime.status()["actions"])
    picture(page, "story-2-crash-loop")

    # Restart it, and log in.
    press(page, "Restart Sidecar")
    expect(codex).to_contain_text("generation 4", timeout=PATIENCE_MS)
    login = page.get_by_role("button", name="Log in with a code")
    login.click(timeout=PATIENCE_MS)
    expect(page.get_by_label("Code", exact=True)).to_have_text("ABCD-1234")
    expect(page.get_by_role("link", name="Open the login page")).to_be_visible()
    mode(page, "HYBRID_ACTIVE")
    expect(page.locator("#account .state").first).to_have_text("logged in")
    picture(page, "story-3-logged-in")

    # Let codex do something, and approve it.
    page.keyboard.press("2")
    page.get_by_label("Say something in a new thread").fill("SCN:shell:approve make me a file")
    page.keyboard.press("Control+Enter")
    question = page.locator(".approval")
    expect(question).to_contain_text("touch probe_created_file", timeout=PATIENCE_MS)
    picture(page, "story-4-approval")
    question.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator(".turn-end")).to_contain_text("completed", timeout=PATIENCE_MS)
    picture(page, "story-5-live")

    # Find it again.
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("probe_created_file")
    hit = page.locator("#session-hits .row").first
    expect(hit).to_contain_text("probe_created_file", timeout=PATIENCE_MS)
    hit.click()
    expect(page.locator(".item.commandExecution")).to_contain_text("touch probe_created_file")
    expect(page.locator(".item.agentMessage")).to_contain_text("tool finished; done.")
    picture(page, "story-6-found")

    # And how did all of that go?
    page.keyboard.press("5")
    changes = page.locator(".change.about-sidecar")
    expect(changes.filter(has_text="crash loop").first).to_be_visible()
    picture(page, "story-7-timeline")


def test_each_action_does_what_it_says(begin: Begin, open_page: Open) -> None:
    stage = begin(ProcessScript(auth="chatgpt"))
    stage.active()
    page = open_page(stage.runtime.panel_address(timeout_s=PATIENCE_S))
    press(page, "Retry Auth")
    outcome(page)
    press(page, "Restart Sidecar", asks=True)
    expect(page.locator("[data-part='codex app-server']")).to_contain_text("generation 2", timeout=PATIENCE_MS)
    mode(page, "HYBRID_ACTIVE")
    press(page, "Fallback OTEL-only", asks=True)
    mode(page, "OTEL_ONLY")
    press(page, "Recover Hybrid")
    mode(page, "HYBRID_ACTIVE")
    switch = page.get_by_role("switch", name="Stream kill switch")
    switch.click()
    page.get_by_role("dialog").get_by_role("button", name="Turn it on").click()
    mode(page, "OTEL_ONLY")
    expect(switch).to_be_checked()
    assert stage.runtime.status()["kill_switch"] is True
    switch.click()
    mode(page, "HYBRID_ACTIVE")
    press(page, "Log out", asks=True)
    mode(page, "DEGRADED_STREAMING")
    expect(page.get_by_role("button", name="Log in with the browser")).to_be_visible()
    kinds = [
        row[0]
        for row in stage.until_rows("SELECT text FROM audit WHERE kind = 'command_done'", lambda rows: len(rows) >= 6)
    ]
    for command in ("retryAuth", "restartSidecar", "fallbackToOtelOnly", "recoverHybrid", "setStreamKillSwitch"):
        assert any(kind.startswith(command) for kind in kinds), f"{command} was not done: {kinds}"


def test_a_file_change_is_declined_with_its_diff_in_sight(begin: Begin, open_page: Open) -> None:
    stage = begin(ProcessScript(auth="chatgpt"))
    stage.active()
    page = open_page(stage.runtime.panel_address(timeout_s=PATIENCE_S))
    turn = stage.begin(stage.thread(), "SCN:patch:approve")
    question = page.locator(".approval")
    expect(question).to_contain_text("Codex wants to change files", timeout=PATIENCE_MS)
    expect(question.locator(".diff .plus").first).to_contain_text("line one")
    question.get_by_role("button", name="Decline").click()
    expect(question).to_contain_text("Declined")
    assert stage.stored(turn)["status"] == "completed"


def test_the_page_outlives_a_killed_gateway_and_a_killed_root(begin: Begin, open_page: Open) -> None:
    stage = begin(ProcessScript(auth="chatgpt"))
    stage.active()
    page = open_page(stage.runtime.panel_address(timeout_s=PATIENCE_S))
    lost = sees(page, ".connection.bad")
    stage.kill("gateway")
    lost()
    expect(page.locator(".connection.good")).to_contain_text("Connected again", timeout=PATIENCE_MS)
    before = str(stage.runtime.status()["sidecar"]["pid"])
    stage.kill("root")
    # The page has come to the new tree when it shows another process.
    expect(page.locator("[data-part='codex app-server']")).not_to_contain_text(before, timeout=PATIENCE_MS)
    mode(page, "HYBRID_ACTIVE")
    press(page, "Retry Auth")
    outcome(page)


def test_a_secret_is_not_on_the_page(begin: Begin, open_page: Open) -> None:
    stage = begin(ProcessScript(auth="chatgpt"))
    stage.active()
    page = open_page(stage.runtime.panel_address(timeout_s=PATIENCE_S))
    view(page, "live")
    thread = stage.thread()
    stage.turn(thread, "SCN:secret")
    expect(page.locator(".turn-end")).to_be_visible(timeout=PATIENCE_MS)
    shown = page.inner_text("body")
    view(page, f"sessions/{thread}")
    expect(page.locator(".item.agentMessage")).to_be_visible(timeout=PATIENCE_MS)
    shown += page.inner_text("body")
    assert "[REDACTED:" in shown
    assert [kind for kind, secret in PLANTED_SECRETS.items() if secret in shown] == []
