// @ts-check
/** Where every received line went: the ledger of this run. */

import { h } from "../dom.js";
import { number, spaced } from "../words.js";
import { card, state } from "./parts.js";

/** What each disposition means. @type {Record<string, string>} */
const MEANS = {
  stored: "new rows",
  merged: "deltas that their item took in",
  duplicate: "known already",
  replaced: "a better version came",
  control: "about the connection itself",
  ignored_unknown: "of a kind nobody knows yet",
  stale_generation: "of a process that was gone",
};

/** @param {import("../contracts.js").LedgerStatus | {missing: string} | null} ledger */
export function books(ledger) {
  if (!ledger) return card("books", "Where every line went", null, h("p", { class: "waiting" }, "Not told yet; asked for every few seconds."));
  if ("missing" in ledger) return card("books", "Where every line went", state("warn", "not told"), h("p", null, `The ledger is missing now: ${ledger.missing}.`));
  const counts = Object.entries(ledger.dispositions).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  return card("books", "Where every line went",
    ledger.balanced ? state("good", "balanced") : state("bad", "not balanced: run hybrid-capture fsck"),
    h("p", { class: "sum" }, h("b", null, number(ledger.received)), " received", ledger.staged ? [", ", h("b", null, number(ledger.staged)), " still open"] : null),
    h("dl", { class: "facts books-list" }, counts.map(([name, count]) =>
      h("div", { key: name, class: name.startsWith("dropped") ? "dropped" : "" },
        h("dt", { title: MEANS[name] ?? null }, spaced(name)), h("dd", null, number(count))))));
}
