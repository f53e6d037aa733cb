// @ts-check
/** The tree: sidecar process and actors, with their states, restarts and last error. */

import { h } from "../dom.js";
import { ROLES, STATES } from "../words.js";
import { card, state } from "./parts.js";

/** @typedef {import("../contracts.js").TreeStatus} TreeStatus */

/** @param {TreeStatus} status */
export function processes(status) {
  const supervisor = status.actors.find((each) => each.name === "supervisor");
  const leaves = status.actors.filter((each) => each.name !== "supervisor");
  return card("processes", "Processes", null,
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Processes, scrolls sideways" },
      h("table", null,
        h("thead", null, h("tr", null, ["Part", "State", "Restarts", "Process"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", null,
          line("supervisor", 0, supervisor?.state ?? "running", supervisor ? String(supervisor.restarts) : "", supervisor?.pid ?? null, ROLES.supervisor ?? ""),
          leaves.map((each) => [
            line(each.name, 1, each.state, String(each.restarts), each.pid, ROLES[each.name] ?? ""),
            each.name === "sidecar" ? codex(status) : null,
          ])))));
}

/** The app-server below its actor. @param {TreeStatus} status */
function codex(status) {
  const { sidecar, handshake } = status;
  const greeted = handshake.initialized ? "greeted" : handshake.initialize_sent ? "greeting under way" : "no greeting";
  const about = sidecar.generation ? `generation ${sidecar.generation}, ${greeted}` : "never started in this run";
  return [
    line("codex app-server", 2, sidecar.state, `${sidecar.restarts_in_window} in 60 s`, sidecar.pid, about),
    sidecar.last_error
      ? h("tr", { class: "last-error", key: "last-error" }, h("td", { colspan: "4" }, h("span", null, "Last error: "), sidecar.last_error))
      : null,
  ];
}

/** @param {string} name @param {number} depth @param {string} now @param {string} restarts @param {number | null} pid @param {string} about */
function line(name, depth, now, restarts, pid, about) {
  const known = STATES[now] ?? { words: now, tone: /** @type {const} */ ("idle") };
  return h("tr", { key: name, class: `depth-${depth}`, "data-part": name },
    h("th", { scope: "row" }, h("span", { class: "part" }, name), h("span", { class: "about" }, about)),
    h("td", null, state(known.tone, known.words)),
    h("td", { class: "number" }, restarts),
    h("td", { class: "number" }, pid ?? "–"));
}
