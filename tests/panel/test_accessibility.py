"""Every view in both themes through axe-core: roles, names, contrast, landmarks, order of headings.

axe-core comes from its npm package, pinned in the Makefile, and is put into the page by the test alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.panel import told
from tests.panel.conftest import ROOT, Open, picture, view
from tests.panel.gateway import ACCEPTED, ScriptedGateway

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def axe() -> str:
    """The text of axe-core."""
    found = sorted((ROOT / ".tools").glob("axe-core-*/node_modules/axe-core/axe.min.js"))
    if not found:
        pytest.fail("axe-core is missing: make axe", pytrace=False)
    return found[-1].read_text(encoding="utf-8")


def violations(page: Page, axe: str, rules: object = RULES) -> list[str]:
    """What axe says against the page as it stands: rule, and where."""
    if not page.evaluate("() => 'axe' in globalThis"):
        page.evaluate(axe)
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", rules
    )
    return [
        f"{each['id']}: {node['target'][0]}: {' '.join(node['failureSummary'].split())[:220]}"
        for each in found["violations"]
        for node in each["nodes"][:4]
    ]


def scenes(page: Page, gateway: ScriptedGateway) -> Iterator[str]:
    """Leads the page through everything it can show; gives the name of each scene when it stands."""
    session = gateway.sessions[0]["sessionId"]
    yield "now"
    places = (
        "live", "sessions", f"sessions/{session}", f"sessions/{session}?tab=coverage", f"sessions/{session}?tab=links",
        f"sessions/{session}?tab=usage", "decisions", "timeline", "measures", "trace", "trace/turn-a",
    )  # fmt: skip
    for place in places:
        view(page, place)
        expect(page.locator(".waiting")).to_have_count(0)
        yield place.replace(session, "one")
    view(page, "live")
    line = {"event": "live", "sessionId": session, "turnId": "t", "itemId": "i", "kind": "reasoning", "text": "hm\n"}
    gateway.tell(line, {"event": "turnStored", "sessionId": session, "turnId": "t", "status": "completed", "items": 1})
    expect(page.locator(".turn-end")).to_be_visible()
    yield "live with lines"
    view(page, "now")
    for name in ("DEGRADED_STREAMING", "OTEL_ONLY", "FAILURE", "needs_login"):
        gateway.stands(told.MODES[name]())
        expect(page.locator(".banner .reason")).to_contain_text(gateway.status["mode_reason"][1:])
        yield name
    gateway.on["startLogin"] = lambda _: ACCEPTED
    page.get_by_role("button", name="Log in with a code").click()
    said = gateway.wait_command("startLogin")
    result = {"url": "https://auth.example/device", "userCode": "ABCD-EFGH"}
    gateway.tell({"event": "commandProgress", "commandId": said["commandId"], "text": "", "result": result})
    expect(page.locator(".user-code")).to_be_visible()
    yield "login"
    asked = {"event": "approvalRequested", "token": "k", "kind": "fileChange", "sessionId": session, "turnId": "t",
             "itemId": "i", "summary": "a.py", "diff": "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old\n+new\n",
             "diffCut": True, "expiresAtMs": time.time_ns() // 1_000_000 + 25_000}  # fmt: skip
    gateway.tell(asked, {**asked, "token": "k2", "kind": "command", "diff": ""})
    expect(page.locator(".approval")).to_have_count(2)
    yield "approvals"
    page.keyboard.press("?")
    expect(page.locator("dialog#help")).to_be_visible()
    yield "help"
    page.keyboard.press("Escape")
    gateway.close()
    expect(page.locator(".connection.bad")).to_be_visible()
    yield "lost"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_stands_in_anybodys_way(theme: str, gateway: ScriptedGateway, open_page: Open, axe: str) -> None:
    page = open_page(gateway.address, dark=theme == "dark")
    found = []
    for scene in scenes(page, gateway):
        picture(page, f"{theme}-{scene}")
        # Roles and names are the same in both themes.
        rules = RULES if theme == "light" else {"type": "rule", "values": ["color-contrast"]}
        found += [f"{scene}: {each}" for each in violations(page, axe, rules)]
    assert not found, "\n".join(found)


def test_a_narrow_window_has_everything(gateway: ScriptedGateway, open_page: Open, axe: str) -> None:
    page = open_page(gateway.address, size=(400, 800))
    assert violations(page, axe) == []
    picture(page, "narrow-now")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    view(page, "sessions")
    page.locator(".row").first.click()
    expect(page.locator("#session-title")).to_be_visible()
    page.get_by_role("link", name="All sessions").click()
    expect(page.locator(".row").first).to_be_visible()


def test_the_page_locked_out_is_readable_too(gateway: ScriptedGateway, open_page: Open, axe: str) -> None:
    assert violations(open_page(gateway.base, wait=".locked"), axe) == []
