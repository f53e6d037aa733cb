// @ts-check
/** The view of `FAILURE`: what is gone, what still works, and what to do, in this order. */

import { h } from "../dom.js";
import { SOURCES, sentence } from "../words.js";
import { button } from "./parts.js";

/** @typedef {import("../contracts.js").TreeStatus} TreeStatus */

/** @param {import("../panel.js").Panel} panel @param {TreeStatus} status */
export function failure(panel, status) {
  const sources = status.sources ?? [];
  const broken = sources.filter((each) => !each.healthy);
  const fine = sources.filter((each) => each.healthy).map((each) => SOURCES[each.name] ?? each.name);
  const stream = status.stream_healthy ? "The live stream is healthy and carries on capturing meanwhile." : "The live stream is not healthy either.";
  return h("section", { class: "failure", key: "failure", role: "alert", "aria-labelledby": "failure-title" },
    h("h2", { id: "failure-title" }, "Capture is failing"),
    h("p", { class: "reason" }, sentence(status.baseline.reason)),
    h("div", { class: "failure-parts" },
      part("What is gone", broken.length
        ? broken.map((each) => h("li", { key: each.name }, h("strong", null, SOURCES[each.name] ?? each.name), `: ${each.reason}`))
        : [h("li", { key: "store" }, "The store does not commit, so nothing can be kept.")]),
      part("What still works", [
        h("li", { key: "stream" }, stream),
        fine.length ? h("li", { key: "fine" }, `Also working: ${fine.join(", ")}.`) : null,
        h("li", { key: "tools" }, "Senders of telemetry are told to try again; transcript files are read later from where they were left."),
      ]),
      part("What to do", [
        h("li", { key: "disk" }, "Look whether the disk is full and the state folder can be written."),
        h("li", { key: "doctor" }, "Run ", h("code", null, "hybrid-capture doctor"), ": it names the part, and what mends it."),
        h("li", { key: "wait" }, "Nothing needs a restart: capture goes on by itself once the cause is gone."),
      ])),
    h("div", { class: "buttons" }, button("Look again", () => void panel.look(), { disabled: !panel.open })));
}

/** @param {string} title @param {import("../dom.js").Kid[]} lines */
function part(title, lines) {
  return h("div", null, h("h3", null, title), h("ul", null, lines));
}
