"""The panel in Debian's Chromium: a browser per run, a page per test, a picture of what each failed test left behind.

A page that logs an error, throws, or breaks its own content policy fails its test. Pictures go to `artifacts/panel/`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from chaos.drilling.stage import Stage, alive
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.settings import Settings
from tests.panel.gateway import ScriptedGateway
from tests.unhurried import unhurried

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = ROOT / "artifacts" / "panel"
WIDE, HIGH = 1280, 860
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
Open = Callable[..., Page]
Begin = Callable[..., Stage]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.path.suffix == ".py":
            item.add_marker(pytest.mark.chromium)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed says so to its fixtures, which then keep a picture."""
    report = yield
    if report.when == "call" and report.failed:
        item.trouble = True  # type: ignore[attr-defined]  # read by `open_page` alone
    return report


def chromium_program() -> str | None:
    """The browser that is installed, or the one that the environment names."""
    return os.environ.get("HYBRID_CAPTURE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def launch_flags() -> list[str]:
    """Root has no sandbox of its own to give away; the pages are ours."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, never one that Playwright brings along."""
    program = chromium_program()
    if program is None:
        pytest.fail("there is no chromium: apt-get install chromium, or leave these tests out with -m 'not chromium'")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=launch_flags())
        yield launched
        launched.close()


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    """A gateway that says what the test wants."""
    serving = ScriptedGateway()
    yield serving
    serving.close()


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """`begin(script, **settings)` → a whole runtime above the scripted app-server, or above the codex of the settings,
    with its gateway on a free port. It is ended after the test, and whoever it left alive fails it."""
    stages: list[Stage] = []
    before = set(psutil.Process().children(recursive=True))

    def started(script: ProcessScript | None = None, **settings: Any) -> Stage:
        if script is not None:
            settings["codex"] = write_executable(tmp_path / "codex", script=script)
        given = {
            "state_dir": tmp_path / "state", "codex_home": tmp_path, "cwd": tmp_path, "otlp_port": 0,
            "timing": unhurried(), **settings,
        }  # fmt: skip
        stage = Stage(Settings(**given))
        stage.__enter__()
        stages.append(stage)
        return stage

    yield started
    for stage in stages:
        stage.__exit__()
    # The browser's processes come and go, and are not ours.
    left = {each for each in alive(set(psutil.Process().children(recursive=True)) - before) if not _of_browser(each)}
    for process in left:
        process.kill()
    assert not left, f"left alive: {left}"


def _of_browser(process: psutil.Process) -> bool:
    try:
        return process.name().startswith(("chrom", "node"))
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """`open_page(address, dark=…, wait=…)` → a page on it. The last look of a failed test is kept as a picture."""
    pages: list[Page] = []
    troubles: list[str] = []

    def console(message: ConsoleMessage) -> None:
        # A browser cannot be kept from logging that nobody listens any more; the panel says so itself.
        if message.type == "error" and "ERR_CONNECTION_REFUSED" not in message.text and "WebSocket" not in message.text:
            troubles.append(message.text)

    def opened(
        address: str, *, dark: bool = False, wait: str = ".banner:not(.idle)", clock: bool = False,
        size: tuple[int, int] = (WIDE, HIGH),
    ) -> Page:  # fmt: skip
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, color_scheme="dark" if dark else "light")  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", console)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        if clock:
            page.clock.install()
        page.goto(address)
        if wait:
            page.wait_for_selector(wait)
        pages.append(page)
        return page

    yield opened
    for at, page in enumerate(pages):
        if getattr(request.node, "trouble", False) or troubles:
            picture(page, f"failed-{request.node.name}-{at}")
        page.context.close()
    assert not troubles, "the page complained: " + "; ".join(troubles)


@pytest.fixture
def panel(gateway: ScriptedGateway, open_page: Open) -> Page:
    """The panel on the scripted gateway, everything working."""
    return open_page(gateway.address)


def picture(page: Page, name: str) -> Path:
    """Keep a picture of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('-')}.png"
    if not page.is_closed():
        page.screenshot(path=path)
    return path


def sees(page: Page, selector: str) -> Callable[[], None]:
    """Look out for what may be on the page for a moment only, from now on; what this gives waits until it was."""
    page.evaluate(
        """selector => {
          globalThis.seen = new Promise((resolve) => {
            const look = () => document.querySelector(selector) && resolve(true);
            new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
            look();
          });
        }""",
        selector,
    )

    def wait() -> None:
        assert page.evaluate("() => globalThis.seen")

    return wait


def view(page: Page, hash_: str) -> None:
    """Go to a view of the panel by its address."""
    page.evaluate("hash => { location.hash = hash }", f"#/{hash_}")
    name = hash_.split("/")[0].split("?")[0]
    page.wait_for_selector(f".page.{name}")
