// @ts-check
/** A unified diff with its lines told apart by sign, shape and colour. */

import { h } from "../dom.js";

/** Lines that are shown at first. */
const LINES_MAX = 400;

/** @param {string} text @param {boolean} cut */
export function diff(text, cut) {
  const lines = text.replace(/\n$/, "").split("\n");
  const shown = lines.slice(0, LINES_MAX);
  const more = cut || lines.length > LINES_MAX;
  return h("div", { class: "diff", role: "group", "aria-label": "What would change", tabindex: "0" },
    shown.map((line) => h("div", { class: `diff-line ${look(line)}` }, line || " ")),
    more ? h("p", { class: "cut" }, "The change goes on; only its beginning is shown here.") : null);
}

/** @param {string} line */
function look(line) {
  if (/^(diff |index |--- |\+\+\+ |new file|deleted file|rename |similarity )/.test(line)) return "file";
  if (line.startsWith("@@")) return "place";
  if (line.startsWith("+")) return "plus";
  return line.startsWith("-") ? "minus" : "same";
}
