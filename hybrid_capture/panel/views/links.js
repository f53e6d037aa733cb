// @ts-check
/** Commits that hold the session's work, with the evidence for each. */

import { h } from "../dom.js";
import { spaced, tail } from "../words.js";
import { bar, empty, state } from "./parts.js";

/** What stands behind a link, in words. @type {Record<string, string>} */
const METHODS = {
  hunks: "Its changed lines stand in the commit.",
  hunks_renamed: "Its changed lines stand in the commit, in a file of another name.",
  hunks_worktree: "Its changed lines stand in the commit, made in its working tree.",
  hunks_branch: "Its changed lines stand in the commit, on its branch.",
  words: "The words it wrote stand in the commit in the same order, with other line breaks.",
  commit_command: "A command of the session made the commit.",
  patch_id: "The commit is the same patch as another one of the session.",
  file: "The commit changes a file of the session; which lines is not known.",
};

/** @param {import("../contracts.js").SessionData} data */
export function links(data) {
  if (!data.links.length) {
    return empty("No commit is linked.", "Nothing of this session was found in a commit, and the last commit is never a guess. ",
      h("code", null, "hybrid-capture links explain"), " says what was looked at.");
  }
  return h("ul", { class: "links", key: "links" }, data.links.map((each) =>
    h("li", { key: `${each.repository}/${each.commit}` },
      h("header", null, h("code", { title: each.commit }, each.commit.slice(0, 10)), h("strong", null, each.subject ?? ""),
        each.state === "linked" ? state("good", "linked") : state("warn", spaced(each.state))),
      h("p", null, METHODS[each.method] ?? spaced(each.method), " ", each.reason),
      h("p", { class: "quiet" }, "Score ", h("b", null, each.score.toFixed(2)), " ", bar(each.score, each.state === "linked" ? "good" : "warn"), " in ", h("span", { title: each.repository }, tail(each.repository))))));
}
