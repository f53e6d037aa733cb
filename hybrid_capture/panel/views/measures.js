// @ts-check
/** Throughput, latency, restarts and times to recover, as plots with their numbers. */

import { h } from "../dom.js";
import { clock, compact, count, span } from "../words.js";
import { marks, path, quantile } from "../plot.js";
import { button, empty, facts, outdated, pending } from "./parts.js";

/** @typedef {import("../plot.js").Point} Point */
/** @typedef {import("../contracts.js").MetricsData} MetricsData */
/** @typedef {import("../contracts.js").MetricsSample} MetricsSample */
/** @typedef {{name: string, look: string, points: Point[]}} Series */

const [WIDE, HIGH, LEFT, BOTTOM] = [560, 170, 46, 22];

/** @param {import("../panel.js").Panel} panel */
export function measures(panel) {
  const read = panel.reads.get("measures", { command: "getMetrics" });
  if (read.phase === "there" && panel.now - read.atMs > 5_000) panel.world.later(() => panel.reads.touch("measures"), 0);
  return [
    h("header", { class: "page-head", key: "head" }, h("h2", null, "Measures"),
      button(panel.keep("numbers", false) ? "Show plots" : "Show numbers", () => panel.choose("numbers", !panel.keep("numbers", false)), { "aria-pressed": String(panel.keep("numbers", false)) })),
    pending(panel, "measures", read, "Measures") ?? shown(panel, read),
  ];
}

/** @param {import("../panel.js").Panel} panel @param {import("../reads.js").Read<any>} read */
function shown(panel, read) {
  const { samples, recoveries } = /** @type {MetricsData} */ (read.data);
  if (!samples.length) return empty("Nothing is measured yet.", "The first numbers come within a few seconds of a start.");
  const of = (/** @type {keyof MetricsSample} */ name) => samples.map((each) => /** @type {Point} */ ([each.atMs, each[name]]));
  return [
    outdated(read),
    panel.keep("numbers", false) ? table(samples) : h("div", { class: "plots", key: "plots" },
      plot("throughput", "Throughput", "per second", [{ name: "frames", look: "one", points: of("framesPerS") }, { name: "records", look: "two", points: of("recordsPerS") }]),
      plot("latency", "Line → durable row", "ms", [{ name: "p50", look: "one", points: of("latencyP50Ms") }, { name: "p99", look: "two", points: of("latencyP99Ms") }]),
      plot("restarts", "Restarts of this run", "", [{ name: "restarts", look: "one", points: of("restarts") }]),
      recovered(panel, recoveries)),
  ];
}

/** @param {string} id @param {string} title @param {string} unit @param {Series[]} series */
function plot(id, title, unit, series) {
  const times = series[0]?.points.map(([at]) => at) ?? [];
  const [begin, end] = [times[0] ?? 0, Math.max(times.at(-1) ?? 1, (times[0] ?? 0) + 1)];
  const values = series.flatMap((each) => each.points.map(([, value]) => value ?? 0));
  const steps = marks(Math.max(...values));
  const top = steps.at(-1) ?? 1;
  const x = (/** @type {number} */ at) => LEFT + ((at - begin) / (end - begin)) * (WIDE - LEFT - 8);
  const y = (/** @type {number} */ value) => 8 + (1 - value / top) * (HIGH - BOTTOM - 8);
  const last = series.map((each) => `${each.name} ${words(each.points.at(-1)?.[1] ?? null)}`).join(", ");
  return h("figure", { class: "plot", key: id, id: `plot-${id}` },
    h("figcaption", null, h("h3", null, title, unit ? h("small", null, unit) : null),
      series.map((each) => h("span", { class: `legend ${each.look}`, key: each.name }, each.name, " ", h("b", null, words(each.points.at(-1)?.[1] ?? null))))),
    h("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${title}, ${span(end - begin)}: now ${last}; at most ${words(Math.max(...values))} ${unit}` },
      steps.map((step) => h("g", { class: "grid", key: String(step) }, h("line", { x1: LEFT, x2: WIDE - 8, y1: y(step), y2: y(step) }), h("text", { x: LEFT - 6, y: y(step) + 4, "text-anchor": "end" }, words(step)))),
      h("text", { class: "time", x: LEFT, y: HIGH - 5 }, clock(begin)), h("text", { class: "time", x: WIDE - 8, y: HIGH - 5, "text-anchor": "end" }, clock(end)),
      series.map((each) => h("path", { class: `line ${each.look}`, key: each.name, d: path(each.points, x, y) }))));
}

/** @param {import("../panel.js").Panel} panel @param {MetricsData["recoveries"]} recoveries */
function recovered(panel, recoveries) {
  const took = recoveries.flatMap((each) => (each.healthyAtMs === null ? [] : [each.healthyAtMs - each.faultAtMs]));
  const mean = took.length ? took.reduce((sum, each) => sum + each, 0) / took.length : null;
  const most = Math.max(...took, 1);
  return h("figure", { class: "plot recoveries", key: "recoveries", id: "plot-recoveries" },
    h("figcaption", null, h("h3", null, "Time to recover", h("small", null, "ms, from fault to healthy"))),
    recoveries.length
      ? [facts([["mean (MTTR)", mean === null ? "–" : ms(mean)], ["median", orDash(quantile(took, 0.5))], ["p95", orDash(quantile(took, 0.95))], ["count", count(recoveries.length, "recovery", "recoveries")]]),
         h("ul", { class: "recovery-list" }, recoveries.slice(-12).toReversed().map((each) =>
           h("li", { key: `${each.child}/${each.faultAtMs}` }, h("time", null, clock(each.faultAtMs)), h("span", { class: "part" }, each.child),
             each.healthyAtMs === null ? h("span", { class: "state warn" }, `not yet, for ${span(panel.now - each.faultAtMs)}`)
               : [h("span", { class: "bar good", "aria-hidden": "true", vars: { "--part": String((each.healthyAtMs - each.faultAtMs) / most) } }), h("b", null, ms(each.healthyAtMs - each.faultAtMs))])))]
      : empty("Nothing broke in this run.", "When a part fails, the time until it is healthy again stands here."));
}

/** @param {readonly MetricsSample[]} samples */
function table(samples) {
  return h("div", { class: "scroll", key: "numbers", tabindex: "0", role: "group", "aria-label": "Numbers, scrolls" },
    h("table", null, h("thead", null, h("tr", null, ["Time", "Frames/s", "Records/s", "p50 ms", "p99 ms", "Restarts"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", null, samples.slice(-100).toReversed().map((each) =>
        h("tr", { key: String(each.atMs) }, h("th", { scope: "row" }, clock(each.atMs)),
          [each.framesPerS, each.recordsPerS, each.latencyP50Ms, each.latencyP99Ms, each.restarts].map((value) => h("td", { class: "number" }, words(value))))))));
}

/** @param {number | null} value */
function words(value) {
  if (value === null) return "–";
  return value >= 1000 ? compact(value) : String(Math.round(value * 10) / 10);
}

/** @param {number} value */
function ms(value) {
  if (value < 10_000) return `${Math.round(value)} ms`;
  return value < 600_000 ? `${(value / 1_000).toFixed(1)} s` : span(value);
}

/** @param {number | null} value */
function orDash(value) {
  return value === null ? "–" : ms(value);
}
