// A link to the glossary shows the term's first sentence: when you point at it, when you move to it
// by keyboard, and at the first tap of a finger (the second one follows the link). Escape hides it.
(function () {
  "use strict";

  const GAP = 6; // pixels between a link and its tip, and between a tip and the window's edge
  let tip = null; // the element, made when the first tip is shown
  let shown = null; // the link whose tip is on the page
  let timer = 0;

  function element() {
    if (tip) return tip;
    tip = document.createElement("div");
    tip.id = "glossary-tip";
    tip.setAttribute("role", "tooltip");
    tip.addEventListener("pointerenter", () => clearTimeout(timer));
    tip.addEventListener("pointerleave", hideSoon);
    document.body.append(tip);
    return tip;
  }

  function show(link, hint) {
    clearTimeout(timer);
    if (shown && shown !== link) hide();
    shown = link;
    const box = element();
    box.textContent = link.dataset.tip + (hint ? " " : "");
    if (hint) {
      const words = document.createElement("span");
      words.className = "tip-hint";
      words.textContent = hint;
      box.append(words);
    }
    box.hidden = false;
    link.setAttribute("aria-describedby", box.id);
    place(link, box);
  }

  // Below the link's first line, or above it where there is no room below.
  function place(link, box) {
    const line = link.getClientRects()[0];
    const width = document.documentElement.clientWidth;
    box.style.left = box.style.top = "0";
    const left = Math.min(line.left, width - box.offsetWidth - GAP);
    const below = line.bottom + GAP;
    const fits = below + box.offsetHeight <= window.innerHeight;
    const top = fits ? below : Math.max(line.top - GAP - box.offsetHeight, GAP);
    box.style.left = Math.max(left, GAP) + window.scrollX + "px";
    box.style.top = top + window.scrollY + "px";
  }

  function hide() {
    clearTimeout(timer);
    if (shown) shown.removeAttribute("aria-describedby");
    if (tip) tip.hidden = true;
    shown = null;
  }

  function hideSoon() {
    clearTimeout(timer);
    timer = setTimeout(hide, 200);
  }

  function prepare(link) {
    let touched = false; // the present tap is a finger's
    let open = false; // its tip was on the page before this tap
    link.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") {
        clearTimeout(timer);
        timer = setTimeout(() => show(link), 120);
      }
    });
    link.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") hideSoon();
    });
    link.addEventListener("pointerdown", (event) => {
      touched = event.pointerType === "touch";
      open = shown === link;
    });
    link.addEventListener("focus", () => {
      if (!touched) show(link);
    });
    link.addEventListener("blur", hideSoon);
    link.addEventListener("click", (event) => {
      if (touched && !open) {
        event.preventDefault();
        show(link, "Tap again for the glossary.");
      }
      touched = false;
    });
  }

  document.querySelectorAll("a[data-tip]").forEach(prepare);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  document.addEventListener("pointerdown", (event) => {
    const inside = event.target.closest("a[data-tip], #glossary-tip");
    if (!inside) hide();
  });
  window.addEventListener("resize", hide);
})();
