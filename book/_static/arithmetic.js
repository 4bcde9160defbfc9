/* The arithmetic of densenet_lesson, written a second time, for the browser.

   Here a network is followed by hand, layer by layer; the package measures a built one. So the
   tests that compare the two (tests/book/test_browser.py) hold one against the other. */

window.lesson = window.lesson || {};

(function (lesson) {
  "use strict";

  /** A value that makes no sense; `field` is its name, the message says what would be right. */
  class WrongValue extends Error {
    constructor(field, message) {
      super(message);
      this.field = field;
    }
  }

  // ---------------------------------------------------------------- one calculation at a time

  const block_channels = (in_channels, num_layers, growth_rate) =>
    in_channels + num_layers * growth_rate;

  const block_channels_written = (in_channels, num_layers, growth_rate) =>
    `${in_channels} + ${num_layers} × ${growth_rate} = ` +
    block_channels(in_channels, num_layers, growth_rate);

  const total_written = (numbers) =>
    `${numbers.map(lesson.number).join(" + ")} = ${lesson.number(sum(numbers))}`;

  function compressed(channels, compression) {
    // 0.29 * 100 is 28.999… in a computer
    const kept = Math.floor(Number((compression * channels).toFixed(6)));
    if (kept < 1) {
      throw new WrongValue(
        "compression",
        `compression ${compression} of ${channels} channels leaves no channel: use a compression ` +
          `of at least ${Math.ceil(1000 / channels) / 1000}`,
      );
    }
    return kept;
  }

  const output_size = (size, kernel_size, stride = 1, padding = 0) =>
    Math.floor((size + 2 * padding - kernel_size) / stride) + 1;

  const conv_parameters = (in_channels, out_channels, kernel_size, bias) =>
    kernel_size ** 2 * in_channels * out_channels + (bias ? out_channels : 0);

  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

  // ---------------------------------------------------------------- the tape

  /** A tensor on its way through the network, and whether the backward pass keeps it already.
      What was concatenated knows its parts. */
  class Features {
    constructor(channels, size, kept = false, parts = []) {
      Object.assign(this, { channels, size, kept, parts });
    }

    get bytes() {
      return 4 * this.channels * this.size ** 2; // a 32-bit float has 4 bytes
    }

    /** Bytes added to the memory when the backward pass needs this: none the second time. */
    keep() {
      const added = this.kept ? 0 : this.bytes;
      this.kept = true;
      return added;
    }
  }

  /** Notes a row for every layer; its methods take and return features, like the layers. */
  class Tape {
    constructor() {
      this.rows = [];
      this.stage = "";
      this.training_only = false;
      this.memory = "plain"; // how what follows is kept: "plain", "recompute" or "one_buffer"
    }

    note(kind, out, numbers = {}) {
      const { stage, training_only } = this;
      const nothing = { parameters: 0, flops: 0, kept_bytes: 0, kept_bytes_per_batch: 0 };
      const { channels, size } = out;
      this.rows.push({ stage, kind, channels, size, training_only, ...nothing, ...numbers });
      return out;
    }

    conv(x, out_channels, kernel_size, { stride = 1, padding = 0, bias = false } = {}) {
      const size = output_size(x.size, kernel_size, stride, padding);
      const weights = conv_parameters(x.channels, out_channels, kernel_size, false);
      return this.note("conv", new Features(out_channels, size), {
        parameters: conv_parameters(x.channels, out_channels, kernel_size, bias),
        flops: 2 * weights * size ** 2,
        kept_bytes: x.keep(),
      });
    }

    norm(x) {
      const parts = { plain: [x], recompute: x.parts.length ? x.parts : [x], one_buffer: [] };
      return this.note("norm", new Features(x.channels, x.size), {
        parameters: 2 * x.channels, // a scale and a shift for each channel
        kept_bytes: sum(parts[this.memory].map((part) => part.keep())),
        // the batch's mean and 1 / standard deviation
        kept_bytes_per_batch: this.memory === "plain" ? 2 * 4 * x.channels : 0,
      });
    }

    relu(x) {
      const made_again = this.memory !== "plain";
      const out = new Features(x.channels, x.size, made_again);
      return this.note("activation", out, { kept_bytes: out.keep() }); // keeps what it returns
    }

    dropout(x) {
      const out = new Features(x.channels, x.size);
      // the mask: 32-bit floats, or a byte for each number
      const kept_bytes = this.memory === "one_buffer" ? out.bytes / 4 : out.bytes;
      return this.note("dropout", out, { kept_bytes });
    }

    pool(kind, x, kernel_size = 2, stride = 2, padding = 0) {
      const out = new Features(x.channels, output_size(x.size, kernel_size, stride, padding));
      // max pooling also notes where each maximum was: a 64-bit integer for each output
      const places = kind === "max" ? 2 * out.bytes : 0;
      return this.note(`${kind}pool`, out, { kept_bytes: x.keep() + places });
    }

    /** A mean over all pixels needs nothing for its gradient but their number. */
    global_pool(x) {
      return this.note("avgpool", new Features(x.channels, 1));
    }

    concat(x, y) {
      const flat = [x, y].flatMap((part) => (part.parts.length ? part.parts : [part]));
      return this.note("concat", new Features(x.channels + y.channels, x.size, false, flat));
    }

    /** Write new features after the first `channels`, into a tensor that is kept in any case. */
    put(added, channels = 0) {
      return this.note("concat", new Features(channels + added.channels, added.size, true), {
        kept_bytes: added.bytes,
        kept_bytes_per_batch: 2 * 4 * added.channels, // their means and variances
      });
    }

    add(x, y) {
      return this.note("add", new Features(y.channels, y.size));
    }

    linear(x, out_features) {
      return this.note("linear", new Features(out_features, 1), {
        parameters: (x.channels + 1) * out_features,
        flops: 2 * x.channels * out_features,
        kept_bytes: x.keep(),
      });
    }
  }

  // ---------------------------------------------------------------- DenseNet

  function trace_densenet(tape, config, image) {
    const watched = []; // outputs of blocks that have a classifier of their own
    let x = trace_densenet_stem(tape, config, image);
    config.block_config.forEach((num_layers, i) => {
      tape.stage = `denseblock${i + 1}`;
      x = trace_dense_block(tape, config, x, num_layers);
      if (i + 1 < config.block_config.length) {
        watched.push(x);
        tape.stage = `transition${i + 1}`;
        x = trace_transition(tape, config, x);
      }
    });
    tape.stage = "head";
    x = tape.relu(tape.norm(x));
    tape.linear(tape.global_pool(x), config.num_classes);
    if (config.deep_supervision) watched.forEach((out, i) => trace_auxiliary(tape, config, out, i));
  }

  function trace_densenet_stem(tape, config, x) {
    tape.stage = "stem";
    const { num_init_features: channels, bias } = config;
    if (config.stem === "cifar") return tape.conv(x, channels, 3, { padding: 1, bias });
    x = tape.conv(x, channels, 7, { stride: 2, padding: 3, bias });
    return tape.pool("max", tape.relu(tape.norm(x)), 3, 2, 1);
  }

  const memory_of = (config) => config.memory || "plain";

  function trace_dense_block(tape, config, x, num_layers) {
    tape.memory = memory_of(config);
    const linear = tape.memory === "one_buffer";
    if (linear) x = tape.put(x);
    for (let j = 0; j < num_layers; j++) {
      const added = trace_dense_layer(tape, config, x);
      x = linear ? tape.put(added, x.channels) : tape.concat(x, added);
    }
    tape.memory = "plain";
    return new Features(x.channels, x.size, x.kept); // one tensor now, whatever it was made of
  }

  function trace_transition(tape, config, x) {
    const out_channels = compressed(x.channels, config.compression);
    const recomputes = memory_of(config) !== "plain";
    tape.memory = recomputes ? "recompute" : "plain";
    x = trace_norm_relu_conv(tape, config, x, out_channels, 1);
    // not needed: pooled before the convolution
    if (recomputes && config.pool === "avg" && !config.drop_rate) x.kept = true;
    tape.memory = "plain";
    return tape.pool(config.pool, x);
  }

  function trace_dense_layer(tape, config, x) {
    if (config.bn_size === null) return trace_norm_relu_conv(tape, config, x, config.growth_rate, 3);
    x = trace_norm_relu_conv(tape, config, x, config.bn_size * config.growth_rate, 1);
    return trace_norm_relu_conv(tape, config, x, config.growth_rate, 3);
  }

  function trace_norm_relu_conv(tape, config, x, out_channels, kernel_size) {
    const options = { padding: Math.floor(kernel_size / 2), bias: config.bias };
    x = tape.conv(tape.relu(tape.norm(x)), out_channels, kernel_size, options);
    return config.drop_rate ? tape.dropout(x) : x;
  }

  /** Note the classifier of a dense block, which is there in training only. */
  function trace_auxiliary(tape, config, x, i) {
    tape.stage = `auxiliary${i + 1}`;
    tape.training_only = true;
    x = tape.relu(tape.norm(x));
    tape.linear(tape.global_pool(x), config.num_classes);
    tape.training_only = false;
  }

  // ---------------------------------------------------------------- ResNet

  function trace_resnet(tape, config, x) {
    const { bias, widths } = config;
    tape.stage = "stem";
    if (config.stem === "cifar") x = tape.conv(x, widths[0], 3, { padding: 1, bias });
    else x = tape.conv(x, widths[0], 7, { stride: 2, padding: 3, bias });
    x = tape.relu(tape.norm(x));
    if (config.stem === "imagenet") x = tape.pool("max", x, 3, 2, 1);
    config.layers.forEach((num_blocks, i) => {
      tape.stage = `layer${i + 1}`;
      for (let j = 0; j < num_blocks; j++) {
        x = trace_residual(tape, config, x, widths[i], i > 0 && j === 0 ? 2 : 1);
      }
    });
    tape.stage = "head";
    tape.linear(tape.global_pool(x), config.num_classes);
  }

  function trace_residual(tape, config, x, width, stride) {
    const bottleneck = config.block === "bottleneck";
    const out_channels = width * (bottleneck ? 4 : 1);
    // [channels, kernel size, stride] of the block's convolutions
    const convs = bottleneck
      ? [[width, 1, 1], [width, 3, stride], [out_channels, 1, 1]]
      : [[width, 3, stride], [width, 3, 1]];
    let y = x;
    convs.forEach(([channels, kernel, step], i) => {
      const padding = Math.floor(kernel / 2);
      y = tape.norm(tape.conv(y, channels, kernel, { stride: step, padding, bias: config.bias }));
      if (i + 1 < convs.length) y = tape.relu(y);
    });
    if (config.block === "plain") return tape.relu(y);
    const shortcut = trace_shortcut(tape, config, x, out_channels, stride);
    return tape.relu(tape.add(shortcut, y));
  }

  function trace_shortcut(tape, config, x, out_channels, stride) {
    const same_shape = stride === 1 && x.channels === out_channels;
    if (config.shortcut === "A" || (same_shape && config.shortcut === "B")) return x;
    x = tape.conv(x, out_channels, 1, { stride, bias: config.bias });
    return config.shortcut_norm ? tape.norm(x) : x;
  }

  // ---------------------------------------------------------------- checks and totals

  const is_densenet = (config) => "block_config" in config;

  /** The smallest image, in pixels, that leaves something to look at after all the poolings. */
  function minimum_size(config) {
    if (!is_densenet(config)) return 1;
    const after_stem = 2 ** (config.block_config.length - 1); // each transition halves
    return config.stem === "cifar" ? after_stem : 4 * after_stem - 3; // the stem halves twice
  }

  /** Follow one image through a network: one row per layer. `image_size` is the config's own. */
  function trace(config) {
    if (config.image_size < minimum_size(config)) {
      throw new WrongValue(
        "image_size",
        `${config.image_size} pixels are too few: after the poolings nothing would be left. ` +
          `Use at least ${minimum_size(config)}`,
      );
    }
    const tape = new Tape();
    const image = new Features(config.in_channels, config.image_size);
    (is_densenet(config) ? trace_densenet : trace_resnet)(tape, config, image);
    return tape.rows;
  }

  /** Rows, summed up by part of the network, in order. */
  function stages(rows) {
    const found = new Map();
    for (const row of rows) {
      const { stage: name, training_only } = row;
      const part = found.get(name) || { name, training_only };
      for (const key of ["parameters", "flops", "kept_bytes", "kept_bytes_per_batch"]) {
        part[key] = (part[key] || 0) + row[key];
      }
      found.set(name, Object.assign(part, { channels: row.channels, size: row.size }));
    }
    return [...found.values()];
  }

  const parameters = (rows) => sum(rows.map((row) => row.parameters));

  /** FLOPs of one image in evaluation, so without auxiliary classifiers. */
  const flops = (rows) => sum(rows.map((row) => (row.training_only ? 0 : row.flops)));

  /** Bytes kept for the backward pass, in 32-bit floats. */
  const activation_bytes = (rows, batch_size) =>
    batch_size * sum(rows.map((row) => row.kept_bytes)) +
    sum(rows.map((row) => row.kept_bytes_per_batch));

  /** Channels after the stem, and after each dense block and transition. */
  const channel_path = (rows) =>
    stages(rows)
      .filter((stage) => /^(stem|denseblock|transition)/.test(stage.name))
      .map((stage) => stage.channels);

  /** Layers with weights, as the papers count them: the 121 of DenseNet-121. */
  function depth(config) {
    if (!is_densenet(config)) return 2 + (config.block === "bottleneck" ? 3 : 2) * sum(config.layers);
    const convolutions = (config.bn_size === null ? 1 : 2) * sum(config.block_config);
    return 1 + convolutions + (config.block_config.length - 1) + 1;
  }

  lesson.number = (value) => value.toLocaleString("en-US"); // 7,978,856
  Object.assign(lesson, {
    WrongValue, block_channels, block_channels_written, total_written, compressed, minimum_size,
    is_densenet, trace, stages, parameters, flops, activation_bytes, channel_path, depth, sum,
  });
})(window.lesson);
