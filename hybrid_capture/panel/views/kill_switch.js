// @ts-check
/** The stream kill switch: one switch, and what it costs. */

import { h } from "../dom.js";
import { ACTIONS } from "../words.js";
import { outcome } from "./actions.js";
import { button, card } from "./parts.js";

/** @param {import("../panel.js").Panel} panel @param {import("../contracts.js").TreeStatus} status */
export function killSwitch(panel, status) {
  const on = status.kill_switch;
  const set = (/** @type {boolean} */ wanted) => void panel.recover("setStreamKillSwitch", wanted);
  const flip = () => {
    if (on) return set(false);
    panel.ask({
      title: "Turn the stream kill switch on?",
      text: "The sidecar is stopped and a turn under way is broken off. No live stream runs until the switch is off again, not even after a restart. Telemetry and transcript files go on being kept.",
      yes: "Turn it on", danger: true, run: () => set(true),
    });
  };
  const doing = panel.store.doings.get("setStreamKillSwitch")?.phase === "doing";
  const offered = (status.actions ?? []).includes("setStreamKillSwitch");
  return card("kill-switch", "Stream kill switch",
    button("Stream kill switch", flip, {
      role: "switch", "aria-label": "Stream kill switch", "aria-checked": String(on), class: "switch", disabled: doing || !panel.open || !offered, "data-action": "setStreamKillSwitch",
    }, h("span", { class: "knob", "aria-hidden": "true" }), h("span", null, on ? "on" : "off")),
    h("p", null, on ? "On: there is no live stream, whatever happens, until it is turned off." : ACTIONS.setStreamKillSwitch?.does ?? ""),
    status.config?.fault ? h("p", { class: "notice warn" }, status.config.fault) : null,
    outcome(panel, "setStreamKillSwitch"));
}
