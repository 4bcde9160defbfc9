/* The microscope: a trained DenseNet and its residual twin at work, layer by layer, on one input.

   <div data-explorable="microscope"></div> puts it on a page or into a notebook's Markdown cell;
   data-network="k4" says what to begin with, data-size="small" leaves out what a glance does not need. */

(function (lesson) {
  "use strict";

  const { element, svg, number } = lesson;

  const DIGITS = "digits_images", GROWTH_RATES = [4, 8, 12];
  const pair = (name, images) => [name, { dense: `microscope_${name}`, twin: `microscope_twin_${name}`, images }];
  const NETWORKS = Object.fromEntries([
    ...GROWTH_RATES.map((k) => pair(`k${k}`, DIGITS)),
    pair("garments", "fashion_mnist_images"),
  ]);

  const HINT = "Point at a tile, or tap it: who reads it? Point at a layer's name: what does it read?";
  const known = (choice) => (Object.hasOwn(NETWORKS, choice) ? choice : "k12");
  const SLICE = 12; // milliseconds of work, then the page may answer
  const BEAT = 450; // milliseconds from layer to layer, when it plays
  const UNSURE = 0.5; // a smaller share for the first class is no answer
  const LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; // of a pixel, in a link

  const percent = (share) => `${Math.round(100 * share)} %`;
  const strength = (value) => value.toFixed(3);
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** Take all steps of a generator, in slices; whether it was wanted to the end. */
  async function in_slices(steps, wanted = () => true) {
    let begun = performance.now();
    for (const step of steps) {
      if (performance.now() - begun < SLICE) continue;
      await new Promise((go_on) => setTimeout(go_on));
      if (!wanted()) return false;
      begun = performance.now();
    }
    return true;
  }

  // ---------------------------------------------------------------- one network

  /** A network's panel: a row for each layer, in it a tile for each channel.

      A panel that keeps shows every row so far; one that adds shows the last one, since there is no other. */
  class Panel {
    constructor(microscope, { side, title, keeps }) {
      Object.assign(this, { microscope, side, title, keeps, off: new Set(), rows: [], maps: [], links: [], limit: 0 });
      this.arcs = svg("svg", { class: "microscope-arcs", "aria-hidden": "true" });
      this.list = element("div", { class: "microscope-rows" });
      this.caption = element("p", { class: "microscope-caption" });
      const events = {
        onclick: (event) => this.told(event, (focus) => microscope.select(focus)),
        onpointerover: (event) => event.pointerType === "mouse" && this.told(event, (focus) => microscope.point(focus)),
        onpointerleave: () => microscope.point(null),
        onfocusin: (event) => this.told(event, (focus) => microscope.point(focus)),
        onfocusout: () => microscope.point(null),
        onkeydown: (event) => this.on_key(event),
      };
      this.stack = element("div", { class: "microscope-stack", ...events }, this.arcs, this.list);
      this.node = element("section", { class: `microscope-panel microscope-${side}`, "aria-label": title },
        element("p", { class: "explorable-subtitle" }, title), this.caption, this.stack);
      new ResizeObserver(() => this.connect()).observe(this.list);
    }

    get layers() {
      return this.network.layers;
    }

    /** Make the rows of a network. A bracket holds what can be read together. */
    fill(network) {
      Object.assign(this, { network, links: [] });
      this.rows = this.layers.map((layer) => this.row(layer));
      const groups = [];
      this.rows.forEach((row, i) => {
        if (i === 0 || ["transition", "head"].includes(this.layers[i].kind)) {
          groups.push(element("div", { class: this.layers[i].kind === "head" ? "" : "microscope-bracket" }));
        }
        groups[groups.length - 1].append(row.node);
      });
      this.list.replaceChildren(...groups);
      this.rows[0].button.tabIndex = 0;
    }

    row(layer) {
      const button = element("button", { type: "button", class: "microscope-layer", tabindex: "-1", "data-layer": layer.index },
        layer.title);
      const meter = element("span", { class: "microscope-meter" });
      const channels = layer.kind === "head" ? 0 : layer.channels;
      const tiles = Array.from({ length: channels }, (_, channel) => this.tile(layer, channel));
      const gone = element("span", { class: "microscope-note" });
      const strip = element("div", { class: "microscope-tiles" }, ...tiles, gone);
      const node = element("div", { class: "microscope-row", style: `--pixels: ${layer.size}` },
        element("div", { class: "microscope-label" }, button, meter), strip);
      return { node, button, meter, tiles, gone };
    }

    tile(layer, channel) {
      return element("button", {
        type: "button", class: "microscope-tile", tabindex: "-1", "data-layer": layer.index, "data-channel": channel,
        "aria-label": `${layer.title}, channel ${channel + 1} of ${layer.channels}`,
      }, element("canvas", { width: layer.size, height: layer.size }));
    }

    is_off = (layer, channel) => this.off.has(`${layer.index}`) || this.off.has(`${layer.index}.${channel}`);

    /** Let the network look at an image; a generator, so that it can be done in slices. */
    *look(image) {
      const maps = [];
      for (const { layer, shown, scores, unlike } of lesson.run_network(this.network, image, this.is_off, this.microscope.averages)) {
        maps[layer.index] = shown;
        if (scores) Object.assign(this, { maps, unlike, probabilities: lesson.softmax(scores) });
        yield;
      }
    }

    /** Count the test images that are read right, with what is taken away. */
    *count({ images, labels }, result) {
      for (let i = 0; i < images.length; i++) {
        let scores;
        for (const step of lesson.run_network(this.network, images[i], this.is_off, this.microscope.averages)) yield ({ scores } = step);
        result.right += scores.indexOf(Math.max(...scores)) === labels[i] ? 1 : 0;
        result.of += 1;
      }
    }

    /** Show the maps up to a layer. */
    paint(limit) {
      const fresh = limit > this.limit;
      this.limit = limit;
      this.layers.forEach((layer, i) => {
        const { node, tiles, gone } = this.rows[i];
        const last = i === limit, state = node.classList;
        state.toggle("microscope-later", i > limit && layer.kind !== "head");
        state.toggle("microscope-gone", !this.keeps && i < limit);
        state.toggle("microscope-fresh", last && fresh);
        gone.textContent = !this.keeps && i < limit ? `overwritten by ${this.layers[i + 1].title}` : "";
        tiles.forEach((tile, channel) => tile.classList.toggle("microscope-off", this.is_off(layer, channel)));
        if (this.maps[i] && (this.keeps ? i <= limit : last)) this.paint_row(tiles, this.maps[i]);
      });
      this.caption.textContent = this.counted();
    }

    /** A colour for what is above zero, another for what is below; the stronger, the less transparent. */
    paint_row(tiles, { values, size }) {
      const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-6), pixels = size * size;
      const { above, below } = COLOURS[this.side];
      tiles.forEach((tile, channel) => {
        const image = new ImageData(size, size);
        for (let i = 0; i < pixels; i++) {
          const value = values[channel * pixels + i];
          image.data.set(value > 0 ? above : below, 4 * i);
          image.data[4 * i + 3] = 255 * Math.sqrt(Math.abs(value) / most);
        }
        tile.firstChild.getContext("2d").putImageData(image, 0, 0);
      });
    }

    /** How many channels the next layer can read. */
    counted() {
      const layer = this.layers[this.limit];
      if (!this.keeps) return `to be read after ${layer.title}: ${layer.channels} channels`;
      const together = this.layers.find(({ index }) => index > this.limit).reads;
      const all = together.map((index) => this.layers[index].channels);
      const written = all.length > 1 ? `${all[0]} + ${all.length - 1} × ${all[1]} = ${lesson.sum(all)}` : all[0];
      return `to be read after ${layer.title}: ${written} channels`;
    }

    // -------------------------------------------------------------- who reads what

    /** The focus that an event is about: { panel, layer, channel }; channel is null for the whole layer. */
    told(event, then) {
      const target = event.target.closest("[data-layer]");
      if (!target) return;
      const { layer, channel } = target.dataset;
      then({ panel: this, layer: this.layers[layer], channel: channel === undefined ? null : Number(channel) });
    }

    /** [{ source, reader, weight }]: of a channel those that read it, of a layer those that it reads. */
    linked({ layer, channel }) {
      const weights = (reader, source) => lesson.reading(this.network, reader, source);
      const mean = (values) => lesson.sum(values) / values.length;
      if (channel === null) {
        const sources = layer.reads.map((index) => this.layers[index]);
        return sources.map((source) => ({ source, reader: layer, weight: mean(weights(layer, source)) }));
      }
      const readers = this.layers.filter(({ reads }) => reads.includes(layer.index));
      return readers.map((reader) => ({ source: layer, reader, weight: weights(reader, layer)[channel] }));
    }

    /** Mark what a focus is about; null marks nothing. */
    mark(focus) {
      const links = (this.links = focus ? this.linked(focus) : []);
      const most = Math.max(...links.map(({ weight }) => weight));
      this.stack.classList.toggle("microscope-asking", focus !== null);
      this.rows.forEach(({ node, meter, button, tiles }, i) => {
        const here = focus !== null && focus.layer.index === i;
        const link = links.find(({ source, reader }) => !here && (source.index === i || reader.index === i));
        node.classList.toggle("microscope-linked", Boolean(link) || here);
        meter.textContent = link ? strength(link.weight) : "";
        meter.style.setProperty("--share", link ? link.weight / most : 0);
        button.classList.toggle("microscope-marked", here && focus.channel === null);
        tiles.forEach((tile, channel) => tile.classList.toggle("microscope-marked", here && focus.channel === channel));
      });
      this.connect();
    }

    /** Draw an arc from each source to each reader: all of them faintly, or the marked ones as wide as they are strong. */
    connect() {
      if (!this.network) return;
      const { links } = this, most = Math.max(...links.map(({ weight }) => weight));
      const all = this.layers.flatMap((reader) => reader.reads.map((index) => ({ source: this.layers[index], reader })));
      const wide = this.arcs.clientWidth || 40;
      const height = (layer) => {
        const { button } = this.rows[layer.index];
        return button.getBoundingClientRect().top - this.stack.getBoundingClientRect().top + button.offsetHeight / 2;
      };
      const arc = ({ source, reader, weight }) => {
        const from = height(source), to = height(reader);
        const bend = wide - Math.min(wide, 8 + (wide * (reader.index - source.index)) / 4) * 1.3;
        return svg("path", {
          d: `M${wide} ${from} C${bend} ${from} ${bend} ${to} ${wide} ${to}`,
          style: weight === undefined ? "" : `stroke-width: ${0.75 + (4 * weight) / most}px`,
          class: weight === undefined ? "" : "microscope-arc",
        });
      };
      this.arcs.replaceChildren(...(links.length ? links : all).map(arc));
    }

    describe({ layer, channel }) {
      const links = this.linked({ layer, channel });
      const named = (of) => links.map((link) => `${link[of].title} (${strength(link.weight)})`).join(", ");
      if (channel === null && layer.kind === "stem") return `The ${layer.title} reads the image itself.`;
      if (channel === null) {
        const channels = lesson.sum(layer.reads.map((index) => this.layers[index].channels));
        return `${capital(layer.title)} reads ${channels} channels, with these weights (mean |w|): ${named("source")}.`;
      }
      const what = `${capital(layer.title)}, channel ${channel + 1} of ${layer.channels}, ${layer.size} × ${layer.size} pixels.`;
      const after = this.keeps || links[0].reader.kind === "head" ? "" : ", which adds to it: then there is only the sum";
      return `${what} Read by (mean |w|) ${named("reader")}${after}.`;
    }

    // -------------------------------------------------------------- by keyboard

    on_key(event) {
      const here = event.target.closest("[data-layer]");
      if (!here) return;
      if (["Delete", "Backspace"].includes(event.key)) {
        event.preventDefault();
        return this.told(event, (focus) => this.microscope.take(focus));
      }
      const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      if (!(event.key in moves)) return;
      event.preventDefault();
      const grid = this.rows.map(({ button, tiles, node }) =>
        [button, ...(node.matches(".microscope-later, .microscope-gone") ? [] : tiles)]);
      const clamp = (value, length) => Math.min(Math.max(value, 0), length - 1);
      const [down, right] = moves[event.key];
      const row = clamp(Number(here.dataset.layer) + down, grid.length);
      const next = grid[row][clamp(Number(here.dataset.channel ?? -1) + 1 + right, grid[row].length)];
      for (const other of this.stack.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  }

  const COLOURS = { // of densenet_lesson/figures/drawing.py: what is new, what is a sum
    dense: { above: [230, 159, 0, 0], below: [0, 114, 178, 0] },
    twin: { above: [204, 121, 167, 0], below: [204, 121, 167, 0] },
  };

  const capital = (text) => text[0].toUpperCase() + text.slice(1);

  // ---------------------------------------------------------------- the whole

  class Microscope {
    constructor(body, place) {
      this.small = place.dataset.size === "small";
      this.offers = this.small ? 5 : 10; // test images at a time
      this.place = place;
      Object.assign(this, { choice: null, step: 0, chosen: null, pointed: null, turn: 0, right: new Map() });
      this.status = lesson.announcer();
      this.message = element("p", { class: "microscope-message" });
      this.pad = new lesson.Pad((ink) => this.take_ink(ink), (text) => this.say(text));
      this.panels = {
        dense: new Panel(this, { side: "dense", title: "DenseNet keeps: [ x , y ]", keeps: true }),
        twin: new Panel(this, { side: "twin", title: "ResNet adds: x + y", keeps: false }),
      };
      this.scores = element("div", { class: "microscope-scores" });
      this.answer = element("p", { class: "microscope-answer" });
      this.seen = element("p", { class: "microscope-seen" });
      this.detail = element("p", { class: "microscope-detail" });
      this.facts = element("div", { class: "microscope-facts" });
      this.make_controls();
      this.body = body;
      this.waiting = [...place.querySelectorAll("img")]; // the picture stays until the networks have come
      body.append(...this.waiting, this.message, this.status);
      this.start();
    }

    make_controls() {
      const button = (text, onclick, more = {}) => element("button", { type: "button", onclick, ...more }, text);
      this.button = button;
      this.samples = element("div", { class: "microscope-samples", role: "group", "aria-label": "test images" });
      this.file = element("input", { type: "file", accept: "image/*", id: lesson.unique("picture"), class: "microscope-file", onchange: () => this.file.files[0] && this.pad.take(this.file.files[0]) });
      this.growth = element("input", {
        type: "range", min: 0, max: GROWTH_RATES.length - 1, step: 1, id: lesson.unique("growth"),
        oninput: () => this.choose(`k${GROWTH_RATES[this.growth.value]}`),
      });
      const options = { digits: "digits, 8 × 8 pixels", garments: "garments, 28 × 28 pixels" };
      this.subject = element("select", {
        id: lesson.unique("subject"),
        onchange: () => this.choose(this.subject.value === "garments" ? "garments" : `k${GROWTH_RATES[this.growth.value]}`),
      }, ...Object.entries(options).map(([value, text]) => element("option", { value }, text)));
      this.growth_shown = element("strong", { "aria-hidden": "true" });
      this.stepper = element("input", { type: "range", min: 0, value: 0, id: lesson.unique("step"), oninput: () => this.go_to(Number(this.stepper.value)) });
      this.step_shown = element("strong", { "aria-hidden": "true" });
      this.play_button = button("Watch it, layer by layer", () => this.play());
      this.play_button.hidden = still();
      this.take_channel = button("", () => this.take(this.chosen));
      this.take_layer = button("", () => this.take({ ...this.chosen, channel: null }));
      this.put_back = button("Put everything back", () => this.restore_all());
      this.instead = element("select", { "aria-label": "written in place of what is taken away", onchange: () => this.look() },
        ...["zeros", "averages"].map((value) => element("option", { value }, `${value} instead`)));
      this.link = element("a", { href: "#" }, "Link to what you see");
    }

    arranged() {
      const { small, panels } = this;
      const slider = (input, shown, text) =>
        element("div", { class: "explorable-slider" }, element("label", { for: input.id }, text), shown, input);
      const clear = this.button("Clear", () => (this.pad.clear(), this.take_ink(this.pad.ink())));
      const others = this.button("Others", () => this.offer(this.offered + this.offers));
      const picture = element("label", { for: this.file.id, class: "microscope-picture" }, "Your own picture", this.file);
      const choose = element("div", { class: "microscope-choose" },
        element("div", { class: "explorable-buttons" }, clear, others, small ? null : picture), this.samples, this.seen, this.answer, this.message);
      const input = element("div", { class: "microscope-input" }, this.pad.node, choose, small ? null : this.scores);
      this.growth_control = slider(this.growth, this.growth_shown, "growth rate k");
      const subject = element("div", { class: "explorable-field" }, element("label", { for: this.subject.id }, "what is read"), this.subject);
      const steps = element("div", { class: "microscope-controls" }, ...(small ? [] : [subject, this.growth_control]),
        slider(this.stepper, this.step_shown, "shown up to"), this.play_button);
      const taking = element("div", { class: "explorable-buttons" }, this.take_channel, this.take_layer, this.put_back, this.instead);
      const reading = element("div", { class: "microscope-reading" }, this.detail, taking);
      const sharing = element("div", { class: "explorable-buttons" }, this.button("Copy link", () => this.copy_link()), this.link);
      const both = element("div", { class: "microscope-panels" }, panels.dense.node, panels.twin.node);
      const main = element("div", { class: `microscope ${small ? "microscope-small" : ""}` }, input, steps, both, small ? null : reading);
      return small ? [main, this.status] : [main, this.facts, sharing, this.status];
    }

    /** Load what is needed once the microscope is nearly in view. */
    start() {
      const begin = () => this.restore() || this.choose(known(this.place.dataset.network));
      new IntersectionObserver((entries, observer) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        begin();
      }, { rootMargin: "400px" }).observe(this.place);
      if (!this.small) window.addEventListener("hashchange", () => this.restore());
    }

    say(text) {
      this.message.textContent = text;
      this.status.say(text);
    }

    // -------------------------------------------------------------- what is looked at

    /** Change to another pair of networks, and show what `state` says. */
    async choose(choice, state = {}) {
      this.choice = choice;
      const names = NETWORKS[choice];
      this.say("Loading the trained networks …");
      try {
        const loaded = [lesson.load_network(names.dense), lesson.load_network(names.twin), lesson.load_images(names.images)];
        const [dense, twin, images] = await Promise.all(loaded);
        if (this.choice !== choice) return; // another one was chosen in the meantime
        this.say("");
        this.set_up({ dense, twin }, images, state);
      } catch (error) {
        this.say(`${error.message}: is the page's folder complete?`);
      }
    }

    set_up(networks, images, { image, pixels, step, off = [], instead = this.instead.value }) {
      if (!this.images) {
        this.waiting.forEach((node) => node.remove());
        this.body.append(...this.arranged());
      }
      const same = this.images === images;
      this.images = images;
      this.instead.value = instead;
      this.select(null);
      for (const [side, panel] of Object.entries(this.panels)) {
        panel.fill(networks[side]);
        panel.off = new Set(off.filter((key) => key[0] === side[0]).map((key) => key.slice(1)));
      }
      this.show_choice(networks.dense.header.config.growth_rate);
      this.last = this.panels.dense.layers.length - 2; // then comes the classifier
      this.stepper.max = this.last;
      this.step = Math.min(step ?? this.last, this.last);
      if (!same || !this.offered) this.offer(0);
      if (pixels) this.look_at(pixels, null);
      else if (image !== undefined || !same || !this.values) this.pick(image ?? 0, this.small);
      else this.look();
    }

    show_choice(k) {
      const digits = this.choice !== "garments";
      this.subject.value = digits ? "digits" : "garments";
      this.growth_control.hidden = !digits;
      if (!digits) return;
      this.growth.value = GROWTH_RATES.indexOf(k);
      this.growth_shown.textContent = k;
      this.growth.setAttribute("aria-valuetext", `k = ${k}`);
    }

    /** Offer some of the test images, from the given one on. */
    offer(first) {
      this.offered = first % this.images.labels.length;
      const chosen = this.images.labels.map((_, i) => i).slice(this.offered, this.offered + this.offers);
      const colour = this.pad.colour();
      this.samples.replaceChildren(...chosen.map((i) =>
        element("button", {
          type: "button", class: "microscope-sample", "aria-label": `test image ${i + 1}: ${this.images.class_names[this.images.labels[i]]}`,
          onclick: () => this.pick(i, true),
        }, lesson.ink_picture(this.images.images[i], this.images.size, colour))));
    }

    pick(i, play = false) {
      this.say("");
      const image = this.images.images[i] ? i : 0;
      this.pad.show(this.images.images[image], this.images.size);
      this.look_at(this.images.images[image], image);
      if (play && !still()) this.play();
    }

    /** Look at what was drawn, in the steps of grey that a link can hold. */
    take_ink(ink) {
      const pixels = lesson.fit_ink(ink, this.images.size);
      if (!pixels) {
        this.say("Nothing is drawn.");
        this.look_at(new Float32Array(this.images.size ** 2), null);
        return;
      }
      this.message.textContent = "";
      this.look_at(pixels.map((value) => Math.round(value * 63) / 63), null);
    }

    look_at(values, image) {
      Object.assign(this, { values, image });
      this.seen.replaceChildren("What the networks see: ", lesson.ink_picture(values, this.images.size, this.pad.colour()));
      if (this.playing) this.stop(this.last);
      this.look();
    }

    /** Let both networks look; what comes in the meantime has its turn when they are done. */
    async look() {
      this.wanted = true;
      this.turn++;
      if (this.looking) return;
      this.looking = true;
      while (this.wanted) {
        this.wanted = false;
        for (const panel of Object.values(this.panels)) await in_slices(panel.look(this.values));
        this.show_step();
        this.show_scores();
      }
      this.looking = false;
      this.show_facts();
      this.count();
    }

    /** Show both networks up to a layer of the DenseNet; the twin is as far on its way. */
    show_step() {
      const { step } = this, { dense, twin } = this.panels;
      const twins = twin.layers.length - 1;
      dense.paint(step);
      twin.paint(Math.max(0, Math.ceil(((step + 1) * twins) / (this.last + 1)) - 1));
      const { title } = dense.layers[step];
      this.stepper.value = step;
      this.step_shown.textContent = title;
      this.stepper.setAttribute("aria-valuetext", title);
      this.mark();
      this.write_link();
    }

    play(step = 0) {
      this.go_to(step);
      if (step < this.last) this.playing = setTimeout(() => this.play(step + 1), BEAT);
    }

    go_to(step) {
      this.stop(step);
      this.show_step();
    }

    stop(step) {
      clearTimeout(this.playing);
      Object.assign(this, { step, playing: null });
    }

    // -------------------------------------------------------------- who reads, what is taken away

    point(focus) {
      this.pointed = focus;
      this.mark();
    }

    select(focus) {
      const { chosen } = this;
      const again = focus && chosen && focus.layer === chosen.layer && focus.channel === chosen.channel;
      this.chosen = again ? null : focus;
      this.mark();
    }

    mark() {
      const focus = this.pointed || this.chosen;
      for (const panel of Object.values(this.panels)) if (panel.network) panel.mark(focus && focus.panel === panel ? focus : null);
      this.detail.textContent = focus ? focus.panel.describe(focus) : HINT;
      const able = this.chosen && this.chosen.layer.kind !== "head";
      this.take_channel.hidden = !able || this.chosen.channel === null;
      this.take_layer.hidden = !able;
      if (able) {
        const { panel, layer, channel } = this.chosen;
        const words = (key) => (panel.off.has(key) ? "Put back" : "Take away");
        this.take_channel.textContent = `${words(`${layer.index}.${channel}`)} channel ${channel + 1}`;
        this.take_layer.textContent = `${words(`${layer.index}`)} ${["stem", "transition"].includes(layer.kind) ? `the ${layer.title}` : layer.title}`;
      }
      this.put_back.hidden = !Object.values(this.panels).some(({ off }) => off.size);
      this.instead.hidden = !able && this.put_back.hidden;
    }

    /** Take a channel or a whole layer away, or put it back. */
    take({ panel, layer, channel }) {
      if (layer.kind === "head") return;
      const key = channel === null ? `${layer.index}` : `${layer.index}.${channel}`;
      if (!panel.off.delete(key)) panel.off.add(key);
      this.look();
    }

    restore_all() {
      for (const { off } of Object.values(this.panels)) off.clear();
      this.look();
    }

    // -------------------------------------------------------------- what comes out

    show_scores() {
      const { class_names } = this.images, { dense, twin } = this.panels;
      const best = ({ probabilities }) => probabilities.indexOf(Math.max(...probabilities));
      const said = (panel) => `${class_names[best(panel)]} (${percent(Math.max(...panel.probabilities))})`;
      const truth = this.image === null ? "" : ` It is labelled ${class_names[this.images.labels[this.image]]}.`;
      const strange = dense.unlike > 1 || Math.max(...dense.probabilities) < UNSURE;
      this.answer.textContent = `DenseNet: ${said(dense)}. ResNet: ${said(twin)}.${truth}` +
        (strange ? " Don’t trust this: it looks unlike anything that the DenseNet has learned." : "");
      this.status.say(this.answer.textContent);
      const cell = (share, side) => element("td", { class: `microscope-${side}`, style: `--share: ${share}` }, percent(share));
      const row = (name, i) => element("tr", { class: i === best(dense) ? "microscope-best" : "" },
        element("th", { scope: "row" }, name), cell(dense.probabilities[i], "dense"), cell(twin.probabilities[i], "twin"));
      const head = ["", "DenseNet", "ResNet"].map((text) => element(text ? "th" : "td", text ? { scope: "col" } : {}, text));
      this.scores.replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, ...head)),
        element("tbody", {}, ...class_names.map(row))));
    }

    /** What both networks cost, and how well they do: from the records, and counted here. */
    show_facts() {
      const { dense, twin } = this.panels;
      const both = [dense, twin].map((panel) => ({ panel, rows: lesson.trace(panel.network.header.config) }));
      const k = dense.network.header.config.growth_rate;
      const lines = [
        ["parameters", ({ rows }) => number(lesson.parameters(rows))],
        ["FLOPs of one image", ({ rows }) => number(lesson.flops(rows))],
        ["accuracy on all test images", ({ panel }) => percent_exact(panel.network.header.test_accuracy)],
        [`right of ${this.images.labels.length} test images, as it is now`, ({ panel }) => this.counted(panel)],
      ];
      const row = ([name, write]) => element("tr", {}, element("th", { scope: "row" }, name), ...both.map((one) => element("td", {}, write(one))));
      const heads = ["", `DenseNet, k = ${k}`, "ResNet of equal size"].map((text) => element(text ? "th" : "td", text ? { scope: "col" } : {}, text));
      this.facts.replaceChildren(element("table", { class: "explorable-table" },
        element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines.map(row))));
    }

    /** Whether averages stand in place of what is taken away, not zeros. */
    get averages() {
      return this.instead.value === "averages";
    }

    key(panel) {
      return `${panel.network.name}:${[...panel.off].sort()}${panel.off.size ? this.instead.value : ""}`;
    }

    counted(panel) {
      const now = this.right.get(this.key(panel)), whole = this.right.get(`${panel.network.name}:`);
      if (now === undefined) return "counting …";
      const less = whole - now;
      return `${now}${panel.off.size && whole !== undefined ? ` (${less < 0 ? `${-less} more` : `${less} fewer`} than whole)` : ""}`;
    }

    /** Count how many test images are read right, in slices, until the next change. */
    async count() {
      const { turn, images } = this;
      for (const panel of Object.values(this.panels)) {
        const key = this.key(panel), result = { right: 0, of: 0 };
        if (this.right.has(key)) continue;
        if (!(await in_slices(panel.count(images, result), () => turn === this.turn))) return;
        this.right.set(key, result.right);
        this.show_facts();
        if (panel.off.size) this.status.say(`${panel.title.split(" ")[0]}: ${this.counted(panel)} of ${result.of} test images are read right.`);
      }
    }

    // -------------------------------------------------------------- the link

    write_link() {
      const off = Object.entries(this.panels).flatMap(([side, panel]) => [...panel.off].map((key) => side[0] + key));
      const written = Array.from(this.values, (value) => LEVELS[Math.round(value * 63)]).join("");
      const what = this.image === null ? `pixels=${written}` : `image=${this.image + 1}`;
      const parts = [`microscope=${this.choice}`, what, this.step < this.last ? `step=${this.step}` : "", off.length ? `off=${off}` : "",
        off.length && this.averages ? "instead=averages" : ""];
      this.link.href = `#${parts.filter(Boolean).join("&")}`;
    }

    async copy_link() {
      const worked = await lesson.copy(this.link.href);
      this.say(worked ? "The link is copied." : "The browser does not allow copying: copy the link by hand.");
    }

    /** Show what the page's address says; whether it says something. What makes no sense is left out. */
    restore() {
      const state = new URLSearchParams(window.location.hash.slice(1));
      const choice = state.get("microscope");
      if (this.small || choice === null) return false;
      const whole = (text) => (/^\d{1,4}$/.test(text ?? "") ? Number(text) : undefined);
      const pixels = Array.from(state.get("pixels") ?? "", (letter) => LEVELS.indexOf(letter) / 63);
      const image = whole(state.get("image"));
      this.choose(known(choice), {
        pixels: [64, 784].includes(pixels.length) && pixels.every((value) => value >= 0) ? Float32Array.from(pixels) : null,
        image: image === undefined ? undefined : image - 1,
        step: whole(state.get("step")),
        off: (state.get("off") ?? "").split(",").filter((key) => /^[dt]\d{1,3}(\.\d{1,3})?$/.test(key)),
        instead: state.get("instead") === "averages" ? "averages" : "zeros",
      });
      return true;
    }
  }

  const percent_exact = (share) => `${(100 * share).toFixed(1)} %`;

  lesson.explorable("microscope", "A DenseNet under the microscope", (body, place) => new Microscope(body, place));
})(window.lesson);
