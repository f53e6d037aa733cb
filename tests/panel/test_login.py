"""The login by browser and by code, its ends, and what is never opened."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.panel import told
from tests.panel.gateway import ACCEPTED, ScriptedGateway, done, failed

WAYS = {
    "Log in with the browser": ("chatgpt", "https://auth.example/oauth?state=s3cr3t", None),
    "Log in with a code": ("chatgptDeviceCode", "https://auth.example/device", "ABCD-EFGH"),
}


def progress(said: dict[str, object], url: str, code: str | None) -> dict[str, object]:
    result = {"state": "authenticating", "url": url, **({"userCode": code} if code else {})}
    return {"event": "commandProgress", "commandId": said["commandId"], "text": "log in there", "result": result}


@pytest.mark.parametrize("way", WAYS)
def test_a_login_shows_its_complete_address_and_ends_when_the_account_proves_it(
    way: str, gateway: ScriptedGateway, panel: Page
) -> None:
    kind, url, code = WAYS[way]
    gateway.on["startLogin"] = lambda _: ACCEPTED
    gateway.stands(told.needs_login())
    panel.get_by_role("button", name=way).click()
    said = gateway.wait_command("startLogin")
    assert said["kind"] == kind
    gateway.tell(progress(said, url, code))
    link = panel.get_by_role("link", name="Open the login page")
    expect(link).to_have_attribute("href", url)
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(panel.locator(".login")).to_contain_text("It is given up in")
    if code:
        expect(panel.get_by_label("Code", exact=True)).to_have_text(code)
    gateway.tell({"event": "commandDone", "commandId": said["commandId"], "ok": True, "code": None, "text": "",
                  "result": {"account": "authenticated"}})  # fmt: skip
    gateway.stands(told.status())
    expect(panel.locator("#account")).to_contain_text("Logged in.")
    assert url not in panel.content(), "the address is good for one login and is not kept"


def test_an_address_that_is_no_page_is_text(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["startLogin"] = lambda _: ACCEPTED
    gateway.stands(told.needs_login())
    panel.get_by_role("button", name="Log in with the browser").click()
    gateway.tell(progress(gateway.wait_command("startLogin"), "javascript:alert(1)", None))
    expect(panel.locator(".login code")).to_have_text("javascript:alert(1)")
    assert panel.locator(".login a").count() == 0


def test_a_login_that_fails_says_why_and_both_ways_are_there_again(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["startLogin"] = lambda _: failed("the code ran out")
    gateway.stands(told.needs_login())
    panel.get_by_role("button", name="Log in with a code").click()
    expect(panel.locator("#account .outcome.bad")).to_have_text("The login did not work: The code ran out.")
    expect(panel.get_by_role("button", name="Log in with a code")).to_be_visible()


def test_a_login_can_be_given_up(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["startLogin"] = lambda _: ACCEPTED
    gateway.on["cancelLogin"] = lambda _: done(account="needs_login")
    gateway.stands(told.needs_login())
    panel.get_by_role("button", name="Log in with the browser").click()
    said = gateway.wait_command("startLogin")
    panel.get_by_role("button", name="Cancel login").click()
    gateway.wait_command("cancelLogin")
    gateway.tell({"event": "commandDone", "commandId": said["commandId"], "ok": False, "code": "FAILED",
                  "text": "it was given up", "result": {}})  # fmt: skip
    expect(panel.get_by_role("button", name="Log in with the browser")).to_be_visible()


def test_a_logout_asks_first(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["logout"] = lambda _: done(account="logged_out")
    panel.get_by_role("button", name="Log out").click()
    panel.get_by_role("dialog", name="Log out?").get_by_role("button", name="Log out").click()
    gateway.wait_command("logout")
    expect(panel.locator("#account [data-outcome='done']")).to_contain_text("logged out")
