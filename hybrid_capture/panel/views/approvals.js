// @ts-check
/** Open questions of the app-server: what is asked, what it would change, how long there is, and the four answers. */

import { h } from "../dom.js";
import { hashOf } from "../route.js";
import { left, short } from "../words.js";
import { bar, button, mark } from "./parts.js";
import { diff } from "./diff.js";

/** @typedef {import("../panel.js").Panel} Panel */
/** @typedef {import("../store.js").Question} Question */

/** Of this the bar shows how much is left; the runtime gives five minutes. */
const WHOLE_MS = 300_000;

const TITLES = {
  command: "Codex wants to run a command",
  fileChange: "Codex wants to change files",
  permissions: "Codex wants more permissions",
  other: "Codex asks",
};

/** @type {[import("../contracts.js").Decision, string, string][]} */
const ANSWERS = [
  ["accept", "Accept", "main"],
  ["acceptForSession", "Accept for session", ""],
  ["decline", "Decline", ""],
  ["cancel", "Cancel turn", "quiet"],
];

/** @type {Record<string, string>} */
const OUTCOMES = {
  accept: "Accepted. The turn goes on.",
  acceptForSession: "Accepted, and the same for the rest of this session.",
  decline: "Declined. The turn goes on without it.",
  cancel: "Declined, and the turn is cancelled.",
  expired: "Nobody answered in time, so it was declined.",
  withdrawn: "Codex needs no answer any more.",
  closed: "The sidecar ended, and the question with it.",
};

/** @param {Panel} panel */
export function approvals(panel) {
  const asking = panel.store.asking();
  if (!asking.length) return null;
  return h("section", { class: "approvals", key: "approvals", "aria-label": "Approvals" }, asking.map((each) => approval(panel, each)));
}

/** @param {Panel} panel @param {Question} question */
function approval(panel, question) {
  const { asked, outcome } = question;
  const title = `approval-${asked.token}`;
  return h("article", { class: outcome ? "approval over" : "approval", key: asked.token, id: `asked-${asked.token}`, "aria-labelledby": title },
    h("header", null, mark(outcome ? "idle" : "warn"), h("h2", { id: title }, TITLES[asked.kind]),
      h("a", { href: hashOf("sessions", asked.sessionId), title: asked.sessionId }, `session ${short(asked.sessionId)}`),
      outcome ? null : countdown(panel, asked.expiresAtMs)),
    asked.summary ? h("pre", { class: asked.kind === "command" ? "command" : "" }, asked.summary) : null,
    asked.summary || asked.diff ? null : h("p", { class: "quiet" }, "Codex did not say more than that. The session has what came before."),
    asked.diff ? diff(asked.diff, asked.diffCut ?? false) : null,
    outcome ? h("p", { class: "outcome", role: "status" }, OUTCOMES[outcome] ?? `It is over: ${outcome}.`) : answers(panel, question),
    question.trouble ? h("p", { class: "trouble", role: "alert" }, question.trouble) : null);
}

/** @param {Panel} panel @param {Question} question */
function answers(panel, question) {
  if (!question.asked.token) return h("p", { class: "outcome" }, "This page may look on, but not decide.");
  const over = question.asked.expiresAtMs <= panel.now;
  return h("div", { class: "buttons" },
    ANSWERS.map(([decision, label, look]) =>
      button(label, () => void panel.decide(question.asked.token, decision), {
        class: look, key: decision, disabled: !!question.deciding || over || !panel.open, "data-decision": decision,
      })),
    question.deciding ? h("span", { class: "doing", role: "status" }, "Telling Codex…") : null);
}

/** @param {Panel} panel @param {number} untilMs */
function countdown(panel, untilMs) {
  const ms = untilMs - panel.now;
  const words = ms > 0 ? `${left(ms)} left, then it is declined` : "time is up: it is being declined";
  return h("span", { class: ms < 30_000 ? "countdown soon" : "countdown", role: "timer" }, bar(ms / WHOLE_MS, ms < 30_000 ? "bad" : "warn"), words);
}
