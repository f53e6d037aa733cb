// @ts-check
/** The focus stays with the person: where what had it is gone or was moved, it goes to the nearest part that is left. */

/**
 * Change the page, and keep the focus in it.
 * @param {Element} root
 * @param {() => void} change
 */
export function keepingFocus(root, change) {
  const had = document.activeElement;
  const inside = had !== null && had !== root && root.contains(had);
  /** @type {Element[]} */
  const above = [];
  for (let at = inside ? had : null; at && at !== root; at = at.parentElement) above.push(at);
  change();
  if (!inside || document.activeElement === had) return;
  const left = above.find((each) => each.isConnected && (each === had || each.id));
  if (!(left instanceof HTMLElement)) return;
  if (left !== had && !left.hasAttribute("tabindex")) left.tabIndex = -1;
  left.focus({ preventScroll: true });
}
