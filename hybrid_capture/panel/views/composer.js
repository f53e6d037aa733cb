// @ts-check
/** Say something in a thread of codex, old or new, and stop a turn that runs. */

import { h } from "../dom.js";
import { told } from "../panel.js";
import { sentence, short } from "../words.js";
import { button } from "./parts.js";

/** @typedef {import("../panel.js").Panel} Panel */

const TEXT_CHARS_MAX = 60_000;

/** @typedef {{phase: "idle" | "asked" | "running" | "failed", text: string, threadId: string, turnId: string}} Talk */

/** @param {Panel} panel */
export function composer(panel) {
  const { talk, running, ready, words } = standing(panel);
  return h("form", {
    class: "composer", key: "composer",
    on: {
      submit: (/** @type {Event} */ event) => {
        event.preventDefault();
        // What was typed and sent at once is not drawn yet.
        const now = standing(panel);
        if (now.ready && now.words.trim()) void say(panel, now.talk, now.words);
      },
    },
  },
  h("label", { for: "prompt" }, talk.threadId ? `Say something in thread ${short(talk.threadId)}` : "Say something in a new thread"),
  h("div", { class: "composer-line" },
    h("textarea", {
      id: "prompt", rows: "2", maxlength: String(TEXT_CHARS_MAX), value: words, placeholder: "Ask codex to do something…",
      on: {
        input: (/** @type {any} */ event) => panel.choose("prompt", event.currentTarget.value),
        keydown: (/** @type {any} */ event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form.requestSubmit();
        },
      },
    }),
    h("div", { class: "buttons" },
      h("button", { type: "submit", class: "main", "aria-disabled": ready && words.trim() ? null : "true" }, "Send"),
      running ? button("Interrupt", () => interrupt(panel, talk), { key: "interrupt" }) : null,
      talk.threadId && !running ? button("New thread", () => panel.choose("talk", { ...talk, phase: "idle", text: "", threadId: "" }), { class: "quiet", key: "new" }) : null)),
  h("p", { class: talk.phase === "failed" ? "outcome bad" : "quiet", role: "status" },
    talk.phase === "failed" ? talk.text : talk.phase === "asked" ? "Asking codex…" : running ? "The turn runs." : "Ctrl+Enter sends."));
}

/** How it stands at this moment. @param {Panel} panel */
function standing(panel) {
  const talk = /** @type {Talk} */ (panel.keep("talk", { phase: "idle", text: "", threadId: "", turnId: "" }));
  const running = talk.phase === "running" && !panel.store.turns.some((each) => each.turnId === talk.turnId);
  const ready = panel.open && panel.store.status?.sidecar.state === "running" && talk.phase !== "asked" && !running;
  return { talk, running, ready, words: panel.keep("prompt", "") };
}

/** @param {Panel} panel @param {Talk} talk @param {string} words */
async function say(panel, talk, words) {
  panel.choose("talk", { ...talk, phase: "asked" });
  let threadId = talk.threadId;
  try {
    if (!threadId) threadId = await panel.client.startThread();
    const turnId = await panel.client.startTurn(threadId, words);
    panel.kept.set("prompt", "");
    panel.choose("talk", { phase: "running", text: "", threadId, turnId });
  } catch (error) {
    // The words stay in the field. The thread of a process that is gone is no use any more.
    panel.choose("talk", { phase: "failed", text: sentence(told(error)), threadId: "", turnId: "" });
  }
}

/** @param {Panel} panel @param {Talk} talk */
function interrupt(panel, talk) {
  void panel.act("interruptTurn", "Interrupting the turn", async () => {
    await panel.client.interruptTurn(talk.threadId, talk.turnId);
    return "Interrupted: what was complete is stored";
  });
}
