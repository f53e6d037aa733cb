// @ts-check
/** The mode, why it holds, since when; and the last hour, or less of a young log, as a ribbon of modes. */

import { h } from "../dom.js";
import { hashOf } from "../route.js";
import { MODES, clock, sentence, span } from "../words.js";
import { mark } from "./parts.js";
import { ribbonOf } from "../ribbon.js";

/** @typedef {import("../panel.js").Panel} Panel */

export const RIBBON_MS = 3_600_000;
/** Enough for the changes of mode of an hour, unless somebody breaks it on purpose all the time. */
export const TRANSITIONS = { command: "getTransitions", limit: 500 };

/** @param {Panel} panel */
export function banner(panel) {
  const status = panel.store.status;
  if (!status) {
    return h("header", { class: "banner idle", key: "banner" }, mark("idle"),
      h("div", { class: "banner-words" }, h("h1", null, "Asking the runtime how capture stands"),
        h("p", null, panel.open ? "It is starting; this takes a second or two." : "Waiting for the connection.")));
  }
  const mode = MODES[status.mode];
  const since = modeSince(panel);
  return h("header", { class: `banner ${mode.tone}`, key: "banner" },
    mark(mode.tone),
    h("div", { class: "banner-words" },
      h("h1", null, mode.title, " ", h("code", { class: "mode" }, status.mode)),
      h("p", { class: "reason" }, sentence(status.mode_reason))),
    h("p", { class: "age", title: since ? `since ${clock(since)}` : null },
      since ? h("span", null, "for ", h("b", null, span(panel.now - since))) : null),
    ribbon(panel));
}

/** Since when the mode holds: as it was heard, or as the log says. @param {Panel} panel */
function modeSince(panel) {
  if (panel.store.modeSinceMs) return panel.store.modeSinceMs;
  const read = panel.reads.get("timeline", TRANSITIONS);
  const changes = /** @type {import("../contracts.js").TransitionLine[]} */ (read.data?.transitions ?? []);
  return changes.findLast((each) => each.kind === "mode")?.atMs ?? 0;
}

/** @param {Panel} panel */
function ribbon(panel) {
  const read = panel.reads.get("timeline", TRANSITIONS);
  if (!read.data || !panel.store.status) return null;
  const changes = /** @type {import("../contracts.js").TransitionLine[]} */ (read.data.transitions);
  // A log that began within the hour fills the ribbon from its beginning, but a minute is the least.
  const begun = changes.length < TRANSITIONS.limit ? changes[0]?.atMs ?? panel.now : 0;
  const shownMs = Math.min(RIBBON_MS, Math.max(60_000, panel.now - begun));
  const parts = ribbonOf(changes, panel.store.status.mode, panel.now - shownMs, panel.now);
  const words = parts.map((each) => `${each.mode} ${span(each.toMs - each.fromMs)}`).join(", ");
  return h("a", { class: "ribbon", href: hashOf("timeline"), "aria-label": `The last ${spoken(shownMs)}: ${words}. See the timeline.`, title: `The last ${spoken(shownMs)}. See the timeline.` },
    parts.map((each) =>
      h("span", {
        class: each.mode === "off" ? "off" : MODES[each.mode].tone,
        vars: { "--from": String((each.fromMs - panel.now + shownMs) / shownMs), "--part": String((each.toMs - each.fromMs) / shownMs) },
      })));
}

/** @param {number} ms */
function spoken(ms) {
  return ms === RIBBON_MS ? "hour" : span(ms);
}
