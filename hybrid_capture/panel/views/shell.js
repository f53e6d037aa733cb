// @ts-check
/** What is on every page: the way around, how capture stands, open questions, and the page itself. */

import { h } from "../dom.js";
import { VIEWS, hashOf } from "../route.js";
import { approvals } from "./approvals.js";
import { banner } from "./banner.js";
import { connection, locked } from "./connection.js";
import { decisions } from "./decisions.js";
import { dialogs } from "./dialogs.js";
import { live } from "./live.js";
import { measures } from "./measures.js";
import { now } from "./now.js";
import { button } from "./parts.js";
import { sessions } from "./sessions.js";
import { theme, toggleTheme } from "./theme.js";
import { timeline } from "./timeline.js";
import { trace } from "./trace.js";

/** @typedef {import("../panel.js").Panel} Panel */

/** @type {Record<string, {title: string, show: (panel: Panel) => import("../dom.js").Kid}>} */
const PAGES = {
  now: { title: "Now", show: now },
  live: { title: "Live", show: live },
  sessions: { title: "Sessions", show: sessions },
  decisions: { title: "Decisions", show: decisions },
  timeline: { title: "Timeline", show: timeline },
  measures: { title: "Measures", show: measures },
  trace: { title: "Trace", show: trace },
};

/** @param {Panel} panel */
export function shell(panel) {
  const page = PAGES[panel.route.view];
  document.title = title(panel, page?.title ?? "");
  if (panel.store.connection.state === "refused" && !panel.store.met) return locked(panel, panel.store.connection.reason);
  const away = panel.store.met && !panel.open;
  return h("div", { class: away ? "shell away" : "shell", key: "shell" },
    h("a", { class: "skip", href: "#main", on: { click: skip } }, "Skip to content"),
    rail(panel),
    h("div", { class: "stage" },
      connection(panel),
      banner(panel),
      h("main", { id: "main", tabindex: "-1", "aria-label": page?.title ?? "" },
        approvals(panel),
        h("div", { class: `page ${panel.route.view}`, key: panel.route.view }, page?.show(panel) ?? null))),
    dialogs(panel));
}

/** The address of the page is its state: the link must not change it. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** @param {Panel} panel @param {string} page */
function title(panel, page) {
  const open = panel.store.asking().filter((each) => !each.outcome).length;
  const mode = panel.store.status?.mode;
  return `${open ? `(${open}) ` : ""}${page} · ${mode ?? "connecting"} · hybrid-capture`;
}

/** @param {Panel} panel */
function rail(panel) {
  const links = VIEWS.map((name, at) =>
    h("li", { key: name },
      h("a", { href: hashOf(name), "aria-current": panel.route.view === name ? "page" : null },
        h("span", null, PAGES[name]?.title ?? name), h("kbd", { "aria-hidden": "true" }, at + 1))));
  return h("nav", { class: "rail", "aria-label": "Views" },
    h("p", { class: "brand" }, logo(), h("span", null, "hybrid", h("b", null, "capture"))),
    h("ul", null, links),
    h("div", { class: "rail-end" },
      button("Help", () => {
        panel.help = true;
        panel.redraw();
      }, { class: "quiet" }, "Help", h("kbd", { "aria-hidden": "true" }, "?")),
      button(`Theme: ${theme() || "system"}`, () => {
        toggleTheme();
        panel.redraw();
      }, { class: "quiet" }, `Theme: ${theme() || "system"}`, h("kbd", { "aria-hidden": "true" }, "t"))));
}

function logo() {
  return h("svg", { class: "logo", viewBox: "0 0 32 32", "aria-hidden": "true" },
    h("path", { class: "strands", d: "M5 9C14 9 14 16 26 16M5 16H26M5 23C14 23 14 16 26 16" }),
    h("circle", { class: "meet", cx: "26", cy: "16", r: "3" }));
}
