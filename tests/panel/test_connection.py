"""The page comes back by itself and says so; and one without a way in says what to do."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.panel import told
from tests.panel.conftest import Open
from tests.panel.gateway import ScriptedGateway


def test_a_broken_connection_is_told_and_comes_back(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.hang_up()
    expect(panel.locator(".connection")).to_be_visible()
    expect(panel.locator(".connection.good")).to_contain_text("Connected again")
    gateway.stands(told.degraded())
    expect(panel.locator(".banner .mode")).to_have_text("DEGRADED_STREAMING")


def test_a_gateway_that_is_gone_leaves_what_was_known_with_its_age(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.close()
    lost = panel.locator(".connection.bad")
    expect(lost).to_contain_text("The connection to the runtime is lost. Trying again")
    expect(lost).to_contain_text("What you see is from")
    expect(panel.locator(".banner .mode")).to_have_text("HYBRID_ACTIVE")
    expect(panel.get_by_role("button", name="Restart Sidecar")).to_be_disabled()
    expect(lost).to_contain_text("hybrid-capture run")


def test_the_one_time_code_leaves_the_address_and_a_reload_comes_in_again(
    gateway: ScriptedGateway, panel: Page
) -> None:
    assert "once" not in panel.url
    assert panel.evaluate("() => JSON.stringify(Object.values(localStorage))") == "[]"
    panel.reload()
    panel.wait_for_selector(".banner:not(.idle)")


def test_a_page_without_a_code_says_how_to_get_one(gateway: ScriptedGateway, open_page: Open) -> None:
    page = open_page(gateway.base, wait=".locked")
    expect(page.get_by_role("heading")).to_have_text("This page needs a fresh address")
    expect(page.locator("pre")).to_have_text("hybrid-capture panel --open")
