// Paper is white: a dark page is printed in the colours of a light one.
(function () {
  "use strict";

  const page = document.documentElement;
  let theme = page.dataset.theme;

  window.addEventListener("beforeprint", () => {
    theme = page.dataset.theme;
    page.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => (page.dataset.theme = theme));
})();
