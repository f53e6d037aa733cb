// @ts-check
/** The live stream as it is captured: redacted lines, item by item, and the way to say something in a thread. */

import { h } from "../dom.js";
import { hashOf } from "../route.js";
import { clock, count, kindWords, sentence, short } from "../words.js";
import { composer } from "./composer.js";
import { button, empty, state } from "./parts.js";

/** @typedef {import("../panel.js").Panel} Panel */
/** @typedef {import("../store.js").Block} Block */

/** Blocks on the screen; the store keeps more. */
const SHOWN_MAX = 150;

/** @param {Panel} panel */
export function live(panel) {
  const only = panel.route.query.session ?? "";
  const blocks = panel.store.blocks.filter((each) => !only || each.sessionId === only || each.what === "gap").slice(-SHOWN_MAX);
  const follow = panel.keep("follow", true);
  const sessions = [...new Set(panel.store.blocks.map((each) => each.sessionId).filter(Boolean))];
  return [
    h("header", { class: "page-head", key: "head" },
      h("h2", null, "Live"),
      h("label", null, "Session ",
        h("select", { value: only, on: { change: (/** @type {any} */ event) => panel.go("live", "", { session: event.currentTarget.value }) } },
          h("option", { value: "" }, "all"), sessions.map((each) => h("option", { value: each, key: each }, short(each))))),
      h("label", { class: "check" },
        h("input", { type: "checkbox", checked: follow, on: { change: (/** @type {any} */ event) => panel.choose("follow", event.currentTarget.checked) } }), " Follow"),
      button("Clear", () => {
        panel.store.blocks = [];
        panel.redraw();
      }, { disabled: !panel.store.blocks.length, class: "quiet" })),
    h("div", {
      class: "stream", key: "stream", tabindex: "0", role: "log", "aria-label": "Live stream, redacted", "aria-live": "off",
      on: { scroll: (/** @type {Event} */ event) => scrolled(panel, /** @type {HTMLElement} */ (event.currentTarget)) },
      ref: (/** @type {HTMLElement} */ element) => followEnd(panel, element),
    }, blocks.length ? blocks.map(shown) : nothing(panel)),
    composer(panel),
  ];
}

/** @param {Block} each */
function shown(each) {
  if (each.what === "gap") return h("p", { class: "notice warn", key: each.key }, `${count(Number(each.text), "event")} could not be shown in time. What they were about is in the store.`);
  if (each.what === "turn") {
    return h("p", { class: "turn-end", key: each.key }, h("span", null, `turn ${each.text} items stored`), h("a", { href: hashOf("sessions", each.sessionId) }, "session"), h("a", { href: hashOf("trace", each.turnId) }, "trace"));
  }
  return h("article", { class: `block ${each.kind}`, key: each.key },
    h("header", null, h("strong", null, kindWords(each.kind)), h("time", null, clock(each.atMs)),
      h("a", { href: hashOf("sessions", each.sessionId), title: each.sessionId }, short(each.sessionId)),
      each.stored ? state("good", each.stored === "accepted" ? "stored" : each.stored) : state("warn", "open")),
    each.cut ? h("p", { class: "cut" }, "The beginning is left out here.") : null,
    each.text ? h("pre", null, each.text) : null);
}

/** @param {Panel} panel */
function nothing(panel) {
  return panel.store.status?.stream_healthy
    ? empty("Nothing is being said.", "Lines appear here, redacted, while codex works. Say something below, or run ", h("code", null, 'hybrid-capture turn "…"'), ".")
    : empty("There is no live stream now.", sentence(panel.store.status?.stream_reason ?? "nobody told why yet"), " See ", h("a", { href: hashOf("now") }, "what you can do"), ".");
}

/** Whoever scrolls up wants to read; whoever comes back to the end wants to follow. @param {Panel} panel @param {HTMLElement} element */
function scrolled(panel, element) {
  const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
  if (atEnd !== panel.keep("follow", true)) panel.choose("follow", atEnd);
}

/** @param {Panel} panel @param {HTMLElement} element */
function followEnd(panel, element) {
  new MutationObserver(() => {
    if (panel.keep("follow", true)) element.scrollTop = element.scrollHeight;
  }).observe(element, { childList: true, subtree: true, characterData: true });
}
