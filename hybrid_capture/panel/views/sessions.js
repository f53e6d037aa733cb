// @ts-check
/** Sessions: all of them in a list that only draws what is in sight, what a search found, and one of them beside it. */

import { h } from "../dom.js";
import { hashOf } from "../route.js";
import { ago, compact, count, dollars, kindWords, short, tail } from "../words.js";
import { button, empty, outdated, pending, toolWords } from "./parts.js";
import { session } from "./session.js";
import { Pages } from "../pages.js";
import { toTop, virtual } from "./virtual.js";

/** @typedef {import("../panel.js").Panel} Panel */
/** @typedef {import("../contracts.js").SessionLine} SessionLine */
/** @typedef {import("../contracts.js").HitLine} HitLine */

export const ROW_PX = 62;
const TYPING_MS = 200;
const PAGE = 500;

/** @param {Panel} panel */
export function sessions(panel) {
  const wanted = panel.keep("wanted", "").trim();
  const tool = panel.route.query.tool ?? "";
  return [
    h("header", { class: "page-head", key: "head" },
      h("h2", null, "Sessions"),
      h("search", null,
        h("label", { class: "said", for: "search" }, "Search in sessions"),
        h("input", {
          id: "search", type: "search", placeholder: "Search what was said, done, changed…  ( / )", autocomplete: "off", value: panel.keep("typed", ""), maxlength: "500",
          on: {
            input: (/** @type {any} */ event) => typed(panel, event.currentTarget.value),
            keydown: (/** @type {KeyboardEvent} */ event) => {
              if (event.key === "ArrowDown") document.querySelector(/** @type {any} */ (".virtual"))?.focus();
            },
          },
        })),
      h("label", null, "Tool ",
        h("select", { value: tool, on: { change: (/** @type {any} */ event) => {
          toTop("session-list");
          panel.go("sessions", panel.route.arg, { ...panel.route.query, tool: event.currentTarget.value });
        } } },
        [["", "all"], ["codex", "Codex"], ["claude", "Claude Code"]].map(([value, name]) => h("option", { value, key: value }, name))))),
    h("div", { class: panel.route.arg ? "split chosen" : "split", key: "split" },
      h("div", { class: "split-list", key: "list" }, wanted ? hits(panel, wanted, tool) : list(panel, tool)),
      h("div", { class: "split-one", key: "one" },
        panel.route.arg ? session(panel, panel.route.arg) : empty("No session is chosen.", "Choose one with a click, or with the arrow keys and Enter."))),
  ];
}

/** A search begins when the typing stops for a moment. @param {Panel} panel @param {string} text */
function typed(panel, text) {
  panel.choose("typed", text);
  panel.world.later(() => {
    if (panel.keep("typed", "") !== text || panel.keep("wanted", "") === text) return;
    toTop("session-hits");
    panel.choose("active-hit", -1);
    panel.choose("wanted", text);
  }, TYPING_MS);
}

/** @param {Panel} panel @param {string} tool */
function list(panel, tool) {
  const pages = /** @type {Pages<SessionLine>} */ (panel.keep(`pages:${tool}`, new Pages("sessions")));
  panel.kept.set(`pages:${tool}`, pages);
  const key = `sessions:${tool}`;
  const first = panel.reads.get(key, { command: "getSessions", limit: PAGE, ...(tool ? { tool } : {}) });
  const waiting = pending(panel, key, first, "Sessions");
  if (waiting) return waiting;
  pages.first(first.data, first.atMs);
  const found = pages.rows;
  if (!found.length) return nothing(tool);
  const chosen = found.findIndex((each) => each.sessionId === panel.route.arg);
  const active = panel.keep("active", -1) >= 0 ? panel.keep("active", -1) : chosen;
  return [
    outdated(first),
    virtual({
      id: "session-list", label: "Sessions, newest first", count: found.length, total: pages.next ? -1 : found.length, rowHeight: ROW_PX, active,
      key: (at) => `${found[at]?.tool}/${found[at]?.sessionId}`,
      row: (at) => line(panel, /** @type {SessionLine} */ (found[at])),
      choose: (at) => panel.choose("active", at),
      open: (at) => panel.go("sessions", found[at]?.sessionId ?? "", panel.route.query),
      nearEnd: () => more(panel, pages, tool),
      redraw: panel.redraw,
    }),
    h("p", { class: "list-end", key: "end", role: "status" },
      pages.fault ? [pages.fault, " ", button("Try again", () => {
        pages.fault = "";
        more(panel, pages, tool);
      })] : `${count(found.length, "session")}${pages.next ? ", more below" : ""}`),
  ];
}

/** @param {Panel} panel @param {Pages<SessionLine>} pages @param {string} tool */
function more(panel, pages, tool) {
  void pages.more((before) => panel.client.getSessions({ limit: PAGE, before, ...(tool ? { tool } : {}) }), panel.redraw);
}

/** @param {Panel} panel @param {SessionLine} each */
function line(panel, each) {
  const name = nameOf(each);
  const spent = [each.tokens ? `${compact(each.tokens)} tokens` : "", each.costUsdMicros ? dollars(each.costUsdMicros) : ""];
  return [
    h("div", { class: "row-top" }, h("span", { class: "row-name" }, name), h("time", null, ago(each.lastAtMs, panel.now))),
    h("div", { class: "row-more" },
      h("span", { class: `tool ${each.tool.startsWith("claude") ? "claude" : "codex"}` }, toolWords(each.tool)),
      h("span", null, `${count(each.turns, "turn")}, ${count(each.items, "item")}`),
      h("span", { class: "row-spent" }, spent.filter(Boolean).join(", ")),
      each.links ? h("span", { class: "linked" }, count(each.links, "commit")) : null),
  ];
}

/** Its title, else where it ran, else its id. @param {SessionLine} each */
export function nameOf(each) {
  return each.title || (each.cwd ? tail(each.cwd) : short(each.sessionId));
}

/** @param {string} tool */
function nothing(tool) {
  if (tool) return empty(`No session of ${toolWords(tool)} is stored.`, "Choose another tool above.");
  return empty("No session is stored yet.", "Say something on ", h("a", { href: hashOf("live") }, "Live"), ", run ",
    h("code", null, "hybrid-capture setup"), " so that Codex and Claude Code report here, or bring what is on disk with ", h("code", null, "hybrid-capture import"), ".");
}

/** @param {Panel} panel @param {string} text @param {string} tool */
function hits(panel, text, tool) {
  const key = `session-search:${tool}:${text}`;
  const read = panel.reads.get(key, { command: "searchSessions", text, limit: 200, ...(tool ? { tool } : {}) });
  const waiting = pending(panel, key, read, "Search results");
  if (waiting) return waiting;
  const found = /** @type {readonly HitLine[]} */ (read.data.hits);
  if (!found.length) return empty(`Nothing says “${text}”.`, "All words must be in one place. A word may end in * for its beginning, and “several words” in quotes stand together.");
  return [
    outdated(read),
    virtual({
      id: "session-hits", label: `Places that say ${text}`, count: found.length, total: read.data.more ? -1 : found.length, rowHeight: ROW_PX, active: panel.keep("active-hit", -1),
      key: (at) => `${found[at]?.sessionId}/${found[at]?.turnId}/${found[at]?.itemId}/${at}`,
      row: (at) => hit(panel, /** @type {HitLine} */ (found[at])),
      choose: (at) => panel.choose("active-hit", at),
      open: (at) => panel.go("sessions", found[at]?.sessionId ?? "", { ...panel.route.query, tab: "", item: found[at]?.itemId ?? "" }),
      redraw: panel.redraw,
    }),
    h("p", { class: "list-end", key: "end", role: "status" }, `${count(found.length, "place")}${read.data.more ? ", and more: search for more words" : ""}`),
  ];
}

/** @param {Panel} panel @param {HitLine} each */
function hit(panel, each) {
  return [
    h("div", { class: "row-top" }, h("span", { class: "row-name" }, each.title || short(each.sessionId)), h("time", null, ago(each.atMs, panel.now))),
    h("div", { class: "row-snippet" }, h("span", { class: "kind" }, kindWords(each.kind)), " ", marked(each.snippet, each.marks)),
  ];
}

/** The places of the words, marked. @param {string} text @param {HitLine["marks"]} marks */
function marked(text, marks) {
  /** @type {import("../dom.js").Kid[]} */
  const parts = [];
  let at = 0;
  for (const [begin = 0, end = 0] of marks) {
    if (begin < at || end <= begin) continue;
    parts.push(text.slice(at, begin), h("mark", null, text.slice(begin, end)));
    at = end;
  }
  return [...parts, text.slice(at)];
}
