"""Each way to stand shows its reason, its actions and no others."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.panel import told
from tests.panel.conftest import Open, picture
from tests.panel.gateway import ScriptedGateway

LOGIN = {"Log in with the browser", "Log in with a code"}


def offered(page: Page) -> list[str]:
    return [each.get_attribute("data-action") or "" for each in page.locator("[data-action]").all()]


@pytest.mark.parametrize("stands", told.MODES)
def test_each_way_to_stand_shows_its_actions_and_no_others(
    stands: str, gateway: ScriptedGateway, open_page: Open
) -> None:
    gateway.status = told.MODES[stands]()
    page = open_page(gateway.address)
    assert sorted(offered(page)) == sorted(gateway.status["actions"])
    expect(page.locator(".banner .mode")).to_have_text(gateway.status["mode"])
    reason = gateway.status["mode_reason"]
    expect(page.locator(".banner .reason")).to_contain_text(reason[1:])
    buttons = set(page.locator("#account button").all_inner_texts())
    greeted = gateway.status["handshake"]["initialized"]
    wanted = {"Log out"} if gateway.status["auth"]["state"] == "authenticated" else LOGIN
    assert buttons == (wanted if greeted else set())
    assert page.locator(".failure").count() == (1 if stands == "FAILURE" else 0)
    assert "UNKNOWN" not in page.inner_text("body")
    picture(page, f"mode-{stands}")


def test_a_change_of_mode_changes_the_actions_without_a_reload(gateway: ScriptedGateway, panel: Page) -> None:
    for stands in (told.degraded, told.otel_only, told.fallback, told.failing, told.needs_login, told.status):
        gateway.stands(stands())
        expect(panel.locator(".banner .mode")).to_have_text(gateway.status["mode"])
        expect(panel.locator(".banner .reason")).to_contain_text(gateway.status["mode_reason"][1:])
        assert sorted(offered(panel)) == sorted(gateway.status["actions"])


def test_failure_says_what_is_gone_what_works_and_what_to_do(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.stands(told.failing())
    failure = panel.get_by_role("alert").filter(has_text="Capture is failing")
    expect(failure).to_contain_text("no space left on the disk")
    expect(failure).to_contain_text("port 4318 on 127.0.0.1 cannot be opened")
    expect(failure).to_contain_text("live stream is healthy and carries on capturing")
    expect(failure).to_contain_text("hybrid-capture doctor")
    expect(panel.locator("#urgent")).to_contain_text("FAILURE")


def test_the_tree_shows_generation_restarts_and_last_error(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.stands(told.degraded())
    codex = panel.locator("[data-part='codex app-server']")
    expect(codex).to_contain_text("generation 3")
    expect(codex).to_contain_text("gave up (crash loop)")
    expect(codex).to_contain_text("2 in 60 s")
    expect(panel.locator(".last-error")).to_contain_text("the third restart within 60 s is refused")
    expect(panel.locator("[data-part='ingest']")).to_contain_text("1")
    assert panel.locator("#processes tbody [data-part]").count() == 8


def test_the_banner_says_for_how_long_and_shows_the_last_hour(gateway: ScriptedGateway, panel: Page) -> None:
    expect(panel.locator(".banner .age")).to_have_text("for 12 min")
    ribbon = panel.locator(".ribbon")
    expect(ribbon).to_have_accessible_name(
        "The last 52 min: DEGRADED_STREAMING 1 min, HYBRID_ACTIVE 20 min, DEGRADED_STREAMING 1 min, "
        "HYBRID_ACTIVE 8 min, DEGRADED_STREAMING 10 min, HYBRID_ACTIVE 12 min. See the timeline."
    )


def test_a_runtime_that_says_nothing_yet_is_waited_for_in_words(gateway: ScriptedGateway, open_page: Open) -> None:
    gateway.on["subscribe"] = gateway.on["getStatus"] = lambda _: None
    page = open_page(gateway.address, wait=".banner.idle")
    expect(page.locator(".banner h1")).to_have_text("Asking the runtime how capture stands")
    gateway.stands(told.status())
    expect(page.locator(".banner .mode")).to_have_text("HYBRID_ACTIVE")
