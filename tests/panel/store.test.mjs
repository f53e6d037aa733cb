// What each message changes in what the panel knows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BLOCKS_MAX, BLOCK_CHARS_MAX, CLOSED_MS, Store } from "../../hybrid_capture/panel/store.js";

const status = (/** @type {object} */ changes = {}) =>
  /** @type {any} */ ({ revision: 1, at_ms: 1_000, mode: "HYBRID_ACTIVE", mode_reason: "all is well", auth: { state: "authenticated" }, ...changes });
const live = (/** @type {string} */ text, itemId = "i1") => /** @type {any} */ ({ event: "live", sessionId: "s", turnId: "t", itemId, kind: "agentMessage", text });
const asked = (token = "k", expiresAtMs = 10_000) => /** @type {any} */ ({ event: "approvalRequested", token, kind: "command", sessionId: "s", turnId: "t", itemId: "i", summary: "ls", expiresAtMs });

test("a change of mode is dated by the runtime and told loudly", () => {
  const store = new Store();
  store.stands(status(), 1);
  assert.equal(store.modeSinceMs, 0);
  store.stands(status({ revision: 2, at_ms: 2_000, mode: "FAILURE", mode_reason: "the disk is full" }), 2);
  assert.equal(store.modeSinceMs, 2_000);
  assert.equal(store.urgent, "Capture mode is now FAILURE: the disk is full");
});

test("an older status changes nothing", () => {
  const store = new Store();
  store.stands(status({ revision: 5, at_ms: 5_000 }), 1);
  store.stands(status({ revision: 4, at_ms: 4_000, mode: "FAILURE" }), 2);
  assert.equal(store.status?.mode, "HYBRID_ACTIVE");
});

test("lines of one item grow it, its end is kept, and the oldest items go first", () => {
  const store = new Store();
  store.heard(live("a"), 1);
  store.heard(live("b"), 2);
  assert.equal(store.blocks[0]?.text, "ab");
  store.heard(live("x".repeat(BLOCK_CHARS_MAX)), 3);
  assert.equal(store.blocks[0]?.text.length, BLOCK_CHARS_MAX);
  assert.equal(store.blocks[0]?.cut, true);
  for (let at = 0; at <= BLOCKS_MAX; at += 1) store.heard(live("y", `n${at}`), 4);
  assert.equal(store.blocks.length, BLOCKS_MAX);
  assert.equal(store.blocks.at(-1)?.key, `t/n${BLOCKS_MAX}`);
});

test("the most urgent question is on top, a closed one leaves after a moment, one nobody closed after its time", () => {
  const store = new Store();
  store.heard(asked("late", 90_000), 1);
  store.heard(asked("soon", 10_000), 1);
  assert.deepEqual(store.asking().map((each) => each.asked.token), ["soon", "late"]);
  store.heard(/** @type {any} */ ({ event: "approvalClosed", token: "soon", outcome: "decline" }), 5_000);
  assert.deepEqual(store.asking().map((each) => each.asked.token), ["late", "soon"]);
  assert.equal(store.tidy(5_000 + CLOSED_MS), false);
  assert.equal(store.tidy(5_001 + CLOSED_MS), true);
  assert.equal(store.tidy(90_001 + CLOSED_MS), true);
  assert.equal(store.asking().length, 0);
});

test("coming back says whether something was missed", () => {
  const store = new Store();
  store.connected({ state: "open", resumed: false, outdated: false }, 1);
  assert.equal(store.back, null);
  store.connected({ state: "waiting", attempt: 1, retryAtMs: 9, reason: "gone" }, 2);
  assert.equal(store.lostAtMs, 2);
  assert.equal(store.urgent, "The connection to the runtime is lost.");
  store.connected({ state: "open", resumed: true, outdated: false }, 3);
  assert.equal(store.back?.text, "Connected again: nothing was missed.");
});
