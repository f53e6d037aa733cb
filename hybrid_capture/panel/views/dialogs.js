// @ts-check
/** What stands before everything else: a question before something is lost, and the help. The browser's own dialogs. */

import { h } from "../dom.js";
import { KEYS } from "../keys.js";
import { MODES } from "../words.js";
import { button, mark } from "./parts.js";

/** @typedef {import("../panel.js").Panel} Panel */

/** @param {Panel} panel */
export function dialogs(panel) {
  return [panel.asking ? asking(panel, panel.asking) : null, panel.help ? help(panel) : null];
}

/** @param {Panel} panel @param {import("../panel.js").Asking} question */
function asking(panel, question) {
  const leave = () => {
    panel.asking = null;
    panel.redraw();
  };
  return dialog("asking", question.title, leave,
    h("p", null, question.text),
    h("div", { class: "buttons" },
      button("Cancel", () => close("asking"), { autofocus: true }),
      button(question.yes, () => {
        close("asking");
        question.run();
      }, { class: question.danger ? "danger" : "main" })));
}

/** @param {Panel} panel */
function help(panel) {
  const leave = () => {
    panel.help = false;
    panel.redraw();
  };
  return dialog("help", "Keys and modes", leave,
    h("dl", { class: "keys" }, KEYS.map(([key, does]) => h("div", null, h("dt", null, h("kbd", null, key)), h("dd", null, does)))),
    h("dl", { class: "modes" }, Object.entries(MODES).map(([name, mode]) =>
      h("div", null, h("dt", null, mark(mode.tone), h("code", null, name)), h("dd", null, mode.means)))),
    h("div", { class: "buttons" }, button("Close", () => close("help"), { autofocus: true })));
}

/** @param {string} name @param {string} title @param {() => void} leave @param {...import("../dom.js").Kid} kids */
function dialog(name, title, leave, ...kids) {
  return h("dialog", {
    key: name, id: name, "aria-labelledby": `${name}-title`, on: { close: leave },
    // It becomes modal when it is in the document, which it is after this patch.
    ref: (/** @type {HTMLDialogElement} */ element) => queueMicrotask(() => element.isConnected && !element.open && element.showModal()),
  }, h("h2", { id: `${name}-title` }, title), ...kids);
}

/** @param {string} name */
function close(name) {
  /** @type {HTMLDialogElement | null} */ (document.getElementById(name))?.close();
}
