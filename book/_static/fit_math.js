// A displayed formula that is wider than the page gets smaller letters, so that it need not be
// scrolled. Below SMALLEST it would be hard to read: then it scrolls, by itself.
(function () {
  "use strict";

  const SMALLEST = 0.65;

  // All widths are read before any letter changes, so that the browser lays the page out once.
  function fitAll() {
    const formulas = [...document.querySelectorAll("div.math")];
    formulas.forEach((formula) => (formula.style.fontSize = ""));
    const rooms = formulas.map((formula) => formula.clientWidth / formula.scrollWidth);
    formulas.forEach((formula, i) => {
      if (!(rooms[i] < 1)) return; // a formula in a folded part has no width at all
      formula.style.fontSize = `${Math.max(rooms[i] * 0.99, SMALLEST)}em`;
    });
  }

  requestAnimationFrame(fitAll); // with the layout that the browser makes anyway
  document.fonts.ready.then(fitAll);
  window.addEventListener("resize", fitAll);
  document.addEventListener("toggle", fitAll, true);
})();
