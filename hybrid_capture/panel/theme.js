// A classic script: it runs before the first paint, so that a chosen theme does not flash in.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("hybrid-capture-theme");
  } catch {
    // A browser without storage: the system's theme holds.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
