/* Explorable of chapter 3: the same layers with a sum and with a concatenation, step by step. */

(function (lesson) {
  "use strict";

  const { element, svg } = lesson;
  const HINT = "Point at a channel, or tap it: who reads it?";
  const LAYERS = 4;
  const COLOURS = ["red", "green", "blue", "the mean of all colours"]; // what x can have

  const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const written_sum = (row) => ["x", ...range(1, row)].join(" + ");

  // ---------------------------------------------------------------- the patterns

  /* A channel is a list of pixels, row by row. A layer is the chapter's own (batch norm, ReLU, 3×3
     convolution), its kernels set by hand. It mixes what it reads into one sum: so the same layer
     can stand in both networks, and writes the same. */

  const { size } = lesson.flower;
  const KERNELS = [
    { of: "horizontal edges", weights: [1, 2, 1, 0, 0, 0, -1, -2, -1] },
    { of: "vertical edges", weights: [1, 0, -1, 2, 0, -2, 1, 0, -1] },
    { of: "rising edges", weights: [2, 1, 0, 1, 0, -1, 0, -1, -2] },
    { of: "falling edges", weights: [0, 1, 2, -1, 0, 1, -2, -1, 0] },
    { of: "spots", weights: [-1, -1, -1, -1, 8, -1, -1, -1, -1] },
  ];

  lesson.addition_kernels = KERNELS.map(({ weights }) => weights);

  /** The kernel of a layer's channel, both counted from 1: neighbours have different ones. */
  const kernel = (layer, channel, width) => KERNELS[((layer - 1) * width + channel - 1) % KERNELS.length];

  /** The first channels of the photograph, each pixel from 0 to 1. */
  function photograph(width) {
    const bytes = Uint8Array.from(atob(lesson.flower.bytes), (letter) => letter.charCodeAt(0));
    const colours = range(0, 2).map((i) => Array.from(bytes.slice(i * size ** 2, (i + 1) * size ** 2), (b) => b / 255));
    return [...colours, mean(colours)].slice(0, width);
  }

  const plus_each = (maps, others) => maps.map((map, i) => map.map((pixel, at) => pixel + others[i][at]));
  const mean = (maps) => maps[0].map((_, at) => lesson.sum(maps.map((map) => map[at])) / maps.length);

  /** Batch norm and ReLU: a pixel is how far above its channel's mean it is, or 0. */
  function activated(map) {
    const middle = lesson.sum(map) / map.length;
    const variance = lesson.sum(map.map((pixel) => (pixel - middle) ** 2)) / map.length;
    return map.map((pixel) => Math.max(0, (pixel - middle) / Math.sqrt(variance + 1e-5)));
  }

  /** A 3×3 convolution of one channel, with zeros around it. */
  function convolved(map, weights) {
    const at = (row, column) => (row in rows && column in rows ? map[row * size + column] : 0);
    const rows = range(0, size - 1);
    const pixel = (row, column) =>
      lesson.sum(weights.map((w, i) => w * at(row + Math.floor(i / 3) - 1, column + (i % 3) - 1)));
    return rows.flatMap((row) => rows.map((column) => pixel(row, column) / 4));
  }

  /** What x and each layer write (`parts`), and what the sums are (`sums`). */
  lesson.addition_patterns = function (width) {
    const parts = [photograph(width)], sums = [parts[0]];
    for (const layer of range(1, LAYERS)) {
      const read = mean(sums[layer - 1].map(activated));
      parts.push(range(1, width).map((channel) => convolved(read, kernel(layer, channel, width).weights)));
      sums.push(plus_each(sums[layer - 1], parts[layer]));
    }
    return { parts, sums };
  };

  /** The address of a channel's picture, from its darkest to its brightest pixel. */
  function picture_of(map) {
    const canvas = element("canvas", { width: size, height: size });
    const least = Math.min(...map), most = Math.max(...map);
    const grey = map.map((pixel) => (255 * (pixel - least)) / (most - least));
    const pixels = new Uint8ClampedArray(grey.flatMap((value) => [value, value, value, 255]));
    canvas.getContext("2d").putImageData(new ImageData(pixels, size, size), 0, 0);
    return canvas.toDataURL();
  }

  // ---------------------------------------------------------------- the two ways to go on

  /* A way says which channels there are after a layer (row 0: the input), in columns: for each its
     class, the picture's place, who reads it, and a sentence. */

  const ADDITION = {
    name: "Addition",
    columns: (row, width) => [
      range(1, width).map((channel) => {
        const readers = row < LAYERS ? [row + 1] : [];
        const what = row ? `the sum ${written_sum(row)}` : `the input x: ${COLOURS[channel - 1]}`;
        const lost = row ? " None of its terms can be read alone any more." : "";
        return {
          key: `${row}:${channel}`,
          kind: row ? "sum" : "input",
          map: ["sums", row, channel - 1],
          readers,
          text: `Channel ${channel} of ${what}. ${read_by(readers)}${lost}`,
        };
      }),
    ],
    counted: (row, width) => `${channels(width)}${row ? ", as before" : ""}`,
    connections: (row) => written_connections(range(1, row).map(() => 1)),
  };

  const CONCATENATION = {
    name: "Concatenation",
    columns: (row, width) =>
      range(0, row).map((source) =>
        range(1, width).map((channel) => {
          const readers = range(source + 1, LAYERS);
          const what = source
            ? `layer ${source}: ${kernel(source, channel, width).of}`
            : `the input x: ${COLOURS[channel - 1]}`;
          return {
            key: `${source}:${channel}`,
            kind: source ? "new" : "input",
            map: ["parts", source, channel - 1],
            readers,
            text: `Channel ${source * width + channel}, from ${what}. ${read_by(readers)} It stays as it is.`,
          };
        }),
      ),
    counted: (row, width) =>
      row ? `${lesson.block_channels_written(width, row, width)} channels` : channels(width),
    connections: (row) => written_connections(range(1, row)),
  };

  const channels = (width) => (width === 1 ? "1 channel" : `${width} channels`);
  const written_connections = (counts) =>
    counts.length > 1 ? lesson.total_written(counts) : `${counts.length}`;

  function read_by(readers) {
    if (!readers.length) return "No layer here reads it: only what comes next does.";
    return `Read by ${lesson.listed("layer", readers)}.`;
  }

  // ---------------------------------------------------------------- one drawing

  // lengths in pixels: between columns, the largest channel, what stands between two rows
  const GAP = 2, CELL = 36, LINK = 54, BOX = 18;

  class Panel {
    constructor(way, tell) {
      Object.assign(this, { way, tell, step: 0, width: 0, pinned: null, cursor: [0, 0, 0] });
      this.picture = svg("svg", { role: "group", class: "explorable-panel" });
      this.picture.addEventListener("keydown", (event) => this.on_key(event));
      this.counted = element("strong", { class: "explorable-written" });
      this.connections = element("strong", { class: "explorable-written" });
      this.node = element(
        "div",
        { class: "explorable-column" },
        element("p", { class: "explorable-subtitle" }, way.name),
        this.picture,
        element("p", { class: "explorable-counted" }, this.counted, element("br"), "connections: ", this.connections),
      );
    }

    draw(step, width, patterns) {
      Object.assign(this, { step, width, patterns, pinned: null, cursor: [step, 0, 0] });
      this.counted.textContent = this.way.counted(step, width);
      this.connections.textContent = this.way.connections(step);
      this.picture.setAttribute(
        "aria-label",
        `${this.way.name} after ${step} of ${LAYERS} layers: ${this.way.counted(step, width)}. ` +
          "The arrow keys move between channels.",
      );
      this.arrange();
    }

    /** Draw for the room that there is: a channel is as wide in one panel as in the other. */
    arrange() {
      this.room = this.node.clientWidth || 150; // before it is on the page
      this.side = Math.min(CELL, Math.floor((this.room - LAYERS * GAP) / (LAYERS + 1)));
      const [wide, high] = [this.left(LAYERS) + this.side, this.top(LAYERS) + this.width * this.side + 2];
      for (const [name, value] of Object.entries({ viewBox: `0 0 ${wide} ${high}`, width: wide, height: high })) {
        this.picture.setAttribute(name, value);
      }
      this.boxes = new Map();
      this.rows = [];
      const lines = range(1, this.step).map((row) => this.lines(row));
      const boxes = range(1, LAYERS).map((layer) => this.box(layer));
      const strips = range(0, this.step).map((row) => this.strip(row));
      this.picture.replaceChildren(...lines, ...boxes, ...strips, ...this.names());
      this.show(this.pinned);
    }

    left(column) {
      return column * (this.side + GAP);
    }

    top(row) {
      return row * (this.width * this.side + LINK);
    }

    middle(column) {
      return this.left(column) + this.side / 2;
    }

    /** Lines from the channels above into layer `row`, from there to its new ones, and past it. */
    lines(row) {
      const y = this.top(row), above = y - LINK, rail = above + 9, box = above + 15, below = box + BOX;
      const adds = this.way === ADDITION, place = adds ? 1 : row;
      const old = range(0, adds ? 0 : row - 1).map((column) => this.middle(column));
      const kept = old.map((x) => svg("path", { class: "explorable-kept", d: `M${x} ${above} V${y}` }));
      const [x, end] = [this.middle(0), this.middle(place)];
      const into = svg("path", { d: `M${old.map((from) => `${from} ${above} V${rail} M`).join("")}${x} ${rail} H${end} V${box - 3}` });
      const out = adds ? `V${below + 9} H${x + 8}` : `V${y - 3}`;
      const parts = [into, arrow(end, box), svg("path", { d: `M${end} ${below} ${out}` })];
      if (adds) parts.push(plus(x, below + 9), arrow(x, y));
      else parts.push(arrow(end, y));
      return svg("g", { class: "explorable-link-lines", "data-reader": row }, ...kept, ...parts);
    }

    box(layer) {
      const state = layer > this.step ? "explorable-layer explorable-later" : "explorable-layer";
      const column = this.way === ADDITION ? 1 : layer;
      const y = this.top(layer) - LINK + 15;
      const place = { x: this.left(column) + 1, y, width: this.side - 2, height: BOX, rx: 4 };
      const box = svg("g", { class: state }, svg("rect", place), label(this.middle(column), y + BOX / 2, layer));
      this.boxes.set(layer, box);
      return box;
    }

    /** What the channels of a row are, where there is room beside them. */
    names() {
      const rows = this.way === ADDITION ? range(0, this.step) : [0];
      return rows.map((row) => {
        const y = this.top(row) + (this.width * this.side) / 2;
        const name = label(this.left(1) + 4, y, written_sum(row));
        name.setAttribute("class", "explorable-start");
        return name;
      });
    }

    strip(row) {
      const columns = this.way.columns(row, this.width);
      const cells = columns.map((column, i) => column.map((channel, j) => this.cell(channel, row, i, j)));
      this.rows.push(cells);
      return svg("g", { class: row === this.step ? "explorable-fresh" : "" }, ...cells.flat());
    }

    cell(channel, row, column, index) {
      const [x, y] = [this.left(column), this.top(row) + index * this.side];
      const [of, source, at] = channel.map;
      const first = row === this.step && column === 0 && index === 0;
      const inside = { x: x + 2, y: y + 2, width: this.side - 4, height: this.side - 4 };
      const node = svg(
        "g",
        {
          class: `explorable-channel explorable-${channel.kind}`,
          role: "button",
          "aria-label": channel.text,
          "aria-pressed": "false",
          tabindex: first ? "0" : "-1",
          onpointerenter: (event) => event.pointerType === "mouse" && this.show(channel),
          onpointerleave: (event) => event.pointerType === "mouse" && this.show(this.pinned),
          onfocus: () => this.enter(row, column, index),
          onblur: () => this.show(this.pinned),
          onclick: () => this.pin(channel),
        },
        svg("rect", { x, y, width: this.side, height: this.side }),
        svg("image", { ...inside, href: this.patterns[of][source][at] }),
      );
      node.channel = channel;
      return node;
    }

    get cells() {
      return this.rows.flat(2);
    }

    /** Mark a channel wherever it stands, and the layers that read it; null marks nothing. */
    show(channel) {
      this.picture.classList.toggle("explorable-asking", channel !== null);
      const reads = (layer) => channel !== null && channel.readers.includes(layer);
      for (const [layer, box] of this.boxes) box.classList.toggle("explorable-reads", reads(layer));
      for (const link of this.picture.querySelectorAll("[data-reader]")) {
        link.classList.toggle("explorable-reads", reads(Number(link.dataset.reader)));
      }
      for (const cell of this.cells) {
        cell.classList.toggle("explorable-marked", channel !== null && cell.channel.key === channel.key);
        cell.setAttribute("aria-pressed", String(this.pinned !== null && cell.channel.key === this.pinned.key));
      }
      this.tell(channel ? channel.text : HINT);
    }

    pin(channel) {
      const again = this.pinned !== null && this.pinned.key === channel.key;
      this.pinned = again ? null : channel;
      this.show(channel);
    }

    enter(row, column, index) {
      this.cells.forEach((cell) => cell.setAttribute("tabindex", "-1"));
      this.rows[row][column][index].setAttribute("tabindex", "0");
      this.cursor = [row, column, index];
      this.show(this.rows[row][column][index].channel);
    }

    /** Left and right go along a row; up and down through a column, and on into the next row. */
    on_key(event) {
      let [row, column, index] = this.cursor;
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        column += event.key === "ArrowLeft" ? -1 : 1;
      } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const at = row * this.width + index + (event.key === "ArrowUp" ? -1 : 1);
        const place = within(at, this.rows.length * this.width);
        [row, index] = [Math.floor(place / this.width), place % this.width];
      } else if (event.key === "Enter" || event.key === " ") {
        this.pin(this.rows[row][column][index].channel);
      } else if (event.key === "Escape") {
        this.pinned = null;
        this.show(null);
      } else {
        return;
      }
      this.rows[row][within(column, this.rows[row].length)][index].focus();
      event.preventDefault();
    }
  }

  const within = (index, length) => Math.max(0, Math.min(length - 1, index));
  const label = (x, y, text) => svg("text", { x, y }, `${text}`);
  const arrow = (x, y) => svg("polygon", { points: `${x - 4},${y - 7} ${x + 4},${y - 7} ${x},${y}` });

  function plus(x, y) {
    const sign = svg("path", { d: `M${x - 5} ${y} h10 M${x} ${y - 5} v10` });
    return svg("g", { class: "explorable-plus" }, svg("circle", { cx: x, cy: y, r: 8 }), sign);
  }

  // ---------------------------------------------------------------- the explorable

  lesson.explorable("addition", "Add or concatenate: step through four layers", (body) => {
    const reading = element("p", { class: "explorable-reading" }, HINT);
    const tell = (text) => (reading.textContent = text);
    const panels = [ADDITION, CONCATENATION].map((way) => new Panel(way, tell));
    const status = lesson.announcer();
    const place = element("span", { class: "explorable-place" });
    const button = (text, action) => element("button", { type: "button", onclick: action }, text);
    const back = button("Back", () => go(step - 1));
    const next = button("Next layer", () => go(step + 1));
    const restart = button("Start again", () => go(0));
    const id = lesson.unique("channels");
    const slider = element("input", {
      type: "range", id, min: 1, max: COLOURS.length, value: 3, oninput: () => choose(),
    });
    const shown = element("strong", { "aria-hidden": "true" });
    let step = 1, width, patterns;

    function choose() {
      width = Number(slider.value);
      shown.textContent = `${width}`;
      const { parts, sums } = lesson.addition_patterns(width);
      const pictures = (rows) => rows.map((maps) => maps.map(picture_of));
      patterns = { parts: pictures(parts), sums: pictures(sums) };
      go(step);
    }

    function go(to) {
      step = within(to, LAYERS + 1);
      panels.forEach((panel) => panel.draw(step, width, patterns));
      place.textContent = `layer ${step} of ${LAYERS}`;
      // a disabled button would lose the keyboard's focus
      next.setAttribute("aria-disabled", String(step === LAYERS));
      back.setAttribute("aria-disabled", String(step === 0));
      restart.setAttribute("aria-disabled", String(step === 0));
      status.say(
        `After ${step} layers: with addition ${channels(width)}, ` +
          `with concatenation ${CONCATENATION.counted(step, width)}.`,
      );
    }

    body.append(
      element(
        "p",
        {},
        "The input x is a photograph. Each layer, a numbered box, looks for edges or spots in what it reads, and " +
          "writes as many channels as x has. They are added to what came in, or appended to it.",
      ),
      element(
        "div",
        { class: "explorable-slider" },
        element("label", { for: id }, "channels of x and of each layer"), shown, slider,
      ),
      element("div", { class: "explorable-buttons" }, next, back, restart, place),
      element("div", { class: "explorable-columns" }, ...panels.map((panel) => panel.node)),
      reading,
      status,
    );
    choose();
    const observer = new ResizeObserver(() =>
      panels.forEach((panel) => panel.node.clientWidth !== panel.room && panel.arrange()),
    );
    panels.forEach((panel) => observer.observe(panel.node));
  });
})(window.lesson);
