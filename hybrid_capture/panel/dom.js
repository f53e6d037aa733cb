// @ts-check
/**
 * What should be on the screen as a plain tree, and the patch that makes it so.
 *
 * Elements stay where they are between two patches, so focus, selection and scrolling stay too. Text only ever becomes
 * a text node: there is no way through here by which captured content could become markup. Give a `key` to what may
 * come, go or change places among its like.
 */

/**
 * @typedef {Record<string, unknown> & {
 *   key?: string,
 *   on?: Record<string, (event: any) => void>,
 *   vars?: Record<string, string>,
 *   ref?: (element: any) => void,
 * }} Props `on` are listeners, `vars` CSS variables, `ref` is called once when the element is made.
 * @typedef {{tag: string, key: string | undefined, props: Props, kids: Node_[]}} Element_
 * @typedef {string | Element_} Node_
 * @typedef {Node_ | number | null | undefined | false | readonly any[]} Kid  lists of Kid, as deep as it comes
 */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set([
  "svg", "g", "path", "line", "rect", "circle", "polyline", "polygon", "text", "tspan", "defs", "marker", "title",
]);
/** Set as properties: as attributes they would only be the first value. */
const LIVE = new Set(["value", "checked", "disabled", "hidden", "open"]);
const OURS = new Set(["key", "on", "vars", "ref"]);

/** @type {WeakMap<Node, {tag: string, key: string | undefined, props: Props}>} */
const made = new WeakMap();

/**
 * One element.
 * @param {string} tag
 * @param {Props | null} props
 * @param {...Kid} kids
 * @returns {Element_}
 */
export function h(tag, props, ...kids) {
  return { tag, key: props?.key, props: props ?? {}, kids: flat(kids, []) };
}

/**
 * @param {Kid[]} kids
 * @param {Node_[]} into
 */
function flat(kids, into) {
  for (const kid of kids) {
    if (Array.isArray(kid)) flat(kid, into);
    else if (typeof kid === "number") into.push(String(kid));
    else if (kid !== null && kid !== undefined && kid !== false && kid !== "") into.push(/** @type {Node_} */ (kid));
  }
  return into;
}

/**
 * Make the children of `parent` be these.
 * @param {Element} parent
 * @param {Kid[]} kids
 */
export function patch(parent, kids) {
  settle(parent, flat(kids, []), parent.namespaceURI === SVG);
}

/**
 * @param {Element} parent
 * @param {Node_[]} wanted
 * @param {boolean} inSvg
 */
function settle(parent, wanted, inSvg) {
  /** @type {Map<string, Node>} */
  const keyed = new Map();
  /** @type {Node[]} */
  const free = [];
  for (const node of parent.childNodes) {
    const key = made.get(node)?.key;
    if (key === undefined) free.push(node);
    else keyed.set(key, node);
  }
  const nodes = wanted.map((each) => {
    const old = typeof each !== "string" && each.key !== undefined ? keyed.get(each.key) : taken(free, each);
    if (old !== undefined && fits(old, each)) {
      if (typeof each !== "string" && each.key !== undefined) keyed.delete(each.key);
      return renew(old, each, inSvg);
    }
    return make(each, inSvg);
  });
  const kept = new Set(nodes);
  // First what leaves, then what comes: so that nothing that stays has to move, which would cost it the focus.
  for (const node of [...parent.childNodes]) if (!kept.has(node)) node.remove();
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

/**
 * @param {Node[]} free
 * @param {Node_} wanted
 */
function taken(free, wanted) {
  const at = free.findIndex((node) => fits(node, wanted));
  return at < 0 ? undefined : free.splice(at, 1)[0];
}

/**
 * @param {Node} node
 * @param {Node_} wanted
 */
function fits(node, wanted) {
  if (typeof wanted === "string") return node.nodeType === Node.TEXT_NODE;
  return made.get(node)?.tag === wanted.tag;
}

/**
 * @param {Node_} wanted
 * @param {boolean} inSvg
 * @returns {Node}
 */
function make(wanted, inSvg) {
  if (typeof wanted === "string") return document.createTextNode(wanted);
  const svg = wanted.tag === "svg" || (inSvg && SVG_TAGS.has(wanted.tag));
  const element = svg ? document.createElementNS(SVG, wanted.tag) : document.createElement(wanted.tag);
  made.set(element, { tag: wanted.tag, key: wanted.key, props: {} });
  renew(element, wanted, inSvg);
  wanted.props.ref?.(element);
  return element;
}

/**
 * @param {Node} node
 * @param {Node_} wanted
 * @param {boolean} inSvg
 */
function renew(node, wanted, inSvg) {
  if (typeof wanted === "string") {
    if (node.nodeValue !== wanted) node.nodeValue = wanted;
    return node;
  }
  const element = /** @type {HTMLElement} */ (node);
  const memo = made.get(node);
  if (memo === undefined) throw new Error("a node that was not made here");
  const before = memo.props;
  memo.props = wanted.props;
  // Children first: the value of a select is one of them.
  settle(element, wanted.kids, inSvg || wanted.tag === "svg");
  for (const name of Object.keys(before)) if (!(name in wanted.props)) give(element, name, undefined, before[name]);
  for (const [name, value] of Object.entries(wanted.props)) give(element, name, value, before[name]);
  return node;
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {unknown} value
 * @param {unknown} before
 */
function give(element, name, value, before) {
  if (name === "on") return listen(element, /** @type {object} */ (value ?? {}), /** @type {object} */ (before ?? {}));
  if (name === "vars") {
    for (const [key, told] of Object.entries(/** @type {Record<string, string>} */ (value ?? {}))) {
      if (element.style.getPropertyValue(key) !== told) element.style.setProperty(key, told);
    }
    return;
  }
  if (OURS.has(name)) return;
  if (LIVE.has(name)) {
    const live = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (element));
    const now = value ?? (name === "value" ? "" : false);
    if (live[name] !== now) live[name] = now;
    return;
  }
  if (value === before) return;
  if (value === undefined || value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * @param {HTMLElement} element
 * @param {object} wanted
 * @param {object} before
 */
function listen(element, wanted, before) {
  for (const type of Object.keys(wanted)) if (!(type in before)) element.addEventListener(type, heard);
  for (const type of Object.keys(before)) if (!(type in wanted)) element.removeEventListener(type, heard);
}

/**
 * One listener for all: the handler of the latest patch is the one that is called.
 * @this {Node}
 * @param {Event} event
 */
function heard(event) {
  made.get(this)?.props.on?.[event.type]?.(event);
}
