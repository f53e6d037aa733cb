// @ts-check
/** The page comes alive here: connection, clock, address, keys, and one drawing of the screen per frame at most. */

import { connectFromPage } from "./client.js";
import { autoIngest } from "./controller.js";
import { patch } from "./dom.js";
import { keepingFocus } from "./focus.js";
import { keyHeard } from "./keys.js";
import { Panel } from "./panel.js";
import { routeOf } from "./route.js";
import { shell } from "./views/shell.js";

/** How often the ledger is asked for while somebody looks. */
const LOOK_MS = 5_000;

/** @type {readonly import("./contracts.js").EventName[]} */
const EVENTS = ["status", "live", "itemStored", "turnStored", "approvalRequested", "approvalClosed", "gap"];
/** What is read anew after an event. @type {Partial<Record<string, string[]>>} */
const CHANGES = { status: ["timeline"], turnStored: ["session", "decisions"], gap: ["session", "decisions", "timeline"] };

const screen = /** @type {HTMLElement} */ (document.getElementById("app"));
const polite = /** @type {HTMLElement} */ (document.getElementById("polite"));
const urgent = /** @type {HTMLElement} */ (document.getElementById("urgent"));

let due = false;
const client = connectFromPage();
const panel = new Panel(client, autoIngest(client), {
  now: Date.now,
  redraw,
  draw,
  later: (run, ms) => setTimeout(run, ms),
  go: (hash) => {
    location.hash = hash;
  },
});

client.onConnection((connection) => {
  panel.store.connected(connection, Date.now());
  if (connection.state === "open") void panel.look();
  redraw();
});
client.onSnapshot(({ reason }) => {
  panel.store.fresh();
  if (reason === "session") panel.reads.touch("");
  redraw();
});
for (const name of EVENTS) {
  client.on(name, (event) => {
    panel.store.heard(event, Date.now());
    for (const changed of CHANGES[name] ?? []) panel.reads.touch(changed);
    redraw();
  });
}
client.subscribe({ live: true }).catch(() => {}); // the line about the connection says why, and it holds once there is one

function redraw() {
  if (due) return;
  due = true;
  requestAnimationFrame(draw);
}

function draw() {
  due = false;
  keepingFocus(screen, () => patch(screen, [shell(panel)]));
  say(polite, panel.store.polite);
  say(urgent, panel.store.urgent);
}

/** @param {HTMLElement} region @param {string} text */
function say(region, text) {
  if (region.textContent !== text) region.textContent = text;
}

function moved() {
  const before = panel.route.view;
  panel.route = routeOf(location.hash);
  redraw();
  if (before !== panel.route.view) requestAnimationFrame(() => document.getElementById("main")?.focus({ preventScroll: true }));
}

addEventListener("hashchange", moved);
addEventListener("keydown", (event) => keyHeard(panel, event));
setInterval(() => {
  panel.store.tidy(Date.now());
  if (!document.hidden) redraw(); // ages and countdowns
}, 1_000);
setInterval(() => {
  if (!document.hidden && panel.open) void panel.look();
}, LOOK_MS);
addEventListener("visibilitychange", redraw);
panel.route = routeOf(location.hash);
draw();
