// @ts-check
/** What is captured now, source by source, in plain sentences. */

import { h } from "../dom.js";
import { SOURCES, sentence } from "../words.js";
import { card, state } from "./parts.js";

/** @typedef {import("../contracts.js").TreeStatus} TreeStatus */
/** @typedef {import("../words.js").Tone} Tone */

/** @param {import("../panel.js").Panel} panel @param {TreeStatus} status */
export function captured(panel, status) {
  const sources = status.sources ?? [];
  return card("captured", "What is captured", null,
    h("ul", { class: "rows" },
      row("Live stream", stream(status), status.stream_healthy ? "Turns that run in the supervised codex, as they happen." : status.stream_reason),
      sources.map((each) =>
        row(SOURCES[each.name] ?? each.name, each.healthy ? ["good", "working"] : ["bad", "not working"], each.healthy ? where(each) : each.reason)),
      row("Store", status.baseline.working === false ? ["bad", "not working"] : ["good", "commits"],
        status.baseline.healthy ? "Redacted, de-duplicated, searchable." : status.baseline.reason)));
}

/** @param {string} name @param {[Tone, string]} stands @param {string} words */
function row(name, stands, words) {
  return h("li", { key: name }, h("span", { class: "name" }, name), state(stands[0], stands[1]), h("span", { class: "more" }, sentence(words)));
}

/** @param {TreeStatus} status @returns {[Tone, string]} */
function stream(status) {
  if (status.stream_healthy) return ["good", "working"];
  if (status.kill_switch) return ["calm", "kill switch"];
  if (status.fallback) return ["calm", "fallback"];
  return status.stream_expected ? ["warn", "missing"] : ["calm", "switched off"];
}

/** @param {import("../contracts.js").SourceStatus} source */
function where(source) {
  if (source.name === "otlp") return source.address ? `Codex and Claude Code send to ${source.address}` : source.reason;
  return source.address ? `Followed in ${source.address}` : source.reason;
}
