// @ts-check
/**
 * The panel: what it knows, where it is, and what a person may do in it. Views read it and call it; `app.js` gives it a
 * connection and a screen.
 *
 * Whatever waits here has an end: an answer, an effect, or a sentence that says what to do.
 */

import { Reads } from "./reads.js";
import { hashOf, routeOf } from "./route.js";
import { Store } from "./store.js";
import { ACTIONS, sentence } from "./words.js";

/** How long a login may take before the runtime gives it up. */
export const LOGIN_MS = 600_000;

/** @typedef {import("./contracts.js").Decision} Decision */
/** @typedef {import("./client.js").CaptureClient} CaptureClient */
/** @typedef {import("./controller.js").AutoIngest} AutoIngest */
/** @typedef {import("./route.js").Route} Route */

/**
 * A question to the person before something is lost.
 * @typedef {{title: string, text: string, yes: string, danger: boolean, run: () => void}} Asking
 */

export class Panel {
  /**
   * @param {CaptureClient} client
   * @param {AutoIngest} ingest
   * @param {{now: () => number, redraw: () => void, draw: () => void, later: (run: () => void, ms: number) => void, go: (hash: string) => void}} world
   */
  constructor(client, ingest, world) {
    this.client = client;
    this.ingest = ingest;
    this.world = world;
    this.store = new Store();
    this.reads = new Reads(({ command, ...fields }) => client.read(/** @type {any} */ (command), /** @type {any} */ (fields)), { ...world, changed: world.redraw });
    /** @type {Route} */
    this.route = routeOf("");
    /** @type {Asking | null} */
    this.asking = null;
    this.help = false;
    /** What a view keeps between two looks at it: choices, typed words. @type {Map<string, any>} */
    this.kept = new Map();
  }

  get now() {
    return this.world.now();
  }

  get redraw() {
    return this.world.redraw;
  }

  /** Whether commands reach the runtime now. */
  get open() {
    return this.store.connection.state === "open";
  }

  /**
   * A choice of a view that outlives the view.
   * @template T
   * @param {string} name
   * @param {T} first
   * @returns {T}
   */
  keep(name, first) {
    return this.kept.has(name) ? this.kept.get(name) : first;
  }

  /** @param {string} name @param {unknown} value */
  choose(name, value) {
    this.kept.set(name, value);
    this.redraw();
  }

  /** @param {string} view @param {string} [arg] @param {Record<string, string>} [query] */
  go(view, arg, query) {
    this.world.go(hashOf(view, arg, query));
  }

  /** @param {Asking} asking */
  ask(asking) {
    this.asking = asking;
    this.redraw();
  }

  // Actions.

  /**
   * Do a recovery action and tell what became of it.
   * @param {import("./controller.js").ActionName} name
   * @param {boolean} [on]  for the kill switch
   */
  recover(name, on = false) {
    const doing = name === "setStreamKillSwitch" ? `Turning the switch ${on ? "on" : "off"}` : ACTIONS[name]?.doing ?? "";
    return this.act(name, doing, async () => {
      const outcome = await (name === "setStreamKillSwitch" ? this.ingest.setStreamKillSwitch(on) : this.ingest[name]());
      if (!outcome.ok) throw new Error(outcome.text);
      return outcome.text;
    });
  }

  /**
   * Do something and tell what became of it, under this name.
   * @param {string} name
   * @param {string} doing   what is being done
   * @param {() => Promise<string>} run  gives what came of it; what it throws is why nothing did
   */
  async act(name, doing, run) {
    const store = this.store;
    if (store.doings.get(name)?.phase === "doing") return;
    store.doings.set(name, { phase: "doing", text: doing, atMs: this.now });
    this.redraw();
    const label = ACTIONS[name]?.label ?? doing;
    try {
      const text = sentence((await run()) || "Done");
      store.doings.set(name, { phase: "done", text, atMs: this.now });
      store.polite = `${label}: ${text}`;
    } catch (error) {
      store.doings.set(name, { phase: "failed", text: sentence(told(error)), atMs: this.now });
      store.urgent = `${label}: failed. ${sentence(told(error))}`;
    }
    this.redraw();
    void this.look();
  }

  /** Ask how everything stands, with the ledger. Silent when nobody answers: the banner tells of that. */
  async look() {
    try {
      const status = await this.client.getStatus();
      this.store.ledger = status.ledger ?? null;
      this.store.stands(status, this.now);
    } catch {
      return;
    }
    this.redraw();
  }

  // Login.

  /** @param {"browser" | "device"} how */
  async logIn(how) {
    const login = { how, url: "", userCode: "", untilMs: this.now + LOGIN_MS, text: "Asking the app-server…" };
    this.store.login = { ...login, phase: "asked" };
    this.store.doings.delete("logout");
    this.redraw();
    const kind = how === "device" ? "chatgptDeviceCode" : "chatgpt";
    try {
      await this.client.startLogin({ kind }, (progress) => this._progress(how, progress));
      this._login({ phase: "done", text: "Logged in.", url: "", userCode: "" });
    } catch (error) {
      // What the account proved meanwhile counts, whatever became of the command.
      const proved = this.store.status?.auth.state === "authenticated";
      const text = proved ? "Logged in." : sentence(told(error));
      this._login({ phase: proved ? "done" : "failed", text, url: "", userCode: "" });
    }
  }

  /** @param {"browser" | "device"} how @param {import("./contracts.js").CommandProgress} progress */
  _progress(how, progress) {
    const { url, userCode } = /** @type {Record<string, string>} */ (progress.result);
    const text = how === "device" ? "Open the address and type the code." : "Open the address and log in there.";
    if (url) this._login({ phase: "open", url, userCode: userCode ?? "", text });
  }

  /** @param {Partial<import("./store.js").Login>} change */
  _login(change) {
    if (this.store.login) this.store.login = { ...this.store.login, ...change };
    if (change.text) this.store.polite = change.text;
    this.redraw();
  }

  // Approvals.

  /** @param {string} token @param {Decision} decision */
  async decide(token, decision) {
    const set = (/** @type {Partial<import("./store.js").Question>} */ change) => {
      const known = this.store.questions.get(token);
      if (known) this.store.questions.set(token, { ...known, ...change });
      this.redraw();
    };
    set({ deciding: decision, trouble: "" });
    try {
      await this.client.submitApproval(token, decision);
      set({ outcome: decision, closedAtMs: this.now });
      this.store.polite = `Decided: ${decision}.`;
    } catch (error) {
      set({ deciding: "", trouble: sentence(told(error)) });
      this.store.urgent = `The decision did not arrive: ${told(error)}`;
    }
    this.redraw();
  }
}

/** @param {unknown} error */
export function told(error) {
  return error instanceof Error ? error.message : String(error);
}
