// A displayed formula that is wider than the page gets smaller letters, so that it need not be
// scrolled. Below SMALLEST it would be hard to read: then it scrolls, by itself.
(function () {
  "use strict";

  const SMALLEST = 0.65;

  function fit(formula) {
    formula.style.fontSize = "";
    const room = formula.clientWidth / formula.scrollWidth;
    if (!(room < 1)) return; // a formula in a folded part has no width at all
    formula.style.fontSize = `${Math.max(room * 0.99, SMALLEST)}em`;
  }

  const fitAll = () => document.querySelectorAll("div.math").forEach(fit);

  fitAll();
  document.fonts.ready.then(fitAll);
  window.addEventListener("resize", fitAll);
  document.addEventListener("toggle", fitAll, true);
})();
