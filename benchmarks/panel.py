"""How fast the panel is for a person: page load, views, search, a session, an event on the screen, scrolling.

    python -m benchmarks.panel --times 20
    → ... then one line of JSON

Debian's Chromium on the page's own files, behind a gateway that answers at once from memory and has 10,000 sessions:
what is measured is the page. A span ends with the frame in which the thing is on the screen. Work of a frame is CPU
time of the page's main thread, which a busy machine does not change.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.samples import print_result, print_table, row
from tests.panel.conftest import chromium_program, launch_flags
from tests.panel.gateway import ScriptedGateway

SESSIONS = 10_000
FRAMES = 200
SEEN = """
const seen = async (selector, text = '') => {
  for (;;) {
    const found = document.querySelector(selector);
    if (found && found.textContent.includes(text)) return;
    await new Promise(requestAnimationFrame);
  }
};
"""
TYPED = "const box = document.getElementById('search'); box.value = '{}'; box.dispatchEvent(new Event('input'))"
VIEWS = {
    "live": ".composer",
    "sessions": ".row",
    "decisions": ".decision",
    "timeline": ".change",
    "measures": ".plot svg",
}


def page_load(browser: Any, gateway: ScriptedGateway) -> float:
    """From the address to the mode on the screen, in a browser that knows nothing of the page."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(gateway.address)
    page.wait_for_selector(".banner .mode")
    took: float = page.evaluate("() => performance.now()")
    context.close()
    return took


def until(page: Page, act: str, selector: str, text: str = "") -> float:
    """From an act to what it brings, in ms."""
    took: float = page.evaluate(
        f"async ([selector, text]) => {{ {SEEN} const begun = performance.now(); {act}; await seen(selector, text);"
        " return performance.now() - begun; }",
        [selector, text],
    )
    return took


def event_shown(page: Page, gateway: ScriptedGateway, number: int) -> float:
    """From a line that the gateway sends to its text on the screen, in ms."""
    text = f"line number {number}."
    page.evaluate(
        f"([selector, text]) => {{ {SEEN} globalThis.shown = seen(selector, text).then(() => Date.now()); }}",
        [".stream", text],
    )
    begun_ms = time.time() * 1000
    gateway.tell(
        {"event": "live", "sessionId": "s", "turnId": "t", "itemId": f"i{number}", "kind": "agentMessage", "text": text}
    )
    at_ms: float = page.evaluate("() => globalThis.shown")
    return max(0.0, at_ms - begun_ms)


def scroll_cpu(page: Page) -> float:
    """CPU of the main thread for one frame of scrolling through all sessions, in ms."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def cpu_s() -> float:
        metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        return float(metrics["ThreadTime"])

    before = cpu_s()
    page.evaluate(
        "async frames => { const list = document.getElementById('session-list'); list.scrollTop = 0;"
        " for (let at = 0; at < frames; at += 1) {"
        " list.scrollTop += 3000; await new Promise(requestAnimationFrame); } }",
        FRAMES,
    )
    return (cpu_s() - before) * 1000 / FRAMES


def main(arguments: list[str] | None = None) -> int:
    """Measure, print each figure as it comes, and the result."""
    parser = argparse.ArgumentParser(prog="benchmarks.panel", description="How fast the panel is for a person.")
    parser.add_argument("--times", type=int, default=20, help="how often each span is measured")
    times = parser.parse_args(arguments).times
    gateway = ScriptedGateway(sessions=SESSIONS)
    spans: dict[str, list[float]] = {"page load": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=launch_flags())
        spans["page load"] = [page_load(browser, gateway) for _ in range(times)]
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(gateway.address)
        page.wait_for_selector(".banner .mode")
        for name, selector in VIEWS.items():
            spans[f"view {name}"] = []
            for _ in range(times):
                until(page, "location.hash = '#/now'", ".page.now #captured")
                spans[f"view {name}"].append(until(page, f"location.hash = '#/{name}'", selector))
        session = gateway.sessions[1]["sessionId"]
        spans["open a session"], spans["search"] = [], []
        for at in range(times):
            until(page, "location.hash = '#/sessions'", ".split-one .empty")
            spans["open a session"].append(until(page, f"location.hash = '#/sessions/{session}'", ".turn"))
            word = ("retry", "parser", "import", "lock")[at % 4]
            spans["search"].append(until(page, TYPED.format(word), "#session-hits .row mark", word))
            until(page, TYPED.format(""), "#session-list .row")
        until(page, "location.hash = '#/live'", ".composer")
        spans["event to screen"] = [event_shown(page, gateway, at) for at in range(times * 5)]
        until(page, "location.hash = '#/sessions'", "#session-list .row")
        frame_cpu_ms = scroll_cpu(page)
        browser_version = browser.version
        browser.close()
    gateway.close()
    rows = [row(name, samples, "ms") for name, samples in spans.items()]
    print_table(rows)
    figures = {"a frame of scrolling, CPU ms": round(frame_cpu_ms, 2), "sessions": SESSIONS}
    print(figures)
    print_result("panel", rows, figures, peers={"chromium": browser_version})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
