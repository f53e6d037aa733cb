// Reads end, are asked for once, and are renewed while what is known stays in sight.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Pages } from "../../hybrid_capture/panel/pages.js";
import { AGAIN_MS, READS_MAX, Reads } from "../../hybrid_capture/panel/reads.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const COMMAND = { command: "getSessions" };

function stage() {
  /** @type {{resolve: (data: any) => void, reject: (error: Error) => void}[]} */
  const asked = [];
  /** @type {{run: () => void, ms: number}[]} */
  const later = [];
  const world = { at: 1_000, drawn: 0 };
  const reads = new Reads(() => new Promise((resolve, reject) => asked.push({ resolve, reject })), {
    now: () => world.at,
    later: (run, ms) => later.push({ run, ms }),
    changed: () => (world.drawn += 1),
  });
  return { reads, asked, later, world };
}

test("it is asked for once, however often it is looked at", async () => {
  const { reads, asked, world } = stage();
  reads.get("a", COMMAND);
  assert.equal(reads.get("a", COMMAND).phase, "waiting");
  assert.equal(asked.length, 1);
  asked[0]?.resolve([1]);
  await turn();
  assert.deepEqual(reads.get("a", COMMAND).data, [1]);
  assert.equal(world.drawn, 1);
});

test("what failed says why, and another try may succeed", async () => {
  const { reads, asked } = stage();
  reads.get("a", COMMAND);
  asked[0]?.reject(new Error("nobody answers"));
  await turn();
  assert.equal(reads.get("a", COMMAND).text, "nobody answers");
  assert.equal(asked.length, 1, "it is not tried again by itself for ever");
  reads.again("a");
  assert.equal(reads.get("a", COMMAND).phase, "waiting");
  asked[1]?.resolve([2]);
  await turn();
  assert.deepEqual(reads.get("a", COMMAND).data, [2]);
});

test("what changed is read again, not more often than it makes sense, with the old in sight", async () => {
  const { reads, asked, later, world } = stage();
  reads.get("a", COMMAND);
  asked[0]?.resolve("old");
  await turn();
  reads.touch("a");
  assert.equal(reads.get("a", COMMAND).data, "old");
  reads.touch("a");
  reads.get("a", COMMAND);
  assert.equal(asked.length, 1);
  assert.deepEqual(later.map((each) => each.ms), [AGAIN_MS]);
  world.at += AGAIN_MS;
  later[0]?.run();
  reads.get("a", COMMAND);
  assert.equal(asked.length, 2);
});

test("what nobody looked at for longest is let go", () => {
  const { reads, asked } = stage();
  for (let at = 0; at <= READS_MAX; at += 1) reads.get(`k${at}`, COMMAND);
  reads.get("k0", COMMAND);
  assert.equal(asked.length, READS_MAX + 2);
});

test("pages follow one another, nothing is listed twice, and the first is renewed in front", async () => {
  const row = (/** @type {string} */ sessionId) => ({ sessionId, tool: "codex" });
  const pages = new Pages("sessions");
  pages.first({ sessions: [row("c"), row("b")], next: "2" }, 1);
  await pages.more(async (before) => {
    assert.equal(before, "2");
    return { sessions: [row("b"), row("a")], next: null };
  }, () => {});
  assert.deepEqual(pages.rows.map((each) => each.sessionId), ["c", "b", "a"]);
  pages.first({ sessions: [row("d"), row("b")], next: "2" }, 2);
  assert.deepEqual(pages.rows.map((each) => each.sessionId), ["d", "b", "c", "a"]);
  assert.equal(pages.next, null);
});

test("a page that fails says so and is not asked for again by itself", async () => {
  const pages = new Pages("sessions");
  pages.first({ sessions: [], next: "1" }, 1);
  const fail = async () => {
    throw new Error("the store is away");
  };
  await pages.more(fail, () => {});
  assert.match(pages.fault, /the store is away/);
  await pages.more(() => assert.fail("asked again"), () => {});
});
