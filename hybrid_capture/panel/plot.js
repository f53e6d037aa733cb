// @ts-check
/** Numbers to places: scales, round steps, lines with holes, quantiles. Pure; `views/measures.js` draws. */

/** @typedef {[number, number | null]} Point  moment and value; null is a hole */

/**
 * Round marks from 0 to at least `most`: at most `count` steps of 1, 2 or 5 times a power of ten.
 * @param {number} most
 * @param {number} [count]
 * @returns {number[]}
 */
export function marks(most, count = 4) {
  if (!(most > 0)) return [0, 1];
  const raw = most / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = /** @type {number} */ ([1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw * 0.999));
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, at) => at * step);
}

/**
 * The path of a line; a hole lifts the pen.
 * @param {readonly Point[]} points
 * @param {(at: number) => number} x
 * @param {(value: number) => number} y
 */
export function path(points, x, y) {
  let down = false;
  const steps = [];
  for (const [at, value] of points) {
    if (value === null) {
      down = false;
      continue;
    }
    steps.push(`${down ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`);
    // A point between two holes is a line of no length, which round ends make a dot.
    if (!down) steps.push(`L${x(at).toFixed(1)} ${y(value).toFixed(1)}`);
    down = true;
  }
  return steps.join("");
}

/**
 * The value below which this part of them lies (nearest rank); null of none.
 * @param {readonly number[]} values
 * @param {number} part  0 to 1
 */
export function quantile(values, part) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? null;
}
