// @ts-check
/** One session: what was said and done, who saw it, which commits hold it, what it spent. */

import { h } from "../dom.js";
import { hashOf } from "../route.js";
import { clock, compact, day, dollars, kindWords, number, span } from "../words.js";
import { coverage } from "./coverage.js";
import { links } from "./links.js";
import { button, empty, facts, outdated, pending, state, toolWords } from "./parts.js";
import { outcome } from "./actions.js";
import { nameOf } from "./sessions.js";
import { SOURCES } from "../words.js";

/** @typedef {import("../panel.js").Panel} Panel */
/** @typedef {import("../contracts.js").SessionData} SessionData */
/** @typedef {import("../contracts.js").ItemLine} ItemLine */
/** @typedef {import("../contracts.js").TurnLine} TurnLine */

const TABS = /** @type {const} */ ({ "": "Conversation", coverage: "Coverage", links: "Links", usage: "Usage" });
/** Characters of an item that are shown at first. */
const TEXT_CHARS = 1_600;

/** @param {Panel} panel @param {string} id */
export function session(panel, id) {
  const key = `session:${id}`;
  const read = panel.reads.get(key, { command: "getSession", sessionId: id, limit: 200 });
  const waiting = pending(panel, key, read, "The session");
  if (waiting) return waiting;
  const data = /** @type {SessionData} */ (read.data);
  const tab = panel.route.query.tab ?? "";
  const about = data.session;
  return h("article", { class: "session", key: id, "aria-labelledby": "session-title" },
    h("header", null,
      h("a", { class: "back", href: hashOf("sessions", "", panel.route.query) }, "All sessions"),
      h("h3", { id: "session-title" }, nameOf(about)),
      h("p", { class: "session-about" },
        h("span", { class: `tool ${about.tool.startsWith("claude") ? "claude" : "codex"}` }, toolWords(about.tool)),
        [about.model, about.cwd, about.branch && `branch ${about.branch}`].filter(Boolean).map((each) => h("span", { key: String(each) }, each)),
        h("span", null, `${day(about.startedAtMs)}, ${clock(about.startedAtMs)}`),
        h("code", { title: "Session id" }, about.sessionId))),
    outdated(read),
    h("nav", { class: "tabs", "aria-label": "Parts of the session" },
      Object.entries(TABS).map(([name, title]) =>
        h("a", { key: title, href: hashOf("sessions", id, { ...panel.route.query, tab: name, item: "" }), "aria-current": tab === name ? "true" : null },
          title, name === "links" && data.links.length ? h("small", null, data.links.length) : null))),
    tab === "coverage" ? coverage(panel, data)
      : tab === "links" ? links(data)
        : tab === "usage" ? usage(data)
          : conversation(panel, id, data));
}

/** @param {Panel} panel @param {string} id @param {SessionData} data */
function conversation(panel, id, data) {
  const more = /** @type {{items: ItemLine[], next: string | null | undefined, busy: boolean, fault: string}} */ (
    panel.keep(`items:${id}`, { items: [], next: undefined, busy: false, fault: "" }));
  const next = more.next === undefined ? data.next : more.next;
  const known = new Set(data.items.map((each) => `${each.turnId}/${each.itemId}`));
  const items = [...data.items, ...more.items.filter((each) => !known.has(`${each.turnId}/${each.itemId}`))];
  if (!data.turns.length) return empty("This session has no turn yet.", "Its turns appear here as they are stored.");
  /** @type {Map<string, ItemLine[]>} */
  const byTurn = new Map();
  for (const each of items) byTurn.set(each.turnId, [...(byTurn.get(each.turnId) ?? []), each]);
  const shown = data.turns.filter((turn) => byTurn.has(turn.turnId) || !next);
  return h("div", { class: "conversation", key: "conversation" },
    shown.map((turn) => turnOf(panel, turn, data.turns.indexOf(turn) + 1, byTurn.get(turn.turnId) ?? [])),
    next ? h("div", { class: "buttons", key: "more" },
      button(more.busy ? "Reading more…" : "Show more", () => void showMore(panel, id, next, more), { disabled: more.busy }),
      more.fault ? h("span", { class: "trouble", role: "alert" }, more.fault) : null) : null);
}

/** @param {Panel} panel @param {string} id @param {string} after @param {any} more */
async function showMore(panel, id, after, more) {
  panel.choose(`items:${id}`, { ...more, busy: true, fault: "" });
  try {
    const page = await panel.client.getSession(id, { itemsAfter: after, limit: 200 });
    panel.choose(`items:${id}`, { items: [...more.items, ...page.items], next: page.next, busy: false, fault: "" });
  } catch (error) {
    panel.choose(`items:${id}`, { ...more, busy: false, fault: `More could not be read: ${error instanceof Error ? error.message : error}` });
  }
}

/** @param {Panel} panel @param {TurnLine} turn @param {number} at @param {ItemLine[]} items */
function turnOf(panel, turn, at, items) {
  const took = turn.startedAtMs && turn.completedAtMs ? span(turn.completedAtMs - turn.startedAtMs) : "";
  const spent = turn.tokens ? `${compact(turn.tokens)} tokens` : "";
  const good = turn.status === "completed";
  return h("section", { class: "turn", key: turn.turnId, "aria-label": `Turn ${at}` },
    h("header", null, h("h4", null, `Turn ${at}`), state(good ? "good" : turn.status ? "warn" : "idle", turn.status ?? "open"),
      h("span", null, [took, spent].filter(Boolean).join(", ")), h("a", { href: hashOf("trace", turn.turnId) }, "trace")),
    turn.error ? h("p", { class: "notice bad" }, turn.error) : null,
    items.map((each) => item(panel, each)));
}

/** @param {Panel} panel @param {ItemLine} each */
function item(panel, each) {
  const key = `${each.turnId}/${each.itemId}`;
  const whole = panel.keep(`whole:${key}`, false);
  const long = each.text.length > TEXT_CHARS;
  const text = long && !whole ? `${each.text.slice(0, TEXT_CHARS)}…` : each.text;
  const found = panel.route.query.item === each.itemId;
  return h("div", {
    class: `item ${each.kind}${found ? " found" : ""}`, key, tabindex: found ? "-1" : null,
    ref: (/** @type {HTMLElement} */ element) => found && queueMicrotask(() => element.scrollIntoView({ block: "center" })),
  },
  h("header", null, h("strong", null, kindWords(each.kind)), each.status && each.status !== "completed" ? h("span", { class: "item-status" }, each.status) : null,
    h("span", { class: "sources" }, each.sources.map((name) => h("span", { key: name, class: "source" }, SOURCES[name] ?? name)))),
  text ? h("pre", null, text) : h("p", { class: "quiet" }, "no text"),
  long ? button(whole ? "Show less" : "Show all", () => panel.choose(`whole:${key}`, !whole), { class: "quiet", "aria-expanded": String(whole) }) : null,
  each.cut ? h("p", { class: "cut" }, "The text goes on in the store: ", h("code", null, "hybrid-capture sessions show --json")) : null);
}

/** @param {SessionData} data */
function usage(data) {
  const told = data.usage;
  if (!told) return empty("Nobody told what this session spent.", "Telemetry, rollout files and transcripts tell it; none of them has yet.");
  const shown = (/** @type {number | null} */ value) => (value === null ? "not told" : number(value));
  return h("div", { class: "usage", key: "usage" },
    facts([["Input tokens", shown(told.input)], ["of them cached", shown(told.cached)], ["Output tokens", shown(told.output)],
      ["of them reasoning", shown(told.reasoning)], ["Together", shown(told.total)],
      ["Cost", told.costUsdMicros === null ? "not told" : dollars(told.costUsdMicros)]], "wide"),
    h("h4", null, "By turn"),
    h("table", null,
      h("thead", null, h("tr", null, ["Turn", "Status", "Items", "Tokens", "Cost"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", null, data.turns.map((turn, at) =>
        h("tr", { key: turn.turnId }, h("th", { scope: "row" }, at + 1), h("td", null, turn.status ?? "open"), h("td", { class: "number" }, number(turn.items)),
          h("td", { class: "number" }, turn.tokens === null ? "–" : number(turn.tokens)), h("td", { class: "number" }, turn.costUsdMicros === null ? "–" : dollars(turn.costUsdMicros)))))));
}

/** Have the app-server's own history read again. @param {Panel} panel @param {SessionData} data */
export function readAgain(panel, data) {
  const running = panel.store.status?.sidecar.state === "running";
  const name = "codexAppServerRequestThreadSnapshot";
  if (data.session.tool.startsWith("claude")) return null;
  return h("div", { class: "buttons", key: "again" },
    button("Read codex's own history again", async () => {
      await panel.act(name, "Reading the history of codex", async () => {
        await panel.client.codexAppServerRequestThreadSnapshot(data.session.sessionId);
        return "Read and reconciled";
      });
      panel.reads.again(`session:${data.session.sessionId}`);
    }, { disabled: !running || !panel.open || panel.store.doings.get(name)?.phase === "doing" }),
    running ? null : h("span", { class: "quiet" }, "The sidecar does not run."),
    outcome(panel, name));
}

