// @ts-check
/**
 * What the panel knows, and what each message changes in it. Pure but for the clock, which is an argument: no document,
 * no socket. Everything that grows has a bound, and the oldest goes first.
 */

/** @typedef {import("./wire.js").Connection} Connection */
/** @typedef {import("./contracts.js").TreeStatus} TreeStatus */
/** @typedef {import("./contracts.js").LedgerStatus} LedgerStatus */
/** @typedef {import("./contracts.js").ApprovalEvent} ApprovalEvent */
/** @typedef {import("./contracts.js").RendererEvent} RendererEvent */

/** Live blocks that are kept: an item, or the end of a turn, each. */
export const BLOCKS_MAX = 400;
/** Characters of one item's live text that are kept; its end is worth more than its beginning. */
export const BLOCK_CHARS_MAX = 20_000;
/** Answered questions that are still shown for a moment. */
export const CLOSED_MS = 8_000;
/** Turns that were seen to end, for the trace view. */
export const TURNS_MAX = 50;

/**
 * @typedef {object} Block One item as it was seen live, or the end of a turn.
 * @property {string} key
 * @property {"item" | "turn" | "gap"} what
 * @property {string} sessionId
 * @property {string} turnId
 * @property {string} kind
 * @property {string} text
 * @property {boolean} cut
 * @property {string} stored    the decision of the store; empty until it is durable
 * @property {number} atMs
 *
 * @typedef {object} Question An approval that is open, or was until a moment ago.
 * @property {ApprovalEvent} asked
 * @property {string} deciding   what the person chose, on its way
 * @property {string} outcome    empty while it is open
 * @property {number} closedAtMs
 * @property {string} trouble    why the choice did not arrive
 *
 * @typedef {object} Doing What became of an action.
 * @property {"doing" | "done" | "failed"} phase
 * @property {string} text
 * @property {number} atMs
 *
 * @typedef {object} Login A login on its way.
 * @property {"browser" | "device"} how
 * @property {string} url       complete: this page asked for it
 * @property {string} userCode
 * @property {number} untilMs
 * @property {string} text
 * @property {"asked" | "open" | "done" | "failed"} phase
 *
 * @typedef {{sessionId: string, turnId: string, status: string, items: number, atMs: number}} EndedTurn
 */

export class Store {
  constructor() {
    /** @type {Connection} */
    this.connection = { state: "idle" };
    /** When the connection was lost; 0 while it is there. */
    this.lostAtMs = 0;
    /** Whether it was ever there. */
    this.met = false;
    /** A word about the last reconnect, shown for a moment. @type {{text: string, atMs: number} | null} */
    this.back = null;
    /** @type {TreeStatus | null} */
    this.status = null;
    this.statusAtMs = 0;
    /** @type {LedgerStatus | {missing: string} | null} */
    this.ledger = null;
    /** Since when this mode holds; 0 when nobody told. */
    this.modeSinceMs = 0;
    /** @type {Map<string, Question>} */
    this.questions = new Map();
    /** @type {Block[]} */
    this.blocks = [];
    /** @type {Map<string, Doing>} */
    this.doings = new Map();
    /** @type {Login | null} */
    this.login = null;
    /** @type {EndedTurn[]} */
    this.turns = [];
    this.missed = 0;
    /** What a screen reader is told next, and how loudly. */
    this.polite = "";
    this.urgent = "";
  }

  /**
   * @param {Connection} connection
   * @param {number} now
   */
  connected(connection, now) {
    const open = connection.state === "open";
    if (open && this.lostAtMs && this.met) {
      const whole = connection.resumed ? "nothing was missed" : "as it is now; what was said meanwhile is in the store";
      this.back = { text: `Connected again: ${whole}.`, atMs: now };
      this.polite = this.back.text;
    }
    if (!open && this.connection.state === "open") this.urgent = "The connection to the runtime is lost.";
    if (open) [this.lostAtMs, this.met] = [0, true];
    else if (!this.lostAtMs) this.lostAtMs = now;
    this.connection = connection;
  }

  /** What was built up from events may be no longer whole: open questions come anew. */
  fresh() {
    this.questions.clear();
  }

  /**
   * @param {RendererEvent} event
   * @param {number} now
   */
  heard(event, now) {
    if (event.event === "status") this.stands(event.status, now);
    else if (event.event === "live") this._live(event, now);
    else if (event.event === "itemStored") this._stored(event, now);
    else if (event.event === "turnStored") this._ended(event, now);
    else if (event.event === "approvalRequested") this._asked(event);
    else if (event.event === "approvalClosed") this._closed(event.token, event.outcome, now);
    else if (event.event === "gap") this._gap(event.missed, now);
  }

  /**
   * @param {TreeStatus} status
   * @param {number} now
   */
  stands(status, now) {
    const before = this.status;
    if (before && status.revision < before.revision && status.at_ms < before.at_ms) return;
    this.status = status;
    this.statusAtMs = now;
    if (before && before.mode !== status.mode) {
      this.modeSinceMs = status.at_ms;
      this.urgent = `Capture mode is now ${status.mode}: ${status.mode_reason}`;
    }
    if (status.auth.state === "authenticated" && this.login?.phase === "open") {
      this.login = { ...this.login, phase: "done", text: "Logged in.", url: "", userCode: "" };
    }
  }

  /** @param {{sessionId: string, turnId: string, itemId: string, kind: string, text: string}} event @param {number} now */
  _live(event, now) {
    const key = `${event.turnId}/${event.itemId}`;
    const at = this.blocks.findLastIndex((each) => each.key === key);
    if (at < 0) {
      this._push(block(key, "item", event, now, event.text));
      return;
    }
    const old = /** @type {Block} */ (this.blocks[at]);
    const text = old.text + event.text;
    const cut = old.cut || text.length > BLOCK_CHARS_MAX;
    this.blocks[at] = { ...old, text: text.slice(-BLOCK_CHARS_MAX), cut };
  }

  /** @param {import("./contracts.js").ItemEvent} event @param {number} now */
  _stored(event, now) {
    const key = `${event.turnId}/${event.itemId}`;
    const at = this.blocks.findLastIndex((each) => each.key === key);
    if (at >= 0) this.blocks[at] = { .../** @type {Block} */ (this.blocks[at]), stored: event.decision };
    else this._push({ ...block(key, "item", event, now, ""), stored: event.decision });
  }

  /** @param {import("./contracts.js").TurnEvent} event @param {number} now */
  _ended(event, now) {
    const text = `${event.status} · ${event.items}`;
    this._push({ ...block(`end/${event.turnId}/${now}`, "turn", { ...event, kind: event.status }, now, text), stored: "stored" });
    this.turns = this.turns.filter((each) => each.turnId !== event.turnId);
    this.turns.unshift({ ...event, atMs: now });
    this.turns.length = Math.min(this.turns.length, TURNS_MAX);
    this.polite = `A turn is stored: ${event.status}, ${event.items} items.`;
  }

  /** @param {ApprovalEvent} event */
  _asked(event) {
    if (this.questions.has(event.token)) return;
    this.questions.set(event.token, { asked: event, deciding: "", outcome: "", closedAtMs: 0, trouble: "" });
    this.urgent = `Codex asks for approval: ${event.summary.slice(0, 200)}`;
  }

  /** @param {string} token @param {string} outcome @param {number} now */
  _closed(token, outcome, now) {
    const known = this.questions.get(token);
    if (known && !known.outcome) this.questions.set(token, { ...known, outcome, closedAtMs: now });
  }

  /** @param {number} missed @param {number} now */
  _gap(missed, now) {
    this.missed += missed;
    this._push(block(`gap/${now}/${this.missed}`, "gap", { sessionId: "", turnId: "", kind: "" }, now, String(missed)));
  }

  /** @param {Block} made */
  _push(made) {
    this.blocks.push(made);
    if (this.blocks.length > BLOCKS_MAX) this.blocks.splice(0, this.blocks.length - BLOCKS_MAX);
  }

  /** Answered questions leave after a moment; gives whether one did. @param {number} now */
  tidy(now) {
    let changed = false;
    for (const [token, each] of this.questions) {
      // One whose end was not told, because it was asked on another connection, ends by its own clock.
      const over = each.outcome ? now - each.closedAtMs > CLOSED_MS : now > each.asked.expiresAtMs + CLOSED_MS;
      if (over) changed = this.questions.delete(token);
    }
    if (this.back && now - this.back.atMs > CLOSED_MS) [this.back, changed] = [null, true];
    return changed;
  }

  /** Open questions first, the most urgent on top. @returns {Question[]} */
  asking() {
    return [...this.questions.values()].sort(
      (a, b) => Number(!!a.outcome) - Number(!!b.outcome) || a.asked.expiresAtMs - b.asked.expiresAtMs,
    );
  }
}

/**
 * @param {string} key
 * @param {Block["what"]} what
 * @param {{sessionId: string, turnId: string, kind: string}} about
 * @param {number} atMs
 * @param {string} text
 * @returns {Block}
 */
function block(key, what, about, atMs, text) {
  const { sessionId, turnId, kind } = about;
  return { key, what, sessionId, turnId, kind, text: text.slice(-BLOCK_CHARS_MAX), cut: false, stored: "", atMs };
}
