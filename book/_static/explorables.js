/* What the explorables share: making elements, telling a screen reader, copying, starting.

   A page asks for one by <div data-explorable="NAME">. What stands in it is shown where no script
   runs; a script that works replaces it. */

window.lesson = window.lesson || {};

(function (lesson) {
  "use strict";

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  /** Make an HTML element; an attribute such as `onclick` is a function. */
  lesson.element = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);

  /** Make an SVG element. */
  lesson.svg = (tag, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  let ids = 0;
  lesson.unique = (name) => `explorable-${name}-${++ids}`;

  /** A paragraph that screen readers read out, once things have been quiet for a moment. */
  lesson.announcer = function () {
    const node = lesson.element("p", { class: "explorable-announcer", role: "status" });
    let waiting;
    node.say = (text) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => (node.textContent = text), 500);
    };
    return node;
  };

  /** Copy text; resolves to whether that worked. */
  lesson.copy = async function (text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false; // not allowed: the text stands on the page, to be copied by hand
    }
  };

  /** "layer 1", "layers 1 and 2", "layers 1, 2 and 3". */
  lesson.listed = function (noun, numbers) {
    const last = numbers[numbers.length - 1];
    if (numbers.length < 2) return `${noun} ${last}`;
    return `${noun}s ${numbers.slice(0, -1).join(", ")} and ${last}`;
  };

  /** Put an explorable into each container that asks for it; `build` gets an empty element. */
  lesson.explorable = function (name, title, build) {
    for (const place of document.querySelectorAll(`[data-explorable="${name}"]`)) {
      const heading = lesson.element("p", { class: "explorable-title", id: lesson.unique(name) }, title);
      const body = lesson.element("div", { role: "group", "aria-labelledby": heading.id }, heading);
      try {
        build(body, place);
        place.replaceChildren(body);
        place.classList.add("explorable-live");
      } catch (error) {
        console.error(error); // the page keeps its text
      }
    }
  };
})(window.lesson);
