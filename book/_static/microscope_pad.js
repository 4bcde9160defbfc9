/* The microscope's drawing pad: a digit by mouse, finger or keyboard, or a picture from a file. */

(function (lesson) {
  "use strict";

  const { element } = lesson;
  const SIDE = 280; // pixels of the pad, and of what is looked at, each way
  const PEN = 25; // its width: what is drawn gets lines as wide as those of the training images
  const STEP = SIDE / 20; // of the pen, when the keyboard moves it
  const FAINT = 0.05; // of the strongest ink: less is no ink
  const MOST_PIXELS = 24e6; // of a picture

  // ---------------------------------------------------------------- to the network's size

  function largest(values) {
    let most = 0;
    for (let i = 0; i < values.length; i++) if (values[i] > most) most = values[i];
    return most;
  }

  /** Where there is ink: { left, right, top, bottom } and the centre of its weight; null without any. */
  function bounds(ink) {
    const most = largest(ink);
    const box = { left: SIDE, right: 0, top: SIDE, bottom: 0, x: 0, y: 0 };
    let weight = 0;
    for (let i = 0; i < ink.length; i++) {
      if (ink[i] <= FAINT * most) continue;
      const x = i % SIDE, y = Math.floor(i / SIDE);
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      box.x += (x + 0.5) * ink[i];
      box.y += (y + 0.5) * ink[i];
      weight += ink[i];
    }
    return weight ? { ...box, x: box.x / weight, y: box.y / weight, most } : null;
  }

  /** Ink on the pad → size × size pixels from 0 to 1, as the training images are: as large as the
      square allows, in the middle by its weight; null where nothing is drawn. */
  function fit(ink, size) {
    const box = bounds(ink);
    if (!box) return null;
    const side = Math.max(box.right - box.left, box.bottom - box.top);
    const inside = (centre, first, last) => Math.min(Math.max(centre, last - side / 2), first + side / 2);
    const left = inside(box.x, box.left, box.right) - side / 2;
    const top = inside(box.y, box.top, box.bottom) - side / 2;
    const looks = Math.max(2, Math.ceil(64 / size)), pixels = new Float32Array(size * size);
    for (let row = 0; row < size * looks; row++) {
      const y = Math.floor(top + ((row + 0.5) * side) / (size * looks));
      for (let column = 0; column < size * looks; column++) {
        const x = Math.floor(left + ((column + 0.5) * side) / (size * looks));
        const there = x >= 0 && x < SIDE && y >= 0 && y < SIDE;
        if (there) pixels[Math.floor(row / looks) * size + Math.floor(column / looks)] += ink[y * SIDE + x];
      }
    }
    const most = largest(pixels);
    return pixels.map((value) => value / most);
  }

  // ---------------------------------------------------------------- a picture from a file

  /** A picture's file → ink, dark on light or light on dark. Throws a sentence for the reader. */
  async function read_picture(file) {
    const address = URL.createObjectURL(file);
    const image = new Image();
    try {
      await new Promise((done, failed) => Object.assign(image, { onload: done, onerror: failed, src: address }));
    } catch {
      throw new Error(`“${file.name}” is no picture that this browser can show. Try a PNG or a JPEG.`);
    } finally {
      URL.revokeObjectURL(address);
    }
    const { naturalWidth: width, naturalHeight: height } = image;
    if (width * height > MOST_PIXELS) {
      const millions = Math.round((width * height) / 1e6);
      throw new Error(`This picture has ${millions} million pixels; 24 million are the most here. Make it smaller first.`);
    }
    if (!width || !height) throw new Error("This picture has no size of its own. Try a PNG or a JPEG.");
    return ink_of(pixels_of(image, width, height));
  }

  function pixels_of(image, width, height) {
    const pencil = element("canvas", { width: SIDE, height: SIDE }).getContext("2d");
    const scale = SIDE / Math.max(width, height);
    const wide = Math.max(1, width * scale), high = Math.max(1, height * scale);
    const left = Math.floor((SIDE - wide) / 2), top = Math.floor((SIDE - high) / 2);
    pencil.drawImage(image, left, top, wide, high);
    return { data: pencil.getImageData(0, 0, SIDE, SIDE).data, left, top, wide: Math.floor(wide), high: Math.floor(high) };
  }

  /** How far each pixel is from the background, which is what most of the picture's edge shows. */
  function ink_of({ data, left, top, wide, high }) {
    const clear = (i) => data[4 * i + 3] < 128;
    const grey = (i) => (clear(i) ? 255 : 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]);
    const inside = [], edge = [];
    for (let y = top; y < top + high; y++) {
      for (let x = left; x < left + wide; x++) {
        const i = y * SIDE + x;
        inside.push(i);
        if (y < top + 3 || y >= top + high - 3 || x < left + 3 || x >= left + wide - 3) edge.push(grey(i));
      }
    }
    if (inside.every(clear)) throw new Error("Everything in this picture is transparent: there is nothing to see.");
    const ground = edge.sort((a, b) => a - b)[edge.length >> 1];
    const sign = ground > 127 ? -1 : 1;
    const ink = new Float32Array(SIDE * SIDE);
    for (const i of inside) ink[i] = Math.max(0, sign * (grey(i) - ground));
    const most = largest(ink);
    if (most < 25) throw new Error("This picture is nearly all of one colour: there is nothing to see.");
    const note = inside.some(clear) ? "What is transparent was taken for white." : "";
    return { ink: ink.map((value) => (value > 0.25 * most ? value / most : 0)), note };
  }

  // ---------------------------------------------------------------- the pad

  class Pad {
    /** `on_ink(ink)` is told of each change; `say(text)` gets sentences for the reader. */
    constructor(on_ink, say) {
      Object.assign(this, { on_ink, say, pen: null, cursor: [SIDE / 2, SIDE / 4], shows_image: false });
      const keys = "Arrow keys move the pen, space lowers and lifts it, delete clears.";
      this.canvas = element("canvas", {
        width: SIDE, height: SIDE, tabindex: "0", role: "application", class: "microscope-canvas",
        "aria-roledescription": "drawing pad", "aria-label": `Draw here. ${keys}`,
        onpointerdown: (event) => this.begin(event),
        onpointermove: (event) => this.move(event),
        onpointerup: () => (this.pen = null),
        onpointercancel: () => (this.pen = null),
        onkeydown: (event) => this.on_key(event),
        onblur: () => (this.pen = null),
      });
      this.pencil = this.canvas.getContext("2d", { willReadFrequently: true });
      this.mark = element("span", { class: "microscope-pen", "aria-hidden": "true" });
      this.hint = element("span", { class: "microscope-hint", "aria-hidden": "true" }, "draw here");
      this.node = element("div", { class: "microscope-pad" }, this.canvas, this.hint, this.mark);
      this.node.addEventListener("dragover", (event) => event.preventDefault());
      this.node.addEventListener("drop", (event) => this.drop(event));
    }

    clear() {
      this.pencil.clearRect(0, 0, SIDE, SIDE);
      this.shows_image = false;
      this.hint.hidden = false;
    }

    /** Show an image of the network's size, from 0 to 1; whoever draws begins anew. */
    show(values, size) {
      this.clear();
      this.hint.hidden = this.shows_image = true;
      const pixels = lesson.ink_picture(values, size, this.colour());
      this.pencil.imageSmoothingEnabled = false;
      this.pencil.drawImage(pixels, 0, 0, SIDE, SIDE);
    }

    colour() {
      return getComputedStyle(this.canvas).color.match(/\d+/g).slice(0, 3).map(Number);
    }

    ink() {
      const { data } = this.pencil.getImageData(0, 0, SIDE, SIDE);
      const ink = new Float32Array(SIDE * SIDE);
      for (let i = 0; i < ink.length; i++) ink[i] = data[4 * i + 3] / 255;
      return ink;
    }

    place(event) {
      const box = this.canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
    }

    begin(event) {
      if (event.button) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.lower(this.place(event));
      this.line(this.pen);
    }

    lower(place) {
      if (this.shows_image) this.clear();
      this.hint.hidden = true;
      this.pen = place;
    }

    move(event) {
      if (this.pen) this.line(this.place(event));
    }

    line(to) {
      Object.assign(this.pencil, { lineWidth: PEN, lineCap: "round", strokeStyle: getComputedStyle(this.canvas).color });
      this.pencil.beginPath();
      this.pencil.moveTo(...this.pen);
      this.pencil.lineTo(to[0] + 0.01, to[1]); // a dot is a line too
      this.pencil.stroke();
      this.pen = to;
      this.on_ink(this.ink());
    }

    on_key(event) {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (event.key in moves) {
        this.cursor = this.cursor.map((at, i) => Math.min(SIDE - STEP, Math.max(STEP, at + STEP * moves[event.key][i])));
        if (this.pen) this.line(this.cursor);
      } else if (event.key === " ") {
        if (this.pen) this.pen = null;
        else {
          this.lower(this.cursor);
          this.line(this.cursor);
        }
        this.say(this.pen ? "The pen is down." : "The pen is up.");
      } else if (["Delete", "Backspace", "Escape"].includes(event.key)) {
        this.pen = null;
        this.clear();
        this.on_ink(this.ink());
      } else return;
      event.preventDefault();
      const [x, y] = this.cursor.map((at) => `${(100 * at) / SIDE}%`);
      Object.assign(this.mark.style, { left: x, top: y });
    }

    drop(event) {
      event.preventDefault();
      const [file] = event.dataTransfer.files;
      if (file) this.take(file);
      else this.say("That was no file. Drop a picture from your computer, or choose one.");
    }

    /** Put a picture from a file onto the pad. */
    async take(file) {
      try {
        const { ink, note } = await read_picture(file);
        this.show(ink, SIDE);
        this.on_ink(ink);
        if (note) this.say(note);
      } catch (error) {
        this.say(error.message);
      }
    }
  }

  /** A canvas of size × size pixels in one colour, as strong as the values from 0 to 1 say. */
  lesson.ink_picture = function (values, size, [red, green, blue]) {
    const canvas = element("canvas", { width: size, height: size });
    const image = new ImageData(size, size);
    for (let i = 0; i < size * size; i++) image.data.set([red, green, blue, 255 * values[i]], 4 * i);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  };

  Object.assign(lesson, { Pad, fit_ink: fit, pad_side: SIDE });
})(window.lesson);
