import assert from "node:assert/strict";
import { test } from "node:test";

import { autoIngest } from "../../hybrid_capture/panel/controller.js";
import { BACKOFF_MS } from "../../hybrid_capture/panel/wire.js";
import { connected, settled, status } from "./fake_gateway.mjs";

const done = (text, result = {}) => [{ answer: "accepted" }, { event: "commandDone", ok: true, text, result }];

async function stage() {
  const made = await connected();
  const ingest = autoIngest(made.client, () => 5);
  made.client.subscribe();
  await made.clock.pass(0);
  const tell = (more) => made.gateway.tell({ event: "status", status: status(more) });
  return { ...made, ingest, tell };
}

test("it offers what the status offers, in its order, and only what is an action", async () => {
  const { ingest, tell } = await stage();
  assert.deepEqual(ingest.view.offered, ["fallbackToOtelOnly", "retryAuth", "restartSidecar", "setStreamKillSwitch"]);
  tell({ actions: ["recoverHybrid", "somethingOfTheFuture"] });
  assert.deepEqual(ingest.view.offered, ["recoverHybrid"]);
});

for (const action of ["recoverHybrid", "fallbackToOtelOnly", "retryAuth", "restartSidecar"]) {
  test(`${action} says what came of it, and is under way until then`, async () => {
    const { ingest, gateway, clock } = await stage();
    gateway.answers[action] = () => done("it is done", { account: "authenticated" });
    const running = [];
    ingest.onChange((view) => running.push([...view.running]));
    const ended = ingest[action]();
    await clock.pass(0);
    const account = action === "retryAuth" ? "authenticated" : null;
    const outcome = await ended;
    assert.deepEqual({ ...outcome, text: "" }, { action, ok: true, text: "", code: null, account, atMs: 5 });
    assert.ok(outcome.text.length > 5);
    assert.deepEqual(running, [[], [action], []]);
    assert.equal(ingest.view.outcome, outcome);
  });

  test(`${action} that fails is an outcome with a reason, not an exception`, async () => {
    const { ingest, gateway, clock } = await stage();
    gateway.answers[action] = () => [{ answer: "refused", code: "NOT_NOW", text: "turn the kill switch off first" }];
    const ended = ingest[action]();
    await clock.pass(0);
    const { ok, code, text } = await ended;
    assert.deepEqual({ ok, code, text }, { ok: false, code: "NOT_NOW", text: "turn the kill switch off first" });
    assert.deepEqual(ingest.view.running, []);
  });

  test(`a second click on ${action} is the first one`, async () => {
    const { ingest, gateway, clock } = await stage();
    gateway.answers[action] = () => done("it is done", { account: "authenticated" });
    assert.equal(ingest[action](), ingest[action]());
    await clock.pass(0);
    assert.equal(gateway.commands.filter((each) => each.command === action).length, 1);
    ingest[action]();
    await clock.pass(0);
    assert.equal(gateway.commands.filter((each) => each.command === action).length, 2, "but a later one is another");
  });
}

test("no action stays under way for ever, also when the runtime goes silent", async () => {
  const { ingest, gateway, clock } = await stage();
  gateway.silent = true;
  const ended = ingest.recoverHybrid();
  await clock.pass(10 * 60_000);
  assert.equal((await ended).code, "TIMED_OUT");
  assert.deepEqual(ingest.view.running, []);
});

test("the kill switch is turned against the revision that is shown", async () => {
  const { ingest, gateway, clock } = await stage();
  gateway.answers.setStreamKillSwitch = () => done("");
  const ended = ingest.setStreamKillSwitch(true);
  await clock.pass(0);
  await ended;
  assert.equal(gateway.commands.at(-1).expectedRevision, 3);
});

test("a watcher starts with its value, and is left alone by everything that it does not depend on", async () => {
  const { ingest, tell } = await stage();
  const story = [];
  const stop = ingest.watch(
    (each) => ({ generation: each.sidecar.generation, state: each.sidecar.state }),
    ({ generation }) => {
      story.push(`start ${generation}`);
      return () => story.push(`stop ${generation}`);
    },
  );
  tell({ revision: 2, mode: "DEGRADED_STREAMING", mode_reason: "auth is missing" });
  tell({ revision: 3, kill_switch: true, config: { revision: 4, fault: "" } });
  tell({ revision: 4, auth: { state: "needs_login", mode: null, plan: null } });
  assert.deepEqual(story, ["start 1"]);
  tell({ revision: 5, sidecar: { state: "running", generation: 2, pid: 8, restarts_in_window: 1, last_error: null } });
  assert.deepEqual(story, ["start 1", "stop 1", "start 2"]);
  stop();
  tell({ revision: 6 });
  assert.deepEqual(story, ["start 1", "stop 1", "start 2", "stop 2"]);
});

test("neither a reconnect, nor a gap, nor another action restarts a watcher", async () => {
  const { ingest, gateway, clock } = await stage();
  let starts = 0;
  ingest.watch((each) => each.config, () => void (starts += 1));
  gateway.cut();
  await clock.pass(BACKOFF_MS);
  gateway.tell({ event: "gap", missed: 3 });
  await clock.pass(0);
  gateway.cut();
  gateway.forget();
  await clock.pass(BACKOFF_MS);
  gateway.answers.retryAuth = () => done("read", { account: "authenticated" });
  ingest.retryAuth();
  await clock.pass(0);
  assert.equal(starts, 1);
});

test("two watchers live and end by themselves", async () => {
  const { ingest, tell } = await stage();
  const story = [];
  const watch = (name, depends) => ingest.watch(depends, () => (story.push(`+${name}`), () => story.push(`-${name}`)));
  const stopMode = watch("mode", (each) => each.mode);
  watch("switch", (each) => each.kill_switch);
  tell({ revision: 2, kill_switch: true });
  stopMode();
  tell({ revision: 3, mode: "FAILURE", kill_switch: true });
  assert.deepEqual(story, ["+mode", "+switch", "-switch", "+switch", "-mode"]);
});

test("a watcher set up before the first status starts when that comes", async () => {
  const made = await connected();
  const ingest = autoIngest(made.client);
  const seen = [];
  ingest.watch((each) => each.mode, (mode) => void seen.push(mode));
  assert.deepEqual(seen, []);
  made.client.subscribe();
  await made.clock.pass(0);
  assert.deepEqual(seen, ["HYBRID_ACTIVE"]);
});

test("while the connection is broken the last status is shown as old, and offers nothing", async () => {
  const { ingest, gateway, clock } = await stage();
  gateway.cut();
  assert.equal(ingest.view.status.mode, "HYBRID_ACTIVE");
  assert.equal(ingest.view.current, false);
  assert.deepEqual(ingest.view.offered, []);
  await clock.pass(BACKOFF_MS);
  assert.equal(ingest.view.current, true);
});

test("after close nothing is heard and no watcher runs", async () => {
  const { ingest, tell } = await stage();
  const story = [];
  ingest.watch((each) => each.mode, () => () => story.push("stopped"));
  ingest.onChange(() => story.push("changed"));
  ingest.close();
  tell({ revision: 2, mode: "FAILURE" });
  await settled();
  assert.deepEqual(story, ["changed", "stopped"]);
});
