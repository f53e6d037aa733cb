import assert from "node:assert/strict";
import { test } from "node:test";

import { ANSWER_MS, CaptureClient, EFFECT_MS, PENDING_MAX, connectFromPage } from "../../hybrid_capture/panel/client.js";
import { COMMANDS } from "../../hybrid_capture/panel/contracts.js";
import { BACKOFF_MS } from "../../hybrid_capture/panel/wire.js";
import { connected, house, settled, status } from "./fake_gateway.mjs";

/** Every wrapper, how a page calls it, and what it says. */
const CALLS = {
  getStatus: [(c) => c.getStatus(), {}],
  getTransitions: [(c) => c.getTransitions({ after: 7, limit: 5 }), { after: 7, limit: 5 }],
  getSessions: [(c) => c.getSessions({ limit: 5, tool: "codex" }), { limit: 5, tool: "codex" }],
  getSession: [(c) => c.getSession("s", { limit: 5 }), { sessionId: "s", limit: 5 }],
  searchSessions: [(c) => c.searchSessions("refused", { limit: 5 }), { text: "refused", limit: 5 }],
  getCodexStreamDedupeLog: [(c) => c.getCodexStreamDedupeLog({ decision: "dropped" }), { decision: "dropped" }],
  getTrace: [(c) => c.getTrace({ turnId: "t" }), { turnId: "t" }],
  getIngestConfig: [(c) => c.getIngestConfig(), {}],
  getMetrics: [(c) => c.getMetrics(), {}],
  startThread: [(c) => c.startThread({ cwd: "/w" }), { cwd: "/w" }],
  startTurn: [(c) => c.startTurn("s", "hello"), { threadId: "s", text: "hello" }],
  interruptTurn: [(c) => c.interruptTurn("s", "t"), { threadId: "s", turnId: "t" }],
  submitApproval: [(c) => c.submitApproval("k", "acceptForSession"), { token: "k", decision: "acceptForSession" }],
  startLogin: [(c) => c.startLogin({ kind: "chatgptDeviceCode" }), { kind: "chatgptDeviceCode" }],
  cancelLogin: [(c) => c.cancelLogin(), {}],
  logout: [(c) => c.logout(), {}],
  retryAuth: [(c) => c.retryAuth(), {}],
  restartSidecar: [(c) => c.restartSidecar(), {}],
  recoverHybrid: [(c) => c.recoverHybrid(), {}],
  fallbackToOtelOnly: [(c) => c.fallbackToOtelOnly(), {}],
  setStreamKillSwitch: [(c) => c.setStreamKillSwitch(true, 3), { on: true, expectedRevision: 3 }],
  codexAppServerRequestThreadSnapshot: [(c) => c.codexAppServerRequestThreadSnapshot("s"), { threadId: "s" }],
  updateIngestConfig: [
    (c) => c.updateIngestConfig({ streaming: false }, 3),
    { changes: { streaming: false }, expectedRevision: 3 },
  ],
  subscribe: [(c) => c.subscribe({ live: true }), { live: true }],
};

const done = (result = {}, text = "") => [{ answer: "accepted" }, { event: "commandDone", ok: true, text, result }];

test("every command of the contract has a call of its own name", () => {
  assert.deepEqual(Object.keys(CALLS).sort(), [...COMMANDS].sort());
  for (const name of COMMANDS) assert.equal(typeof CaptureClient.prototype[name], "function", name);
});

for (const [name, [call, says]] of Object.entries(CALLS)) {
  test(`${name} says what it is called for, and ends with what it gets`, async () => {
    const { client, gateway, clock } = await connected();
    const read = name.startsWith("get") || name === "searchSessions";
    if (name !== "getStatus" && name !== "subscribe") {
      gateway.answers[name] = () => (read ? [{ answer: "data", data: { told: name } }] : done({ account: "logged_out" }));
    }
    const ended = call(client);
    await clock.pass(0);
    const { commandId, command, ...fields } = gateway.commands[0];
    assert.equal(command, name);
    assert.match(commandId, /^[A-Za-z0-9._:-]{1,64}$/);
    assert.deepEqual(fields, says);
    const got = await ended;
    if (read && name !== "getStatus") assert.deepEqual(got, { told: name });
  });
}

test("auth calls give how the account stands", async () => {
  const { client, gateway, clock } = await connected();
  const words = { startLogin: "authenticated", cancelLogin: "needs_login", logout: "logged_out", retryAuth: "authenticated" };
  for (const [name, account] of Object.entries(words)) {
    gateway.answers[name] = () => done({ account });
    const ended = client[name]();
    await clock.pass(0);
    assert.equal(await ended, account);
  }
});

test("a login tells where to go before it is done", async () => {
  const { client, gateway, clock } = await connected();
  const url = "https://auth.example/complete?state=1";
  gateway.answers.startLogin = () => [{ answer: "accepted" }, { event: "commandProgress", text: "", result: { url } }];
  const visits = [];
  const ended = client.startLogin({ kind: "chatgpt" }, (progress) => visits.push(progress.result.url));
  await clock.pass(5 * 60_000);
  assert.deepEqual(visits, [url]);
  const [{ commandId }] = gateway.commands;
  gateway.tell({ event: "commandDone", commandId, ok: true, code: null, text: "", result: { account: "authenticated" } });
  assert.equal(await ended, "authenticated");
});

test("a refusal rejects answer and effect alike, with its code and its sentence", async () => {
  const { client, gateway, clock } = await connected();
  gateway.answers.startTurn = () => [{ answer: "refused", code: "NOT_NOW", text: "not while it starts" }];
  const sent = client.send({ command: "startTurn", threadId: "s", text: "x" });
  await clock.pass(0);
  await assert.rejects(sent.answer, { name: "Refusal", code: "NOT_NOW", message: "not while it starts" });
  await assert.rejects(sent.done, { code: "NOT_NOW" });
});

test("an accepted command can still fail, and says why", async () => {
  const { client, gateway, clock } = await connected();
  const failed = { event: "commandDone", ok: false, code: "FAILED", text: "codex did not start", result: {} };
  gateway.answers.restartSidecar = () => [{ answer: "accepted" }, failed];
  const sent = client.send({ command: "restartSidecar" });
  await clock.pass(0);
  assert.equal((await sent.answer).answer, "accepted");
  await assert.rejects(sent.done, { code: "FAILED", message: "codex did not start" });
});

test("what is never answered ends, and so does what is never done", async () => {
  const { client, gateway, clock } = await connected();
  gateway.answers.getMetrics = () => [];
  const unanswered = assert.rejects(client.getMetrics(), { code: "TIMED_OUT" });
  const undone = assert.rejects(client.restartSidecar(), { code: "TIMED_OUT", message: /status shows/ });
  await clock.pass(ANSWER_MS);
  await unanswered;
  await clock.pass(EFFECT_MS);
  await undone;
});

test("a command without a connection waits for one, and goes out when it is there", async () => {
  const { client, gateway, clock } = await connected();
  gateway.answers.getSessions = () => [{ answer: "data", data: { sessions: [], next: null } }];
  gateway.cut();
  const read = client.getSessions();
  await clock.pass(BACKOFF_MS);
  assert.deepEqual(await read, { sessions: [], next: null });
});

test("and gives up when none comes in time", async () => {
  const { client, gateway, clock } = await connected();
  gateway.reachable = false;
  gateway.cut();
  const read = assert.rejects(client.getSessions(), { code: "TIMED_OUT", message: /no connection/ });
  await clock.pass(ANSWER_MS);
  await read;
});

test("what was under way when the connection broke is asked again under its id, and done once", async () => {
  const { client, gateway, clock } = await connected();
  let times = 0;
  gateway.answers.startThread = () => ((times += 1), done({ threadId: "s9" }));
  const ended = client.startThread();
  gateway.live.over = true; // the command arrives, its answer does not
  await settled();
  gateway.cut();
  await clock.pass(BACKOFF_MS);
  assert.equal(await ended, "s9");
  assert.equal(times, 1);
});

test("in a new session reads are asked again, and commands end as lost rather than happen twice", async () => {
  const { client, gateway, clock } = await connected();
  gateway.answers.restartSidecar = gateway.answers.getMetrics = () => [];
  const action = assert.rejects(client.restartSidecar(), { code: "LOST" });
  const read = client.getMetrics();
  await settled();
  gateway.cut();
  gateway.forget();
  gateway.answers.getMetrics = () => [{ answer: "data", data: { samples: [] } }];
  await clock.pass(BACKOFF_MS);
  await action;
  assert.deepEqual(await read, { samples: [] });
  assert.equal(gateway.commands.filter((each) => each.command === "restartSidecar").length, 1);
});

test("a subscription holds through a new session, and brings its status", async () => {
  const { client, gateway, clock } = await connected();
  const seen = [];
  client.on("status", (event) => seen.push(event.status.revision));
  client.onSnapshot((snapshot) => seen.push(snapshot.reason));
  const subscribed = client.subscribe({ live: true });
  await clock.pass(0);
  await subscribed;
  gateway.cut();
  gateway.forget();
  await clock.pass(BACKOFF_MS);
  assert.deepEqual(seen, [1, "session", 1]);
  assert.deepEqual(gateway.commands.map((each) => each.live), [true, true]);
});

test("a resumed session is not subscribed again", async () => {
  const { client, gateway, clock } = await connected();
  client.subscribe();
  await clock.pass(0);
  gateway.cut();
  await clock.pass(BACKOFF_MS);
  assert.equal(gateway.commands.length, 1);
});

test("a gap brings a snapshot, then status and open approvals anew", async () => {
  const { client, gateway, clock } = await connected();
  const seen = [];
  client.onSnapshot((snapshot) => seen.push(snapshot));
  client.on("gap", () => seen.push("gap"));
  client.on("status", () => seen.push("status"));
  client.subscribe();
  await clock.pass(0);
  gateway.tell({ event: "gap", missed: 12 });
  await clock.pass(0);
  assert.deepEqual(seen, ["status", { reason: "gap", missed: 12 }, "gap", "status"]);
});

test("an effect that fell into a gap is asked for again", async () => {
  const { client, gateway, clock } = await connected();
  gateway.answers.restartSidecar = () => [{ answer: "accepted" }];
  const ended = client.restartSidecar();
  await settled();
  const session = [...gateway.sessions.values()][0];
  const [[commandId]] = session.known;
  const [effect] = done({}, "started anew").slice(1);
  session.known.set(commandId, [{ answer: "accepted" }, { commandId, ...effect }]); // done, and not heard here
  gateway.tell({ event: "gap", missed: 1 });
  await clock.pass(0);
  assert.equal((await ended).text, "started anew");
});

test("too many commands at once, and one that is too large, are refused here", async () => {
  const { client, gateway, clock } = await connected();
  gateway.answers.getMetrics = () => [];
  const waiting = Array.from({ length: PENDING_MAX }, () => client.getMetrics().catch(() => {}));
  await assert.rejects(client.getMetrics(), { code: "TOO_MANY" });
  await clock.pass(ANSWER_MS);
  await Promise.all(waiting);
  await assert.rejects(client.startTurn("s", "é".repeat(33_000)), { code: "TOO_LARGE" });
});

test("after a refused address every call ends at once", async () => {
  const { client } = await connected({ once: "old" });
  await assert.rejects(client.getStatus(), { code: "NOT_ALLOWED" });
});

test("closing ends what is under way, and every later call", async () => {
  const { client } = house();
  client.start();
  const read = client.getMetrics();
  client.close();
  await assert.rejects(read, { code: "CLOSED" });
  await assert.rejects(client.getMetrics(), { code: "CLOSED" });
});

test("a listener that throws costs the others nothing, and an ended subscription hears nothing", async () => {
  const { client, gateway, clock } = await connected();
  const heard = [];
  client.on("live", () => {
    throw new Error("a view's mistake");
  });
  const stop = client.on("live", (event) => heard.push(event.text));
  gateway.tell({ event: "live", text: "a" });
  stop();
  gateway.tell({ event: "live", text: "b" });
  assert.deepEqual(heard, ["a"]);
  await assert.rejects(clock.pass(0), /a view's mistake/);
});

test("nothing is left unhandled when nobody awaits a refused command", async () => {
  const { client, gateway, clock } = await connected();
  const unhandled = [];
  process.on("unhandledRejection", (reason) => unhandled.push(reason));
  gateway.answers.restartSidecar = () => [{ answer: "refused", code: "NOT_NOW", text: "no" }];
  client.send({ command: "restartSidecar" });
  await clock.pass(0);
  await settled();
  assert.deepEqual(unhandled, []);
});

test("the code leaves the address bar at once, and the socket goes to where the page came from", () => {
  const replaced = [];
  const opened = [];
  globalThis.WebSocket = class {
    constructor(url) {
      opened.push(url);
    }
    close() {}
  };
  const kept = new Map();
  const client = connectFromPage({
    location: { hash: "#once=abc", pathname: "/", search: "", protocol: "http:", host: "127.0.0.1:4318" },
    history: { replaceState: (...given) => replaced.push(given.at(-1)) },
    sessionStorage: { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) },
  });
  client.close();
  assert.deepEqual(replaced, ["/"]);
  assert.deepEqual(opened, ["ws://127.0.0.1:4318/ws"]);
});

test("a status says what it says", async () => {
  const { client, clock } = await connected();
  const read = client.getStatus();
  await clock.pass(0);
  assert.deepEqual(await read, { ...status(), ledger: { balanced: true } });
});
