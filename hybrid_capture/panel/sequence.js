// @ts-check
/** Where the messages of a trace stand in a sequence diagram: lanes, rows and arrows. Pure. */

/** @typedef {import("./contracts.js").TraceLine} TraceLine */
/** @typedef {{name: string, x: number}} Lane */
/** @typedef {{line: TraceLine, y: number, from: number, to: number, self: boolean, offsetUs: number}} Arrow */

/** Left to right as words travel: from outside, through the root, down to the store. */
const ORDER = ["outside", "host", "root", "facade", "supervisor", "auth", "sidecar", "stager", "baseline", "ingest"];
export const LANE_PX = 128;
export const ROW_PX = 30;
export const LEFT_PX = 76;
export const TOP_PX = 14;
/** Messages that are drawn. */
export const ROWS_MAX = 400;

/**
 * @param {readonly TraceLine[]} messages  in the order in which they were sent
 * @returns {{lanes: Lane[], arrows: Arrow[], wide: number, high: number, left: number}}  `left`: messages not drawn
 */
export function sequenceOf(messages) {
  const drawn = messages.slice(0, ROWS_MAX);
  const names = [...new Set(drawn.flatMap((each) => [each.sender, each.receiver]))].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  const lanes = names.map((name, at) => ({ name, x: LEFT_PX + LANE_PX / 2 + at * LANE_PX }));
  const place = new Map(lanes.map((lane) => [lane.name, lane.x]));
  const begin = drawn[0]?.atUs ?? 0;
  const arrows = drawn.map((line, at) => ({
    line,
    y: TOP_PX + (at + 0.75) * ROW_PX,
    from: place.get(line.sender) ?? 0,
    to: place.get(line.receiver) ?? 0,
    self: line.sender === line.receiver,
    offsetUs: line.atUs - begin,
  }));
  return { lanes, arrows, wide: LEFT_PX + lanes.length * LANE_PX, high: TOP_PX + (drawn.length + 0.5) * ROW_PX, left: messages.length - drawn.length };
}

/** @param {string} name */
function rank(name) {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

/** `1.24 ms`, `0.31 s`. @param {number} us */
export function micros(us) {
  if (us < 1_000) return `${us} µs`;
  return us < 100_000 ? `${(us / 1_000).toFixed(us < 10_000 ? 2 : 1)} ms` : `${(us / 1_000_000).toFixed(2)} s`;
}
