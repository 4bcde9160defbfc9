/* Explorable of chapter 4: a dense block's drawing, channels, parameters and FLOPs, by sliders. */

(function (lesson) {
  "use strict";

  const { element, svg, number } = lesson;
  const BOTTLENECK = 4; // bn_size of the paper

  const SLIDERS = [
    { name: "in_channels", label: "input channels", least: 1, most: 512, value: 64 },
    { name: "growth_rate", label: "growth rate k", least: 1, most: 64, value: 32 },
    { name: "num_layers", label: "layers", least: 1, most: 24, value: 6 },
    { name: "size", label: "height and width in pixels", least: 1, most: 256, value: 56 },
  ];

  const GOAL = { from: 64, to: 256 }; // channels
  const FEW = 8; // of more layers, only the last one's lines are drawn

  // ---------------------------------------------------------------- the numbers

  /** Everything about one block; its layers are those of a network that has no other block. */
  function block({ in_channels, growth_rate, num_layers, size, bn_size }) {
    const config = {
      ...lesson.defaults.densenet, stem: "cifar", block_config: [num_layers], growth_rate,
      num_init_features: in_channels, bn_size, image_size: size,
    };
    const rows = lesson.trace(config).filter((row) => row.stage === "denseblock1");
    const kind = (name) => lesson.parameters(rows.filter((row) => row.kind === name));
    return {
      reads: Array.from({ length: num_layers }, (_, i) => in_channels + i * growth_rate),
      out_channels: lesson.block_channels(in_channels, num_layers, growth_rate),
      written: lesson.block_channels_written(in_channels, num_layers, growth_rate),
      convolutions: kind("conv"),
      norms: kind("norm"),
      parameters: lesson.parameters(rows),
      flops: lesson.flops(rows),
    };
  }

  /** A sum; a long one without its middle. */
  function sum_written(numbers) {
    if (numbers.length <= 6) return lesson.total_written(numbers);
    const last = numbers[numbers.length - 1];
    const first = numbers.slice(0, 2).map(number).join(" + ");
    return `${first} + … + ${number(last)} = ${number(lesson.sum(numbers))}`;
  }

  function compared(now, other, bottleneck) {
    const change = Math.round(100 * (other.parameters / now.parameters - 1));
    const than = change ? `${Math.abs(change)} % ${change > 0 ? "more" : "fewer"}` : "nearly as many";
    return (
      `${bottleneck ? "Without the bottleneck" : "With a bottleneck"} it would be ` +
      `${number(other.parameters)} parameters, ${than}.`
    );
  }

  /** The fewest parameters with which the dials reach the goal. */
  function fewest() {
    const added = GOAL.to - GOAL.from;
    const [, growth, layers] = SLIDERS;
    const found = [];
    for (let num_layers = 1; num_layers <= layers.most; num_layers++) {
      const growth_rate = added / num_layers;
      if (!Number.isInteger(growth_rate) || growth_rate > growth.most) continue;
      for (const bn_size of [null, BOTTLENECK]) {
        found.push(block({ in_channels: GOAL.from, growth_rate, num_layers, size: 1, bn_size }).parameters);
      }
    }
    return Math.min(...found);
  }

  // ---------------------------------------------------------------- the drawing

  const ARCS = 96, NODE = 26, BARS = 110, MARGIN = 12; // lengths in pixels
  const NODES = ARCS + 6, FLOOR = NODES + NODE + 44 + BARS;

  /** Layers in a row, an arc for each connection, and below what each layer reads. */
  function drawing(width, values, result) {
    const { in_channels, growth_rate, num_layers, bn_size } = values;
    const step = (width - 2 * MARGIN) / (num_layers + 2);
    const x = (place) => MARGIN + (place + 0.5) * step; // the input, the layers, the output
    const thickness = Math.max(0.5, 1.4 - num_layers / 24);
    const wide = step >= 30, parts = [];
    for (let reader = 1; reader <= num_layers; reader++) {
      const drawn = num_layers <= FEW || reader === num_layers;
      for (let source = 0; drawn && source < reader; source++) {
        const line = arc(x(source), x(reader), (reader - source) / num_layers, source);
        line.setAttribute("stroke-width", thickness);
        parts.push(line);
      }
      parts.push(svg("path", { class: "explorable-head", d: `M${x(reader)} ${NODES} l-3.5 -7 h7 z` }));
    }
    for (let place = 0; place <= num_layers; place++) {
      parts.push(node(x(place), Math.min(34, step - 3), place, wide, bn_size !== null));
    }
    // one scale while the dials turn, until the bars don't fit: so growth looks like growth
    const full = Math.max(256, 2 ** Math.ceil(Math.log2(result.out_channels)));
    const scale = BARS / full, top = FLOOR - BARS;
    parts.push(svg("path", { class: "explorable-full", d: `M0 ${top} H${width}` }));
    parts.push(svg("text", { x: 0, y: top - 8, class: "explorable-start" }, `dotted line: ${number(full)} channels`));
    const bar = (place, read, caption) => {
      const half = Math.min(17, step / 2 - 1);
      const base = in_channels * scale, high = read * scale;
      parts.push(rectangle("input", x(place) - half, FLOOR - base, 2 * half, base));
      for (let i = 0; i < Math.round((read - in_channels) / growth_rate); i++) {
        const k = growth_rate * scale;
        parts.push(rectangle("new", x(place) - half, FLOOR - base - (i + 1) * k, 2 * half, k));
      }
      if (caption) parts.push(svg("text", { x: x(place), y: FLOOR - high - 9 }, number(read)));
    };
    result.reads.forEach((read, i) => bar(i + 1, read, wide || i === 0));
    bar(num_layers + 1, result.out_channels, true);
    parts.push(svg("text", { x: x(num_layers + 1), y: FLOOR + 12 }, "out"));
    const note = num_layers > FEW ? `lines into layer ${num_layers}; what each layer reads:` : "what each layer reads:";
    parts.push(svg("text", { x: 0, y: NODES + NODE + 14, class: "explorable-start" }, note));
    const picture = { viewBox: `0 0 ${width} ${FLOOR + 22}`, width, height: FLOOR + 22, role: "img" };
    return svg("svg", { ...picture, "aria-label": described(values, result) }, ...parts);
  }

  function described({ in_channels, num_layers, bn_size }, { reads, out_channels }) {
    const connections = (num_layers * (num_layers + 1)) / 2;
    return (
      `A dense block of ${num_layers} ${bn_size === null ? "" : "bottleneck "}layers in a row, with ` +
      `${connections} connections: each layer reads the input and all layers before it. ` +
      `Bars below: layer 1 reads ${in_channels} channels, layer ${num_layers} reads ` +
      `${reads[num_layers - 1]}; ${out_channels} come out.`
    );
  }

  function arc(from, to, span, source) {
    const high = NODES - 6 - (ARCS - 10) * span * 1.33; // the top of the curve is lower than this
    const d = `M${from} ${NODES} C${from} ${high} ${to} ${high} ${to} ${NODES - 5}`;
    return svg("path", { class: source ? "explorable-from-new" : "explorable-from-input", d });
  }

  /** A layer; one with a bottleneck has a narrow waist. */
  function node(x, width, place, wide, waist) {
    const left = x - width / 2, right = x + width / 2, end = NODES + NODE;
    const dent = place && waist ? width / 5 : 0, middle = NODES + NODE / 2;
    const outline =
      `M${left} ${NODES} H${right} L${right - dent} ${middle} L${right} ${end} ` +
      `H${left} L${left + dent} ${middle} Z`;
    const name = wide || place === 0 ? svg("text", { x, y: middle }, place ? `${place}` : "x") : null;
    const kind = place ? "explorable-new" : "explorable-input";
    return svg("g", { class: kind }, svg("path", { d: outline }), name);
  }

  const rectangle = (kind, x, y, width, height) =>
    svg("g", { class: `explorable-${kind}` }, svg("rect", { x, y, width, height }));

  // ---------------------------------------------------------------- the explorable

  lesson.explorable("block", "Turn the dials of a dense block", (body) => {
    const controls = SLIDERS.map(slider);
    const bottleneck = element("input", { type: "checkbox", id: lesson.unique("bottleneck"), onchange: update });
    const picture = element("div", { class: "explorable-drawing" });
    const names = ["channels", "read by all layers", "parameters", "FLOPs of one image"];
    const lines = names.map(() => element("strong", { class: "explorable-written" }));
    const other = element("p", { class: "explorable-compared" });
    const reached = element("strong", { class: "explorable-written explorable-reached" });
    const least = fewest();
    let best = Infinity;
    const status = lesson.announcer();

    function slider({ label, least, most, value }) {
      const id = lesson.unique("slider");
      const input = element("input", { type: "range", id, min: least, max: most, value, oninput: update });
      const shown = element("strong", { "aria-hidden": "true" });
      const name = element("label", { for: id }, label);
      return { input, shown, node: element("div", { class: "explorable-slider" }, name, shown, input) };
    }

    function values() {
      const found = { bn_size: bottleneck.checked ? BOTTLENECK : null };
      SLIDERS.forEach(({ name }, i) => (found[name] = Number(controls[i].input.value)));
      return found;
    }

    function update() {
      const now = values(), result = block(now);
      const unlike = block({ ...now, bn_size: now.bn_size === null ? BOTTLENECK : null });
      controls.forEach(({ input, shown }) => (shown.textContent = input.value));
      const texts = [
        result.written,
        sum_written(result.reads),
        `convolutions ${number(result.convolutions)} + norms ${number(result.norms)} = ${number(result.parameters)}`,
        `2 × ${number(result.convolutions)} × ${now.size} × ${now.size} = ${number(result.flops)}`,
      ];
      texts.forEach((text, i) => (lines[i].textContent = text));
      other.textContent = compared(result, unlike, now.bn_size !== null);
      reached.textContent = judged(now, result);
      draw();
      status.say(`${result.written} channels, ${number(result.parameters)} parameters, ${number(result.flops)} FLOPs`);
    }

    /** How near the block is to the goal. */
    function judged({ in_channels }, { out_channels, parameters }) {
      if (in_channels !== GOAL.from || out_channels !== GOAL.to) return `now ${in_channels} → ${out_channels}`;
      best = Math.min(best, parameters);
      if (parameters === least) return `${number(parameters)} parameters: with these dials, none has fewer!`;
      return `${number(parameters)} parameters; your best so far: ${number(best)}`;
    }

    let drawn = 0;
    function draw() {
      drawn = Math.round(picture.clientWidth) || 320;
      picture.replaceChildren(drawing(drawn, values(), block(values())));
    }

    const neck = element("label", { class: "explorable-check", for: bottleneck.id }, bottleneck, "bottleneck: a 1×1 convolution to 4k channels first");
    body.append(
      element("div", { class: "explorable-controls" }, ...controls.map(({ node }) => node)),
      neck,
      picture,
      element("dl", {},
        ...names.flatMap((name, i) => [element("dt", {}, name), element("dd", {}, lines[i])])),
      other,
      element("p", { class: "explorable-goal" },
        `A goal: from ${GOAL.from} channels to exactly ${GOAL.to}, with the fewest parameters. `, reached),
      status,
    );
    new ResizeObserver(() => Math.round(picture.clientWidth) !== drawn && draw()).observe(picture);
    update();
  });
})(window.lesson);
