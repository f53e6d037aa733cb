// @ts-check
/** Exactly the recovery actions that the status offers, what each does, and what became of it. */

import { h } from "../dom.js";
import { ACTIONS, STATES, span } from "../words.js";
import { button, card, mark } from "./parts.js";

/** @typedef {import("../panel.js").Panel} Panel */
/** @typedef {import("../contracts.js").TreeStatus} TreeStatus */
/** @typedef {import("../controller.js").ActionName} ActionName */

/** How long a success stays on the page. A failure stays until the next try. */
const DONE_MS = 30_000;

/** @param {Panel} panel @param {TreeStatus} status */
export function actions(panel, status) {
  const offered = /** @type {ActionName[]} */ (status.actions ?? []).filter((name) => name !== "setStreamKillSwitch");
  // What became of an action that is not offered any more is still worth reading.
  const told = /** @type {const} */ (["recoverHybrid", "fallbackToOtelOnly", "retryAuth", "restartSidecar"]).filter(
    (name) => !offered.includes(name) && outcome(panel, name),
  );
  return card("actions", "What you can do", null,
    offered.length || told.length
      ? h("ul", { class: "actions" }, offered.map((name, at) => action(panel, status, name, at === 0)),
          told.map((name) => h("li", { key: name, class: "past" }, h("strong", null, ACTIONS[name]?.label ?? name), outcome(panel, name))))
      : h("p", null, status.kill_switch ? "The kill switch is on: turn it off first." : "Live streaming is switched off in the settings."));
}

/** @param {Panel} panel @param {TreeStatus} status @param {ActionName} name @param {boolean} first */
function action(panel, status, name, first) {
  const known = ACTIONS[name] ?? { label: name, does: "", doing: "Working" };
  const doing = panel.store.doings.get(name)?.phase === "doing";
  // Where only the login is missing, the way out is there.
  const urgent = first && name === "recoverHybrid" && status.sidecar.state !== "running";
  return h("li", { key: name },
    button(known.label, () => begin(panel, status, name), {
      "data-action": name, class: urgent ? "main" : "", disabled: doing || !panel.open, "aria-describedby": `does-${name}`,
    }),
    h("p", { id: `does-${name}` }, known.does),
    outcome(panel, name));
}

/** Ask first where work would be lost. @param {Panel} panel @param {TreeStatus} status @param {ActionName} name */
function begin(panel, status, name) {
  const run = () => void panel.recover(name);
  const running = status.sidecar.state === "running";
  const known = ACTIONS[name];
  if (!running || !["restartSidecar", "fallbackToOtelOnly"].includes(name) || !known) return run();
  const text = name === "restartSidecar"
    ? "Codex is running. A turn under way is broken off: what it completed is stored, what is unfinished is dropped and named in the audit."
    : "The live stream stops until you recover it. A turn under way is broken off; telemetry and transcript files go on being kept.";
  panel.ask({ title: `${known.label}?`, text, yes: known.label, danger: true, run });
}

/** What became of it: progress, success or failure, in words. @param {Panel} panel @param {string} name */
export function outcome(panel, name) {
  const doing = panel.store.doings.get(name);
  if (!doing) return null;
  const age = panel.now - doing.atMs;
  if (doing.phase === "done" && age > DONE_MS) return null;
  if (doing.phase === "doing") {
    const sidecar = panel.store.status?.sidecar.state ?? "";
    const where = name === "retryAuth" ? "" : `, sidecar ${STATES[sidecar]?.words ?? sidecar}`;
    return h("div", { class: "outcome doing", role: "status", key: "outcome" },
      h("progress", { "aria-label": doing.text }), `${doing.text}… ${span(age)}${where}`);
  }
  const tone = doing.phase === "done" ? "good" : "bad";
  return h("p", { class: `outcome ${tone}`, key: "outcome", "data-outcome": doing.phase }, mark(tone), doing.text);
}
