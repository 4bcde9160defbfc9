/* Explorable of chapter 3: the same layers with a sum and with a concatenation, step by step. */

(function (lesson) {
  "use strict";

  const { element, svg } = lesson;
  const HINT = "Point at a channel, or tap it: who reads it?";
  const LAYERS = 4;
  const CHANNELS = 2; // of the input, and of each layer's output

  // lengths of the drawings, in units of about a pixel
  const WIDTH = 340, ROW = 62, BOX = 60, HEIGHT = 30;
  const top_of = (row) => 4 + row * ROW;

  const written_sum = (row) => ["x", ...range(1, row)].join(" + ");
  const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const source_name = (source) => (source ? `layer ${source}` : "the input x");

  // ---------------------------------------------------------------- the two ways to go on

  /* A way says which channels there are after a layer (row 0: the input): for each its label, its
     class, where it came from, who reads it, and a sentence. */

  const ADDITION = {
    name: "Addition",
    left: 104,
    cell: 84,
    channels: (row) =>
      range(1, CHANNELS).map((channel) => {
        const readers = row < LAYERS ? [row + 1] : [];
        const what = row ? `the sum ${written_sum(row)}` : "the input x";
        const lost = row ? " None of its terms can be read alone any more." : "";
        return {
          key: `${row}:${channel}`,
          label: row ? written_sum(row).replaceAll(" ", "") : "x",
          kind: row ? "sum" : "input",
          readers,
          text: `Channel ${channel} of ${what}. ${read_by(readers)}${lost}`,
        };
      }),
    counted: (row) => `${CHANNELS} channels${row ? ", as before" : ""}`,
    connections: (row) => written_connections(range(1, row).map(() => 1)),
  };

  const CONCATENATION = {
    name: "Concatenation",
    left: 76,
    cell: 26,
    channels: (row) =>
      range(0, (row + 1) * CHANNELS - 1).map((index) => {
        const source = Math.floor(index / CHANNELS);
        const readers = range(source + 1, LAYERS);
        return {
          key: `${index}`,
          label: source ? `${source}` : "x",
          kind: source ? "new" : "input",
          readers,
          text: `Channel ${index + 1}, from ${source_name(source)}. ${read_by(readers)} It stays as it is.`,
        };
      }),
    counted: (row) =>
      row
        ? `${lesson.block_channels_written(CHANNELS, row, CHANNELS)} channels`
        : `${CHANNELS} channels`,
    connections: (row) => written_connections(range(1, row)),
  };

  const written_connections = (counts) =>
    counts.length > 1 ? lesson.total_written(counts) : `${counts.length}`;

  function read_by(readers) {
    if (!readers.length) return "No layer here reads it: only what comes next does.";
    return `Read by ${lesson.listed("layer", readers)}.`;
  }

  // ---------------------------------------------------------------- one drawing

  class Panel {
    constructor(way) {
      Object.assign(this, { way, step: 0, pinned: null, cursor: [0, 0] });
      const size = `0 0 ${WIDTH} ${top_of(LAYERS) + HEIGHT + 4}`;
      this.picture = svg("svg", { viewBox: size, role: "group", class: "explorable-panel" });
      this.picture.addEventListener("keydown", (event) => this.on_key(event));
      this.counted = element("strong", { class: "explorable-written" });
      this.connections = element("strong", { class: "explorable-written" });
      this.reading = element("p", { class: "explorable-reading" });
      this.node = element(
        "div",
        { class: "explorable-column" },
        element("p", { class: "explorable-subtitle" }, way.name),
        this.picture,
        element("p", {}, this.counted, element("br"), "connections: ", this.connections),
        this.reading,
      );
    }

    draw(step) {
      this.step = step;
      this.pinned = null;
      this.cursor = [step, 0];
      const { way } = this;
      this.counted.textContent = way.counted(step);
      this.connections.textContent = way.connections(step);
      this.picture.setAttribute(
        "aria-label",
        `${way.name} after ${step} of ${LAYERS} layers: ${way.counted(step)}. ` +
          "The arrow keys move between channels.",
      );
      this.cells = [];
      this.boxes = new Map();
      const links = range(1, step).map((row) => this.link(row));
      const boxes = range(1, LAYERS).map((layer) => this.box(layer));
      const strips = range(0, step).map((row) => this.strip(row));
      this.picture.replaceChildren(...links, ...boxes, label(BOX / 2, 0, "input"), ...strips);
      this.show(null);
    }

    /** Lines from the channels after layer `row - 1` into layer `row`, and from there to the right. */
    link(row) {
      const { left, cell, channels } = this.way;
      const above = top_of(row - 1) + HEIGHT, y = top_of(row), turn = above + 14;
      const end = left + cell * channels(row - 1).length - cell / 2;
      const adds = this.way === ADDITION;
      const paths = [
        `M${end} ${above} V${turn} H${BOX / 2} V${y - 5}`,
        `M${left + cell / 2} ${above} V${turn}`,
        `M${BOX} ${y + HEIGHT / 2} H${adds ? 70 : left - 5}`,
      ];
      const parts = [...paths.map((d) => svg("path", { d })), arrow(BOX / 2, y, "down")];
      if (adds) {
        parts.push(svg("path", { d: `M82 ${turn} V${y} M94 ${y + HEIGHT / 2} H${left - 5}` }));
        parts.push(arrow(left, y + HEIGHT / 2, "right"), plus(82, y + HEIGHT / 2));
      } else {
        parts.push(arrow(left, y + HEIGHT / 2, "right"));
      }
      return svg("g", { class: "explorable-link-lines", "data-reader": row }, ...parts);
    }

    box(layer) {
      const state = layer > this.step ? "explorable-layer explorable-later" : "explorable-layer";
      const place = { x: 1, y: top_of(layer), width: BOX - 2, height: HEIGHT, rx: 5 };
      const box = svg("g", { class: state }, svg("rect", place), label(BOX / 2, layer, `layer ${layer}`));
      this.boxes.set(layer, box);
      return box;
    }

    strip(row) {
      const cells = this.way.channels(row).map((channel, column) => this.cell(channel, row, column));
      this.cells.push(cells);
      const fresh = row === this.step ? "explorable-fresh" : "";
      return svg("g", { class: fresh }, ...cells);
    }

    cell(channel, row, column) {
      const { left, cell: width } = this.way;
      const x = left + column * width;
      const node = svg(
        "g",
        {
          class: `explorable-channel explorable-${channel.kind}`,
          role: "button",
          "aria-label": channel.text,
          "aria-pressed": "false",
          tabindex: row === this.step && column === 0 ? "0" : "-1",
          onpointerenter: (event) => event.pointerType === "mouse" && this.show(channel),
          onpointerleave: (event) => event.pointerType === "mouse" && this.show(this.pinned),
          onfocus: () => this.enter(row, column),
          onblur: () => this.show(this.pinned),
          onclick: () => this.pin(channel),
        },
        svg("rect", { x, y: top_of(row), width, height: HEIGHT }),
        svg("text", { x: x + width / 2, y: top_of(row) + HEIGHT / 2 }, channel.label),
      );
      node.channel = channel;
      return node;
    }

    /** Mark a channel wherever it stands, and the layers that read it; null marks nothing. */
    show(channel) {
      this.picture.classList.toggle("explorable-asking", channel !== null);
      const reads = (layer) => channel !== null && channel.readers.includes(layer);
      for (const [layer, box] of this.boxes) box.classList.toggle("explorable-reads", reads(layer));
      for (const link of this.picture.querySelectorAll("[data-reader]")) {
        link.classList.toggle("explorable-reads", reads(Number(link.dataset.reader)));
      }
      for (const cell of this.cells.flat()) {
        cell.classList.toggle("explorable-marked", channel !== null && cell.channel.key === channel.key);
        cell.setAttribute("aria-pressed", String(this.pinned !== null && cell.channel.key === this.pinned.key));
      }
      this.reading.textContent = channel ? channel.text : HINT;
    }

    pin(channel) {
      const again = this.pinned !== null && this.pinned.key === channel.key;
      this.pinned = again ? null : channel;
      this.show(channel);
    }

    enter(row, column) {
      this.cells.flat().forEach((cell) => cell.setAttribute("tabindex", "-1"));
      this.cells[row][column].setAttribute("tabindex", "0");
      this.cursor = [row, column];
      this.show(this.cells[row][column].channel);
    }

    on_key(event) {
      const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      const cell = this.cells[this.cursor[0]][this.cursor[1]];
      if (event.key in moves) {
        const row = within(this.cursor[0] + moves[event.key][0], this.cells.length);
        const column = within(this.cursor[1] + moves[event.key][1], this.cells[row].length);
        this.cells[row][column].focus();
      } else if (event.key === "Enter" || event.key === " ") {
        this.pin(cell.channel);
      } else if (event.key === "Escape") {
        this.pinned = null;
        this.show(null);
      } else {
        return;
      }
      event.preventDefault();
    }
  }

  const within = (index, length) => Math.max(0, Math.min(length - 1, index));
  const label = (x, row, text) => svg("text", { x, y: top_of(row) + HEIGHT / 2 }, text);

  function arrow(x, y, direction) {
    const points = direction === "down" ? [x - 4, y - 8, x + 4, y - 8] : [x - 8, y - 4, x - 8, y + 4];
    return svg("polygon", { points: [...points, x, y].join(" ") });
  }

  function plus(x, y) {
    const sign = svg("path", { d: `M${x - 7} ${y} h14 M${x} ${y - 7} v14` });
    return svg("g", { class: "explorable-plus" }, svg("circle", { cx: x, cy: y, r: 12 }), sign);
  }

  // ---------------------------------------------------------------- the explorable

  lesson.explorable("addition", "Add or concatenate: step through four layers", (body) => {
    const panels = [ADDITION, CONCATENATION].map((way) => new Panel(way));
    const status = lesson.announcer();
    const place = element("span", { class: "explorable-place" });
    const button = (text, action) => element("button", { type: "button", onclick: action }, text);
    const back = button("Back", () => go(step - 1));
    const next = button("Next layer", () => go(step + 1));
    const restart = button("Start again", () => go(0));
    let step = 0;

    function go(to) {
      step = Math.max(0, Math.min(LAYERS, to));
      panels.forEach((panel) => panel.draw(step));
      place.textContent = `layer ${step} of ${LAYERS}`;
      // a disabled button would lose the keyboard's focus
      next.setAttribute("aria-disabled", String(step === LAYERS));
      back.setAttribute("aria-disabled", String(step === 0));
      restart.setAttribute("aria-disabled", String(step === 0));
      status.say(
        `After ${step} layers: with addition ${CHANNELS} channels, ` +
          `with concatenation ${CONCATENATION.counted(step)}.`,
      );
    }

    body.append(
      element(
        "p",
        {},
        `The input x has ${CHANNELS} channels, and each layer computes ${CHANNELS} new ones. ` +
          "They are added to what came in, or appended to it.",
      ),
      element("div", { class: "explorable-buttons" }, next, back, restart, place),
      element("div", { class: "explorable-columns" }, ...panels.map((panel) => panel.node)),
      status,
    );
    go(1);
  });
})(window.lesson);
