"""What a person may do: one click, one command, and words for what became of it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.panel import told
from tests.panel.conftest import Open
from tests.panel.gateway import ACCEPTED, ScriptedGateway, done, failed, refused

ACTIONS = {
    "recoverHybrid": ("Recover Hybrid", told.degraded),
    "fallbackToOtelOnly": ("Fallback OTEL-only", told.status),
    "retryAuth": ("Retry Auth", told.needs_login),
    "restartSidecar": ("Restart Sidecar", told.degraded),
}
LOSES_WORK = ("Fallback OTEL-only", "Restart Sidecar")


def stands(gateway: ScriptedGateway, page: Page, status: dict[str, Any]) -> None:
    """It stands like this, and the page shows it: the same buttons ask or do not ask, as it stands."""
    gateway.stands(status)
    expect(page.locator(".banner .reason")).to_contain_text(status["mode_reason"][1:])


def press(page: Page, label: str, asks: bool = False) -> None:
    """Press an action, and say yes where it asks."""
    page.get_by_role("button", name=label, exact=True).click()
    if asks:
        page.get_by_role("dialog").get_by_role("button", name=label).click()


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_says_that_it_works_and_then_that_it_did(name: str, gateway: ScriptedGateway, panel: Page) -> None:
    label, standing = ACTIONS[name]
    gateway.on[name] = lambda _: ACCEPTED
    stands(gateway, panel, standing())
    press(panel, label, asks=standing is told.status)
    said = gateway.wait_command(name)
    expect(panel.locator("#actions .outcome.doing")).to_be_visible()
    expect(panel.get_by_role("button", name=label, exact=True)).to_be_disabled()
    gateway.tell({"event": "commandDone", "commandId": said["commandId"], "ok": True, "code": None,
                  "text": "all is well again", "result": {"account": "authenticated"}})  # fmt: skip
    expect(panel.locator("#actions [data-outcome='done']")).to_be_visible()
    assert gateway.said(name) == 1


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_that_fails_says_why_and_may_be_tried_again(name: str, gateway: ScriptedGateway, panel: Page) -> None:
    label, standing = ACTIONS[name]
    gateway.on[name] = lambda _: failed("codex does not start: no such file")
    stands(gateway, panel, standing())
    press(panel, label, asks=standing is told.status)
    trouble = panel.locator("#actions [data-outcome='failed']")
    expect(trouble).to_have_text("Codex does not start: no such file.")
    expect(panel.locator("#urgent")).to_contain_text(f"{label}: failed")
    gateway.on[name] = lambda _: done("done now", account="authenticated")
    press(panel, label, asks=standing is told.status)
    expect(panel.locator("#actions [data-outcome='done']")).to_be_visible()


def test_a_refusal_is_shown_with_its_reason(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["retryAuth"] = lambda _: refused("TOO_OFTEN", "more than 10 in 60000 ms: wait and try again")
    press(panel, "Retry Auth")
    expect(panel.locator("#actions [data-outcome='failed']")).to_contain_text("wait and try again")


@pytest.mark.parametrize("label", LOSES_WORK)
def test_what_loses_work_asks_first_and_no_is_no(label: str, gateway: ScriptedGateway, panel: Page) -> None:
    panel.get_by_role("button", name=label, exact=True).click()
    asking = panel.get_by_role("dialog", name=f"{label}?")
    expect(asking).to_contain_text("broken off")
    panel.keyboard.press("Escape")
    expect(asking).to_be_hidden()
    expect(panel.get_by_role("button", name=label, exact=True)).to_be_focused()
    assert gateway.said("restartSidecar") == gateway.said("fallbackToOtelOnly") == 0


def test_restarting_a_sidecar_that_is_gone_asks_nothing(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["restartSidecar"] = lambda _: done("the app-server was started anew")
    stands(gateway, panel, told.degraded())
    panel.get_by_role("button", name="Restart Sidecar", exact=True).click()
    gateway.wait_command("restartSidecar")
    assert panel.locator("dialog").count() == 0


def test_the_kill_switch_asks_says_its_revision_and_turns_back(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["setStreamKillSwitch"] = lambda _: done("the kill switch is on")
    switch = panel.get_by_role("switch", name="Stream kill switch")
    expect(switch).not_to_be_checked()
    switch.click()
    panel.get_by_role("dialog").get_by_role("button", name="Turn it on").click()
    said = gateway.wait_command("setStreamKillSwitch")
    assert (said["on"], said["expectedRevision"]) == (True, 4)
    gateway.stands(told.otel_only())
    expect(switch).to_be_checked()
    switch.click()
    said = gateway.wait_command("setStreamKillSwitch", 2)
    assert said["on"] is False


def test_a_switch_that_somebody_else_turned_says_so(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["setStreamKillSwitch"] = lambda _: failed(
        "the config was changed meanwhile: look and try again", "CONFLICT"
    )
    stands(gateway, panel, told.otel_only())
    panel.get_by_role("switch").click()
    expect(panel.locator("#kill-switch [data-outcome='failed']")).to_contain_text("changed meanwhile")


def test_an_effect_that_never_comes_ends_in_words(gateway: ScriptedGateway, open_page: Open) -> None:
    gateway.on["restartSidecar"] = lambda _: ACCEPTED
    gateway.status = told.degraded()
    page = open_page(gateway.address, clock=True)
    page.get_by_role("button", name="Restart Sidecar", exact=True).click()
    gateway.wait_command("restartSidecar")
    expect(page.locator("#actions .outcome.doing")).to_be_visible()
    page.clock.fast_forward(200_000)
    expect(page.locator("#actions [data-outcome='failed']")).to_contain_text("the status shows whether it happened")


def test_a_read_that_is_never_answered_ends_in_words_and_another_try(gateway: ScriptedGateway, open_page: Open) -> None:
    answered = gateway.on["getSessions"]
    gateway.on["getSessions"] = lambda _: None
    page = open_page(gateway.address, clock=True)
    page.keyboard.press("3")
    gateway.wait_command("getSessions")
    expect(page.locator(".waiting")).to_have_text("Reading sessions…")
    page.clock.fast_forward(16_000)
    expect(page.locator(".notice.bad")).to_contain_text("Sessions could not be read. the runtime gave no answer")
    gateway.on["getSessions"] = answered
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".row").first).to_be_visible()
