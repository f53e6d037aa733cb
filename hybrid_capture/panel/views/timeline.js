// @ts-check
/** Every change of mode, process, greeting and login, with its cause; the newest on top. */

import { h } from "../dom.js";
import { MODES, STATES, clock, day, spaced } from "../words.js";
import { TRANSITIONS } from "./banner.js";
import { button, empty, mark, outdated, pending } from "./parts.js";

/** @typedef {import("../contracts.js").TransitionLine} TransitionLine */

const SHOWN = ["all", "mode", "sidecar", "auth", "actor", "baseline", "kill_switch"];

/** @param {import("../panel.js").Panel} panel */
export function timeline(panel) {
  const read = panel.reads.get("timeline", TRANSITIONS);
  const only = panel.route.query.kind ?? "all";
  return [
    h("header", { class: "page-head", key: "head" }, h("h2", null, "Timeline"),
      h("div", { class: "choices", role: "group", "aria-label": "Which changes" }, SHOWN.map((each) =>
        button(spaced(each), () => panel.go("timeline", "", { kind: each === "all" ? "" : each }), { key: each, "aria-pressed": String(each === only) })))),
    pending(panel, "timeline", read, "The timeline") ?? lines(read, only),
  ];
}

/** @param {import("../reads.js").Read<any>} read @param {string} only */
function lines(read, only) {
  const all = /** @type {TransitionLine[]} */ (read.data.transitions).toReversed();
  const found = all.filter((each) => only === "all" || each.kind === only || (only === "baseline" && each.kind === "source") || (only === "kill_switch" && each.kind === "fallback"));
  if (!found.length) return empty("No change of this kind is in the log.", "The log is kept over restarts; choose another kind above.");
  /** @type {import("../dom.js").Kid[]} */
  const rows = [];
  let last = "";
  for (const each of found) {
    const today = day(each.atMs);
    if (today !== last) rows.push(h("li", { class: "day", key: `day ${today}` }, h("h3", null, today)));
    last = today;
    rows.push(line(each));
  }
  return [outdated(read), h("ol", { class: "changes", key: "lines" }, rows)];
}

/** @param {TransitionLine} each */
function line(each) {
  const tone = toneOf(each);
  const who = each.who && each.who !== each.kind ? `${spaced(each.kind)} ${each.who}` : spaced(each.kind);
  return h("li", { class: `change about-${each.kind} ${tone}`, key: String(each.n) }, h("time", { title: new Date(each.atMs).toISOString() }, clock(each.atMs)), mark(tone),
    h("span", { class: "who" }, who), h("span", { class: "step" }, each.from ? [h("span", null, each.kind === "mode" ? each.from : spaced(each.from)), " → "] : null, h("b", null, each.kind === "mode" ? each.to : spaced(each.to))),
    h("span", { class: "cause" }, each.cause));
}

/** @param {TransitionLine} each @returns {import("../words.js").Tone} */
function toneOf(each) {
  if (each.kind === "mode") return MODES[/** @type {keyof typeof MODES} */ (each.to)]?.tone ?? "idle";
  const to = each.to.split(" ")[0] ?? ""; // `running (generation 4)`
  if (STATES[to]) return STATES[to]?.tone ?? "idle";
  if (/^(healthy|true|initialized|working|off)$/.test(each.to)) return "good";
  return /^(unhealthy|not healthy|false|failed|on)$/.test(each.to) ? "warn" : "idle";
}
