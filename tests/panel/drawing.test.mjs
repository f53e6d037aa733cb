// Numbers and times to places and words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { marks, path, quantile } from "../../hybrid_capture/panel/plot.js";
import { ribbonOf } from "../../hybrid_capture/panel/ribbon.js";
import { hashOf, routeOf } from "../../hybrid_capture/panel/route.js";
import { ROWS_MAX, micros, sequenceOf } from "../../hybrid_capture/panel/sequence.js";
import { left, sentence, short, span } from "../../hybrid_capture/panel/words.js";

const mode = (/** @type {number} */ atMs, /** @type {string} */ from, /** @type {string} */ to) => ({ kind: "mode", atMs, from, to });

test("a ribbon has no hole and no overlap, and begins where the runtime did", () => {
  const changes = [mode(100, "", "DEGRADED_STREAMING"), mode(150, "DEGRADED_STREAMING", "HYBRID_ACTIVE"), { ...mode(160, "a", "b"), kind: "sidecar" }];
  assert.deepEqual(ribbonOf(changes, "HYBRID_ACTIVE", 0, 200), [
    { mode: "DEGRADED_STREAMING", fromMs: 100, toMs: 150 },
    { mode: "HYBRID_ACTIVE", fromMs: 150, toMs: 200 },
  ]);
  assert.deepEqual(ribbonOf(changes, "HYBRID_ACTIVE", 120, 200)[0], { mode: "DEGRADED_STREAMING", fromMs: 120, toMs: 150 });
  assert.deepEqual(ribbonOf([], "OTEL_ONLY", 0, 10), [{ mode: "OTEL_ONLY", fromMs: 0, toMs: 10 }]);
});

test("marks are round and cover the most", () => {
  assert.deepEqual(marks(37), [0, 10, 20, 30, 40]);
  assert.deepEqual(marks(0.9), [0, 0.5, 1]);
  assert.deepEqual(marks(0), [0, 1]);
});

test("a hole lifts the pen", () => {
  const same = (/** @type {number} */ each) => each;
  assert.equal(path([[0, 1], [1, 2], [2, null], [3, 4]], same, same), "M0.0 1.0L0.0 1.0L1.0 2.0M3.0 4.0L3.0 4.0");
});

test("a quantile is one of the values, and of none there is none", () => {
  assert.equal(quantile([5, 1, 3], 0.5), 3);
  assert.equal(quantile([5, 1, 3], 0.95), 5);
  assert.equal(quantile([], 0.5), null);
});

test("lanes stand in the order in which words travel, whoever speaks first", () => {
  const line = (/** @type {string} */ sender, /** @type {string} */ receiver, atUs = 0) => /** @type {any} */ ({ sender, receiver, atUs });
  const { lanes, arrows, left: more } = sequenceOf([line("stager", "ingest", 40), line("root", "facade", 90), line("x", "x", 91)]);
  assert.deepEqual(lanes.map((each) => each.name), ["root", "facade", "stager", "ingest", "x"]);
  assert.equal(arrows[1]?.offsetUs, 50);
  assert.ok(/** @type {number} */ (arrows[0]?.from) < /** @type {number} */ (arrows[0]?.to));
  assert.equal(arrows[2]?.self, true);
  assert.equal(more, 0);
  assert.equal(sequenceOf(Array.from({ length: ROWS_MAX + 7 }, () => line("a", "b"))).left, 7);
});

test("an address says where the page is, and a strange one is the first page", () => {
  assert.deepEqual(routeOf(hashOf("sessions", "a/b c", { tab: "links", item: "" })), { view: "sessions", arg: "a/b c", query: { tab: "links" } });
  assert.deepEqual(routeOf("#/../etc/passwd"), { view: "now", arg: "", query: {} });
  assert.equal(routeOf("#/sessions/%E0%A4%A").arg, "%E0%A4%A");
});

test("times and names as a person reads them", () => {
  assert.deepEqual([span(999), span(59_999), span(60_000), span(7_500_000), span(200_000_000)], ["0 s", "59 s", "1 min", "2 h 5 min", "2 d"]);
  assert.deepEqual([left(245_001), left(0), left(-5)], ["4:06", "0:00", "0:00"]);
  assert.deepEqual([micros(12), micros(1_240), micros(310_000)], ["12 µs", "1.24 ms", "0.31 s"]);
  assert.equal(sentence("it failed"), "It failed.");
  assert.equal(short("0199a1b2-7a2b-7c11-9d0e-0123456789ab"), "0199a1b2…89ab");
});
