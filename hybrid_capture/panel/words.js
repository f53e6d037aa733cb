// @ts-check
/** The panel's words: states and actions in plain language, times and numbers as a person reads them. Pure. */

/** @typedef {import("./contracts").CaptureMode} CaptureMode */

/** @type {Record<CaptureMode, {title: string, tone: Tone, means: string}>} */
export const MODES = {
  HYBRID_ACTIVE: {
    title: "Capturing in full",
    tone: "good",
    means: "The live stream and the durable baseline both work.",
  },
  DEGRADED_STREAMING: {
    title: "Capturing without the live stream",
    tone: "warn",
    means: "The durable baseline works, so finished turns are kept. The live stream is expected and is missing.",
  },
  OTEL_ONLY: {
    title: "Capturing the baseline only",
    tone: "calm",
    means: "The live stream is switched off on purpose. Telemetry and transcript files are kept as always.",
  },
  FAILURE: {
    title: "The durable baseline is down",
    tone: "bad",
    means: "What happens now may not be kept.",
  },
};

/** @typedef {"good" | "warn" | "calm" | "bad" | "idle"} Tone How something stands, as a colour. */

/** @type {Record<string, {label: string, does: string, doing: string}>} */
export const ACTIONS = {
  recoverHybrid: {
    label: "Recover Hybrid",
    does: "Brings the live stream back: leaves the fallback and every crash loop, and reads the account again.",
    doing: "Bringing the live stream back",
  },
  fallbackToOtelOnly: {
    label: "Fallback OTEL-only",
    does: "Stops the live stream until you recover it. Telemetry and transcript files go on.",
    doing: "Stopping the live stream",
  },
  retryAuth: {
    label: "Retry Auth",
    does: "Reads the account again. A running turn goes on.",
    doing: "Reading the account",
  },
  restartSidecar: {
    label: "Restart Sidecar",
    does: "Starts the app-server anew, leaves a crash loop and clears its count of restarts.",
    doing: "Restarting the sidecar",
  },
  setStreamKillSwitch: {
    label: "Stream kill switch",
    does: "Keeps the live stream off, whatever happens, until it is turned off again. It survives every restart.",
    doing: "Turning the switch",
  },
};

/** What a state of a process or a login means. @type {Record<string, {words: string, tone: Tone}>} */
export const STATES = {
  running: { words: "running", tone: "good" },
  starting: { words: "starting", tone: "warn" },
  stopping: { words: "stopping", tone: "warn" },
  backing_off: { words: "waiting to restart", tone: "warn" },
  crash_loop: { words: "gave up (crash loop)", tone: "bad" },
  stopped: { words: "stopped", tone: "idle" },
  authenticated: { words: "logged in", tone: "good" },
  authenticating: { words: "logging in", tone: "warn" },
  needs_login: { words: "login needed", tone: "warn" },
  logged_out: { words: "logged out", tone: "idle" },
};

/** @type {Record<string, string>} */
export const ROLES = {
  supervisor: "watches and restarts the others",
  sidecar: "speaks with the app-server",
  auth: "knows what proves the login",
  stager: "holds unfinished items",
  baseline: "takes telemetry and files",
  ingest: "redacts, de-duplicates, stores",
  facade: "answers this page",
};

/** @type {Record<string, string>} */
export const SOURCES = {
  otlp: "Telemetry (OTLP)",
  transcript: "Claude Code transcripts",
  rollout: "Codex rollout files",
  stream: "Live stream",
  pull: "App-server history",
};

/** @type {Record<string, string>} */
const KINDS = {
  userMessage: "You",
  agentMessage: "Agent",
  reasoning: "Reasoning",
  commandExecution: "Command",
  fileChange: "File change",
  mcpToolCall: "Tool call",
  toolCall: "Tool call",
  webSearch: "Web search",
  plan: "Plan",
};

/**
 * An item's kind for a person.
 * @param {string} kind
 */
export function kindWords(kind) {
  return KINDS[kind] ?? spaced(kind);
}

/**
 * `backing_off` and `camelCase` as words.
 * @param {string} name
 */
export function spaced(name) {
  return name.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
}

/**
 * A span of time in its largest fitting unit: `4 s`, `3 min`, `2 h 5 min`, `6 d`.
 * @param {number} ms
 */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min`;
  const hours = Math.floor(min / 60);
  if (hours < 48) return min % 60 ? `${hours} h ${min % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}

/**
 * How long ago; `now` for less than two seconds.
 * @param {number} atMs
 * @param {number} nowMs
 */
export function ago(atMs, nowMs) {
  return nowMs - atMs < 2000 ? "now" : `${span(nowMs - atMs)} ago`;
}

/**
 * Minutes and seconds that are left: `4:05`; `0:00` when none are.
 * @param {number} ms
 */
export function left(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export function count(n, one, many = `${one}s`) {
  return `${number(n)} ${n === 1 ? one : many}`;
}

const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** @param {number} n */
export function number(n) {
  return NUMBER.format(n);
}

/** 12 345 as `12.3K`. @param {number} n */
export function compact(n) {
  return COMPACT.format(n);
}

/** @param {number} micros */
export function dollars(micros) {
  return `$${(micros / 1_000_000).toFixed(micros < 10_000_000 ? 4 : 2)}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });

/** @param {number} atMs */
export function clock(atMs) {
  return CLOCK.format(atMs);
}

/** @param {number} atMs */
export function day(atMs) {
  return DAY.format(atMs);
}

/** An id short enough for a line; the whole of it goes into a title. @param {string} id */
export function short(id) {
  return id.length > 13 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** The last two parts of a path. @param {string} path */
export function tail(path) {
  const parts = path.split("/").filter(Boolean);
  return parts.length > 2 ? `…/${parts.slice(-2).join("/")}` : path;
}

/** A text of the runtime as a sentence of the page. @param {string} text */
export function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}
