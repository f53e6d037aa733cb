// @ts-check
/** Where the page is: `#/sessions/ID?tab=links` as a name, an argument and choices. Pure. */

export const VIEWS = ["now", "live", "sessions", "decisions", "timeline", "measures", "trace"];

/** @typedef {{view: string, arg: string, query: Record<string, string>}} Route */

/**
 * The route of an address; `now` for everything else.
 * @param {string} hash
 * @returns {Route}
 */
export function routeOf(hash) {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view = "", ...rest] = path.split("/");
  if (!VIEWS.includes(view)) return { view: "now", arg: "", query: {} };
  return { view, arg: plain(rest.join("/")), query: Object.fromEntries(new URLSearchParams(search)) };
}

/**
 * @param {string} view
 * @param {string} [arg]
 * @param {Record<string, string>} [query]  empty values are left out
 */
export function hashOf(view, arg = "", query = {}) {
  const said = Object.entries(query).filter(([, value]) => value);
  const search = said.length ? `?${new URLSearchParams(said)}` : "";
  return `#/${view}${arg ? `/${encodeURIComponent(arg)}` : ""}${search}`;
}

/** @param {string} text */
function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
