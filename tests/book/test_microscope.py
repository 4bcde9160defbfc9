"""The microscope: in a real browser, it computes what PyTorch computes, and does as it is told."""

import base64
import contextlib
import io
import json
import re
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect
from torch import nn

import browser as plugin
from browser import DESKTOP, HTML, PHONE, TABLET, note_time, widest
from course import ROOT
from densenet_lesson import arithmetic, data, get_config
from densenet_lesson.training.records import load_record
from densenet_lesson.training.trained import garments, load_trained, trained_names, unpack

PAGE = "book/microscope"
WEIGHTS = ROOT / "book" / "results" / "weights"
MICROSCOPES = [name for name in trained_names() if name.startswith("microscope_")]
IMAGES = {"digits": 100, "fashion_mnist": 8}  # that all maps are compared on

# ------------------------------------------------------------------------ the same numbers

# All maps and scores of some test images as 32-bit floats in base64, and milliseconds for an image
RUN = """async ({name, data, count, off, averages}) => {
  const network = await lesson.load_network(name);
  const {images} = await lesson.load_images(`${data}_images`);
  const is_off = ({name}, channel) => off.includes(name) || off.includes(`${name}:${channel}`);
  const parts = [], times = [];
  for (const image of images.slice(0, count)) {
    const begun = performance.now();
    const all = [...lesson.run_network(network, image, is_off, averages)];
    times.push(performance.now() - begun);
    parts.push(...all.map(({shown, scores}) => shown ? shown.values : scores));
  }
  const bytes = new Uint8Array(Float32Array.from(parts.flatMap(part => Array.from(part))).buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 30000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 30000));
  }
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
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{server}/{PAGE}.html")
        expect(page.locator(".microscope-answer")).to_contain_text("DenseNet:")
        yield page
        note_time(browser)


def prepared(name: str, pixels: torch.Tensor) -> torch.Tensor:
    """Images from 0 to 255, [N, size, size], as a network wants them: [N, 1, size, size]."""
    normalize = load_record(name).data
    return (pixels[:, None] / 255 - normalize["mean"][0]) / normalize["std"][0]


def written(model: nn.Module, layer: str) -> nn.Module:
    """What writes the channels of a layer: in a residual block, what comes before the sum."""
    module = model.get_submodule(layer)
    return module.bn2 if re.fullmatch(r"layer\d\.\d", layer) else module


def packed_averages(name: str) -> torch.Tensor:
    """What the page writes in place of each channel, layer after layer."""
    return unpack((WEIGHTS / f"{name}.f16").read_bytes())[1]["typical.averages"]


def in_torch(
    name: str, names: list[str], images: torch.Tensor, off: list[str], averages: bool
) -> list[np.ndarray]:
    """For each image all maps in the order of the layers, then the scores."""
    model, outputs = load_trained(name), {}
    instead = iter(packed_averages(name)) if averages else repeat(torch.tensor(0.0))

    for layer in names[:-1]:
        module = model.get_submodule(layer)

        def take_away(_, __, output, layer=layer):
            for channel in range(output.shape[1]):
                value = next(instead)
                if {layer, f"{layer}:{channel}"} & set(off):
                    output[:, channel] = value
            return output

        def keep(_, __, output, layer=layer):
            outputs[layer] = output.clone()

        written(model, layer).register_forward_hook(take_away)
        module.register_forward_hook(keep)
    with torch.inference_mode():
        outputs[names[-1]] = model(images)
    return [np.concatenate([outputs[n][i].flatten() for n in names]) for i in range(len(images))]


def compare(
    page: Page,
    name: str,
    off: tuple[str, ...] = (),
    count: int | None = None,
    averages: bool = False,
) -> float:
    """Hold every number in the page against PyTorch's; return milliseconds for an image."""
    kind = load_record(name).data["name"]
    count = count or IMAGES[kind]
    case = {"name": name, "data": kind, "count": count, "off": list(off), "averages": averages}
    found = page.evaluate(RUN, case)
    numbers = np.frombuffer(base64.b64decode(found["numbers"]), dtype="<f4").reshape(count, -1)
    images = prepared(name, offered(kind)[:count])
    right = np.stack(in_torch(name, found["names"], images, list(off), averages))
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


@pytest.mark.parametrize("averages", [False, True])
@pytest.mark.parametrize("name", LESIONS)
def test_what_is_taken_away_is_zero_or_average_for_all_later_readers(
    name, averages, page, one_thread
):
    compare(page, name, off=LESIONS[name], count=20, averages=averages)
    first = "features.conv0" if "twin" not in name else "relu"
    compare(page, name, off=(first,), count=5, averages=averages)


@pytest.mark.parametrize("name", MICROSCOPES)
def test_the_averages_are_those_of_training_images(name, page):
    layers = page.evaluate(
        "async name => (await lesson.load_network(name)).layers.map(layer => layer.name)", name
    )
    model, means = load_trained(name), []
    for layer in layers[:-1]:
        written(model, layer).register_forward_hook(
            lambda _, __, output: means.append(output.mean((0, 2, 3)))
        )
    digits = load_record(name).data["name"] == "digits"
    images = data.load("digits")[0] if digits else garments().subset(200)  # others, that come along
    with torch.inference_mode():
        model(prepared(name, images.images[:, 0].float()))
    error = (packed_averages(name) - torch.cat(means)).abs()
    assert error.max() < (1e-3 if digits else 0.1)


def test_in_chapter_0_s_microscope_the_zeros_do_the_damage_in_layer_8_and_not_in_layer_1(
    one_thread,
):
    right, found = labels("digits"), {}
    inputs = prepared("microscope_k12", offered("digits"))
    names = [f"features.denseblock{b}.denselayer{n}" for b in (1, 2) for n in (1, 2, 3, 4)]
    layers = ["features.conv0", *names[:4], "features.transition1", *names[4:], "classifier"]
    for number in (1, 8):
        for averages in (False, True):
            parts = in_torch("microscope_k12", layers, inputs, [names[number - 1]], averages)
            scores = torch.tensor(np.stack(parts))[:, -10:]
            found[number, averages] = scores.argmax(1) == right
    assert max(found[1, averages].sum() for averages in (False, True)) < 0.25 * len(right)
    assert 0.8 < found[8, False].float().mean() < 0.9
    assert (right == 7).sum() == 16 and not found[8, False][right == 7].any()
    assert found[8, True].sum() >= 195 and found[8, True][right == 7].all()


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
    names = ["microscope_k4", "microscope_k12"]
    answers = np.array(page.evaluate(PLACED, {"names": names, "digits": digits}))
    right = (answers == test.labels.numpy()[:, None]).mean(0)
    assert min(right) >= 0.95, dict(zip(names, right, strict=True))


# ------------------------------------------------------------------------ in use


@pytest.fixture
def scope(page: Page) -> Page:
    """The shared page, with the smallest pair of networks and the first test image."""
    return begin(page, "#microscope=k4&image=1")


def begin(page: Page, link: str) -> Page:
    """Follow a link, and wait until the networks have answered."""
    page.evaluate(
        "location.hash = '#'; document.querySelector('.microscope-answer').textContent = ''"
    )
    page.evaluate("link => { location.hash = link; }", link)
    expect(page.locator(".microscope-answer")).to_contain_text("DenseNet:")
    return page


def answer(page: Page) -> str:
    return page.locator(".microscope-answer").inner_text()


def row(page: Page, title: str):
    """A row of the DenseNet's stack."""
    return page.locator(".microscope-dense .microscope-row").filter(
        has_text=re.compile(f"^{title}")
    )


def test_a_digit_drawn_by_mouse_is_read(scope):
    scope.get_by_role("button", name="Clear").click()
    expect(scope.locator(".microscope-message")).to_have_text("Nothing is drawn.")
    box = scope.get_by_label("Draw here").bounding_box()

    def at(x, y):
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    scope.mouse.move(*at(0.2, 0.15))
    scope.mouse.down()
    for place in [(0.75, 0.15), (0.45, 0.85)]:  # a seven, far to the left of the centre
        scope.mouse.move(*at(*place), steps=4)
    scope.mouse.up()
    expect(scope.locator(".microscope-answer")).to_contain_text("DenseNet: 7")


def test_a_digit_drawn_by_keyboard_is_read(scope):
    pad = scope.get_by_label("Draw here")
    pad.focus()
    scope.keyboard.press("Delete")
    scope.keyboard.press("Space")
    for _ in range(10):
        scope.keyboard.press("ArrowDown")
    scope.keyboard.press("Space")
    expect(scope.locator(".microscope-answer")).to_contain_text("DenseNet: 1")


def test_a_channel_tells_who_reads_it_with_the_mean_of_the_weights(scope):
    row(scope, "layer 1").get_by_role("button", name="channel 3 of 4").click()
    model = load_trained("microscope_k4")
    found = scope.locator(".microscope-detail").inner_text()
    assert found.startswith("Layer 1, channel 3 of 4, 8 × 8 pixels. Read by (mean |w|) layer 2 (")
    for title, name in [("layer 2", "denselayer2.conv1"), ("layer 4", "denselayer4.conv1")]:
        weight = model.get_submodule(f"features.denseblock1.{name}").weight
        expected = weight[:, 16 + 2].abs().mean()  # after the 16 channels of the stem
        assert f"{title} ({expected:.3f})" in found
        expect(row(scope, title).locator(".microscope-meter")).to_have_text(f"{expected:.3f}")
    weight = model.get_submodule("features.transition1.conv").weight[:, 18].abs().mean()
    assert found.endswith(f"transition ({weight:.3f}).")
    assert scope.locator(".microscope-dense path.microscope-arc").count() == 4


def test_a_layer_tells_what_it_reads(scope):
    scope.locator(".microscope-dense").get_by_role("button", name="layer 3", exact=True).hover()
    told = scope.locator(".microscope-detail")
    expect(told).to_contain_text("Layer 3 reads 24 channels")
    assert re.findall(r"[a-z]+ ?\d?(?= \()", told.inner_text().partition(": ")[2]) == [
        "stem",
        "layer 1",
        "layer 2",
    ]


def right(page: Page) -> list[str]:
    return page.get_by_role("row", name="right of 200").locator("td").all_inner_texts()


def test_what_is_taken_away_changes_scores_and_the_count_at_once(scope):
    facts = scope.get_by_role("row", name="right of 200")
    expect(facts).not_to_contain_text("counting")
    before, scores = right(scope), scope.locator(".microscope-scores").inner_text()
    row(scope, "layer 2").get_by_role("button", name="channel 1 of 4").click()
    scope.get_by_role("button", name="Take away layer 2").click()
    expect(facts.locator("td").first).to_contain_text("fewer")
    assert scope.locator(".microscope-scores").inner_text() != scores
    assert row(scope, "layer 2").locator(".microscope-off").count() == 4
    assert right(scope)[0].startswith(f"{right_without_layer_2(torch.zeros(4))} (")
    assert right(scope)[1] == before[1]
    scope.get_by_label("written in place").select_option(label="averages instead")
    milder = right_without_layer_2(packed_averages("microscope_k4")[20:24])
    expect(facts.locator("td").first).to_contain_text(f"{milder} (")
    scope.get_by_role("button", name="Put everything back").click()
    expect(facts.locator("td").first).to_have_text(before[0])
    assert scope.locator(".microscope-scores").inner_text() == scores


def right_without_layer_2(instead: torch.Tensor) -> int:
    """How many of the digits are right when these numbers stand in place of layer 2's channels."""
    model = load_trained("microscope_k4")
    layer = model.features.denseblock1.denselayer2
    layer.register_forward_hook(lambda _, __, y: instead.view(1, 4, 1, 1).expand_as(y))
    with torch.inference_mode():
        inputs = prepared("microscope_k4", offered("digits"))
        return (model(inputs).argmax(1) == labels("digits")).sum().item()


def labels(kind: str) -> torch.Tensor:
    head = (WEIGHTS / f"{kind}_images.u8").read_bytes().partition(b"\n")[0]
    return torch.tensor(json.loads(head)["labels"])


def test_the_twin_s_channels_are_overwritten_and_the_dense_ones_stay(scope):
    dense, twin = scope.locator(".microscope-dense"), scope.locator(".microscope-twin")
    scope.get_by_role("slider", name="shown up to").fill("2")
    expect(dense.locator(".microscope-caption")).to_have_text(
        "to be read after layer 2: 16 + 2 × 4 = 24 channels"
    )
    assert dense.locator(".microscope-row:not(.microscope-later) .microscope-tile").count() == 24
    assert twin.locator(".microscope-tile:visible").count() > 7  # of later blocks, still empty
    scope.get_by_role("slider", name="shown up to").fill("9")
    expect(twin.get_by_text("overwritten by block 4")).to_be_visible()
    assert twin.locator(".microscope-tile:visible").count() == 14


def test_only_what_is_kept_stands_in_brackets(scope):
    for side in ("dense", "twin"):
        bracket = scope.locator(f".microscope-{side} .microscope-bracket").first
        drawn = bracket.evaluate(
            """node => {
              const {borderLeftColor, backgroundImage} = getComputedStyle(node);
              return borderLeftColor !== "rgba(0, 0, 0, 0)" || backgroundImage !== "none";
            }"""
        )
        assert drawn == (side == "dense"), side


@pytest.mark.parametrize("k", [8, 12])
def test_the_growth_rate_changes_the_networks_and_their_numbers(k, scope):
    slider = scope.get_by_role("slider", name="growth rate")
    slider.fill(str(k // 4 - 1))
    record, twin = load_record(f"microscope_k{k}"), load_record(f"microscope_twin_k{k}")
    table = scope.locator(".microscope-facts")
    expect(table).to_contain_text(f"DenseNet, k = {k}")
    for run in (record, twin):
        expect(table).to_contain_text(f"{run.model['parameters']:,}")
        accuracy = run.rows[-1]["test_accuracy"]
        expect(table).to_contain_text(f"{100 * accuracy:.1f} %")
    flops = arithmetic.flops(get_config("densenet_digits", growth_rate=k))
    expect(table).to_contain_text(f"{flops:,}")
    assert row(scope, "layer 1").locator(".microscope-tile").count() == k


def test_a_link_restores_what_was_drawn_and_what_was_taken_away(scope):
    scope.get_by_label("Draw here").focus()
    for key in ["Delete", "Space", *["ArrowDown"] * 10, "Space"]:
        scope.keyboard.press(key)
    row(scope, "layer 2").get_by_role("button", name="channel 1 of 4").click()
    scope.get_by_role("button", name="Take away channel 1").click()
    scope.get_by_label("written in place").select_option("averages")
    scope.get_by_role("slider", name="shown up to").fill("6")
    link = scope.get_by_role("link", name="Link to what you see").get_attribute("href")
    assert "pixels=" in link and link.endswith("&step=6&off=d2.0&instead=averages")
    scores = scope.locator(".microscope-scores").inner_text()
    begin(scope, "#microscope=k4&image=5")
    assert scope.locator(".microscope-scores").inner_text() != scores
    begin(scope, link)
    assert scope.locator(".microscope-scores").inner_text() == scores
    expect(row(scope, "layer 2").locator(".microscope-off")).to_have_count(1)
    expect(scope.get_by_label("written in place")).to_have_value("averages")
    assert scope.get_by_role("slider", name="shown up to").input_value() == "6"


def test_garments_are_read_by_larger_networks_and_the_count_is_given_up_for_the_next_wish(scope):
    scope.get_by_label("what is read").select_option(label="garments, 28 × 28 pixels")
    expect(scope.locator(".microscope-answer")).to_contain_text("It is labelled Ankle boot")
    table = scope.locator(".microscope-facts")
    for name in ("microscope_garments", "microscope_twin_garments"):
        expect(table).to_contain_text(f"{load_record(name).model['parameters']:,}")
    expect(scope.get_by_role("slider", name="growth rate")).to_be_hidden()
    expect(table).to_contain_text("counting")
    row(scope, "layer 2").get_by_role("button", name="channel 1 of 12").click()
    scope.get_by_role("button", name="Take away layer 2").click()
    scope.get_by_label("what is read").select_option(label="digits, 8 × 8 pixels")
    expect(scope.locator(".microscope-answer")).to_contain_text("It is labelled 7")
    expect(table).to_contain_text("right of 200 test images")


@pytest.mark.parametrize(
    "link", ["#microscope=__proto__&image=9999", "#microscope=k4&off=x,d99&step=a"]
)
def test_a_link_to_nonsense_shows_a_digit_all_the_same(link, page):
    assert re.match(r"DenseNet: \d", answer(begin(page, link)))


def test_the_stack_is_walked_by_keyboard(scope):
    row(scope, "layer 1").get_by_role("button", name="layer 1", exact=True).focus()
    for key in ["ArrowRight", "ArrowRight", "ArrowDown"]:
        scope.keyboard.press(key)
    focused = scope.locator(":focus")
    expect(focused).to_have_accessible_name("layer 2, channel 2 of 4")
    expect(scope.locator(".microscope-detail")).to_contain_text("Layer 2, channel 2")
    scope.keyboard.press("Delete")
    expect(focused).to_have_class(re.compile("microscope-off"))
    scope.keyboard.press("Delete")
    expect(focused).not_to_have_class(re.compile("microscope-off"))


def test_a_screen_reader_hears_what_both_networks_say(scope):
    status = scope.locator(".microscope ~ [role=status]")
    expect(status).to_have_text(re.compile(r"DenseNet: \d \(\d+ %\)\. ResNet: \d \(\d+ %\)\."))


def picture(mode: str, size: tuple[int, int], colour: Any, dot: Any = None) -> bytes:
    """A PNG of one colour, with a thick stroke of another one."""
    image = Image.new(mode, size, colour)
    if dot is not None:
        wide, high = size
        ImageDraw.Draw(image).line([(wide / 2, high / 5), (wide / 2, high * 0.8)], dot, wide // 10)
    stored = io.BytesIO()
    image.save(stored, "PNG")
    return stored.getvalue()


PICTURES = {
    "no picture": (b"hello", "no picture that this browser can show"),
    "50 megapixels": (picture("1", (10_000, 5_000), 1), "50 million pixels"),
    "one colour": (picture("L", (50, 50), 90), "all of one colour"),
    "nothing": (
        picture("RGBA", (50, 50), (0, 0, 0, 0)),
        "Everything in this picture is transparent",
    ),
    "transparency": (
        picture("RGBA", (200, 300), (0, 0, 0, 0), (20, 0, 60, 255)),
        "What is transparent was taken for white.",
    ),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_is_dropped_gets_a_sentence(kind, scope):
    content, sentence = PICTURES[kind]
    file = {"name": "mine.png", "mimeType": "image/png", "buffer": content}
    scope.get_by_label("Your own picture").set_input_files(file)
    expect(scope.locator(".microscope-message")).to_contain_text(sentence)
    if kind == "transparency":
        expect(scope.locator(".microscope-answer")).to_contain_text("DenseNet: 1")


def test_a_picture_light_on_dark_is_read_like_one_dark_on_light(scope):
    for ground, ink in [(0, 255), (255, 0)]:
        content = picture("L", (300, 200), ground, ink)
        file = {"name": "mine.png", "mimeType": "image/png", "buffer": content}
        scope.get_by_label("Your own picture").set_input_files(file)
        expect(scope.locator(".microscope-answer")).to_contain_text("DenseNet: 1")
        begin(scope, "#microscope=k4&image=3")


def test_a_scribble_gets_a_word_of_warning_and_a_digit_does_not(scope):
    assert "unlike" not in answer(scope)
    file = {"name": "mine.png", "mimeType": "image/png", "buffer": scribble()}
    scope.get_by_label("Your own picture").set_input_files(file)
    expect(scope.locator(".microscope-answer")).to_contain_text("it looks unlike anything")


def scribble() -> bytes:
    """A square with both diagonals."""
    image = Image.new("L", (200, 200), 255)
    for line in [
        (20, 20, 180, 20, 180, 180, 20, 180, 20, 20),
        (20, 20, 180, 180),
        (20, 180, 180, 20),
    ]:
        ImageDraw.Draw(image).line(line, 0, 18)
    stored = io.BytesIO()
    image.save(stored, "PNG")
    return stored.getvalue()


# ------------------------------------------------------------------------ elsewhere


MOST_BYTES = {"digits": 120_000, "fashion_mnist": 500_000}  # of a network's script


def test_the_page_gets_the_committed_files_and_each_is_small_enough():
    for path in WEIGHTS.glob("*.[fu]*"):
        script = (HTML / "_static" / "microscope" / f"{path.stem}.js").read_text(encoding="utf-8")
        arguments = script.removeprefix("lesson.unpacked(").removesuffix(");\n")
        words = json.loads(f"[{arguments}]")
        head, _, rest = path.read_bytes().partition(b"\n")
        assert words[:2] == [path.stem, json.loads(head)]
        assert len(script) <= MOST_BYTES[words[1].get("data", "digits")]
        assert base64.b64decode(words[2]) == rest, "run `make book`"


NOTE_FRESH = """() => {
  window.fresh = "";
  const note = () => document.querySelectorAll(".microscope-dense .microscope-fresh")
    .forEach(each => (fresh += each.textContent));
  new MutationObserver(note).observe(
    document.querySelector(".microscope"), {subtree: true, childList: true, attributes: true});
}"""


def test_it_works_from_a_folder_on_a_phone_and_moves_for_readers_who_want_that(visit):
    options = {"viewport": PHONE, "has_touch": True, "reduced_motion": "no-preference"}
    page = visit(PAGE, at=HTML.as_uri(), **options)
    expect(page.locator(".microscope-answer")).to_contain_text("DenseNet: 7")
    assert widest(page) <= PHONE["width"]
    targets = page.locator(".microscope").locator("button:visible, input:visible, [tabindex='0']")
    sizes = targets.evaluate_all("all => all.map(e => [e.offsetWidth, e.offsetHeight])")
    assert min(min(size) for size in sizes) >= 24
    page.evaluate(NOTE_FRESH)  # on a busy machine, one look could come too late
    page.get_by_role("button", name="Watch it").tap()
    page.wait_for_function("['layer 2', 'layer 3'].every(name => fresh.includes(name))")


@pytest.mark.parametrize("viewport", [TABLET, DESKTOP])
def test_on_a_tablet_too_the_scores_stand_beside_what_goes_in(viewport, visit):
    page = visit(PAGE, viewport=viewport)
    expect(page.locator(".microscope-answer")).to_contain_text("DenseNet:")
    boxes = "all => all.map(e => e.getBoundingClientRect().toJSON())"
    parts = page.locator(".microscope-input > *").evaluate_all(boxes)
    assert len(parts) == 3 and len({part["top"] for part in parts}) == 1
    for part, beside in zip(parts, parts[1:], strict=False):
        assert part["right"] <= beside["left"]


def test_nothing_moves_for_readers_who_asked_for_that(scope):
    expect(scope.get_by_role("button", name="Watch it")).to_be_hidden()


def test_without_scripts_there_is_a_picture_and_words(visit):
    page = visit(PAGE, java_script_enabled=False)
    place = page.locator("[data-explorable=microscope]")
    expect(place).to_contain_text("JavaScript")
    assert place.locator("img").evaluate("e => e.naturalWidth") > 600
    assert place.locator("button, canvas").count() == 0
