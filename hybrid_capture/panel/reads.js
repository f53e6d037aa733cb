// @ts-check
/**
 * What is read from the store, kept while it is shown. Every read has an end: data, or a sentence that says what to do.
 *
 * Old data stays in sight while newer is asked for; what has changed is read again at most every `AGAIN_MS`.
 */

export const AGAIN_MS = 2_000;
/** Reads that are remembered; the one not looked at for longest is let go. */
export const READS_MAX = 60;

/**
 * @template T
 * @typedef {object} Read
 * @property {"waiting" | "there" | "failed"} phase
 * @property {T | null} data    also of an earlier time, while it waits or when it failed
 * @property {string} text      why it failed, and what to do
 * @property {number} atMs
 * @property {boolean} stale
 * @property {boolean} busy
 */

/** @typedef {(command: {command: string} & Record<string, unknown>) => Promise<any>} Ask Gives the data. Throws an Error with a sentence. */

export class Reads {
  /**
   * @param {Ask} ask
   * @param {{now: () => number, later: (run: () => void, ms: number) => void, changed: () => void}} world
   */
  constructor(ask, world) {
    this._ask = ask;
    this._world = world;
    /** @type {Map<string, Read<any>>} */
    this._kept = new Map();
  }

  /**
   * The data under `key`, asked for when it is not there or has changed.
   * @param {string} key
   * @param {{command: string} & Record<string, unknown>} command
   * @returns {Read<any>}
   */
  get(key, command) {
    let read = this._kept.get(key);
    if (read === undefined) {
      read = { phase: "waiting", data: null, text: "", atMs: 0, stale: true, busy: false };
    } else {
      this._kept.delete(key);
    }
    this._kept.set(key, read); // the newest look is at the end
    for (const old of this._kept.keys()) {
      if (this._kept.size <= READS_MAX) break;
      this._kept.delete(old);
    }
    if (read.stale && !read.busy) this._start(key, read, command);
    return read;
  }

  /** What begins with this has changed. @param {string} prefix */
  touch(prefix) {
    let found = false;
    for (const [key, read] of this._kept) {
      if (key.startsWith(prefix)) found = read.stale = true;
    }
    if (found) this._world.changed();
  }

  /** Ask again now, whatever is known. @param {string} key */
  again(key) {
    const read = this._kept.get(key);
    if (read) [read.stale, read.atMs, read.phase] = [true, 0, read.data === null ? "waiting" : read.phase];
    this._world.changed();
  }

  /** @param {string} key @param {Read<any>} read @param {{command: string} & Record<string, unknown>} command */
  _start(key, read, command) {
    const wait = read.atMs ? read.atMs + AGAIN_MS - this._world.now() : 0;
    read.busy = true;
    if (wait > 0) {
      this._world.later(() => {
        read.busy = false;
        if (this._kept.get(key) === read) this._world.changed(); // asked for again only if it is still shown
      }, wait);
      return;
    }
    read.stale = false;
    this._ask(command).then(
      (data) => this._settle(read, "there", data, ""),
      (error) => this._settle(read, "failed", read.data, error instanceof Error ? error.message : String(error)),
    );
  }

  /** @param {Read<any>} read @param {"there" | "failed"} phase @param {any} data @param {string} text */
  _settle(read, phase, data, text) {
    Object.assign(read, { phase, data, text, atMs: this._world.now(), busy: false });
    this._world.changed();
  }
}
