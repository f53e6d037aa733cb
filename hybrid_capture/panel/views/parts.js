// @ts-check
/** Small pieces that every view is made of. */

import { h } from "../dom.js";

/** @typedef {import("../words.js").Tone} Tone */
/** @typedef {import("../dom.js").Kid} Kid */
/** @typedef {import("../panel.js").Panel} Panel */

/** Each tone has a shape of its own, so that nobody needs its colour. @type {Record<Tone, string>} */
const SHAPES = {
  good: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  calm: "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10zM6 3.4a2.6 2.6 0 1 1 0 5.2a2.6 2.6 0 1 1 0-5.2z",
  warn: "M6 .8L11.6 11H.4z",
  bad: "M1 1h10v10H1zM3.2 4.6L4.6 6L3.2 7.4L4.6 8.8L6 7.4L7.4 8.8L8.8 7.4L7.4 6L8.8 4.6L7.4 3.2L6 4.6L4.6 3.2z",
  idle: "M1 5h10v2H1z",
};

/** @param {Tone} tone */
export function mark(tone) {
  const path = h("path", { d: SHAPES[tone], "fill-rule": "evenodd" });
  return h("svg", { class: `mark ${tone}`, viewBox: "0 0 12 12", "aria-hidden": "true" }, path);
}

/**
 * A state: its shape and its words.
 * @param {Tone} tone
 * @param {string} words
 */
export function state(tone, words) {
  return h("span", { class: `state ${tone}` }, mark(tone), h("span", null, words));
}

/**
 * A named part of a page.
 * @param {string} id
 * @param {string} title
 * @param {Kid} aside   stands opposite the title
 * @param {...Kid} kids
 */
export function card(id, title, aside, ...kids) {
  const head = h("header", null, h("h2", { id: `${id}-title` }, title), aside);
  return h("section", { class: `card ${id}`, key: id, id, "aria-labelledby": `${id}-title` }, head, ...kids);
}

/**
 * A button that keeps the focus while it may not be used: who pressed it with a key stays where they are.
 * @param {string} label
 * @param {() => void} run
 * @param {import("../dom.js").Props} [more]
 * @param {...Kid} kids  in place of the label
 */
export function button(label, run, more = {}, ...kids) {
  const { disabled = false, ...rest } = more;
  const click = () => {
    if (!disabled) run();
  };
  return h("button", { type: "button", ...rest, "aria-disabled": disabled ? "true" : null, on: { click } }, ...(kids.length ? kids : [label]));
}

/**
 * A read that has no data to show: it waits, or it failed and says what to do. Null when there is data.
 * @param {Panel} panel
 * @param {string} key
 * @param {import("../reads.js").Read<any>} read
 * @param {string} what
 */
export function pending(panel, key, read, what) {
  if (read.data !== null) return null;
  if (read.phase === "failed") {
    return h("div", { class: "notice bad", role: "alert", key: "pending" },
      h("p", null, h("strong", null, `${what} could not be read. `), read.text),
      button("Try again", () => panel.reads.again(key)));
  }
  return h("p", { class: "waiting", key: "pending" }, `Reading ${what.toLowerCase()}…`);
}

/**
 * What stands where nothing is.
 * @param {string} title
 * @param {...Kid} kids
 */
export function empty(title, ...kids) {
  return h("div", { class: "empty", key: "empty" }, h("strong", null, title), h("p", null, ...kids));
}

/** A line that could not be renewed although it is still shown. @param {import("../reads.js").Read<any>} read */
export function outdated(read) {
  if (read.phase !== "failed" || read.data === null) return null;
  return h("p", { class: "notice warn", role: "status", key: "outdated" }, `This may be old: ${read.text}`);
}

/**
 * Words about a value.
 * @param {[string, Kid][]} pairs
 * @param {string} [more]
 */
export function facts(pairs, more = "") {
  return h("dl", { class: `facts ${more}` }, pairs.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

/** A quantity of something by a thin bar, 0 to 1. @param {number} part @param {Tone} tone */
export function bar(part, tone) {
  return h("span", { class: `bar ${tone}`, "aria-hidden": "true", vars: { "--part": String(Math.max(0, Math.min(1, part))) } });
}

/** Tools by their names. @param {string} tool */
export function toolWords(tool) {
  return { codex: "Codex", claude: "Claude Code", claude_code: "Claude Code", codex_app_server: "Codex" }[tool] ?? tool;
}
