"""Sessions: ten thousand of them, by wheel and by key; searched; and one of them with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.panel.conftest import Open, picture, view
from tests.panel.gateway import ScriptedGateway, refused

MANY = 10_000
FRAMES = 120
SCROLL = """
async (frames) => {
  const list = document.getElementById('session-list');
  list.scrollTop = 0;
  for (let at = 0; at < frames; at += 1) {
    list.scrollTop += 5000;
    await new Promise(requestAnimationFrame);
  }
}
"""
FRAME_CPU_MS_MAX = 16.0
"""Work of the page's thread for one frame, by its own clock: so that a busy machine changes nothing."""


def cpu_s(page: Page) -> float:
    """Seconds that the page's main thread has worked."""
    told = page.context.new_cdp_session(page)
    told.send("Performance.enable", {"timeDomain": "threadTicks"})
    metrics = {each["name"]: each["value"] for each in told.send("Performance.getMetrics")["metrics"]}
    return float(metrics["ThreadTime"])


@pytest.fixture
def many() -> Iterator[ScriptedGateway]:
    serving = ScriptedGateway(sessions=MANY)
    yield serving
    serving.close()


def test_ten_thousand_sessions_scroll_with_a_handful_of_rows(many: ScriptedGateway, open_page: Open) -> None:
    page = open_page(many.address)
    view(page, "sessions")
    expect(page.locator(".row").first).to_be_visible()
    rows = page.locator("#session-list .row")
    total = page.locator(".list-end")
    for _ in range(60):
        before = total.inner_text()
        if before == "10,000 sessions":
            break
        page.evaluate(
            "() => { const list = document.getElementById('session-list'); list.scrollTop = list.scrollHeight }"
        )
        expect(total).not_to_have_text(before)
    expect(total).to_have_text("10,000 sessions")
    assert rows.count() < 60
    before_s = cpu_s(page)
    page.evaluate(SCROLL, FRAMES)
    each_ms = (cpu_s(page) - before_s) * 1000 / FRAMES
    assert each_ms < FRAME_CPU_MS_MAX, f"a frame is {each_ms:.1f} ms of work"
    assert rows.count() < 60
    page.locator("#session-list").press("End")
    expect(page.locator(".row.active")).to_have_attribute("aria-posinset", "10000")
    expect(page.locator(".row.active")).to_be_in_viewport()
    picture(page, "ten-thousand-sessions")


def test_keys_walk_the_list_and_open_a_session(gateway: ScriptedGateway, panel: Page) -> None:
    panel.keyboard.press("3")
    expect(panel.locator(".row").first).to_be_visible()
    panel.locator("#session-list").focus()
    for key in ("ArrowDown", "ArrowDown", "PageDown", "ArrowUp", "Home", "ArrowDown"):
        panel.keyboard.press(key)
    chosen = panel.locator(".row.active")
    expect(chosen).to_have_attribute("aria-posinset", "2")
    expect(panel.locator("#session-list")).to_have_attribute("aria-activedescendant", "session-list-1")
    panel.keyboard.press("Enter")
    expect(panel.locator("#session-title")).to_have_text("Why does the login test flake?")
    expect(panel.locator("#session-list")).to_be_focused()
    assert gateway.wait_command("getSession")["sessionId"] == gateway.sessions[1]["sessionId"]


def test_a_slash_searches_and_the_hit_opens_at_its_item(gateway: ScriptedGateway, panel: Page) -> None:
    panel.keyboard.press("/")
    expect(panel.locator("#search")).to_be_focused()
    panel.keyboard.type("retry")
    hit = panel.locator("#session-hits .row").first
    expect(hit.locator("mark")).to_have_text("retry")
    # Who types slowly is answered in between.
    assert [each["text"] for each in gateway.commands if each["command"] == "searchSessions"][-1] == "retry"
    panel.keyboard.press("ArrowDown")
    panel.keyboard.press("ArrowDown")
    panel.keyboard.press("Enter")
    expect(panel.locator(".item.found")).to_be_in_viewport()
    expect(panel.locator(".item.found")).to_contain_text("A blank line no longer ends the loop")


def test_a_search_without_a_hit_says_what_would_find_something(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "sessions")
    panel.locator("#search").fill("zzz")
    expect(panel.locator(".empty").first).to_contain_text("Nothing says “zzz”.")


def test_a_session_shows_what_was_said_who_saw_it_where_it_went_and_what_it_cost(
    gateway: ScriptedGateway, panel: Page
) -> None:
    session = gateway.sessions[0]["sessionId"]
    view(panel, f"sessions/{session}")
    expect(panel.locator(".turn")).to_have_count(2)
    expect(panel.locator(".item.commandExecution").first).to_contain_text("rg -n 'blank' src/parser.py")
    expect(panel.locator(".item.agentMessage").first).to_contain_text("[REDACTED:github-token]")
    panel.get_by_role("link", name="Coverage").click()
    expect(panel.locator(".coverage")).to_contain_text("A source missed what another one saw")
    expect(panel.locator(".coverage tbody tr").nth(1)).to_contain_text("71", use_inner_text=False)
    expect(panel.locator(".matrix .unseen")).to_have_count(1)
    panel.get_by_role("link", name="Links").click()
    expect(panel.locator(".links li").first).to_contain_text(
        "Its changed lines stand in the commit. 12 of 12 changed lines"
    )
    expect(panel.locator(".links li").nth(1)).to_contain_text("needs review")
    panel.get_by_role("link", name="Usage").click()
    expect(panel.locator(".usage")).to_contain_text("25,150")
    expect(panel.locator(".usage")).to_contain_text("$0.0612")


def test_a_session_that_is_not_there_says_so(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["getSession"] = lambda _: refused("UNKNOWN_ID", "no such session is stored: see the list")
    view(panel, "sessions/nobody")
    expect(panel.get_by_role("alert").filter(has_text="no such session is stored")).to_be_visible()


def test_only_one_tool_can_be_listed(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "sessions")
    panel.get_by_label("Tool").select_option("claude")
    gateway.wait_command("getSessions", 2)
    expect(panel.locator(".row .tool").first).to_have_text("Claude Code")
    expect(panel.locator(".row .tool.codex")).to_have_count(0)


def test_what_is_stored_while_one_looks_comes_into_the_list(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "sessions")
    expect(panel.locator(".row").first).to_be_visible()
    fresh = {**gateway.sessions[0], "sessionId": "fresh", "title": "Just now"}
    gateway.sessions.insert(0, fresh)
    gateway.tell({"event": "turnStored", "sessionId": "fresh", "turnId": "t9", "status": "completed", "items": 2})
    expect(panel.locator(".row-name").first).to_have_text("Just now")
    expect(panel.locator(".list-end")).to_have_text("61 sessions")


def test_the_history_of_codex_is_read_again_on_demand(gateway: ScriptedGateway, panel: Page) -> None:
    session = gateway.sessions[0]["sessionId"]
    view(panel, f"sessions/{session}?tab=coverage")
    panel.get_by_role("button", name="Read codex's own history again").click()
    assert gateway.wait_command("codexAppServerRequestThreadSnapshot")["threadId"] == session
