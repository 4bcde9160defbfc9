// A picture that a narrow window shows smaller than it is drawn opens in full width by a tap on it,
// or by the button in its corner. A tap, the button or Escape closes it again.
(function () {
  "use strict";

  const dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  dialog.setAttribute("aria-label", "Picture, enlarged");

  function button(className, label, text, action) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = className;
    made.setAttribute("aria-label", label);
    made.textContent = text;
    made.addEventListener("click", action);
    return made;
  }

  function open(picture) {
    const large = picture.cloneNode();
    large.loading = "eager";
    dialog.replaceChildren(button("", "Close the picture", "Close", () => {}), large);
    document.body.append(dialog);
    dialog.showModal();
  }

  function isSmaller(picture) {
    return picture.clientWidth > 0 && picture.clientWidth < 0.95 * picture.getAttribute("width");
  }

  function prepare(picture) {
    const opener = button("enlarge", "Enlarge the picture", "⤢", () => open(picture));
    const look = () => (opener.hidden = !isSmaller(picture));
    picture.parentElement.classList.add("enlarge-place");
    picture.after(opener);
    picture.addEventListener("click", () => isSmaller(picture) && open(picture));
    new ResizeObserver(look).observe(picture);
    look();
  }

  dialog.addEventListener("click", () => dialog.close());
  document.querySelectorAll("article img[width]").forEach((picture) => {
    if (!picture.closest("a, .explorable")) prepare(picture);
  });
})();
