/* Trained networks, alive in the page: a DenseNet and its residual twin, number by number.

   What flows through a network are maps: `values` holds the pixels of one channel after another,
   row by row, `channels` and `size` say how many. Each operation below makes new maps of old ones.
   Weights have the names that they have in the package, and in torchvision. */

window.lesson = window.lesson || {};

(function (lesson) {
  "use strict";

  const EPSILON = 1e-5; // so that a channel without any variance does not divide by 0

  const empty = (channels, size) => ({ channels, size, values: new Float32Array(channels * size * size) });

  // ---------------------------------------------------------------- the operations

  /** A convolution without a bias, 3×3 or 1×1; zeros stand around the image. */
  function convolution(x, weight, stride = 1) {
    const [channels, , kernel] = weight.shape;
    const y = empty(channels, Math.ceil(x.size / stride));
    const step = kernel === 1 ? mix_channels : slide_kernels;
    step(kernel === 1 ? x : surround_by_zeros(x), weight.values, y, stride);
    return y;
  }

  /** 1×1: each new channel is a weighted sum of all old ones. (Two of two at a time, which is four
      times as fast; so both numbers of channels must be even.) */
  function mix_channels(x, weight, y) {
    const pixels = x.size * x.size, from = x.values, to = y.values;
    for (let out = 0; out < y.channels; out += 2) {
      const first = out * pixels, second = first + pixels;
      for (let channel = 0; channel < x.channels; channel += 2) {
        const place = out * x.channels + channel, below = place + x.channels;
        const a = weight[place], b = weight[place + 1], c = weight[below], d = weight[below + 1];
        const even = channel * pixels, odd = even + pixels;
        for (let i = 0; i < pixels; i++) {
          const p = from[even + i], q = from[odd + i];
          to[first + i] += a * p + b * q;
          to[second + i] += c * p + d * q;
        }
      }
    }
  }

  /** 3×3: each new pixel is a weighted sum of nine old ones, of every channel. */
  function slide_kernels(x, weight, y, stride) {
    const { values: from, size: wide } = x, { values: to, size } = y;
    for (let out = 0, place = 0; out < y.channels; out++) {
      for (let channel = 0; channel < x.channels; channel++, place += 9) {
        const a = weight[place], b = weight[place + 1], c = weight[place + 2];
        const d = weight[place + 3], e = weight[place + 4], f = weight[place + 5];
        const g = weight[place + 6], h = weight[place + 7], i = weight[place + 8];
        for (let row = 0; row < size; row++) {
          let pixel = (out * size + row) * size;
          let top = (channel * wide + row * stride) * wide; // the row above, the row, the row below
          for (let end = pixel + size; pixel < end; pixel++, top += stride) {
            const middle = top + wide, low = middle + wide;
            to[pixel] +=
              a * from[top] + b * from[top + 1] + c * from[top + 2] +
              d * from[middle] + e * from[middle + 1] + f * from[middle + 2] +
              g * from[low] + h * from[low + 1] + i * from[low + 2];
          }
        }
      }
    }
  }

  function surround_by_zeros(x) {
    const y = empty(x.channels, x.size + 2);
    for (let row = 0; row < x.channels * x.size; row++) {
      const channel = Math.floor(row / x.size);
      const start = (row + 2 * channel + 1) * y.size + 1;
      y.values.set(x.values.subarray(row * x.size, (row + 1) * x.size), start);
    }
    return y;
  }

  /** Batch norm: each channel gets the scale and the shift that training has found for it. */
  function norm(x, { weight, bias, running_mean, running_var }) {
    const y = empty(x.channels, x.size), pixels = x.size * x.size;
    for (let channel = 0; channel < x.channels; channel++) {
      const scale = weight.values[channel] / Math.sqrt(running_var.values[channel] + EPSILON);
      const shift = bias.values[channel] - running_mean.values[channel] * scale;
      for (let i = channel * pixels; i < (channel + 1) * pixels; i++) y.values[i] = scale * x.values[i] + shift;
    }
    return y;
  }

  /** What is negative becomes 0. */
  const relu = (x) => ({ ...x, values: x.values.map((value) => (value > 0 ? value : 0)) });

  /** The mean of each square of 2×2 pixels. */
  function average_pool(x) {
    const y = empty(x.channels, x.size >> 1), { size } = x, { values } = y;
    for (let i = 0; i < values.length; i++) {
      const column = i % y.size, row = (i - column) / y.size; // rows of all channels, counted on
      const from = (2 * row + (size % 2) * Math.floor(row / y.size)) * size + 2 * column;
      values[i] = (x.values[from] + x.values[from + 1] + x.values[from + size] + x.values[from + size + 1]) / 4;
    }
    return y;
  }

  /** DenseNet's way: the channels of both, one behind the other. */
  function concatenate(x, y) {
    const joined = empty(x.channels + y.channels, x.size);
    joined.values.set(x.values);
    joined.values.set(y.values, x.values.length);
    return joined;
  }

  /** ResNet's way: one number out of two. */
  const add = (x, y) => ({ ...x, values: x.values.map((value, i) => value + y.values[i]) });

  /** Bring x to fewer pixels and more channels, without a weight: skip pixels, add zeros. */
  function fit_shortcut(x, channels, size) {
    if (x.size === size) return x;
    const y = empty(channels, size);
    for (let i = 0; i < x.channels * size * size; i++) {
      const column = i % size, row = Math.floor(i / size) % size, channel = Math.floor(i / size ** 2);
      y.values[i] = x.values[(channel * x.size + 2 * row) * x.size + 2 * column];
    }
    return y;
  }

  /** Each channel's mean: [channels, size, size] → [channels]. */
  function average(x) {
    const pixels = x.size * x.size, means = new Float32Array(x.channels);
    for (let i = 0; i < x.values.length; i++) means[Math.floor(i / pixels)] += x.values[i] / pixels;
    return means;
  }

  const linear = (features, { weight, bias }) =>
    bias.values.map((start, row) =>
      features.reduce((sum, value, i) => sum + value * weight.values[row * features.length + i], start));

  /** Scores → probabilities that sum to 1. */
  function softmax(scores) {
    const most = Math.max(...scores);
    const powers = Array.from(scores, (score) => Math.exp(score - most));
    return powers.map((power) => power / lesson.sum(powers));
  }

  // ---------------------------------------------------------------- the layers

  /* A layer's function gets the part of the weights that belongs to it, and the state: what the
     layers before it have left. It returns what the layer writes. */

  const WRITES = {
    stem: (own, x) => (own.bn1 ? relu(norm(convolution(x, own.conv1.weight), own.bn1)) : convolution(x, own.conv0.weight)),
    dense(own, x) {
      const y = convolution(relu(norm(x, own.norm1)), own.conv1.weight);
      return own.conv2 ? convolution(relu(norm(y, own.norm2)), own.conv2.weight) : y;
    },
    transition: (own, x) => average_pool(convolution(relu(norm(x, own.norm)), own.conv.weight)),
    residual(own, x) {
      const [channels, inputs] = own.conv1.weight.shape;
      const y = relu(norm(convolution(x, own.conv1.weight, channels > inputs ? 2 : 1), own.bn1));
      return norm(convolution(y, own.conv2.weight), own.bn2);
    },
  };

  /* The state after a layer: the whole difference between the two networks. */
  const GOES_ON = {
    stem: (x, y) => y,
    dense: (x, y) => concatenate(x, y), // [x, y]
    transition: (x, y) => y,
    residual: (x, y) => relu(add(fit_shortcut(x, y.channels, y.size), y)), // x + y
  };

  /* The layers of a network: what each is called, its own part of the weights, the channels and the
     size that it writes, which of all channels is its first, and the numbers of the layers that it
     reads. */

  const list = (layers, kind, name, title, own, channels, size, reads) =>
    layers.push({
      index: layers.length, kind, name, title, own, channels, size, reads,
      first: lesson.sum(layers.map((before) => before.channels)),
    });

  const since = (layers, first) => layers.slice(first).map(({ index }) => index);

  /** A layer reads all that its block has so far; the next block begins with the transition. */
  function densenet_layers(config, { features, classifier }) {
    const layers = [], { growth_rate } = config;
    let size = config.image_size, count = 0, begin = 0;
    list(layers, "stem", "features.conv0", "stem", features, config.num_init_features, size, []);
    config.block_config.forEach((length, i) => {
      const block = `denseblock${i + 1}`, transition = `transition${i + 1}`;
      for (let j = 1; j <= length; j++) {
        const name = `denselayer${j}`, own = features[block][name];
        list(layers, "dense", `features.${block}.${name}`, `layer ${++count}`, own, growth_rate, size, since(layers, begin));
      }
      if (!features[transition]) return; // after the last block there is none
      const reads = since(layers, begin), own = features[transition];
      size = Math.floor(size / 2);
      begin = layers.length;
      list(layers, "transition", `features.${transition}`, "transition", own, own.conv.weight.shape[0], size, reads);
    });
    list(layers, "head", "classifier", "classifier", classifier, config.num_classes, 1, since(layers, begin));
    return layers;
  }

  /** A block reads what the one before it has left, and nothing else. */
  function resnet_layers(config, weights) {
    const layers = [];
    const last = () => since(layers, layers.length - 1);
    let size = config.image_size, count = 0;
    list(layers, "stem", "relu", "stem", weights, config.widths[0], size, []);
    config.layers.forEach((length, stage) => {
      if (stage) size = Math.ceil(size / 2);
      for (let i = 0; i < length; i++) {
        const name = `layer${stage + 1}`, own = weights[name][i];
        list(layers, "residual", `${name}.${i}`, `block ${++count}`, own, config.widths[stage], size, last());
      }
    });
    list(layers, "head", "fc", "classifier", weights.fc, config.num_classes, 1, last());
    return layers;
  }

  /** Run a network layer by layer. Between two layers, the caller may pause.

      `is_off(layer, channel)` tells what is taken away: whoever reads it later finds zeros, or the
      channel's average over training images.
      Yields { layer, shown }: a layer and its maps; last the classifier, with
      `scores`, and `unlike`: more than 1 if this looks like nothing that was learned. */
  function* run(network, image, is_off = () => false, averages = false) {
    const { mean, std, config: { image_size: size } } = network.header;
    let state = { channels: 1, size, values: Float32Array.from(image, (value) => (value - mean[0]) / std[0]) };
    for (const layer of network.layers) {
      if (layer.kind === "head") {
        const features = network.weights.features ? relu(norm(state, network.weights.features.norm5)) : state;
        const means = average(features);
        yield { layer, scores: linear(means, layer.own), unlike: distance(means, network.weights.typical) };
        return;
      }
      const written = WRITES[layer.kind](layer.own, state);
      take_away(written, (channel) => is_off(layer, channel),
        (channel) => (averages ? network.weights.typical.averages.values[layer.first + channel] : 0));
      state = GOES_ON[layer.kind](state, written);
      yield { layer, shown: layer.kind === "residual" ? state : written };
    }
  }

  /** How far features are from those of the nearest class; 1 is as far as 98 of 100 test images stay within. */
  function distance(features, typical) {
    if (!typical.centres) return 0;
    const { shape: [classes, length], values } = typical.centres;
    const squares = Array.from({ length: classes }, (_, row) =>
      features.reduce((sum, value, i) => sum + (value - values[row * length + i]) ** 2, 0));
    return Math.min(...squares) / typical.distance.values[0];
  }

  function take_away(maps, is_off, instead) {
    const pixels = maps.size * maps.size;
    for (let channel = 0; channel < maps.channels; channel++) {
      if (is_off(channel)) maps.values.fill(instead(channel), channel * pixels, (channel + 1) * pixels);
    }
  }

  /** How strongly a layer reads each channel of an earlier one: the mean of |w| over its weights. */
  function reading({ layers }, reader, source) {
    const { own, reads } = reader;
    const { shape, values } = (own.conv1 || own.conv || own).weight;
    const [outputs, inputs] = shape, taps = values.length / outputs / inputs;
    const before = reads.slice(0, reads.indexOf(source.index));
    const start = lesson.sum(before.map((index) => layers[index].channels));
    return Array.from({ length: source.channels }, (_, channel) => {
      let sum = 0;
      for (let out = 0; out < outputs; out++) {
        const place = (out * inputs + start + channel) * taps;
        for (let tap = 0; tap < taps; tap++) sum += Math.abs(values[place + tap]);
      }
      return sum / outputs / taps;
    });
  }

  // ---------------------------------------------------------------- loading

  const HERE = document.currentScript.src;
  const arrived = new Map(); // name → what waits for it

  /** Ask for a file of `book/results/weights`: { header, bytes }. It is a script, which calls `unpacked`. */
  function load(name) {
    if (!arrived.has(name)) {
      const waiting = {};
      waiting.promise = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
      arrived.set(name, waiting);
      const failed = () => waiting.reject(new Error(`${name} could not be loaded`));
      const source = new URL(`microscope/${name}.js`, HERE).href;
      document.head.append(lesson.element("script", { src: source, onerror: failed }));
    }
    return arrived.get(name).promise;
  }

  lesson.unpacked = (name, header, base64) =>
    arrived.get(name).resolve({ header, bytes: Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)) });

  /** Load a trained network: its header, its weights as a tree of names, and its layers. */
  async function load_network(name) {
    const { header, bytes } = await load(name);
    const numbers = from_half(new Uint16Array(bytes.buffer)); // the low byte first, as everywhere
    const weights = {};
    let start = 0;
    for (const [path, shape] of header.tensors) {
      const parts = path.split("."), last = parts.pop();
      const place = parts.reduce((tree, part) => (tree[part] ??= {}), weights);
      const length = shape.reduce((product, side) => product * side, 1);
      place[last] = { shape, values: numbers.subarray(start, (start += length)) };
    }
    const listed = header.config.block_config ? densenet_layers : resnet_layers;
    return { name, header, weights, layers: listed(header.config, weights) };
  }

  /** 16-bit floats (1 bit sign, 5 bits exponent, 10 bits fraction) → 32-bit floats. */
  function from_half(halves) {
    const powers = Array.from({ length: 32 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));
    return Float32Array.from(halves, (bits) => {
      const exponent = (bits >> 10) & 31, fraction = (bits & 1023) + (exponent ? 1024 : 0);
      return (bits >> 15 ? -1 : 1) * fraction * powers[exponent];
    });
  }

  /** Load test images: { size, class_names, labels, images }, pixels from 0 to 1. */
  async function load_images(name) {
    const { header, bytes } = await load(name);
    const pixels = header.size ** 2;
    const images = header.labels.map((_, i) =>
      Float32Array.from(bytes.subarray(i * pixels, (i + 1) * pixels), (value) => value / 255));
    return { ...header, images };
  }

  Object.assign(lesson, { load_network, load_images, run_network: run, reading, softmax });
})(window.lesson);
