"""Live lines, decisions, timeline, measures, trace, and the keys between them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.panel import told
from tests.panel.conftest import view
from tests.panel.gateway import ScriptedGateway, data, done


def line(text: str, item: str = "i1", kind: str = "agentMessage") -> dict[str, object]:
    return {"event": "live", "sessionId": "s-1", "turnId": "t-1", "itemId": item, "kind": kind, "text": text}


def test_live_lines_grow_their_item_until_it_is_stored(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "live")
    gateway.tell(line("I look "), line("around.\n"))
    block = panel.locator(".block")
    expect(block.locator("pre")).to_have_text("I look around.\n")
    expect(block).to_contain_text("open")
    gateway.tell(
        {
            "event": "itemStored",
            "sessionId": "s-1",
            "turnId": "t-1",
            "itemId": "i1",
            "kind": "agentMessage",
            "decision": "accepted",
        },
        {"event": "turnStored", "sessionId": "s-1", "turnId": "t-1", "status": "completed", "items": 1},
    )
    expect(block).to_contain_text("stored")
    expect(panel.locator(".turn-end")).to_contain_text("completed · 1 items stored")
    expect(panel.locator("#polite")).to_contain_text("A turn is stored")


def test_a_flood_of_lines_stays_bounded_and_a_gap_is_told(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "live")
    gateway.tell(*(line("x" * 200 + "\n", f"i{at}") for at in range(1_500)), {"event": "gap", "missed": 3})
    expect(panel.locator(".stream")).to_contain_text("3 events could not be shown in time")
    assert panel.locator(".block").count() <= 150


def test_a_turn_is_started_from_the_page_and_the_thread_goes_on(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["startThread"] = lambda _: done(threadId="thread-1")
    gateway.on["startTurn"] = lambda _: done(turnId="t-1")
    view(panel, "live")
    prompt = panel.get_by_label("Say something in a new thread")
    prompt.fill("hello there")
    prompt.press("Control+Enter")
    said = gateway.wait_command("startTurn")
    assert (said["threadId"], said["text"]) == ("thread-1", "hello there")
    expect(panel.get_by_role("button", name="Interrupt")).to_be_visible()
    gateway.tell({"event": "turnStored", "sessionId": "thread-1", "turnId": "t-1", "status": "completed", "items": 2})
    expect(panel.get_by_role("button", name="Interrupt")).to_be_hidden()
    expect(panel.get_by_label("Say something in thread thread-1")).to_have_value("")


def test_words_that_are_sent_before_the_page_has_drawn_them_are_sent(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["startThread"] = lambda _: done(threadId="thread-1")
    gateway.on["startTurn"] = lambda _: done(turnId="t-1")
    view(panel, "live")
    expect(panel.get_by_text("Ctrl+Enter sends.")).to_be_visible()
    panel.locator("#prompt").evaluate(
        """prompt => {
            prompt.value = "pasted";
            prompt.dispatchEvent(new Event("input", { bubbles: true }));
            prompt.form.requestSubmit();
        }"""
    )
    assert gateway.wait_command("startTurn")["text"] == "pasted"


def test_decisions_are_listed_with_reasons_and_narrowed(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "decisions")
    expect(panel.locator(".decision").first).to_be_visible()
    panel.get_by_role("button", name="dropped").click()
    gateway.wait_command("getCodexStreamDedupeLog", 2)
    expect(panel.locator(".decision .why").first).to_have_text("the turn was interrupted")
    expect(panel.get_by_role("button", name="dropped")).to_have_attribute("aria-pressed", "true")


def test_the_timeline_tells_every_change_with_its_cause_newest_first(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "timeline")
    changes = panel.locator(".change")
    expect(changes).to_have_count(15)
    expect(changes.first).to_contain_text("HYBRID_ACTIVE")
    panel.get_by_role("button", name="sidecar").click()
    expect(changes).to_have_count(5)
    expect(panel.locator(".change.bad")).to_contain_text("the third exit within 60 s")


def test_plots_have_lines_and_say_their_numbers(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "measures")
    expect(panel.locator(".plot svg path.line")).to_have_count(5)
    throughput = panel.get_by_role("img", name="Throughput")
    expect(throughput).to_be_visible()
    assert len(panel.locator("#plot-throughput path.one").get_attribute("d") or "") > 500
    expect(panel.locator("#plot-recoveries")).to_contain_text("mean (MTTR)")
    expect(panel.locator("#plot-recoveries")).to_contain_text("720 ms")
    panel.get_by_role("button", name="Show numbers").click()
    expect(panel.locator("tbody tr")).to_have_count(100)


def test_measures_without_a_sample_are_words(gateway: ScriptedGateway, panel: Page) -> None:
    gateway.on["getMetrics"] = lambda _: data(samples=[], recoveries=[])
    view(panel, "measures")
    expect(panel.locator(".empty")).to_contain_text("Nothing is measured yet.")


def test_a_trace_is_a_sequence_diagram_that_keys_walk(gateway: ScriptedGateway, panel: Page) -> None:
    view(panel, "trace/turn-a")
    assert gateway.wait_command("getTrace")["turnId"] == "turn-a"
    expect(panel.locator(".message")).to_have_count(len(told.trace()))
    assert panel.locator(".lanes span").all_inner_texts() == [
        "root",
        "facade",
        "supervisor",
        "sidecar",
        "stager",
        "ingest",
    ]
    panel.locator(".sequence").focus()
    panel.keyboard.press("ArrowDown")
    expect(panel.locator(".trace-detail")).to_contain_text("TurnWanted")
    panel.get_by_role("button", name="Show as a table").click()
    expect(panel.locator("tbody tr")).to_have_count(len(told.trace()))


def test_numbers_switch_views_and_a_question_mark_helps(gateway: ScriptedGateway, panel: Page) -> None:
    for at, name in enumerate(("now", "live", "sessions", "decisions", "timeline", "measures", "trace"), 1):
        panel.keyboard.press(str(at))
        expect(panel.locator(f".page.{name}")).to_be_visible()
        expect(panel.locator(".rail [aria-current]")).to_have_attribute("href", f"#/{name}")
    panel.keyboard.press("?")
    helping = panel.get_by_role("dialog", name="Keys and modes")
    expect(helping).to_contain_text("search sessions")
    panel.keyboard.press("Escape")
    expect(helping).to_be_hidden()


def test_the_theme_is_turned_and_remembered(gateway: ScriptedGateway, panel: Page) -> None:
    paper = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = panel.evaluate(paper)
    panel.keyboard.press("t")
    panel.keyboard.press("t")
    dark = panel.evaluate(paper)
    assert light != dark
    panel.reload()
    panel.wait_for_selector(".banner:not(.idle)")
    assert panel.evaluate(paper) == dark
