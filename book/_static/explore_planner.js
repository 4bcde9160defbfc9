/* Explorable of chapter 6: choose a network, change it, and see what every part costs. */

(function (lesson) {
  "use strict";

  const { element, svg, number, WrongValue } = lesson;
  const MOST = 99999; // of a whole number, so that nothing takes long
  const MOST_LAYERS = 5000;
  const FIRST = "densenet121"; // what the planner shows at first

  // ---------------------------------------------------------------- fields

  /* How a field is written, read and checked. `write` gives what stands in the control, `read` the
     value, `python` what stands in Python code. */

  const whole = (text) => (/^\d+$/.test(text.trim()) ? Number(text) : NaN);

  const INTEGER = {
    control: () => element("input", { type: "number", min: 1, max: MOST, step: 1 }),
    write: String,
    read(text, { label, such }) {
      const value = whole(text);
      if (value >= 1 && value <= MOST) return value;
      throw new Error(`${label} must be a whole number from 1 to ${number(MOST)}, such as ${such}`);
    },
    python: String,
  };

  const INTEGER_OR_NONE = {
    control: () => element("input", { type: "text", inputmode: "numeric", autocomplete: "off" }),
    write: (value) => (value === null ? "none" : String(value)),
    read(text, { label, such }) {
      if (["", "none"].includes(text.trim().toLowerCase())) return null;
      const value = whole(text);
      if (value >= 1 && value <= MOST) return value;
      throw new Error(`${label} must be none, or a whole number such as ${such}`);
    },
    python: (value) => (value === null ? "None" : String(value)),
  };

  const LIST = {
    control: () => element("input", { type: "text", autocomplete: "off" }),
    write: (values) => values.join(", "),
    read(text, { label, such }) {
      const values = text.replace(/[()[\]]/g, "").replace(/,\s*$/, "").split(/\s*,\s*|\s+/);
      const numbers = values.filter((part, i) => part || values.length === 1 || i > 0).map(whole);
      if (numbers.every((value) => value >= 1 && value <= MOST)) return numbers;
      throw new Error(`${label} must be whole numbers of at least 1, with commas between, such as ${such}`);
    },
    python: (values) => `(${values.join(", ")}${values.length === 1 ? "," : ""})`,
  };

  const SHARE = {
    control: () => element("input", { type: "text", inputmode: "decimal", autocomplete: "off" }),
    write: String,
    read(text, { label, right, fits }) {
      const value = /^(\d+\.?\d*|\.\d+)$/.test(text.trim()) ? Number(text) : NaN;
      if (fits(value)) return value;
      throw new Error(`${label} must be a number ${right}`);
    },
    python: String,
  };

  const CHOICE = {
    control: ({ options }) =>
      element("select", {}, ...Object.entries(options).map(([value, text]) => element("option", { value }, text))),
    write: String,
    read(text, { label, options }) {
      if (text in options) return text;
      throw new Error(`${label} must be ${Object.values(options).join(" or ")}`);
    },
    python: (value) => `"${value}"`,
  };

  const SWITCH = {
    ...CHOICE,
    control: (field) => CHOICE.control({ ...field, options: YES_NO }),
    read: (text, field) => CHOICE.read(text, { ...field, options: YES_NO }) === "true",
    python: (value) => (value ? "True" : "False"),
  };
  const YES_NO = { false: "no", true: "yes" };

  const STEM = {
    name: "stem", label: "stem", type: CHOICE,
    options: { imagenet: "ImageNet (7×7)", cifar: "CIFAR (3×3)" },
  };
  const IMAGE = [
    { name: "in_channels", label: "channels of the image", type: INTEGER, such: 3 },
    { name: "num_classes", label: "classes", type: INTEGER, such: 10 },
  ];
  const SIZE = { name: "image_size", label: "image size in pixels", type: INTEGER, such: 224 };
  const BIAS = { name: "bias", label: "convolutions have a bias", type: SWITCH };
  const BATCH = { name: "batch_size", label: "images in a batch", type: INTEGER, such: 64 };

  const FIELDS = {
    densenet: {
      main: [
        { name: "block_config", label: "layers of each dense block", type: LIST, such: "6, 12, 24, 16" },
        { name: "growth_rate", label: "growth rate k", type: INTEGER, such: 32 },
        { name: "num_init_features", label: "channels of the stem", type: INTEGER, such: 64 },
        { name: "bn_size", label: "bottleneck, times k", type: INTEGER_OR_NONE, such: 4 },
        {
          name: "compression", label: "compression θ", type: SHARE,
          right: "more than 0 and at most 1, such as 0.5", fits: (value) => value > 0 && value <= 1,
        },
        SIZE,
      ],
      more: [
        STEM,
        { name: "pool", label: "pooling", type: CHOICE, options: { avg: "average", max: "max" } },
        BIAS,
        {
          name: "drop_rate", label: "dropout", type: SHARE,
          right: "of at least 0 and less than 1, such as 0.2", fits: (value) => value >= 0 && value < 1,
        },
        { name: "deep_supervision", label: "deep supervision", type: SWITCH },
        ...IMAGE,
      ],
    },
    resnet: {
      main: [
        {
          name: "block", label: "block", type: CHOICE,
          options: { basic: "basic", bottleneck: "bottleneck", plain: "plain (no shortcut)" },
        },
        { name: "layers", label: "blocks of each stage", type: LIST, such: "2, 2, 2, 2" },
        { name: "widths", label: "width of each stage", type: LIST, such: "64, 128, 256, 512" },
        SIZE,
      ],
      more: [
        {
          name: "shortcut", label: "shortcut", type: CHOICE,
          options: { A: "A: padding with zeros", B: "B: projection where shapes change", C: "C: projection" },
        },
        { name: "shortcut_norm", label: "norm on a projection", type: SWITCH },
        STEM,
        BIAS,
        ...IMAGE,
      ],
    },
  };

  // ---------------------------------------------------------------- plans

  /** The configuration of a preset, complete. */
  function configuration(preset) {
    const { kind, ...changes } = lesson.presets[preset];
    return { ...lesson.defaults[kind], ...changes };
  }

  const fields_of = (preset) => {
    const { main, more } = FIELDS[lesson.presets[preset].kind];
    return [...main, ...more];
  };

  /** Whatever can be wrong with the fields together; WrongValue says what would be right. */
  function check(config) {
    const lengths = lesson.is_densenet(config) ? "block_config" : "layers";
    if (lesson.sum(config[lengths]) > MOST_LAYERS) {
      throw new WrongValue(lengths, `at most ${number(MOST_LAYERS)} in all, please`);
    }
    if (!lesson.is_densenet(config) && config.widths.length !== config.layers.length) {
      const stages = config.layers.length;
      throw new WrongValue("widths", `one width for each of the ${stages} stages, please`);
    }
    const narrows = (width, i) => i > 0 && width < config.widths[i - 1];
    if (config.shortcut === "A" && config.block !== "plain" && config.widths.some(narrows)) {
      throw new WrongValue("widths", "shortcut A can add channels, not take them away: grow, or use B");
    }
  }

  /** The ways to keep activations (`memory` in the package); a ResNet has only the first one. */
  const MEMORIES = { plain: "plain", recompute: "recomputed", one_buffer: "recomputed, one buffer" };
  const memories_of = (config) =>
    Object.keys(MEMORIES).slice(0, lesson.is_densenet(config) ? undefined : 1);

  const kept_by = (memory, config, batch_size) =>
    lesson.activation_bytes(lesson.trace({ ...config, memory }), batch_size);

  /** Everything that is shown about a configuration. */
  function costs(config, batch_size) {
    check(config);
    const rows = lesson.trace(config);
    const result = {
      stages: lesson.stages(rows),
      parameters: lesson.parameters(rows),
      flops: lesson.flops(rows),
      memory: memories_of(config).map((memory) => ({
        title: `activation memory, ${MEMORIES[memory]}`,
        bytes: kept_by(memory, config, batch_size),
      })),
    };
    const totals = [result.parameters, result.flops, ...result.memory.map(({ bytes }) => bytes)];
    if (!totals.every(Number.isSafeInteger)) {
      throw new WrongValue(null, "This network is too large to be counted here: choose smaller numbers.");
    }
    return result;
  }

  /** Python code whose printed numbers are those of the page. */
  function python(preset, changes, batch_size) {
    const memories = memories_of(configuration(preset));
    const options = changes.map(({ field, value }) => `    ${field.name}=${field.type.python(value)},\n`);
    const config = changes.length ? `get_config(\n    "${preset}",\n${options.join("")})` : `get_config("${preset}")`;
    return `from densenet_lesson import arithmetic, get_config

config = ${config}
print(f"parameters: {arithmetic.parameters(config):,}")
print(f"FLOPs of one image: {arithmetic.flops(config):,}")
${memory_lines(memories, batch_size)}
# densenet_lesson.build(config) makes the network itself.
`;
  }

  function memory_lines(memories, batch_size) {
    if (memories.length === 1) {
      return `kept = arithmetic.activation_bytes(config, batch_size=${batch_size})
print(f"bytes kept, plain: {kept:,}")`;
    }
    return `for memory in ("${memories.join('", "')}"):
    kept = arithmetic.activation_bytes(
        get_config(config, memory=memory), batch_size=${batch_size}
    )
    print(f"bytes kept, {memory}: {kept:,}")`;
  }

  // ---------------------------------------------------------------- words

  function part_name({ name, training_only }) {
    const known = { denseblock: "dense block", auxiliary: "auxiliary classifier", layer: "stage" };
    const words = name.replace(/^(\D+)(\d+)$/, (_, part, i) => `${known[part] || part} ${i}`);
    return training_only ? `${words} (training only)` : words;
  }

  const part_kind = ({ name }) =>
    name.startsWith("denseblock") ? "new" : name.startsWith("transition") ? "transition" : name.startsWith("layer") ? "sum" : "plain";

  const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}`.replace(/[^.]$/, "$&.");

  const decimals = (value, digits) =>
    value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const mebibytes = (bytes) => decimals(bytes / 2 ** 20, 1);

  // ---------------------------------------------------------------- the explorable

  class Planner {
    constructor(body, place) {
      this.place = place;
      this.preset = this.make_preset();
      this.controls = new Map(); // name of the field → { field, input, wrong }
      this.main = element("div", { class: "explorable-fields" });
      this.more = element("div", { class: "explorable-fields" });
      this.problem = element("p", { class: "explorable-problem", id: lesson.unique("problem") });
      this.results = element("div");
      this.answer = element("div");
      this.code = element("pre", { class: "explorable-code", tabindex: "0", role: "region", "aria-label": "Python code of this network" });
      this.link = element("a", { href: "#" }, "Link to this network");
      this.status = lesson.announcer();
      const button = (text, onclick) => element("button", { type: "button", onclick }, text);
      const parts = [
        this.labelled("network", this.preset),
        this.main,
        element("details", { class: "explorable-more" }, element("summary", {}, "More settings"), this.more),
        element(
          "div",
          { class: "explorable-buttons" },
          button("Undo all changes", () => this.choose(this.preset.value)),
        ),
        this.problem,
        this.answer,
        this.status,
      ];
      this.answer.append(
        this.results,
        element(
          "div",
          { class: "explorable-buttons" },
          button("Copy as Python", () => this.copy(this.code.textContent, "The Python code is copied.")),
          button("Copy link", () => this.copy(this.link.href, "The link is copied.")),
          this.link,
        ),
        this.code,
      );
      body.append(...parts);
      window.addEventListener("hashchange", () => this.restore());
      if (!this.restore()) this.choose(FIRST);
    }

    make_preset() {
      const group = (kind, label) =>
        element("optgroup", { label }, ...Object.entries(lesson.presets)
          .filter(([, preset]) => preset.kind === kind)
          .map(([value, preset]) => element("option", { value }, preset.name)));
      return element("select", { onchange: () => this.choose(this.preset.value) },
        group("densenet", "DenseNet"), group("resnet", "ResNet"));
    }

    labelled(label, input) {
      input.id = input.id || lesson.unique("field");
      return element("div", { class: "explorable-field" }, element("label", { for: input.id }, label), input);
    }

    /** Show a preset; `texts` are what stands in the controls instead of the preset's own values. */
    choose(preset, texts = {}) {
      this.preset.value = preset;
      const values = { ...configuration(preset), batch_size: 64 };
      const kept = this.controls.get("batch_size");
      if (kept && !("batch_size" in texts)) texts = { ...texts, batch_size: kept.input.value };
      this.controls.clear();
      const { main, more } = FIELDS[lesson.presets[preset].kind];
      const make = (field) => this.make_field(field, texts[field.name] ?? field.type.write(values[field.name]));
      this.main.replaceChildren(...[...main, BATCH].map(make));
      this.more.replaceChildren(...more.map(make));
      this.update();
    }

    make_field(field, text) {
      const input = field.type.control(field);
      const before = input.value;
      input.value = text;
      if (input.tagName === "SELECT" && input.selectedIndex < 0) input.value = before;
      input.addEventListener(input.tagName === "SELECT" ? "change" : "input", () => this.update());
      this.controls.set(field.name, { field, input, wrong: "" });
      return this.labelled(field.label, input);
    }

    /** Read every control; returns the values that are right, and marks those that are not. */
    read() {
      const values = {};
      for (const [name, { field, input }] of this.controls) {
        try {
          values[name] = field.type.read(input.value, field);
          this.mark(name, "");
        } catch (error) {
          this.mark(name, sentence(error.message));
        }
      }
      return values;
    }

    mark(name, text) {
      const control = this.controls.get(name), { input } = control;
      control.wrong = text;
      input.toggleAttribute("aria-invalid", false);
      input.removeAttribute("aria-describedby");
      if (text) {
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", this.problem.id);
        const details = input.closest("details");
        if (details) details.open = true;
      }
    }

    update() {
      const { batch_size, ...values } = this.read();
      const wrong = [...this.controls.values()].filter((control) => control.wrong);
      if (wrong.length) return this.refuse(wrong.map((control) => control.wrong));
      const config = { ...configuration(this.preset.value), ...values };
      try {
        this.show(config, batch_size, costs(config, batch_size));
      } catch (error) {
        if (!(error instanceof WrongValue)) throw error;
        if (this.controls.has(error.field)) this.mark(error.field, sentence(error.message));
        this.refuse([sentence(error.message)]);
      }
      return undefined;
    }

    /** Say once what is wrong; the result keeps its room, so that nothing jumps. */
    refuse(messages) {
      this.problem.textContent = `No result yet. ${messages.join(" ")}`;
      this.answer.classList.add("explorable-refused");
      this.status.say(this.problem.textContent);
    }

    show(config, batch_size, result) {
      const preset = this.preset.value;
      const before = configuration(preset);
      const changes = fields_of(preset)
        .map((field) => ({ field, value: config[field.name] }))
        .filter(({ field, value }) => String(value) !== String(before[field.name]));
      this.problem.textContent = "";
      this.answer.classList.remove("explorable-refused");
      this.results.replaceChildren(picture(result.stages), ...summary(config, batch_size, result), table(result.stages, batch_size));
      this.code.textContent = python(preset, changes, batch_size);
      const state = [...changes, { field: BATCH, value: batch_size }];
      this.link.href =
        `#plan=${preset}` +
        state.map(({ field, value }) => `&${field.name}=${field.type.write(value).replaceAll(", ", ",")}`).join("");
      this.status.say(
        `${number(result.parameters)} parameters, ${decimals(result.flops / 1e9, 3)} billion FLOPs, ` +
          `${mebibytes(result.memory[0].bytes)} MiB of activations.`,
      );
    }

    async copy(text, done) {
      const worked = await lesson.copy(text);
      this.status.say(worked ? done : "The browser does not allow copying: mark the text and copy it by hand.");
    }

    /** Read the state from the page's address; whether there is one. */
    restore() {
      const state = new URLSearchParams(window.location.hash.slice(1));
      const preset = state.get("plan");
      if (preset === null) return false;
      const known = Object.hasOwn(lesson.presets, preset);
      this.choose(known ? preset : FIRST, known ? Object.fromEntries(state) : {});
      if (!known) this.problem.textContent = `The link names no known network (${preset}): choose one.`;
      this.scroll();
      return true;
    }

    /** Bring the planner into view, once what is above it has its size. */
    async scroll() {
      if (document.readyState !== "complete") {
        await new Promise((done) => window.addEventListener("load", done, { once: true }));
      }
      await document.fonts.ready;
      this.place.scrollIntoView({ behavior: "instant" });
    }
  }

  function summary(config, batch_size, { stages, parameters, flops, memory }) {
    const lines = [
      ["parameters", number(parameters), ""],
      ["FLOPs of one image", number(flops), `${decimals(flops / 1e9, 3)} billion`],
      ...memory.map(({ title, bytes }) => [
        `${title}, batch of ${number(batch_size)}`, `${number(bytes)} bytes`, `${mebibytes(bytes)} MiB`,
      ]),
      ["layers with weights", number(lesson.depth(config)), ""],
    ];
    const path = stages.filter(({ name }) => !/^(head|auxiliary)/.test(name)).map(({ channels }) => channels);
    lines.push(["channels", path.join(" → "), ""]);
    const list = lines.flatMap(([name, exact, rounded]) => [
      element("dt", {}, name),
      element("dd", {}, element("strong", { class: "explorable-written" }, exact), rounded ? ` (${rounded})` : ""),
    ]);
    return [element("dl", {}, ...list)];
  }

  /** The parts side by side: a wider box has more channels, a higher one more pixels. */
  function picture(stages) {
    const WIDTH = Math.min(640, document.documentElement.clientWidth - 60);
    const HIGH = 110, GAP = 4, LEAST = 8, LETTERS = 34; // pixels
    const parts = stages.filter(({ training_only }) => !training_only);
    const channels = lesson.sum(parts.map((part) => part.channels));
    const largest = Math.max(...parts.map(({ size }) => size));
    const room = WIDTH - parts.length * (GAP + LEAST);
    let x = 0;
    const boxes = parts.map((part) => {
      const width = LEAST + (room * part.channels) / channels;
      const height = 12 + ((HIGH - 12) * Math.log2(part.size)) / Math.max(1, Math.log2(largest));
      const middle = x + width / 2, y = 16 + HIGH - height;
      const words = width < LETTERS ? [] : [
        svg("text", { x: middle, y: y - 8 }, `${part.size}²`),
        svg("text", { x: middle, y: HIGH + 30 }, number(part.channels)),
      ];
      const box = svg("g", { class: `explorable-${part_kind(part)}` }, svg("rect", { x, y, width, height }));
      x += width + GAP;
      return svg("g", {}, svg("title", {}, `${part_name(part)}: ${part.channels} channels of ${part.size} × ${part.size}`), box, ...words);
    });
    const label = "The network’s parts side by side: a wider box has more channels, a higher one more pixels.";
    const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HIGH + 42}`, role: "img", "aria-label": label, class: "explorable-network" }, ...boxes);
    return element("div", {}, drawing, element("p", {}, "Width: channels. Each step down halves the side in pixels (above)."));
  }

  function table(stages, batch_size) {
    const head = ["part", "output", "parameters", "MFLOPs", "MiB, plain"];
    const rows = stages.map((stage) => {
      const shape = `${stage.channels} × ${stage.size} × ${stage.size}`;
      const kept = batch_size * stage.kept_bytes + stage.kept_bytes_per_batch;
      const swatch = element("span", { class: `explorable-swatch explorable-${part_kind(stage)}`, "aria-hidden": "true" });
      const numbers = [number(stage.parameters), decimals(stage.flops / 1e6, 1), mebibytes(kept)];
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, swatch, part_name(stage), element("span", { class: "explorable-narrow" }, shape)),
        element("td", { class: "explorable-wide" }, shape),
        ...numbers.map((text) => element("td", {}, text)),
      );
    });
    const heads = head.map((text) => element("th", { scope: "col", class: text === "output" ? "explorable-wide" : "" }, text));
    const caption = element("caption", {}, "The parts: output (channels × height × width), and what each costs");
    return element("table", { class: "explorable-table" }, caption, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
  }

  lesson.explorable("planner", "Plan a network of your own", (body, place) => {
    body.append(element("p", {}, "Choose a network, then change it. All numbers follow at once; no network is built."));
    new Planner(body, place);
  });
})(window.lesson);
