/**
 * The connection to the gateway's `/ws`: hello, welcome, numbered frames, pings, and coming back after a break.
 *
 * It knows no command: `client.js` does. After a break the same session is asked for, and the server sends what was
 * missed; what it no longer has is told as a gap. A session that is gone (60 s without a connection, another run) is a
 * new one, and `Heard.fresh` says so. Time, randomness and the socket itself are arguments.
 *
 * @module
 */

/** @typedef {import("./contracts.js").RendererAnswer} RendererAnswer */
/** @typedef {import("./contracts.js").RendererEvent} RendererEvent */

/**
 * How the connection stands. `refused` is final until `retry()`: the address is not valid any more, or never was.
 * @typedef {{ readonly state: "idle" | "closed" }
 *   | { readonly state: "connecting", readonly attempt: number }
 *   | { readonly state: "open", readonly resumed: boolean, readonly outdated: boolean }
 *   | { readonly state: "waiting", readonly attempt: number, readonly retryAtMs: number, readonly reason: string }
 *   | { readonly state: "refused", readonly reason: string }} Connection
 */

/**
 * What we use of a WebSocket.
 * @typedef {object} Socket
 * @property {((event: any) => void) | null} onopen
 * @property {((event: { data: any }) => void) | null} onmessage
 * @property {((event: { code: number, reason: string }) => void) | null} onclose
 * @property {((event: any) => void) | null} onerror
 * @property {(text: string) => void} send
 * @property {(code?: number, reason?: string) => void} close
 */

/**
 * A clock that a test can turn. Times in ms.
 * @typedef {object} Clock
 * @property {() => number} now
 * @property {(run: () => void, ms: number) => any} set
 * @property {(timer: any) => void} clear
 */

/**
 * Where the session's token is kept between two loads of the page.
 * @typedef {object} Memory
 * @property {() => string | null} get
 * @property {(token: string) => void} set
 * @property {() => void} clear
 */

/**
 * @typedef {object} WireOptions
 * @property {string} url              `ws://127.0.0.1:PORT/ws`
 * @property {string | null} [once]    the one-time code of the printed address
 * @property {Memory} memory
 * @property {(url: string) => Socket} socket
 * @property {Clock} clock
 * @property {() => number} random     0 up to 1
 * @property {string} contract         the contract that this page was written against
 */

/**
 * @typedef {object} Heard
 * @property {(connection: Connection) => void} connection
 * @property {(body: RendererAnswer | RendererEvent) => void} body
 * @property {() => void} fresh        a new session: nothing of an earlier one is known to it
 */

/** Longest wait between two attempts. */
export const BACKOFF_MS_MAX = 10_000;
export const BACKOFF_MS = 250;
/** A ping goes out this often. */
export const PING_MS = 15_000;
/** After so long without a word the connection counts as dead. */
export const SILENCE_MS = 40_000;
/** From opening the socket to the welcome. */
export const WELCOME_MS = 10_000;

/** @type {Readonly<Record<number, string>>} Close codes that another attempt does not mend. */
const FINAL = {
  4401: "this address is not valid any more: run `hybrid-capture panel` for a fresh one",
  4403: "the runtime does not talk to this page: open the address that it printed",
};
/** @type {Readonly<Record<number, string>>} Close codes that have a reason worth telling. */
const TOLD = {
  4408: "the runtime heard no greeting in time",
  4409: "the runtime has as many clients as it takes; close another panel",
  4410: "this page read too slowly",
  4411: "another page goes on with this session",
  4413: "a message was too large",
};
const TAKEN_OVER = 4411;

export class Wire {
  /**
   * @param {WireOptions} options
   * @param {Heard} heard
   */
  constructor(options, heard) {
    this._options = options;
    this._heard = heard;
    /** @type {string | null} */
    this._once = options.once ?? null;
    /** @type {Socket | null} */
    this._socket = null;
    /** @type {string | null} */
    this._session = null;
    this._seq = 0;
    this._attempt = 0;
    this._heardAtMs = 0;
    /** @type {any} */
    this._timer = null;
    /** @type {Connection} */
    this.connection = { state: "idle" };
  }

  /** Connect, and stay connected until `close`. */
  start() {
    if (this.connection.state === "idle") this._connect();
  }

  /** Try at once, whatever was decided; does nothing while connected or under way. */
  retry() {
    if (this.connection.state === "waiting" || this.connection.state === "refused") {
      this._attempt = 0;
      this._connect();
    }
  }

  /** Hang up for good. */
  close() {
    if (this.connection.state === "closed") return;
    this._drop(1000, "closed");
    this._stand({ state: "closed" });
  }

  /** Whether a frame would go out now. */
  get open() {
    return this.connection.state === "open";
  }

  /**
   * Send one frame. Call only while open.
   * @param {string} text
   */
  sendText(text) {
    this._socket?.send(text);
  }

  _connect() {
    this._drop(1000, "again");
    const socket = this._options.socket(this._options.url);
    this._socket = socket;
    this._stand({ state: "connecting", attempt: this._attempt });
    socket.onopen = () => this._greet(socket);
    socket.onmessage = (event) => this._frame(socket, event.data);
    socket.onerror = () => {}; // always followed by a close, which tells more
    socket.onclose = (event) => {
      if (socket === this._socket) this._ended(event.code);
    };
    this._after(WELCOME_MS, () => this._lost("the runtime does not answer"));
  }

  /** @param {Socket} socket */
  _greet(socket) {
    if (socket !== this._socket) return;
    const token = this._options.memory.get();
    if (this._once === null && token === null) {
      this._final("open the address that `hybrid-capture panel` prints: this one has no code");
      return;
    }
    const proof = this._once !== null ? { once: this._once } : { token };
    const after = this._session === null ? null : this._seq;
    socket.send(JSON.stringify({ op: "hello", ...proof, session: this._session, after }));
  }

  /**
   * @param {Socket} socket
   * @param {any} data
   */
  _frame(socket, data) {
    if (socket !== this._socket) return;
    this._heardAtMs = this._options.clock.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      this._lost("the runtime sent something that is no message");
      return;
    }
    if (frame.op === "welcome") this._welcome(frame);
    else if (frame.op === "ping") this.sendText('{"op":"pong"}');
    else if (typeof frame.seq === "number" && frame.body) this._numbered(frame.seq, frame.body);
  }

  /** @param {{ token: string, session: string, resumed: boolean, seq: number, contract: string }} frame */
  _welcome(frame) {
    const resumed = frame.resumed && this._session !== null;
    this._once = null;
    this._attempt = 0;
    this._options.memory.set(frame.token);
    this._session = frame.session;
    if (!resumed) this._seq = frame.seq;
    this._ping();
    if (!resumed) this._heard.fresh();
    this._stand({ state: "open", resumed, outdated: frame.contract !== this._options.contract });
  }

  /**
   * A frame of the session. Numbers tell repeats from what is new, and what is missing without having been told.
   * @param {number} seq
   * @param {RendererAnswer | RendererEvent} body
   */
  _numbered(seq, body) {
    if (seq <= this._seq) return;
    const missed = seq - this._seq - 1;
    this._seq = seq;
    const told = "event" in body && body.event === "gap";
    if (missed > 0 && !told) this._heard.body({ event: "gap", missed });
    this._heard.body(body);
  }

  _ping() {
    this._after(PING_MS, () => {
      if (this._options.clock.now() - this._heardAtMs >= SILENCE_MS) {
        this._lost("the runtime fell silent");
        return;
      }
      this.sendText('{"op":"ping"}');
      this._ping();
    });
  }

  /** @param {number} code */
  _ended(code) {
    if (code === 4401) {
      const spent = this._once !== null;
      this._once = null;
      // A code that was used before: the token of that time may still be good.
      if (spent && this._options.memory.get() !== null) {
        this._connect();
        return;
      }
      this._options.memory.clear();
    }
    // Who took it over has it; asking for it back would be a fight without end.
    if (code === TAKEN_OVER) this._session = null;
    const final = FINAL[code];
    if (final !== undefined) this._final(final);
    else this._lost(TOLD[code] ?? "the connection to the runtime is lost");
  }

  /** @param {string} reason */
  _lost(reason) {
    this._drop(4000, "lost");
    this._attempt += 1;
    const steps = Math.min(this._attempt - 1, 16);
    const longest = Math.min(BACKOFF_MS * 2 ** steps, BACKOFF_MS_MAX);
    // Half of it is by chance: several pages that lost one runtime do not come back in one instant.
    const wait = Math.round(longest * (0.5 + this._options.random() / 2));
    const retryAtMs = this._options.clock.now() + wait;
    this._after(wait, () => this._connect());
    this._stand({ state: "waiting", attempt: this._attempt, retryAtMs, reason });
  }

  /** @param {string} reason */
  _final(reason) {
    this._drop(1000, "refused");
    this._stand({ state: "refused", reason });
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  _drop(code, reason) {
    this._options.clock.clear(this._timer);
    const socket = this._socket;
    this._socket = null;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(code, reason);
    }
  }

  /**
   * @param {number} ms
   * @param {() => void} run
   */
  _after(ms, run) {
    this._options.clock.clear(this._timer);
    this._timer = this._options.clock.set(run, ms);
  }

  /** @param {Connection} connection */
  _stand(connection) {
    this.connection = connection;
    this._heard.connection(connection);
  }
}

/** @type {Clock} The browser's own. */
export const CLOCK = {
  now: () => Date.now(),
  set: (run, ms) => setTimeout(run, ms),
  clear: (timer) => clearTimeout(timer),
};

/**
 * Keeps the token for as long as the tab lives.
 * @param {Storage} storage  `sessionStorage`
 * @returns {Memory}
 */
export function memoryIn(storage) {
  const key = "hybrid-capture-token";
  return {
    get: () => storage.getItem(key),
    set: (token) => storage.setItem(key, token),
    clear: () => storage.removeItem(key),
  };
}
