import assert from "node:assert/strict";
import { test } from "node:test";

import { BACKOFF_MS, BACKOFF_MS_MAX, PING_MS, SILENCE_MS, WELCOME_MS } from "../../hybrid_capture/panel/wire.js";
import { connected, house, settled } from "./fake_gateway.mjs";

test("the one-time code is exchanged for a token, and is used once", async () => {
  const { gateway, clock, client, memory } = await connected();
  assert.deepEqual(gateway.hellos, [{ op: "hello", once: "code-1", session: null, after: null }]);
  assert.equal(memory.get(), "token-s1");
  assert.deepEqual(client.connection, { state: "open", resumed: false, outdated: false });
  gateway.cut();
  await clock.pass(BACKOFF_MS);
  assert.deepEqual(gateway.hellos[1], { op: "hello", token: "token-s1", session: "s1", after: 0 });
});

test("a page that was loaded again comes in with the token of its tab", async () => {
  const { client, gateway } = await connected({ once: null, token: "kept" });
  assert.equal(gateway.hellos[0].token, "kept");
  assert.equal(client.connection.state, "open");
});

test("a code that was used before gives way to the token of that time", async () => {
  const { client, gateway } = await connected({ once: "used", token: "kept" });
  assert.deepEqual(gateway.hellos.map((each) => each.once ?? each.token), ["used", "kept"]);
  assert.equal(client.connection.state, "open");
});

test("without a code and a token nothing is tried, and the page says what to do", async () => {
  const { client, gateway, clock } = await connected({ once: null });
  assert.equal(client.connection.state, "refused");
  assert.match(client.connection.reason, /hybrid-capture panel/);
  await clock.pass(60_000);
  assert.equal(gateway.sockets.length, 1);
});

test("a token that is not valid any more is forgotten and ends the tries", async () => {
  const { client, gateway, clock, memory } = await connected({ once: "old" });
  assert.equal(client.connection.state, "refused");
  assert.equal(memory.get(), null);
  await clock.pass(60_000);
  assert.equal(gateway.sockets.length, 1);
});

test("a break is followed by tries that wait longer and longer, up to a bound", async () => {
  const { client, gateway, clock } = await connected();
  gateway.reachable = false;
  gateway.cut();
  const waits = [];
  for (let each = 0; each < 8; each += 1) {
    assert.equal(client.connection.state, "waiting");
    waits.push(client.connection.retryAtMs - clock.now());
    await clock.pass(waits.at(-1));
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, BACKOFF_MS_MAX, BACKOFF_MS_MAX]);
  gateway.reachable = true;
  await clock.pass(BACKOFF_MS_MAX);
  assert.equal(client.connection.state, "open");
  gateway.cut();
  assert.equal(client.connection.retryAtMs - clock.now(), BACKOFF_MS, "after a welcome the waits begin anew");
});

test("a person who does not want to wait is not made to", async () => {
  const { client, gateway, clock } = await connected();
  gateway.reachable = false;
  gateway.cut();
  await clock.pass(5_000);
  gateway.reachable = true;
  client.retry();
  await settled();
  assert.equal(client.connection.state, "open");
});

test("what was told during a break arrives after it, once and in order", async () => {
  const { client, gateway, clock } = await connected();
  const heard = [];
  client.on("turnStored", (event) => heard.push(event.turnId));
  const turn = (turnId) => gateway.tell({ event: "turnStored", turnId });
  turn("t1");
  gateway.cut();
  turn("t2");
  turn("t3");
  await clock.pass(BACKOFF_MS);
  turn("t4");
  assert.deepEqual(heard, ["t1", "t2", "t3", "t4"]);
  assert.deepEqual(client.connection, { state: "open", resumed: true, outdated: false });
});

test("a frame that comes twice is heard once", async () => {
  const { client, gateway } = await connected();
  const heard = [];
  client.on("live", (event) => heard.push(event.text));
  gateway.live.deliver({ seq: 1, body: { event: "live", text: "a" } });
  gateway.live.deliver({ seq: 1, body: { event: "live", text: "a" } });
  gateway.live.deliver({ seq: 2, body: { event: "live", text: "b" } });
  assert.deepEqual(heard, ["a", "b"]);
});

test("a number that is missing is a gap, also when nobody told", async () => {
  const { client, gateway } = await connected();
  const gaps = [];
  client.on("gap", (event) => gaps.push(event.missed));
  gateway.live.deliver({ seq: 1, body: { event: "live", text: "a" } });
  gateway.live.deliver({ seq: 5, body: { event: "live", text: "b" } });
  gateway.live.deliver({ seq: 9, body: { event: "gap", missed: 4 } });
  assert.deepEqual(gaps, [3, 4]);
});

test("more than the ring holds is told as a gap after the break", async () => {
  const { client, gateway, clock } = await connected();
  const gaps = [];
  const heard = [];
  client.on("gap", (event) => gaps.push(event.missed));
  client.on("live", (event) => heard.push(event.text));
  gateway.ringMax = 2;
  gateway.cut();
  for (const text of ["a", "b", "c", "d", "e"]) gateway.tell({ event: "live", text });
  await clock.pass(BACKOFF_MS);
  assert.deepEqual(gaps, [3]);
  assert.deepEqual(heard, ["d", "e"]);
});

test("a session that another page took over is not fought for", async () => {
  const { client, gateway, clock } = await connected();
  gateway.cut(4411);
  await clock.pass(BACKOFF_MS);
  assert.equal(gateway.hellos[1].session, null);
  assert.deepEqual(client.connection, { state: "open", resumed: false, outdated: false });
});

test("pings go out, are answered, and keep a quiet connection", async () => {
  const { client, gateway, clock } = await connected();
  gateway.live.deliver({ op: "ping" });
  await clock.pass(10 * PING_MS);
  assert.equal(gateway.pongs, 1);
  assert.equal(client.connection.state, "open");
  assert.equal(gateway.sockets.length, 1);
});

test("a connection on which nothing comes any more is given up", async () => {
  const { client, gateway, clock } = await connected();
  gateway.silent = true;
  await clock.pass(SILENCE_MS + PING_MS);
  assert.notEqual(client.connection.state, "open");
  assert.equal(gateway.sockets[0].closedWith, 4000);
});

test("a runtime that greets nobody is tried again", async () => {
  const { client, gateway, clock } = house();
  gateway.silent = true;
  client.start();
  await clock.pass(WELCOME_MS);
  assert.equal(client.connection.state, "waiting");
  assert.match(client.connection.reason, /does not answer/);
});

test("a frame that is no message ends the connection, and the next one resumes", async () => {
  const { client, gateway, clock } = await connected();
  gateway.live.onmessage({ data: "{" });
  assert.equal(client.connection.state, "waiting");
  await clock.pass(BACKOFF_MS);
  assert.equal(client.connection.state, "open");
});

test("a page that is older than the runtime is told so", async () => {
  const { gateway, client, clock } = house();
  gateway.contract = "of another version";
  client.start();
  await clock.pass(0);
  assert.equal(client.connection.outdated, true);
});

test("a closed client comes back no more", async () => {
  const { client, gateway, clock } = await connected();
  client.close();
  await clock.pass(60_000);
  assert.equal(client.connection.state, "closed");
  assert.equal(gateway.sockets.length, 1);
});
