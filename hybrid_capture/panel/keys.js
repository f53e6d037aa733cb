// @ts-check
/** Keys that work everywhere: numbers for views, `/` search, `?` help, `a` approvals, `t` light or dark. */

import { VIEWS, routeOf } from "./route.js";
import { toggleTheme } from "./views/theme.js";

/** @typedef {import("./panel.js").Panel} Panel */

/** @type {[string, string][]} What the help says. */
export const KEYS = [
  ["1 … 7", "switch to a view"],
  ["/", "search sessions"],
  ["a", "go to the first open approval"],
  ["↑ ↓ Page Home End", "move in a list"],
  ["Enter", "open what is chosen"],
  ["Esc", "close a dialog, leave a search"],
  ["t", "light, dark, or as the system is"],
  ["?", "this help"],
];

/** @param {Panel} panel @param {KeyboardEvent} event */
export function keyHeard(panel, event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || panel.asking || panel.help) return;
  if (target.matches("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const view = /^[1-9]$/.test(event.key) ? VIEWS[Number(event.key) - 1] : undefined;
  if (view) panel.go(view);
  else if (event.key === "/") search(panel);
  else if (event.key === "?") panel.help = true;
  else if (event.key === "a") focus(".approval button");
  else if (event.key === "t") toggleTheme();
  else return;
  event.preventDefault();
  panel.redraw();
}

/** @param {Panel} panel */
function search(panel) {
  if (panel.route.view !== "sessions") {
    panel.go("sessions");
    panel.route = routeOf("#/sessions");
    panel.world.draw(); // now: the next key is a letter of the search
  }
  focus("#search");
}

/** @param {string} selector */
function focus(selector) {
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus();
}
