// @ts-check
/** What became of each item that came, and why: accepted, duplicate, replaced, dropped. */

import { h } from "../dom.js";
import { SOURCES, clock, count, short } from "../words.js";
import { button, empty, outdated, pending, state } from "./parts.js";
import { toTop, virtual } from "./virtual.js";

/** @typedef {import("../contracts.js").DecisionLine} DecisionLine */

/** @type {Record<string, import("../words.js").Tone>} */
const TONES = { accepted: "good", duplicate: "idle", replaced: "calm", dropped: "warn" };
const ALL = ["", "accepted", "duplicate", "replaced", "dropped"];

/** @param {import("../panel.js").Panel} panel */
export function decisions(panel) {
  const { decision = "", session = "" } = panel.route.query;
  const key = `decisions:${decision}:${session}`;
  const read = panel.reads.get(key, {
    command: "getCodexStreamDedupeLog", limit: 500, ...(decision ? { decision } : {}), ...(session ? { sessionId: session } : {}),
  });
  return [
    h("header", { class: "page-head", key: "head" }, h("h2", null, "Decisions"),
      h("div", { class: "choices", role: "group", "aria-label": "Which decisions" }, ALL.map((each) =>
        button(each || "all", () => {
          toTop("decision-list");
          panel.go("decisions", "", { decision: each, session });
        }, { key: each || "all", "aria-pressed": String(each === decision) }))),
      session ? button(`Only session ${short(session)}: show all`, () => panel.go("decisions", "", { decision }), { class: "quiet" }) : null,
      button("Read again", () => panel.reads.again(key), { class: "quiet" })),
    h("p", { class: "lead", key: "lead" }, "Several sources tell of the same item. The richest complete one is kept, and each decision has its reason."),
    pending(panel, key, read, "Decisions") ?? rows(panel, read),
  ];
}

/** @param {import("../panel.js").Panel} panel @param {import("../reads.js").Read<any>} read */
function rows(panel, read) {
  const found = /** @type {DecisionLine[]} */ (read.data.entries).toReversed();
  if (!found.length) return empty("No decision of this kind was made.", "Choose another kind above, or wait until something is captured.");
  return [
    outdated(read),
    virtual({
      id: "decision-list", label: "Decisions, newest first", count: found.length, total: found.length, rowHeight: 44, active: panel.keep("active-decision", -1),
      key: (at) => String(found[at]?.n), row: (at) => line(/** @type {DecisionLine} */ (found[at])),
      choose: (at) => panel.choose("active-decision", at),
      open: (at) => {
        const id = found[at]?.sessionId;
        if (id) panel.go("sessions", id, { item: found[at]?.itemId ?? "" });
      },
      redraw: panel.redraw,
    }),
    h("p", { class: "list-end", key: "end" }, `${count(found.length, "decision")}. Enter opens the session.`),
  ];
}

/** @param {DecisionLine} each */
function line(each) {
  const about = [each.turnId && `turn ${short(each.turnId)}`, each.itemId && `item ${short(each.itemId)}`].filter(Boolean).join(", ");
  return h("div", { class: "decision" }, h("time", null, clock(each.atMs)), state(TONES[each.decision] ?? "idle", each.decision),
    h("span", { class: "source" }, SOURCES[each.source] ?? each.source), h("span", { class: "why" }, each.reason), h("span", { class: "quiet" }, about));
}
