/**
 * A gateway in this process: the wire of the real one (hello, sessions with a ring, numbered frames, close codes), with
 * commands answered by functions that a test gives. And a clock that a test turns.
 */

import { CONTRACT } from "../../hybrid_capture/panel/contracts.js";
import { CaptureClient } from "../../hybrid_capture/panel/client.js";

export class FakeClock {
  constructor() {
    this.at = 1_000_000;
    this.timers = new Map();
    this.last = 0;
  }

  now = () => this.at;
  set = (run, ms) => {
    this.last += 1;
    this.timers.set(this.last, { run, due: this.at + ms });
    return this.last;
  };
  clear = (timer) => void this.timers.delete(timer);

  /** Let time pass, and everything happen that is due, in order. */
  async pass(ms) {
    const until = this.at + ms;
    for (;;) {
      await settled();
      const due = [...this.timers].filter(([, each]) => each.due <= until).sort((a, b) => a[1].due - b[1].due)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.at = Math.max(this.at, due[1].due);
      due[1].run();
    }
    this.at = until;
    await settled();
  }
}

/** Everything that is on its way has arrived. */
export const settled = async () => {
  // Open, hello, welcome, command, answer: five steps of one conversation, and one more for what it leads to.
  for (let step = 0; step < 6; step += 1) await new Promise((resolve) => setImmediate(resolve));
};

export const status = (more = {}) => ({
  revision: 1,
  mode: "HYBRID_ACTIVE",
  mode_reason: "all there",
  sidecar: { state: "running", generation: 1, pid: 7, restarts_in_window: 0, last_error: null },
  auth: { state: "authenticated", mode: "chatgpt", plan: null },
  kill_switch: false,
  config: { revision: 3, fault: "" },
  actions: ["fallbackToOtelOnly", "retryAuth", "restartSidecar", "setStreamKillSwitch"],
  ...more,
});

export class FakeGateway {
  constructor() {
    this.codes = new Set(["code-1"]);
    this.tokens = new Set();
    this.sessions = new Map();
    this.sockets = [];
    this.hellos = [];
    this.commands = [];
    this.ringMax = 1_000;
    this.contract = CONTRACT;
    this.reachable = true;
    /** Nothing is answered while this is true: the connection stands, and the runtime is silent. */
    this.silent = false;
    this.answers = {
      subscribe: () => [{ answer: "accepted" }, { event: "status", status: status() }],
      getStatus: () => [{ answer: "status", status: { ...status(), ledger: { balanced: true } } }],
    };
  }

  /** For the client's `socket`. */
  socket = (url) => {
    const socket = new FakeSocket(this, url);
    this.sockets.push(socket);
    setImmediate(() => (this.reachable ? socket.onopen?.({}) : socket.end(1006)));
    return socket;
  };

  get live() {
    return this.sockets.at(-1);
  }

  /** Break the connection as a network does: no goodbye. */
  cut(code = 1006) {
    this.live.end(code);
  }

  /** Forget every session, as a runtime does after a minute or a new start. */
  forget() {
    this.sessions.clear();
  }

  /** Tell an event in the newest session, connected or not. */
  tell(body) {
    this._tell([...this.sessions.values()].at(-1), body);
  }

  heard(socket, frame) {
    if (this.silent) return;
    if (frame.op === "hello") this._hello(socket, frame);
    else if (frame.op === "ping") socket.deliver({ op: "pong" });
    else if (frame.op === "pong") this.pongs = (this.pongs ?? 0) + 1;
    else this._command(this.sessions.get(socket.session), frame);
  }

  _hello(socket, hello) {
    this.hellos.push(hello);
    if (hello.once !== undefined ? !this.codes.delete(hello.once) : !this.tokens.has(hello.token)) {
      socket.end(4401);
      return;
    }
    const known = this.sessions.get(hello.session);
    const resumed = known !== undefined;
    const id = resumed ? hello.session : `s${this.hellos.length}`;
    const session = known ?? { seq: 0, ring: [], known: new Map(), socket };
    session.socket = socket;
    socket.session = id;
    this.sessions.set(id, session);
    const token = `token-${id}`;
    this.tokens.add(token);
    socket.deliver({ op: "welcome", session: id, token, resumed, seq: session.seq, contract: this.contract });
    if (!resumed) return;
    const missed = session.ring.filter((each) => each.seq > hello.after);
    const first = missed[0]?.seq ?? session.seq + 1;
    if (first > hello.after + 1) {
      socket.deliver({ seq: first - 1, body: { event: "gap", missed: first - hello.after - 1 } });
    }
    for (const each of missed) socket.deliver(each);
  }

  _command(session, command) {
    this.commands.push(command);
    const before = session.known.get(command.commandId);
    const bodies = before ?? this.answers[command.command]?.(command) ?? [{ answer: "accepted" }];
    session.known.set(command.commandId, bodies);
    for (const body of bodies) {
      const mine = "answer" in body || body.event === "commandDone" || body.event === "commandProgress";
      this._tell(session, mine ? { commandId: command.commandId, ...body } : body);
    }
  }

  _tell(session, body) {
    session.seq += 1;
    const frame = { seq: session.seq, body };
    session.ring = [...session.ring, frame].slice(-this.ringMax);
    session.socket.deliver(frame);
  }
}

class FakeSocket {
  constructor(gateway, url) {
    this.gateway = gateway;
    this.url = url;
    this.over = false;
    this.onopen = this.onmessage = this.onclose = this.onerror = null;
  }

  send(text) {
    if (!this.over) setImmediate(() => this.gateway.heard(this, JSON.parse(text)));
  }

  close(code = 1005) {
    this.closedWith = code;
    this.over = true;
  }

  /** The other end hung up, or the network did. */
  end(code) {
    this.over = true;
    this.onclose?.({ code, reason: "" });
  }

  deliver(frame) {
    if (!this.over && !this.gateway.silent) this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

/** A client of a fake gateway, with everything that chance and time decide in the test's hands. */
export function house(options = {}) {
  const gateway = new FakeGateway();
  const clock = new FakeClock();
  let token = options.token ?? null;
  if (token !== null) gateway.tokens.add(token);
  const memory = { get: () => token, set: (value) => (token = value), clear: () => (token = null) };
  let ids = 0;
  const client = new CaptureClient({
    url: "ws://127.0.0.1:1/ws",
    once: options.once === undefined ? "code-1" : options.once,
    memory,
    socket: gateway.socket,
    clock,
    random: () => 1,
    newId: () => `c${(ids += 1)}`,
  });
  return { gateway, clock, client, memory };
}

/** The same, connected. */
export async function connected(options) {
  const made = house(options);
  made.client.start();
  await made.clock.pass(0);
  return made;
}
