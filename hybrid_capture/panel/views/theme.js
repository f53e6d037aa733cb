// @ts-check
/** Light, dark, or as the system is. The choice is this browser's alone. */

const KEY = "hybrid-capture-theme";
const NEXT = /** @type {const} */ ({ "": "light", light: "dark", dark: "" });

/** @returns {"" | "light" | "dark"} */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "";
}

export function toggleTheme() {
  const next = NEXT[theme()];
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
