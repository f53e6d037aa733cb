// @ts-check
/** A span of time as stretches of one mode each. Pure. */

/** @typedef {import("./contracts.js").CaptureMode} CaptureMode */
/** @typedef {{mode: CaptureMode | "off", fromMs: number, toMs: number}} Stretch `off`: nothing ran, or nothing is known. */

/**
 * The modes between two moments, oldest first, from the log of transitions and the mode that holds now.
 * @param {readonly {kind: string, from: string, to: string, atMs: number}[]} transitions  in order
 * @param {CaptureMode} mode
 * @param {number} fromMs
 * @param {number} toMs
 * @returns {Stretch[]}
 */
export function ribbonOf(transitions, mode, fromMs, toMs) {
  const changes = transitions.filter((each) => each.kind === "mode" && each.atMs <= toMs);
  /** @type {Stretch[]} */
  const found = [];
  let until = toMs;
  let now = /** @type {CaptureMode | "off"} */ (mode);
  for (const each of changes.toReversed()) {
    if (until <= fromMs) break;
    const begin = Math.max(each.atMs, fromMs);
    if (until > begin) found.unshift({ mode: now, fromMs: begin, toMs: until });
    until = Math.min(until, each.atMs);
    now = isMode(each.from) ? each.from : "off";
  }
  if (until > fromMs && now !== "off") found.unshift({ mode: changes.length ? now : mode, fromMs, toMs: until });
  return found;
}

/** @param {string} word @returns {word is CaptureMode} */
function isMode(word) {
  return ["HYBRID_ACTIVE", "DEGRADED_STREAMING", "OTEL_ONLY", "FAILURE"].includes(word);
}
