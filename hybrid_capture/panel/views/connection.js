// @ts-check
/** The line that says when the runtime is not reached, and the page that stands for one that may not be. */

import { h } from "../dom.js";
import { sentence, span } from "../words.js";
import { button, mark } from "./parts.js";

/** @typedef {import("../panel.js").Panel} Panel */

/** @param {Panel} panel */
export function connection(panel) {
  const { connection: now, back, met, lostAtMs } = panel.store;
  if (now.state === "open") {
    return [
      now.outdated
        ? line("warn", "outdated", "This page is of another version than the runtime. ", button("Reload the page", () => location.reload()))
        : null,
      back ? line("good", "back", back.text) : null,
    ];
  }
  const old = met ? ` What you see is from ${span(panel.now - lostAtMs)} ago.` : "";
  if (now.state === "waiting") {
    const left = Math.max(0, Math.ceil((now.retryAtMs - panel.now) / 1000));
    const next = ` Trying again ${left ? `in ${left} s` : "now"} (attempt ${now.attempt}).${old}`;
    return line("bad", "lost", sentence(now.reason), next, " ", button("Try now", () => panel.client.retry()), advice(now.attempt));
  }
  if (now.state === "refused") {
    return line("bad", "lost", sentence(now.reason), " ", button("Try again", () => panel.client.retry()));
  }
  return met ? line("warn", "lost", `Connecting again…${old}`) : null;
}

/** @param {number} attempt */
function advice(attempt) {
  return attempt < 4 ? null : h("span", null, " If it was stopped, start it: ", h("code", null, "hybrid-capture run"));
}

/** @param {import("../words.js").Tone} tone @param {string} key @param {...import("../dom.js").Kid} kids */
function line(tone, key, ...kids) {
  return h("div", { class: `connection ${tone}`, key, role: "region", "aria-label": "Connection" }, mark(tone), h("p", null, ...kids));
}

/** The page without a way in. @param {Panel} panel @param {string} reason */
export function locked(panel, reason) {
  return h("main", { class: "locked", key: "locked" },
    h("h1", null, "This page needs a fresh address"),
    h("p", null, sentence(reason)),
    h("p", null, "In a terminal on this machine, run"),
    h("pre", null, "hybrid-capture panel --open"),
    h("p", null, "The address works once. The tab then keeps its own key until you close it."),
    button("Try again", () => panel.client.retry(), { class: "main" }));
}
