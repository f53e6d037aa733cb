// @ts-check
/** The messages of one turn as a sequence diagram, and the same as a table for whoever cannot see it. */

import { h } from "../dom.js";
import { hashOf } from "../route.js";
import { LEFT_PX, micros, sequenceOf } from "../sequence.js";
import { ago, count, number, short } from "../words.js";
import { button, empty, facts, outdated, pending } from "./parts.js";

/** @typedef {import("../panel.js").Panel} Panel */
/** @typedef {import("../contracts.js").TraceLine} TraceLine */
/** @typedef {import("../sequence.js").Arrow} Arrow */

/** @param {Panel} panel */
export function trace(panel) {
  const id = panel.route.arg;
  const by = panel.route.query.by === "trace" ? "traceId" : "turnId";
  return [
    h("header", { class: "page-head", key: "head" }, h("h2", null, "Trace"),
      h("form", { class: "trace-ask", on: { submit: (/** @type {any} */ event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const wanted = String(form.get("id") ?? "").trim();
        if (wanted) panel.go("trace", wanted, { by: form.get("by") === "trace" ? "trace" : "" });
      } } },
      h("select", { name: "by", "aria-label": "Which id" }, h("option", { value: "turn" }, "turn"), h("option", { value: "trace" }, "trace")),
      h("input", { name: "id", "aria-label": "Id of the turn or trace", placeholder: "id", maxlength: "200", autocomplete: "off" }),
      h("button", { type: "submit" }, "Show"))),
    id ? one(panel, id, by) : recent(panel),
  ];
}

/** @param {Panel} panel */
function recent(panel) {
  const turns = panel.store.turns;
  if (!turns.length) return empty("No turn is chosen.", "Turns that end while this page is open are listed here. Every turn of a ", h("a", { href: hashOf("sessions") }, "session"), " has its trace, too.");
  return h("ul", { class: "rows", key: "recent" }, turns.map((each) =>
    h("li", { key: each.turnId }, h("a", { href: hashOf("trace", each.turnId) }, short(each.turnId)), h("span", null, `${each.status}, ${count(each.items, "item")}`), h("time", null, ago(each.atMs, panel.now)))));
}

/** @param {Panel} panel @param {string} id @param {"traceId" | "turnId"} by */
function one(panel, id, by) {
  const key = `trace:${by}:${id}`;
  const read = panel.reads.get(key, { command: "getTrace", [by]: id });
  const waiting = pending(panel, key, read, "The trace");
  if (waiting) return waiting;
  const messages = /** @type {readonly TraceLine[]} */ (read.data.messages);
  if (!messages.length) return empty(`Nothing is recorded of ${by === "turnId" ? "turn" : "trace"} ${short(id)}.`, "Traces are kept in a bounded ring: what is old makes way, and what came from files or telemetry alone has none.");
  const chosen = panel.keep(`message:${id}`, 0);
  const choose = (/** @type {number} */ at) => panel.choose(`message:${id}`, Math.max(0, Math.min(messages.length - 1, at)));
  const first = /** @type {TraceLine} */ (messages[0]);
  const last = /** @type {TraceLine} */ (messages.at(-1));
  return [
    outdated(read),
    h("p", { class: "lead", key: "lead" }, `${count(messages.length, "message")} in ${micros(last.atUs - first.atUs + (last.handledUs ?? 0))}. Names and sizes only: what was said is in the session.`,
      " ", button(panel.keep("table", false) ? "Show the diagram" : "Show as a table", () => panel.choose("table", !panel.keep("table", false)), { class: "quiet" })),
    panel.keep("table", false) ? table(messages) : diagram(messages, chosen, choose),
    panel.keep("table", false) ? null : detail(/** @type {TraceLine} */ (messages[Math.min(chosen, messages.length - 1)])),
  ];
}

/** @param {readonly TraceLine[]} messages @param {number} chosen @param {(at: number) => void} choose */
function diagram(messages, chosen, choose) {
  const { lanes, arrows, wide, high, left } = sequenceOf(messages);
  return h("div", {
    class: "sequence", key: "diagram", tabindex: "0", role: "group", "aria-label": "Sequence diagram; arrow keys go from message to message",
    on: { keydown: (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      choose(chosen + step);
      document.getElementById(`message-${chosen + step}`)?.scrollIntoView({ block: "nearest" });
    } },
  },
  h("div", { class: "lanes", vars: { "--wide": `${wide}px` } }, lanes.map((lane) => h("span", { key: lane.name, vars: { "--x": `${lane.x}px` } }, lane.name))),
  h("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, role: "img", "aria-label": `${count(messages.length, "message")} between ${lanes.map((each) => each.name).join(", ")}` },
    h("defs", null, h("marker", { id: "head", viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7", orient: "auto" }, h("path", { class: "head", d: "M0 0L8 4L0 8z" }))),
    lanes.map((lane) => h("line", { class: "lane", key: lane.name, x1: lane.x, x2: lane.x, y1: 0, y2: high })),
    arrows.map((arrow, at) => drawn(arrow, at, at === chosen, wide, () => choose(at)))),
  left ? h("p", { class: "cut" }, `${number(left)} more are not drawn; the table and \`hybrid-capture trace\` have them.`) : null);
}

/** @param {Arrow} arrow @param {number} at @param {boolean} chosen @param {number} wide @param {() => void} choose */
function drawn(arrow, at, chosen, wide, choose) {
  const { line, y, from, to, self } = arrow;
  const bad = !/^(ok|done|handled|accepted)$/.test(line.outcome);
  const middle = self ? from + 34 : (from + to) / 2;
  const d = self ? `M${from} ${y - 4}h22v10h-18` : `M${from} ${y}H${to + (to > from ? -2 : 2)}`;
  return h("g", { class: `message${bad ? " bad" : ""}${chosen ? " chosen" : ""}`, key: String(at), id: `message-${at}`, on: { click: choose } },
    h("rect", { class: "band", x: 0, y: y - 20, width: wide, height: 28 }),
    h("text", { class: "offset", x: LEFT_PX - 8, y: y + 4, "text-anchor": "end" }, `+${micros(arrow.offsetUs)}`),
    h("path", { class: "arrow", d, "marker-end": "url(#head)" }),
    h("text", { class: "name", x: middle, y: y - 6, "text-anchor": self ? "start" : "middle" }, line.type),
    h("title", null, `${line.type}: ${line.sender} → ${line.receiver}, ${line.outcome}`));
}

/** @param {TraceLine} line */
function detail(line) {
  return h("div", { class: "trace-detail", key: "detail", role: "status" },
    facts([["Message", line.type], ["From", line.sender], ["To", line.receiver], ["Waited", line.queuedUs === null ? "–" : micros(line.queuedUs)],
      ["Handled in", line.handledUs === null ? "–" : micros(line.handledUs)], ["Size", `${number(line.size)} bytes`], ["Outcome", line.outcome]], "wide"));
}

/** @param {readonly TraceLine[]} messages */
function table(messages) {
  const begin = messages[0]?.atUs ?? 0;
  return h("div", { class: "scroll", key: "table", tabindex: "0", role: "group", "aria-label": "Messages, scrolls" },
    h("table", null, h("thead", null, h("tr", null, ["After", "Message", "From", "To", "Waited", "Handled in", "Bytes", "Outcome"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", null, messages.map((each) =>
        h("tr", { key: String(each.n) }, h("td", { class: "number" }, micros(each.atUs - begin)), h("th", { scope: "row" }, each.type), h("td", null, each.sender), h("td", null, each.receiver),
          h("td", { class: "number" }, each.queuedUs === null ? "–" : micros(each.queuedUs)), h("td", { class: "number" }, each.handledUs === null ? "–" : micros(each.handledUs)),
          h("td", { class: "number" }, number(each.size)), h("td", null, each.outcome))))));
}

