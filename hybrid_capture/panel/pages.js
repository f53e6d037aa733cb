// @ts-check
/** A list that comes in pages: the first is renewed, further ones are fetched once, rows are never shown twice. */

/** Rows that are held at most; who wants older ones searches. */
export const ROWS_MAX = 100_000;

/**
 * @template {{sessionId: string, tool: string}} T
 */
export class Pages {
  /** @param {string} field  where the rows are in a page */
  constructor(field) {
    this._field = field;
    /** @type {T[]} */
    this.rows = [];
    /** Cursor of the page that follows. @type {string | null} */
    this.next = null;
    this.fault = "";
    this._atMs = -1;
    this._busy = false;
  }

  /**
   * The first page, as it is now: what is new stands before what is known, what changed takes its place.
   * @param {any} page
   * @param {number} atMs  when it was read; the same page again is nothing
   */
  first(page, atMs) {
    if (atMs === this._atMs) return;
    const rows = /** @type {T[]} */ (page[this._field]);
    if (this._atMs < 0) this.next = page.next;
    this._atMs = atMs;
    const fresh = new Set(rows.map(name));
    this.rows = [...rows, ...this.rows.filter((each) => !fresh.has(name(each)))];
  }

  /**
   * Fetch the page that follows, unless there is none, or one is on its way.
   * @param {(before: string) => Promise<any>} fetch
   * @param {() => void} changed
   */
  async more(fetch, changed) {
    if (this._busy || !this.next || this.fault || this.rows.length >= ROWS_MAX) return;
    this._busy = true;
    try {
      const page = await fetch(this.next);
      const known = new Set(this.rows.map(name));
      this.rows = [...this.rows, .../** @type {T[]} */ (page[this._field]).filter((each) => !known.has(name(each)))];
      this.next = page.next;
    } catch (error) {
      this.fault = `Older sessions could not be read: ${error instanceof Error ? error.message : error}.`;
    } finally {
      this._busy = false;
      changed();
    }
  }
}

/** @param {{sessionId: string, tool: string}} row */
function name(row) {
  return `${row.tool}/${row.sessionId}`;
}
