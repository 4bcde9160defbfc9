"""The microscope: what it computes in a real browser is what PyTorch computes; and how it is used."""

import base64
import contextlib
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

import browser as plugin
from browser import DESKTOP, HTML, PHONE, SLOW, leave_out, note_time, widest
from course import ROOT
from densenet_lesson import arithmetic, data
from densenet_lesson.records import load_record
from densenet_lesson.trained import load_trained, trained_names

PAGE = "book/microscope"
WEIGHTS = ROOT / "book" / "results" / "weights"
MICROSCOPES = [name for name in trained_names() if name.startswith("microscope_")]
IMAGES = {"digits": 100, "fashion_mnist": 8}  # that all maps are compared on

# ------------------------------------------------------------------------ the same numbers

# All maps and scores of some test images as 32-bit floats in base64, and milliseconds for an image
RUN = """async ({name, data, count, off}) => {
  const network = await lesson.load_network(name);
  const {images} = await lesson.load_images(`${data}_images`);
  const is_off = (layer, channel) => off.includes(layer.name) || off.includes(`${layer.name}:${channel}`);
  const parts = [], times = [];
  for (const image of images.slice(0, count)) {
    const begun = performance.now();
    const all = [...lesson.run_network(network, image, is_off)];
    times.push(performance.now() - begun);
    parts.push(...all.map(({shown, scores}) => shown ? shown.values : scores));
  }
  const bytes = parts.flatMap(part => Array.from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
  let text = "";
  for (let i = 0; i < bytes.length; i += 30000) text += String.fromCharCode(...bytes.slice(i, i + 30000));
  return {
    numbers: btoa(text),
    names: network.layers.map(layer => layer.name),
    milliseconds: times.sort((a, b) => a - b)[times.length >> 1],
  };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, server: str) -> Iterator[Page]:
    """One page for all tests that leave nothing behind, since opening it takes longest."""
    options = {"viewport": DESKTOP, "reduced_motion": "reduce"}
    with contextlib.closing(browser.new_context(**options)) as context:
        context.route(SLOW, leave_out)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{server}/{PAGE}.html")
        expect(page.locator(".microscope-answer")).to_contain_text("DenseNet:")
        yield page
        note_time(browser)


def in_torch(name: str, names: list[str], images: torch.Tensor, off: list[str]) -> list[np.ndarray]:
    """For each image all maps in the order of the layers, then the scores."""
    model, outputs = load_trained(name), {}
    for layer in names[:-1]:
        residual = re.fullmatch(r"layer\d\.\d", layer)
        module = model.get_submodule(layer)
        written = module.bn2 if residual else module

        def take_away(_, __, output, layer=layer):
            channels = [c for c in range(output.shape[1]) if {layer, f"{layer}:{c}"} & set(off)]
            return output.index_fill(1, torch.tensor(channels, dtype=torch.int64), 0)

        def keep(_, __, output, layer=layer):
            outputs[layer] = output.clone()

        written.register_forward_hook(take_away)
        module.register_forward_hook(keep)
    with torch.inference_mode():
        outputs[names[-1]] = model(images)
    return [np.concatenate([outputs[n][i].flatten() for n in names]) for i in range(len(images))]


def compare(page: Page, name: str, off: tuple[str, ...] = (), count: int | None = None) -> float:
    """Hold every number in the page against PyTorch's; return milliseconds for an image."""
    record = load_record(name)
    kind = record.data["name"]
    count = count or IMAGES[kind]
    case = {"name": name, "data": kind, "count": count, "off": list(off)}
    found = page.evaluate(RUN, case)
    numbers = np.frombuffer(base64.b64decode(found["numbers"]), dtype="<f4").reshape(count, -1)
    mean, std = record.data["mean"][0], record.data["std"][0]
    images = (offered(kind)[:count, None] / 255 - mean) / std
    right = np.stack(in_torch(name, found["names"], images, list(off)))
    assert numbers.shape == right.shape
    assert abs(numbers - right).max() < 1e-4
    assert (numbers[:, -10:].argmax(1) == right[:, -10:].argmax(1)).all()
    return found["milliseconds"]


def offered(kind: str) -> torch.Tensor:
    """The test images that come with the page, [N, size, size]."""
    head, _, pixels = (WEIGHTS / f"{kind}_images.u8").read_bytes().partition(b"\n")
    size = json.loads(head)["size"]
    return torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(-1, size, size).float()


@pytest.mark.parametrize("name", MICROSCOPES)
def test_every_map_and_every_decision_is_pytorch_s(name, page, one_thread):
    plugin.SPEEDS[name] = compare(page, name)


LESIONS = {
    "microscope_k4": ("features.denseblock1.denselayer2", "features.denseblock2.denselayer1:3"),
    "microscope_twin_k4": ("relu:2", "layer1.1:0", "layer2.0"),
}


@pytest.mark.parametrize("name", LESIONS)
def test_what_is_taken_away_is_zero_for_all_later_readers(name, page, one_thread):
    compare(page, name, off=LESIONS[name], count=20)
    compare(page, name, off=("features.conv0" if "twin" not in name else "relu",), count=5)


# ------------------------------------------------------------------------ what is drawn

# Each digit, enlarged and anywhere on the pad, as the network gets it
PLACED = """async ({names, digits}) => {
  const networks = await Promise.all(names.map(lesson.load_network)), side = lesson.pad_side;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pencil = canvas.getContext("2d", {willReadFrequently: true});
  return digits.map(({pixels, size, x, y, smooth}) => {
    pencil.clearRect(0, 0, side, side);
    pencil.imageSmoothingEnabled = smooth;
    pencil.drawImage(lesson.ink_picture(pixels.map(v => v / 255), 8, [0, 0, 0]), x, y, size, size);
    const {data} = pencil.getImageData(0, 0, side, side), ink = new Float32Array(side * side);
    for (let i = 0; i < ink.length; i++) ink[i] = data[4 * i + 3] / 255;
    const image = lesson.fit_ink(ink, 8);
    return networks.map(network => {
      const {scores} = [...lesson.run_network(network, image)].pop();
      return scores.indexOf(Math.max(...scores));
    });
  });
}"""


def test_digits_of_other_sizes_off_the_centre_are_read(page):
    _, test = data.load("digits")  # 360 images, which no network has seen
    draw = np.random.default_rng(0)
    digits = []
    for pixels in test.images.flatten(1).tolist():
        size = draw.uniform(60, 200)
        x, y = draw.uniform(0, 280 - size, 2)
        place = {"size": size, "x": x, "y": y, "smooth": bool(draw.integers(2))}
        digits.append({"pixels": pixels, **place})
    names = ["microscope_k4", "microscope_k8", "microscope_k12"]
    answers = np.array(page.evaluate(PLACED, {"names": names, "digits": digits}))
    right = (answers == test.labels.numpy()[:, None]).mean(0)
    assert min(right) >= 0.95, dict(zip(names, right, strict=True))
