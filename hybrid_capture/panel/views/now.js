// @ts-check
/** How everything stands now: what is captured, by which processes, and what a person may do about it. */

import { h } from "../dom.js";
import { account } from "./account.js";
import { actions } from "./actions.js";
import { books } from "./books.js";
import { captured } from "./captured.js";
import { failure } from "./failure.js";
import { killSwitch } from "./kill_switch.js";
import { processes } from "./processes.js";

/** @param {import("../panel.js").Panel} panel */
export function now(panel) {
  const status = panel.store.status;
  if (!status) return h("p", { class: "waiting", key: "waiting" }, "Nothing is known yet.");
  return [
    status.mode === "FAILURE" ? failure(panel, status) : null,
    h("div", { class: "columns", key: "columns" },
      h("div", { class: "column wide" }, captured(panel, status), processes(status), books(panel.store.ledger)),
      h("div", { class: "column" }, loginFirst(status) ? [account(panel, status), actions(panel, status)] : [actions(panel, status), account(panel, status)], killSwitch(panel, status))),
  ];
}

/** Where only the login is missing, the way to it stands on top. @param {import("../contracts.js").TreeStatus} status */
function loginFirst(status) {
  return status.sidecar.state === "running" && status.handshake.initialized && status.auth.state !== "authenticated";
}
