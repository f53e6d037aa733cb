// @ts-check
/** Which source saw which item, so that a gap is visible. */

import { h } from "../dom.js";
import { SOURCES, kindWords, number } from "../words.js";
import { bar, empty } from "./parts.js";
import { readAgain } from "./session.js";

/** @typedef {import("../contracts.js").SessionData} SessionData */

/** @param {import("../panel.js").Panel} panel @param {SessionData} data */
export function coverage(panel, data) {
  if (!data.coverage.length) return empty("No item is stored yet.", "What each source saw appears here then.");
  const names = data.coverage.map((each) => each.source);
  const gaps = data.coverage.reduce((sum, each) => sum + each.missing, 0);
  return h("div", { class: "coverage", key: "coverage" },
    h("p", null, gaps ? "A source missed what another one saw of the same turn. It is stored all the same." : "Every source that saw a turn saw all of it."),
    h("table", null,
      h("thead", null, h("tr", null, ["Source", "Saw", "Missed", "Share"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", null, data.coverage.map((each) =>
        h("tr", { key: each.source }, h("th", { scope: "row" }, SOURCES[each.source] ?? each.source), h("td", { class: "number" }, number(each.seen)),
          h("td", { class: "number" }, number(each.missing)), h("td", null, bar(each.seen / Math.max(1, each.seen + each.missing), each.missing ? "warn" : "good")))))),
    readAgain(panel, data),
    h("h4", null, "Item by item"),
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Items and sources, scrolls" },
      h("table", { class: "matrix" },
        h("thead", null, h("tr", null, h("th", { scope: "col" }, "Item"), names.map((name) => h("th", { scope: "col", key: name }, SOURCES[name] ?? name)))),
        h("tbody", null, data.items.map((each) =>
          h("tr", { key: `${each.turnId}/${each.itemId}` }, h("th", { scope: "row", title: each.itemId }, kindWords(each.kind), " ", h("span", { class: "quiet" }, each.text.slice(0, 60))),
            names.map((name) => h("td", { key: name, class: each.sources.includes(name) ? "seen" : "unseen" }, each.sources.includes(name) ? "seen" : "–"))))))),
    data.next ? h("p", { class: "quiet" }, "Only the first items are listed here.") : null);
}
