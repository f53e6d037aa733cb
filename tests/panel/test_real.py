"""The panel above the real codex: its login, its approvals, its restart, and the session it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from chaos.drilling.stage import PATIENCE_S
from chaos.loopback_model import LoopbackModel
from chaos.scripts import PLANTED_SECRETS
from tests.panel.conftest import Begin, Open, picture, view
from tests.panel.test_story import PATIENCE_MS, mode, outcome, press

pytestmark = pytest.mark.real


def test_a_person_logs_the_real_codex_in_decides_restarts_it_and_finds_what_it_did(
    begin: Begin, open_page: Open, tmp_path: Path, real_codex: Path, loopback_model: LoopbackModel
) -> None:
    home = loopback_model.write_codex_home(tmp_path / "home", auth="none")
    work = tmp_path / "work"
    work.mkdir()
    stage = begin(codex=real_codex, codex_home=home, cwd=work, codex_environment=loopback_model.codex_env(home))
    page = open_page(stage.runtime.panel_address(timeout_s=PATIENCE_S))

    login = page.get_by_role("button", name="Log in with the browser")
    login.click(timeout=PATIENCE_MS)
    link = page.get_by_role("link", name="Open the login page")
    expect(link).to_be_visible(timeout=PATIENCE_MS)
    # The address on the page is the complete one: whoever follows it is logged in.
    loopback_model.complete_browser_login(link.get_attribute("href") or "")
    mode(page, "HYBRID_ACTIVE")
    expect(page.locator("#account")).to_contain_text("chatgpt")

    view(page, "live")
    prompt = page.get_by_label("Say something in a new thread")
    prompt.fill("SCN:patch:approve write it")
    prompt.press("Control+Enter")
    question = page.locator(".approval:not(.over)")
    expect(question).to_contain_text("Codex wants to change files", timeout=PATIENCE_MS)
    expect(question.locator(".diff .plus").last).to_contain_text("line two")
    picture(page, "real-approval")
    question.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator(".turn-end")).to_contain_text("completed", timeout=PATIENCE_MS)
    assert (work / "patched.txt").exists()

    prompt = page.locator("#prompt")
    prompt.fill("SCN:shell:approve run it")
    prompt.press("Control+Enter")
    expect(question).to_contain_text("probe_created_file", timeout=PATIENCE_MS)
    question.get_by_role("button", name="Decline").click()
    expect(page.locator(".turn-end")).to_have_count(2, timeout=PATIENCE_MS)
    assert not (work / "probe_created_file").exists()

    prompt.fill("SCN:secret tell me")
    prompt.press("Control+Enter")
    expect(page.locator(".turn-end")).to_have_count(3, timeout=PATIENCE_MS)
    shown = page.inner_text("body")
    page.locator(".turn-end a").first.click()
    expect(page.locator(".item.fileChange")).to_contain_text("patched.txt", timeout=PATIENCE_MS)
    shown += page.inner_text("body")
    assert [kind for kind, secret in PLANTED_SECRETS.items() if secret in shown] == []
    picture(page, "real-session")

    view(page, "now")
    press(page, "Restart Sidecar", asks=True)
    expect(page.locator("[data-part='codex app-server']")).to_contain_text("generation 2", timeout=PATIENCE_MS)
    mode(page, "HYBRID_ACTIVE")
    press(page, "Retry Auth")
    outcome(page)
