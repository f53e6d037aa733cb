// @ts-check
/** The login: what the sidecar's own evidence proves, and the way to one by browser or by code. */

import { h } from "../dom.js";
import { STATES, left, spaced } from "../words.js";
import { outcome } from "./actions.js";
import { button, card, state } from "./parts.js";

/** @typedef {import("../panel.js").Panel} Panel */
/** @typedef {import("../contracts.js").TreeStatus} TreeStatus */

/** @param {Panel} panel @param {TreeStatus} status */
export function account(panel, status) {
  const { auth, sidecar } = status;
  const known = STATES[auth.state] ?? { words: auth.state, tone: /** @type {const} */ ("idle") };
  const reachable = sidecar.state === "running" && status.handshake.initialized;
  const about = auth.state === "authenticated" ? [auth.mode, auth.plan && `plan ${auth.plan}`].filter(Boolean).join(", ") : "";
  return card("account", "Account", state(known.tone, known.words),
    about ? h("p", null, about) : null,
    reachable ? ways(panel, status) : h("p", null, "The sidecar does not run, so nobody can log in now."),
    outcome(panel, "logout"));
}

/** @param {Panel} panel @param {TreeStatus} status */
function ways(panel, status) {
  const login = panel.store.login;
  const busy = login && (login.phase === "asked" || login.phase === "open");
  if (status.auth.state === "authenticated") {
    return [
      login?.phase === "done" ? h("p", { class: "outcome good", key: "login" }, login.text) : null,
      h("div", { class: "buttons", key: "logout" }, button("Log out", () => logOut(panel), { disabled: !panel.open })),
    ];
  }
  if (busy) return underway(panel, login);
  const elsewhere = status.auth.state === "authenticating";
  return [
    login?.phase === "failed" ? h("p", { class: "outcome bad", key: "login" }, `The login did not work: ${login.text}`) : null,
    h("p", { key: "why" }, elsewhere
      ? "A login was begun elsewhere. Wait for it, or give it up and begin here."
      : "Codex needs your ChatGPT login before the live stream can be captured."),
    h("div", { class: "buttons", key: "ways" },
      elsewhere
        ? button("Give it up", () => giveUp(panel), { disabled: !panel.open })
        : [button("Log in with the browser", () => void panel.logIn("browser"), { class: "main", key: "browser", disabled: !panel.open }),
           button("Log in with a code", () => void panel.logIn("device"), { key: "device", disabled: !panel.open })]),
  ];
}

/** @param {Panel} panel @param {import("../store.js").Login} login */
function underway(panel, login) {
  return h("div", { class: "login", key: "underway" },
    h("p", { role: "status" }, login.text),
    login.userCode ? h("p", { class: "user-code" }, h("output", { "aria-label": "Code" }, login.userCode), copy(panel, login.userCode)) : null,
    login.url ? h("p", null, visit(login.url)) : null,
    h("p", { class: "quiet" }, `It is given up in ${left(login.untilMs - panel.now)}.`),
    h("div", { class: "buttons" }, button("Cancel login", () => giveUp(panel), { disabled: !panel.open })));
}

/** Only an address that a browser opens as a page; whatever else stands there is text. @param {string} url */
function visit(url) {
  const safe = /^https:\/\//.test(url) || /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?\//.test(url);
  if (!safe) return h("code", null, url);
  return h("a", { class: "button main", href: url, target: "_blank", rel: "noopener noreferrer" }, "Open the login page");
}

/** @param {Panel} panel @param {string} code */
function copy(panel, code) {
  const done = panel.keep("copied", "") === code;
  return button(done ? "Copied" : "Copy code", async () => {
    try {
      await navigator.clipboard.writeText(code);
      panel.choose("copied", code);
    } catch {
      panel.store.polite = "The browser does not let this page copy: select the code and copy it.";
      panel.redraw();
    }
  });
}

/** @param {Panel} panel */
function giveUp(panel) {
  void panel.act("cancelLogin", "Giving the login up", async () => `The login was given up: ${spaced(await panel.client.cancelLogin())}`);
}

/** @param {Panel} panel */
function logOut(panel) {
  panel.ask({
    title: "Log out?", yes: "Log out", danger: true,
    text: "Codex forgets the login of this home, for every program that uses it. The live stream is not captured until you log in again.",
    run: () => {
      panel.store.login = null;
      void panel.act("logout", "Logging out", async () => `The account is ${spaced(await panel.client.logout())}`);
    },
  });
}
