// @ts-check
/**
 * A list of any length that only has the rows in sight: a listbox for arrow keys, Page Up and Down, Home, End, Enter.
 *
 * Rows have one height. The list keeps its place while rows come; the active row is followed.
 */

import { h } from "../dom.js";

/** Rows above and below what is in sight. */
const SPARE = 6;

/** `active` is also what a key that comes before the next drawing goes on from. @type {Map<string, {top: number, height: number, active: number, element: HTMLElement | null}>} */
const places = new Map();
/** @type {ResizeObserver | null} */
let sizes = null;

/**
 * @typedef {object} Listing
 * @property {string} id
 * @property {string} label
 * @property {number} count
 * @property {number} total          for screen readers; -1 when more may come
 * @property {number} rowHeight      px
 * @property {number} active         index; -1 for none
 * @property {(index: number) => import("../dom.js").Kid} row
 * @property {(index: number) => string} key
 * @property {(index: number) => void} choose  make it the active one
 * @property {((index: number) => void)} [open]    Enter, or a click
 * @property {() => void} [nearEnd]
 * @property {() => void} redraw
 */

/** @param {Listing} list */
export function virtual(list) {
  const place = places.get(list.id) ?? { top: 0, height: 600, active: -1, element: null };
  places.set(list.id, place);
  place.active = list.active;
  const first = Math.max(0, Math.floor(place.top / list.rowHeight) - SPARE);
  const last = Math.min(list.count, Math.ceil((place.top + place.height) / list.rowHeight) + SPARE);
  if (last >= list.count - 20) list.nearEnd?.();
  const rows = [];
  for (let at = first; at < last; at += 1) rows.push(row(list, at));
  return h(
    "div",
    {
      class: "virtual", id: list.id, key: list.id, tabindex: "0", role: "listbox", "aria-label": list.label,
      "aria-activedescendant": list.active >= first && list.active < last ? rowId(list, list.active) : null,
      ref: (/** @type {HTMLElement} */ element) => appear(list.id, element, list.redraw),
      on: {
        scroll: (/** @type {Event} */ event) => {
          place.top = /** @type {HTMLElement} */ (event.currentTarget).scrollTop;
          list.redraw();
        },
        keydown: (/** @type {KeyboardEvent} */ event) => pressed(list, event),
      },
    },
    h("div", { class: "virtual-all", role: "presentation", vars: { "--all": `${list.count * list.rowHeight}px` } }, rows),
  );
}

/** @param {Listing} list @param {number} at */
function row(list, at) {
  return h(
    "div",
    {
      class: at === list.active ? "row active" : "row", key: list.key(at), id: rowId(list, at), role: "option",
      "aria-selected": String(at === list.active), "aria-setsize": String(list.total), "aria-posinset": String(at + 1),
      vars: { "--y": `${at * list.rowHeight}px`, "--h": `${list.rowHeight}px` },
      on: {
        click: () => {
          list.choose(at);
          list.open?.(at);
        },
      },
    },
    list.row(at),
  );
}

/** @param {Listing} list @param {number} at */
function rowId(list, at) {
  return `${list.id}-${at}`;
}

/** @param {Listing} list @param {KeyboardEvent} event */
function pressed(list, event) {
  const place = places.get(list.id);
  if (!place) return;
  const page = Math.max(1, Math.floor(place.height / list.rowHeight) - 1);
  const from = place.active;
  /** @type {Record<string, number>} */
  const steps = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: list.count - 1 };
  if (event.key === "Enter" && from >= 0) list.open?.(from);
  const to = steps[event.key];
  if (to === undefined || event.ctrlKey || event.metaKey || event.altKey || !list.count) return;
  event.preventDefault();
  const at = Math.max(0, Math.min(list.count - 1, to));
  follow(list, at);
  place.active = at;
  list.choose(at);
}

/** Scroll so far that the row is in sight. @param {{id: string, rowHeight: number}} list @param {number} at */
function follow(list, at) {
  const place = places.get(list.id);
  if (!place?.element) return;
  const [top, bottom] = [at * list.rowHeight, (at + 1) * list.rowHeight];
  if (top < place.top) place.element.scrollTop = top;
  else if (bottom > place.top + place.height) place.element.scrollTop = bottom - place.height;
  place.top = place.element.scrollTop;
}

/** Begin a list anew at its top: what it lists has changed. @param {string} id */
export function toTop(id) {
  const place = places.get(id);
  if (!place) return;
  place.top = 0;
  if (place.element) place.element.scrollTop = 0;
}

/** @param {string} id @param {HTMLElement} element @param {() => void} redraw */
function appear(id, element, redraw) {
  const place = places.get(id);
  if (!place) return;
  place.element = element;
  element.scrollTop = place.top;
  sizes ??= new ResizeObserver((entries) => {
    for (const entry of entries) {
      const found = [...places.values()].find((each) => each.element === entry.target);
      if (found && found.height !== entry.contentRect.height) {
        found.height = entry.contentRect.height;
        redraw();
      }
    }
  });
  sizes.observe(element);
}
