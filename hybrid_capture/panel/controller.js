/**
 * Capture as a page steers it: how it stands, what may be done about it, and what came of that.
 *
 *     const ingest = autoIngest(client);
 *     ingest.onChange((view) => render(view));           // mode, offered actions, the last outcome
 *     const outcome = await ingest.restartSidecar();     // never rejects: { ok, text, … } for a person
 *     const stop = ingest.watch((status) => status.sidecar.generation, (generation) => {
 *       const end = followLiveLines(generation);
 *       return end;                                      // runs before the next start, and at the end
 *     });
 *
 * A watcher depends on what its first function picks out of the status, and on nothing else: it is stopped and started
 * when that value changes, compared by content, and stays as it is through every other change, through reconnects and
 * through missed events. An action that is under way is not sent again: a second click gets the first one's outcome.
 *
 * @module
 */

import { Refusal } from "./client.js";

/** @typedef {import("./client.js").CaptureClient} CaptureClient */
/** @typedef {import("./client.js").CodexAccountStatus} CodexAccountStatus */
/** @typedef {import("./client.js").Connection} Connection */
/** @typedef {import("./client.js").TreeStatus} TreeStatus */
/** @typedef {"recoverHybrid" | "fallbackToOtelOnly" | "retryAuth" | "restartSidecar" | "setStreamKillSwitch"} ActionName */

/**
 * What came of an action. `text` is a sentence for a person, of success as well as of failure.
 * @typedef {object} Outcome
 * @property {ActionName} action
 * @property {boolean} ok
 * @property {string} text
 * @property {import("./client.js").Code | null} code
 * @property {CodexAccountStatus | null} account  after `retryAuth`
 * @property {number} atMs
 */

/**
 * All that a page shows of this. Without a status yet, `status` is null and `connection` says why.
 * @typedef {object} View
 * @property {Connection} connection
 * @property {TreeStatus | null} status
 * @property {boolean} current            false: the status is from before the connection broke
 * @property {readonly ActionName[]} offered   what makes sense now, in the order to think of it; empty unless current
 * @property {readonly ActionName[]} running
 * @property {Outcome | null} outcome     of the last action that ended
 */

/** Said when the runtime says nothing of its own. */
const DONE = {
  recoverHybrid: "the live stream is coming back",
  fallbackToOtelOnly: "the live stream is stopped; the durable baseline goes on",
  retryAuth: "the account was read again",
  restartSidecar: "the app-server was started anew",
  setStreamKillSwitch: "the kill switch was turned",
};

/** The controller of this client. One a page is enough. @param {CaptureClient} client */
export function autoIngest(client, now = Date.now) {
  return new AutoIngest(client, now);
}

export class AutoIngest {
  /**
   * @param {CaptureClient} client
   * @param {() => number} now  wall clock, ms
   */
  constructor(client, now) {
    this._client = client;
    this._now = now;
    /** @type {TreeStatus | null} */
    this._status = null;
    this._current = false;
    /** @type {Map<ActionName, Promise<Outcome>>} */
    this._running = new Map();
    /** @type {Outcome | null} */
    this._outcome = null;
    /** @type {Set<(view: View) => void>} */
    this._heard = new Set();
    /** @type {Set<Watcher>} */
    this._watchers = new Set();
    /** @type {(() => void)[]} */
    this._ends = [];
    this._ends.push(
      client.on("status", ({ status }) => this._stands(status)),
      client.onConnection((connection) => this._connected(connection)),
    );
  }

  /** How it stands now. @returns {View} */
  get view() {
    const status = this._status;
    return {
      connection: this._client.connection,
      status,
      current: this._current,
      offered: status !== null && this._current ? status.actions.filter(isAction) : [],
      running: [...this._running.keys()],
      outcome: this._outcome,
    };
  }

  /**
   * Hear the view now and whenever it changes.
   * @param {(view: View) => void} heard
   * @returns {() => void} ends it
   */
  onChange(heard) {
    /** @param {View} view */
    const once = (view) => heard(view);
    this._heard.add(once);
    once(this.view);
    return () => void this._heard.delete(once);
  }

  /**
   * Keep something running that depends on a part of the status.
   * @template T
   * @param {(status: TreeStatus) => T} depends  picks what it depends on; compared by content
   * @param {(value: T) => (() => void) | void} start  gives what stops it again
   * @returns {() => void} stops it for good
   */
  watch(depends, start) {
    const watcher = new Watcher(depends, /** @type {(value: unknown) => (() => void) | void} */ (start));
    this._watchers.add(watcher);
    if (this._status !== null) watcher.see(this._status);
    return () => {
      this._watchers.delete(watcher);
      watcher.stop();
    };
  }

  /** Out of the fallback and every crash loop; the account is read again. */
  recoverHybrid() {
    return this._act("recoverHybrid", () => this._client.recoverHybrid());
  }

  /** Stop the live stream until `recoverHybrid`. */
  fallbackToOtelOnly() {
    return this._act("fallbackToOtelOnly", () => this._client.fallbackToOtelOnly());
  }

  /** Read the account again. */
  retryAuth() {
    return this._act("retryAuth", () => this._client.retryAuth());
  }

  /** Start the app-server anew, also out of its crash loop. A running turn is lost. */
  restartSidecar() {
    return this._act("restartSidecar", () => this._client.restartSidecar());
  }

  /**
   * Turn the kill switch, unless somebody else has changed the config since the status that is shown.
   * @param {boolean} on
   */
  setStreamKillSwitch(on) {
    const revision = this._status?.config.revision ?? null;
    return this._act("setStreamKillSwitch", () => this._client.setStreamKillSwitch(on, revision));
  }

  /** Stop every watcher and hear nothing any more. The client stays. */
  close() {
    for (const end of this._ends.splice(0)) end();
    for (const watcher of this._watchers) watcher.stop();
    this._watchers.clear();
    this._heard.clear();
  }

  /**
   * @param {ActionName} action
   * @param {() => Promise<CodexAccountStatus | import("./client.js").CommandDone>} run
   * @returns {Promise<Outcome>}
   */
  _act(action, run) {
    const under = this._running.get(action);
    if (under !== undefined) return under;
    const outcome = run()
      .then(
        (done) => this._success(action, done),
        (error) => this._failure(action, error),
      )
      .then((told) => {
        this._running.delete(action);
        this._outcome = told;
        this._changed();
        return told;
      });
    this._running.set(action, outcome);
    this._changed();
    return outcome;
  }

  /**
   * @param {ActionName} action
   * @param {CodexAccountStatus | import("./client.js").CommandDone} done
   * @returns {Outcome}
   */
  _success(action, done) {
    const account = typeof done === "string" ? done : null;
    const text = (typeof done === "string" ? "" : done.text) || DONE[action];
    return { action, ok: true, text, code: null, account, atMs: this._now() };
  }

  /**
   * @param {ActionName} action
   * @param {unknown} error
   * @returns {Outcome}
   */
  _failure(action, error) {
    const refusal = error instanceof Refusal ? error : new Refusal("FAILED", String(error));
    return { action, ok: false, text: refusal.message, code: refusal.code, account: null, atMs: this._now() };
  }

  /** @param {TreeStatus} status */
  _stands(status) {
    this._status = status;
    this._current = true;
    for (const watcher of [...this._watchers]) watcher.see(status);
    this._changed();
  }

  /** @param {Connection} connection */
  _connected(connection) {
    // Events of a resumed session go on where they ended; a new session brings its own status.
    if (connection.state === "open") this._current = this._status !== null && connection.resumed;
    else this._current = false;
    this._changed();
  }

  _changed() {
    const view = this.view;
    for (const heard of [...this._heard]) heard(view);
  }
}

/** Something that runs as long as the value that it depends on stays the same. */
class Watcher {
  /**
   * @param {(status: TreeStatus) => unknown} depends
   * @param {(value: unknown) => (() => void) | void} start
   */
  constructor(depends, start) {
    this._depends = depends;
    this._start = start;
    /** @type {string | null} */
    this._key = null;
    /** @type {(() => void) | void} */
    this._end = undefined;
  }

  /** @param {TreeStatus} status */
  see(status) {
    const value = this._depends(status);
    const key = JSON.stringify(value) ?? "undefined";
    if (key === this._key) return;
    this.stop();
    this._key = key;
    this._end = this._start(value);
  }

  stop() {
    const end = this._end;
    this._key = null;
    this._end = undefined;
    end?.();
  }
}

/** @param {string} name @returns {name is ActionName} */
function isAction(name) {
  return Object.hasOwn(DONE, name);
}
