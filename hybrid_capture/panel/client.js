/**
 * The renderer's client for JavaScript: every command as a typed call, and every event as a typed subscription.
 *
 *     const client = connectFromPage();                 // address, one-time code and token from the page itself
 *     client.onSnapshot(() => forgetWhatIsDerived());   // a new session, or events were missed
 *     client.on("status", ({ status }) => show(status));
 *     client.onConnection((connection) => banner(connection));
 *     client.subscribe({ live: true });                 // holds through every reconnect
 *     const { sessions } = await client.getSessions({ limit: 50 });
 *     await client.restartSidecar();                    // resolves when it is done; rejects with a Refusal
 *
 * Rules that everything here keeps:
 * - A call ends: it resolves, or it rejects with a `Refusal` that has a code and a sentence. None waits for ever.
 * - A command without a connection waits for one as long as its answer may take, and goes out when there is one.
 * - A broken connection resumes its session and misses nothing the server still has. What was asked and not answered is
 *   asked again under the same id, which the server knows: it does nothing twice. In a new session (`onSnapshot`) reads
 *   are asked again; commands with an effect end with `LOST`, because whether they happened shows in the status.
 * - `on("gap")` tells how many events were left out; before it, `onSnapshot` ran, and status and open approvals come anew.
 *
 * Below this are `commands.js` (what is under way) and `wire.js`; what the words mean is in `contracts.d.ts`.
 *
 * @module
 */

import { Commands, Refusal } from "./commands.js";
import { CONTRACT } from "./contracts.js";
import { Listeners } from "./listeners.js";
import { CLOCK, Wire, memoryIn } from "./wire.js";

export { ANSWER_MS, EFFECT_MS, PENDING_MAX, Refusal } from "./commands.js";

/** @typedef {import("./contracts.js").RendererCommand} RendererCommand */
/** @typedef {import("./contracts.js").RendererAnswer} RendererAnswer */
/** @typedef {import("./contracts.js").RendererEvent} RendererEvent */
/** @typedef {import("./contracts.js").EventName} EventName */
/** @typedef {import("./contracts.js").ReadName} ReadName */
/** @typedef {import("./contracts.js").ReadData} ReadData */
/** @typedef {import("./contracts.js").CommandDone} CommandDone */
/** @typedef {import("./contracts.js").CommandProgress} CommandProgress */
/** @typedef {import("./contracts.js").CodexAccountStatus} CodexAccountStatus */
/** @typedef {import("./contracts.js").TreeStatus} TreeStatus */
/** @typedef {import("./contracts.js").LedgerStatus} LedgerStatus */
/** @typedef {import("./contracts.js").Decision} Decision */
/** @typedef {import("./wire.js").Connection} Connection */
/** @typedef {import("./wire.js").Clock} Clock */
/** @typedef {import("./commands.js").Code} Code */
/** @typedef {import("./commands.js").SendOptions} SendOptions */
/** @typedef {import("./commands.js").Sent} Sent */
/** @typedef {import("./commands.js").Wish} Wish */

/**
 * The optional fields of one command.
 * @template {RendererCommand["command"]} N
 * @typedef {Omit<Extract<RendererCommand, { command: N }>, "commandId" | "command">} Fields
 */
/**
 * An event by its name.
 * @template {EventName} N
 * @typedef {Extract<RendererEvent, { event: N }>} EventOf
 */
/** @typedef {TreeStatus & { readonly ledger: LedgerStatus | { readonly missing: string } }} WholeStatus */

/**
 * @typedef {object} ClientOptions
 * @property {string} url
 * @property {string | null} [once]
 * @property {import("./wire.js").Memory} memory
 * @property {(url: string) => import("./wire.js").Socket} socket
 * @property {() => string} newId      a fresh command id, at most 64 of `A-Za-z0-9._:-`
 * @property {Clock} [clock]
 * @property {() => number} [random]
 */

const LOGIN_MS = 640_000;

export class CaptureClient {
  /** @param {ClientOptions} options */
  constructor(options) {
    this._clock = options.clock ?? CLOCK;
    this._listeners = new Listeners(this._clock);
    /** @type {{ live: boolean } | null} */
    this._subscription = null;
    this._wire = new Wire(
      { ...options, clock: this._clock, random: options.random ?? Math.random, contract: CONTRACT },
      {
        connection: (connection) => this._connected(connection),
        body: (body) => this._heard(body),
        fresh: () => this._fresh(),
      },
    );
    this._commands = new Commands(this._wire, this._clock, options.newId);
  }

  // The connection.

  /** How the connection stands now. @returns {Connection} */
  get connection() {
    return this._wire.connection;
  }

  /** Connect, and stay connected until `close`. */
  start() {
    this._wire.start();
    return this;
  }

  /** Try again at once, instead of waiting. */
  retry() {
    this._wire.retry();
  }

  /** Hang up for good; what is under way ends with `CLOSED`. */
  close() {
    this._wire.close();
    this._commands.endAll(new Refusal("CLOSED", "the panel hung up"));
  }

  // Hearing. Each gives a function that ends the subscription.

  /**
   * Hear one kind of event. What a listener throws ends nothing here; it is reported as an uncaught error.
   * @template {EventName} N
   * @param {N} name
   * @param {(event: EventOf<N>) => void} heard
   * @returns {() => void}
   */
  on(name, heard) {
    return this._listeners.add(`event:${name}`, heard);
  }

  /**
   * Hear how the connection stands, from now on and whenever it changes.
   * @param {(connection: Connection) => void} heard
   * @returns {() => void}
   */
  onConnection(heard) {
    const stop = this._listeners.add("connection", heard);
    heard(this._wire.connection);
    return stop;
  }

  /**
   * Hear that what was built up from events (approvals, live text) is no longer known to be whole: forget it, status and
   * open approvals come next. `missed` events were left out; 0 for a new session.
   * @param {(snapshot: { readonly reason: "session" | "gap", readonly missed: number }) => void} heard
   * @returns {() => void}
   */
  onSnapshot(heard) {
    return this._listeners.add("snapshot", heard);
  }

  // Saying.

  /**
   * Say a command.
   * @param {Wish} wish
   * @param {SendOptions} [options]
   * @returns {Sent}
   */
  send(wish, options = {}) {
    return this._commands.send(wish, options);
  }

  /**
   * Read something.
   * @template {ReadName} N
   * @param {N} name
   * @param {Fields<N>} fields
   * @returns {Promise<ReadData[N]>}
   */
  async read(name, fields) {
    const wish = /** @type {Wish} */ (/** @type {unknown} */ ({ ...fields, command: name }));
    const answer = await this.send(wish).answer;
    if (answer.answer !== "data") throw new Refusal("FAILED", "the runtime answered with something else");
    return /** @type {ReadData[N]} */ (/** @type {unknown} */ (answer.data));
  }

  /**
   * Say a command and wait until it is done.
   * @param {Wish} wish
   * @param {SendOptions} [options]
   * @returns {Promise<CommandDone>}
   */
  do(wish, options) {
    return this.send(wish, options).done;
  }

  // What can be read.

  /** Mode and why, sidecar, login, actors, ledger. @returns {Promise<WholeStatus>} */
  async getStatus() {
    const answer = await this.send({ command: "getStatus" }).answer;
    if (answer.answer !== "status") throw new Refusal("FAILED", "the runtime answered with something else");
    return /** @type {WholeStatus} */ (/** @type {unknown} */ (answer.status));
  }

  /** @param {Fields<"getTransitions">} [page] */
  getTransitions(page = {}) {
    return this.read("getTransitions", page);
  }

  /** @param {Fields<"getSessions">} [page] */
  getSessions(page = {}) {
    return this.read("getSessions", page);
  }

  /**
   * @param {string} sessionId
   * @param {Omit<Fields<"getSession">, "sessionId">} [page]
   */
  getSession(sessionId, page = {}) {
    return this.read("getSession", { ...page, sessionId });
  }

  /**
   * @param {string} text
   * @param {Omit<Fields<"searchSessions">, "text">} [filters]
   */
  searchSessions(text, filters = {}) {
    return this.read("searchSessions", { ...filters, text });
  }

  /** What became of items and turns, and why. @param {Fields<"getCodexStreamDedupeLog">} [filters] */
  getCodexStreamDedupeLog(filters = {}) {
    return this.read("getCodexStreamDedupeLog", filters);
  }

  /** @param {{ readonly traceId: string } | { readonly turnId: string }} which */
  getTrace(which) {
    return this.read("getTrace", which);
  }

  getMetrics() {
    return this.read("getMetrics", {});
  }

  getIngestConfig() {
    return this.read("getIngestConfig", {});
  }

  /**
   * Have the app-server's own history of a thread read and reconciled; gives the session as it stands then.
   * @param {string} threadId
   * @returns {Promise<import("./contracts.js").SessionData>}
   */
  async codexAppServerRequestThreadSnapshot(threadId) {
    const { result } = await this.do({ command: "codexAppServerRequestThreadSnapshot", threadId });
    return /** @type {import("./contracts.js").SessionData} */ (/** @type {unknown} */ (result));
  }

  // The login. Each gives how the account stands afterwards.

  /**
   * Log in. `onProgress` brings where to: `result.url`, and `result.userCode` for a device code.
   * @param {Fields<"startLogin">} [how]
   * @param {(progress: CommandProgress) => void} [onProgress]
   * @returns {Promise<CodexAccountStatus>}
   */
  async startLogin(how = {}, onProgress) {
    return account(await this.do({ ...how, command: "startLogin" }, { effectMs: LOGIN_MS, onProgress }));
  }

  /** @returns {Promise<CodexAccountStatus>} */
  async cancelLogin() {
    return account(await this.do({ command: "cancelLogin" }));
  }

  /** @returns {Promise<CodexAccountStatus>} */
  async logout() {
    return account(await this.do({ command: "logout" }));
  }

  /** Read the account again. @returns {Promise<CodexAccountStatus>} */
  async retryAuth() {
    return account(await this.do({ command: "retryAuth" }));
  }

  // Recovery. `autoIngest` in controller.js puts buttons on these.

  restartSidecar() {
    return this.do({ command: "restartSidecar" });
  }

  recoverHybrid() {
    return this.do({ command: "recoverHybrid" });
  }

  fallbackToOtelOnly() {
    return this.do({ command: "fallbackToOtelOnly" });
  }

  /**
   * @param {boolean} on
   * @param {number | null} [expectedRevision]  refused with `CONFLICT` when the config has another by now
   */
  setStreamKillSwitch(on, expectedRevision = null) {
    return this.do({ command: "setStreamKillSwitch", on, expectedRevision });
  }

  /**
   * @param {Fields<"updateIngestConfig">["changes"]} changes
   * @param {number} expectedRevision  refused with `CONFLICT` when the config has another by now
   */
  updateIngestConfig(changes, expectedRevision) {
    return this.do({ command: "updateIngestConfig", changes, expectedRevision });
  }

  // Sessions of our own.

  /**
   * @param {Fields<"startThread">} [where]
   * @returns {Promise<string>} the thread's id
   */
  async startThread(where = {}) {
    const { result } = await this.do({ ...where, command: "startThread" });
    return String(result.threadId);
  }

  /**
   * @param {string} threadId
   * @param {string} text
   * @returns {Promise<string>} the turn's id; its end comes as the event `turnStored`
   */
  async startTurn(threadId, text) {
    const { result } = await this.do({ command: "startTurn", threadId, text });
    return String(result.turnId);
  }

  /**
   * @param {string} threadId
   * @param {string} turnId
   */
  interruptTurn(threadId, turnId) {
    return this.do({ command: "interruptTurn", threadId, turnId });
  }

  /**
   * Answer a request of the app-server, once.
   * @param {string} token  from the event `approvalRequested`
   * @param {Decision} decision
   */
  submitApproval(token, decision) {
    return this.do({ command: "submitApproval", token, decision });
  }

  /**
   * Get events from now on, in this session and every later one. Again: changes whether live lines come.
   * @param {{ readonly live?: boolean }} [how]
   * @returns {Promise<void>} resolves when the server has taken it
   */
  async subscribe({ live = false } = {}) {
    this._subscription = { live };
    await this.send({ command: "subscribe", live }).answer;
  }

  // Inside.

  /** @param {Connection} connection */
  _connected(connection) {
    if (connection.state === "open") this._commands.opened();
    if (connection.state === "refused") this._commands.endAll(new Refusal("NOT_ALLOWED", connection.reason));
    this._listeners.tell("connection", connection);
  }

  /** A new session: it knows no command and no subscription of the old one. */
  _fresh() {
    this._commands.forgotten();
    this._snapshot("session", 0);
  }

  /**
   * @param {"session" | "gap"} reason
   * @param {number} missed
   */
  _snapshot(reason, missed) {
    this._listeners.tell("snapshot", { reason, missed });
    if (reason === "gap") this._commands.missed();
    const subscription = this._subscription;
    // Subscribing again brings the status and every open approval.
    if (subscription !== null && !this._commands.has("subscribe")) this.send({ command: "subscribe", ...subscription });
  }

  /** @param {RendererAnswer | RendererEvent} body */
  _heard(body) {
    if ("answer" in body) {
      this._commands.answered(body);
      return;
    }
    if (body.event === "commandDone") this._commands.done(body);
    else if (body.event === "commandProgress") this._commands.progressed(body);
    else if (body.event === "gap") this._snapshot("gap", body.missed);
    this._listeners.tell(`event:${body.event}`, body);
  }
}

/**
 * A client of the runtime that served this page. The one-time code leaves the address bar at once; the token that it is
 * exchanged for lives in `sessionStorage`, as long as the tab.
 * @param {Window} [page]
 */
export function connectFromPage(page = window) {
  const { location, history, sessionStorage } = page;
  const once = new URLSearchParams(location.hash.slice(1)).get("once");
  if (once !== null) history.replaceState(null, "", location.pathname + location.search);
  const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
  const socket = (/** @type {string} */ to) => /** @type {import("./wire.js").Socket} */ (new WebSocket(to));
  const newId = () => crypto.randomUUID();
  return new CaptureClient({ url, once, memory: memoryIn(sessionStorage), socket, newId }).start();
}

/**
 * @param {CommandDone} done
 * @returns {CodexAccountStatus}
 */
function account(done) {
  const { account } = done.result;
  if (typeof account !== "string") throw new Refusal("FAILED", "the runtime did not say how the account stands");
  return /** @type {CodexAccountStatus} */ (account);
}
