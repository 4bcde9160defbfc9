// A displayed formula that is wider than the page gets smaller letters, so that it need not be
// scrolled. Below SMALLEST it would be hard to read: then it scrolls, by itself.
(function () {
  "use strict";

  const SMALLEST = 0.65;

  function fit(formula) {
    formula.style.fontSize = formula.dataset.size; // as MathJax wants it
    const room = formula.clientWidth / formula.scrollWidth;
    if (!(room < 1)) return; // a formula in a folded part has no width at all
    const factor = Math.max(room * 0.99, SMALLEST);
    const size = parseFloat(getComputedStyle(formula).fontSize) * factor;
    formula.style.setProperty("font-size", size + "px", "important");
  }

  function fitAll() {
    document.querySelectorAll('mjx-container[display="true"]').forEach((formula) => {
      formula.dataset.size ??= formula.style.fontSize;
      fit(formula);
    });
  }

  window.addEventListener("load", () => {
    const drawn = window.MathJax?.startup?.promise;
    if (!drawn) return;
    drawn.then(fitAll);
    window.addEventListener("resize", fitAll);
    document.addEventListener("toggle", fitAll, true);
  });
})();
