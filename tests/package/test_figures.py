import io
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from functools import cache
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from test_arithmetic import output_shapes

from colours import EYES, contrast, lab, linear
from densenet_lesson import (
    CLASSICS,
    DENSENETS,
    RESNETS,
    DenseBlock,
    DenseLayer,
    DenseNetConfig,
    Residual,
    ResNetConfig,
    Transition,
    arithmetic,
    build,
    data,
    figures,
)
from densenet_lesson.classics import inception
from densenet_lesson.figures import drawing

C, D, R = CLASSICS, DENSENETS, RESNETS
V1, WIDE = inception.inception_v1(64, 96, 128, 16, 32, 32), inception.inception_v4()
SMALL_NET = DenseNetConfig("small", block_config=(2, 3), growth_rate=8, stem="cifar", image_size=16)


def images(num, channels=1, size=8):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (num, channels, size, size), generator=generator, dtype=torch.uint8)
    return data.Images(pixels, torch.arange(num) % 3, ("T-shirt/top", "Ankle boot", "Bag"))


ALT = "Two networks of two runs each, and more words that say what there is to be seen here."
CURVES = {"plain, 10": [[0.2, 0.5, 0.95], [0.3, 0.6, 0.93]], "dense": [[0.4, 0.8, 0.94]]}
TRIANGLE = torch.ones(4, 4).triu() / torch.ones(4, 4).triu()  # below the diagonal: NaN
DEPTHS = {title: {"dense": [1.0, 2, 1], "plain": [9.0, 3, 0.1]} for title in ("new", "trained")}
KINDS = {"plain, 10": "plain", "dense": "dense"}

DRAWINGS = {
    "connectivity": lambda: figures.connectivity(),
    "connectivity of 2": lambda: figures.connectivity(2),
    "connectivity of 8": lambda: figures.connectivity(8),
    "residual block": lambda: figures.residual_block(64, 64),
    "residual block B": lambda: figures.residual_block(1024, 2048, stride=2),
    "residual block A": lambda: figures.residual_block(64, 128, 2, "A"),
    "residual block C": lambda: figures.residual_block(64, 64, 1, "C", shortcut_norm=False),
    "dense block": lambda: figures.dense_block(3, 2, 10),
    "dense block of 6": lambda: figures.dense_block(64, 6, 32),
    "dense block of 48": lambda: figures.dense_block(256, 48, 32),
    "dense layer": lambda: figures.dense_layer(3, 10),
    "dense layer B": lambda: figures.dense_layer(992, 32, 4),
    "dense layer, wide": lambda: figures.dense_layer(16, 40, 4),
    "transition": lambda: figures.transition(23, 10, 8),
    "transition, max": lambda: figures.transition(1024, 512, 14, pool="max"),
    "number grids": lambda: figures.number_grids(
        {"3×3": torch.ones(3, 3), "3×3, 3×3": torch.arange(64).view(8, 8), "5×5": torch.eye(7)}
    ),
    "roofline": lambda: figures.roofline(
        {
            **{"ReLU": (0.1, 9e8), "batch norm": (0.3, 2e9)},
            **{"1×1 convolution": (40.0, 5e10), "3×3 convolution": (110.0, 9e10)},
        },
        *(1e11, 1e10),
    ),
    "stacked": lambda: figures.stacked(
        {"layer 1": {"input": 9}, "ResNet, bottleneck": {"down": 3, "up": 4}},
        ["9", "3 + 4 = 7"],
        ALT,
    ),
    "seeds": lambda: figures.seeds({"DenseNet": [0.9, 0.93], "plain": [0.8]}, label="accuracy"),
    "curves": lambda: figures.curves(CURVES, KINDS, "training accuracy", ALT, ["plain, 10"]),
    "feature maps": lambda: figures.feature_maps(
        {"stem": torch.arange(20.0 * 64).view(20, 8, 8), "layer 1": torch.zeros(8, 8, 8)}, ALT
    ),
    "weight map": lambda: figures.weight_map(
        torch.eye(2, 3), ["layer 1", "layer 2"], ["x", "layer 1", "layer 2"], ALT
    ),
    "reuse maps": lambda: figures.reuse_maps({"1": TRIANGLE, "2": TRIANGLE}, "TC", "w", ALT),
    "by depth": lambda: figures.by_depth(DEPTHS, {"dense": "dense", "plain": "plain"}, ALT),
    "where it looks": lambda: figures.where_it_looks(
        torch.eye(8).expand(2, 1, 8, 8), {"map": torch.eye(2).expand(2, 2, 2)}, ["a", "b"], ALT
    ),
    "image grid": lambda: figures.image_grid(images(20)),
    "image grid of 7": lambda: figures.image_grid(images(9, 3), 7, ["Bag\nnot Ankle boot"] * 7),
}
for name in ("densenet121", "densenet_d2l", "densenet_digits"):
    DRAWINGS[f"growth of {name}"] = lambda name=name: figures.channel_growth(D[name])
    DRAWINGS[f"stages of {name}"] = lambda name=name: figures.stage_map(D[name])
    DRAWINGS[f"whole {name}"] = lambda name=name: figures.whole(D[name], costs=True)
for name in ("resnet18", "resnet152"):
    DRAWINGS[f"growth of {name}"] = lambda name=name: figures.channel_growth(R[name])
    DRAWINGS[f"stages of {name}"] = lambda name=name: figures.stage_map(R[name], 64)
DRAWINGS["side by side"] = lambda: figures.side_by_side(
    {"a photograph": torch.eye(9).expand(3, 9, 9), "max, 3 times": torch.eye(2)[None]}, "Lines."
)
DRAWINGS["growth of densenet201"] = lambda: figures.channel_growth(D["densenet201"])
DRAWINGS["growth with short blocks"] = lambda: figures.channel_growth(
    replace(D["densenet121"], block_config=(1, 3, 13, 1, 20))
)
DRAWINGS["family"] = lambda: figures.family(list(C.values()))
DRAWINGS["family of one"] = lambda: figures.family([C["googlenet"]])
DRAWINGS["inception module"] = lambda: figures.inception_module(V1, 192)
DRAWINGS["inception module, wide"] = lambda: figures.inception_module(WIDE, 1024)
DRAWINGS["inception module, residual"] = lambda: figures.inception_module(
    inception.inception_resnet(), 1024
)
for name in C:
    DRAWINGS[f"stages of {name}"] = lambda name=name: figures.stage_map(C[name])

ONE_OF_EACH_KIND = [
    *("connectivity", "residual block", "dense block", "dense layer B", "transition"),
    *("number grids", "roofline", "seeds", "curves", "feature maps", "weight map", "reuse maps"),
    *("by depth", "where it looks", "image grid of 7", "growth of resnet18", "stages of resnet18"),
    *("whole densenet_digits", "side by side", "family of one", "inception module"),
]
every_drawing = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ONE_OF_EACH_KIND else pytest.mark.slow)
        for name in DRAWINGS
    ],
)


@pytest.fixture(scope="module")
def drawn():
    """Draw each picture once; nothing in these tests changes it."""

    @cache
    def draw(name):
        figure = DRAWINGS[name]()
        figure.draw_without_rendering()
        return figure

    return draw


@pytest.fixture(scope="module")
def written(drawn):
    """The SVG of each picture, written once."""

    @cache
    def write(name):
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # "Glyph 8594 missing from font"
            warnings.simplefilter("ignore", DeprecationWarning)  # old Matplotlib, new pyparsing
            return svg(drawn(name))

    return write


def svg(figure):
    file = io.BytesIO()
    figure.savefig(file, format="svg", bbox_inches="tight")
    return file.getvalue()


def shown_texts(figure):
    """The texts that a reader sees; matplotlib keeps further ones, such as ticks out of range."""
    texts = [text for legend in figure.legends for text in legend.get_texts()]
    for axes in figure.axes:
        texts += axes.texts
        texts += [axes.title] + ([] if not axes.axison else shown_labels(axes))
    return [text for text in texts if text.get_visible() and text.get_text()]


def shown_labels(axes):
    labels = [axes.xaxis.label, axes.yaxis.label, axes._left_title]
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        labels += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return labels


def words(figure):
    return [text.get_text() for text in shown_texts(figure)]


def bars(figure, color):
    """The bars of a colour: left end, top, width and height, in the units of their axes."""
    found = []
    for axes in figure.axes:
        for patch in axes.patches:
            if isinstance(patch, Rectangle) and patch.get_facecolor()[:3] == to_rgb(color):
                found.append(patch)
    return found


def overlap(a, b, by=1.0):
    """Whether two boxes share more than `by` pixels in width and in height."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return width > by and height > by


# ------------------------------------------------------------------------- every drawing


@every_drawing
def test_texts_stay_on_the_canvas_and_off_each_other(drawn, name):
    figure = drawn(name)
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown_texts(figure)]
    assert boxes
    for text, box in boxes:
        inside = box.x0 >= -1 and box.y0 >= -1
        assert inside and box.x1 <= figure.bbox.width + 1 and box.y1 <= figure.bbox.height + 1, text
    for (text, box), (other, other_box) in combinations(boxes, 2):
        assert not overlap(box, other_box), (text, other)


@every_drawing
def test_boxes_hold_their_text_and_stay_off_each_other(drawn, name):
    figure = drawn(name)
    patches = [patch for patch in figure.findobj(FancyBboxPatch) if patch.axes]
    boxes = [patch.get_window_extent() for patch in patches]
    for box, other in combinations(boxes, 2):
        assert not overlap(box, other)
    for text in shown_texts(figure):
        words = text.get_window_extent()
        for box in boxes:
            if overlap(box, words):
                assert box.x0 < words.x0 and words.x1 < box.x1, text.get_text()
                assert box.y0 < words.y0 and words.y1 < box.y1, text.get_text()


@every_drawing
def test_letters_are_large_enough_for_a_phone(drawn, name):
    figure = drawn(name)
    phone = 343 / (figure.get_figwidth() * 96)  # a column of 343 pixels; 96 pixels are an inch
    for text in shown_texts(figure):
        assert text.get_fontsize() * 96 / 72 * phone >= 9, text.get_text()  # pixels


@every_drawing
def test_svg_is_small_and_has_all_letters_and_the_alternative_text(drawn, written, name):
    assert len(written(name)) < 150_000
    assert ElementTree.fromstring(written(name)).find("{*}title").text == drawn(name).alt


@pytest.mark.parametrize("name", ONE_OF_EACH_KIND)
def test_svg_is_the_same_each_time(written, name):
    """Another one, which nobody has looked at, gives the same."""
    again = DRAWINGS[name]()
    assert svg(again) == written(name)
    assert svg(again) == written(name)  # and when it is saved once more


@every_drawing
def test_alternative_text_is_made_of_sentences(drawn, name):
    figure = drawn(name)
    assert len(figure.alt) > 60
    assert figure.alt.endswith(".") and "\n" not in figure.alt
    assert repr(figure) == figure.alt


def numbers(text):
    return {number.replace(",", "") for number in re.findall(r"\d[\d,]*\d|\d", text)}


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in DRAWINGS
        if n.startswith(("residual", "dense", "trans", "growth o", "stages", "inception"))
    ],
)
def test_every_number_of_the_alternative_text_is_in_the_picture(drawn, name):
    figure = drawn(name)
    told = re.split(r"after (?=stem)|each: ", figure.alt)[-1]  # the network's name has numbers too
    assert len(numbers(told)) >= 2
    assert numbers(told) <= numbers(" ".join(words(figure)))


# ------------------------------------------------------------------------- connectivity


@pytest.mark.parametrize("num_layers", [2, 4, 7])
def test_connectivity_has_the_papers_number_of_connections(num_layers):
    figure = figures.connectivity(num_layers)
    arrows = [a for a in figure.findobj(FancyArrowPatch) if a.axes]
    residual = 3 * num_layers + 1  # in, around and out of each layer; out of the last sum
    dense = num_layers * (num_layers + 1) // 2  # arXiv:1608.06993, Section 1
    to_the_output = num_layers + 1  # Equation 2, once more: x and all layers
    assert len(arrows) == residual + dense + to_the_output
    assert f"{dense} arrows" in figure.alt
    names = ["x", *(f"layer {i}" for i in range(1, num_layers + 1))]
    for name in names[1:]:
        assert words(figure).count(name) == 2
    parts = [str(i) for i in range(1, num_layers + 1)]
    assert [word for word in words(figure) if word.isdigit()] == parts


@pytest.mark.parametrize("num_layers", [0, 1, 9, 2.5, "4"])
def test_connectivity_refuses_what_it_cannot_show(num_layers):
    with pytest.raises(ValueError, match="num_layers="):
        figures.connectivity(num_layers)


# ------------------------------------------------------------------------- residual block


@pytest.mark.parametrize(
    ("arguments", "around"),
    [
        ((64, 64), "identity:\nx as it is"),
        ((64, 128, 2), "1×1 conv 64 → 128,\nstride 2,\nbatch norm"),
        ((64, 96, 1), "1×1 conv 64 → 96,\nbatch norm"),
        ((64, 64, 1, "C"), "1×1 conv 64 → 64,\nbatch norm"),
        ((64, 64, 1, "C", False), "1×1 conv 64 → 64"),
        ((64, 64, 1, "A"), "identity:\nx as it is"),
        ((64, 128, 2, "A"), "keep 1 pixel of 2 × 2,\n64 channels\nof zeros appended"),
        ((64, 96, 1, "A"), "keep all pixels,\n32 channels\nof zeros appended"),
        ((64, 64, 2, "A"), "keep 1 pixel of 2 × 2"),
    ],
)
def test_residual_block_names_its_shortcut(arguments, around):
    figure = figures.residual_block(*arguments)
    assert around in words(figure)
    assert around.replace("\n", " ") in figure.alt


@pytest.mark.parametrize("arguments", [(16, 16, 1), (16, 32, 2), (8, 24, 4)])
def test_residual_block_shows_the_shapes_of_the_real_block(arguments):
    in_channels, _, stride = arguments
    y = Residual(*arguments)(torch.zeros(1, in_channels, 16, 16))
    figure = figures.residual_block(*arguments)
    pixels = "H × W" if y.shape[2] == 16 else f"H/{16 // y.shape[2]} × W/{16 // y.shape[3]}"
    assert words(figure)[0] == f"x:  {in_channels} × H × W"
    assert words(figure).count(f"{y.shape[1]} × {pixels}") == 1
    assert f"g(x):  {y.shape[1]} × {pixels}" in words(figure)


def test_residual_block_shows_the_layers_of_the_real_block_in_order():
    kinds = {torch.nn.Conv2d: "conv", torch.nn.BatchNorm2d: "batch norm"}
    real = [kinds.get(type(module)) for module in Residual(8, 8).children()]
    shown = re.findall("conv|batch norm", " ".join(words(figures.residual_block(8, 8))))
    assert shown == [kind for kind in real if kind]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0, 8), "in_channels=0"),
        ((8, -1), "out_channels=-1"),
        ((8, 8, 0), "stride=0"),
        ((8, 8, 1, "D"), "shortcut='D'"),
        ((8, 4, 1, "A"), "out_channels=4"),
    ],
)
def test_residual_block_names_the_wrong_argument(arguments, name):
    with pytest.raises(ValueError, match=name):
        figures.residual_block(*arguments)


# ------------------------------------------------------------------------- dense block and layer


@pytest.mark.parametrize(("channels", "layers", "growth"), [(3, 2, 10), (64, 6, 32), (16, 8, 12)])
def test_dense_block_shows_the_channels_of_the_real_block(channels, layers, growth):
    x = torch.zeros(1, channels, 4, 4)
    counts = [DenseBlock(n, channels, growth)(x).shape[1] for n in range(1, layers + 1)]
    figure = figures.dense_block(channels, layers, growth)
    shown = words(figure)
    assert str(channels) == shown[shown.index("layer 1") - 1]
    for layer, count in enumerate(counts, 1):
        following = f"layer {layer + 1}" if layer < layers else shown[-1]
        assert str(count) == shown[shown.index(following) - 1]
        assert str(count) in figure.alt
    assert shown[-1] == arithmetic.block_channels_written(channels, layers, growth)


def test_dense_block_draws_channels_to_scale():
    figure = figures.dense_block(3, 2, 10)
    inputs, new = bars(figure, figures.INPUT), bars(figure, figures.NEW)
    assert (len(inputs), len(new)) == (3, 1 + 2)  # before and after each layer; 1, then 2 parts
    assert {round(bar.get_width() / inputs[0].get_width(), 6) for bar in new} == {round(10 / 3, 6)}
    assert "+10" in words(figure)


def test_long_dense_block_leaves_out_the_middle_and_says_so():
    shown = words(figures.dense_block(256, 24, 32))
    assert "⋮" in shown and "layer 4" not in shown
    assert shown[shown.index("layer 24") :][-2:] == ["1,024", "256 + 24 × 32 = 1024"]
    assert "⋮" not in words(figures.dense_block(256, 8, 32))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((0, 2, 10), "in_channels=0"), ((3, 0, 10), "num_layers=0"), ((3, 2, 1.5), "growth_rate=1.5")],
)
def test_dense_block_names_the_wrong_argument(arguments, name):
    with pytest.raises(ValueError, match=name):
        figures.dense_block(*arguments)


@pytest.mark.parametrize("arguments", [(3, 10), (64, 32, 4), (16, 12, 2)])
def test_dense_layer_shows_the_convolutions_of_the_real_layer(arguments):
    layer = DenseLayer(*arguments)
    convs = [module for module in layer.modules() if isinstance(module, torch.nn.Conv2d)]
    figure = figures.dense_layer(*arguments)
    steps = [text for text in words(figure) if text.startswith("batch norm, ReLU")]
    assert [step.splitlines()[1] for step in steps] == [
        f"{c.kernel_size[0]}×{c.kernel_size[1]} conv {c.in_channels} → {c.out_channels}"
        for c in convs
    ]
    new = layer(torch.zeros(1, arguments[0], 4, 4)).shape[1]
    assert f"{new} new channels" in words(figure)
    together = f"{arguments[0]} + {new} = {arguments[0] + new}"
    assert words(figure)[-1] == f"side by side: {together}"
    assert together in figure.alt


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((0, 10), "in_channels=0"), ((3, 0), "growth_rate=0"), ((3, 10, 0), "bn_size=0")],
)
def test_dense_layer_names_the_wrong_argument(arguments, name):
    with pytest.raises(ValueError, match=name):
        figures.dense_layer(*arguments)


# ------------------------------------------------------------------------- transition


@pytest.mark.parametrize("pool", ["avg", "max"])
@pytest.mark.parametrize(("before", "after", "size"), [(23, 10, 8), (64, 32, 7)])
def test_transition_shows_the_shapes_of_the_real_transition(before, after, size, pool):
    real = Transition(before, after, pool=pool)(torch.zeros(1, before, size, size))
    figure = figures.transition(before, after, size, pool)
    shapes = [text for text in words(figure) if text.count("×") == 2 and "\n" not in text]
    output = " × ".join(str(n) for n in real.shape[1:])
    assert shapes == [f"{before} × {size} × {size}", f"{after} × {size} × {size}", output]
    assert ("average" if pool == "avg" else "max") in figure.alt


def test_transition_draws_one_sheet_for_each_of_a_few_channels():
    figure = figures.transition(23, 10, 8)
    green = bars(figure, figures.TRANSITION)
    assert (len(bars(figure, figures.INPUT)), len(green)) == (23, 10 + 10)
    assert green[0].get_width() == pytest.approx(2 * green[-1].get_width())  # 8 pixels, 4 pixels


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0, 10, 8), "in_channels=0"),
        ((23, 0, 8), "out_channels=0"),
        ((23, 10, 0), "size=0"),
        ((23, 10, 1), "size=1"),
        ((23, 10, 8, "min"), "pool='min'"),
    ],
)
def test_transition_names_the_wrong_argument(arguments, name):
    with pytest.raises(ValueError, match=name):
        figures.transition(*arguments)


# ------------------------------------------------------------------------- whole networks


@pytest.mark.parametrize(
    "config",
    [
        SMALL_NET,
        replace(SMALL_NET, block_config=(1, 2, 3), growth_rate=4, compression=1.0),
        D["densenet_d2l"],
        ResNetConfig("small", layers=(1, 2), widths=(8, 16), stem="cifar", image_size=16),
    ],
    ids=lambda config: config.name,
)
def test_stage_map_shows_the_shapes_of_the_real_network(config):
    figure = figures.stage_map(config)
    shown = words(figure)
    pixels = torch.zeros(1, config.in_channels, config.image_size, config.image_size)
    shapes = output_shapes(build(config).eval(), pixels)
    shapes = {path.removeprefix("features."): shape for path, shape in shapes.items()}
    stages = [name for name in shapes if re.fullmatch(r"(denseblock|transition|layer)\d", name)]
    assert len(stages) >= 2
    for name in stages:
        _, channels, height, width = shapes[name]
        kind, number = name.rstrip("0123456789"), name[-1]
        title = {"denseblock": "dense block", "layer": "stage"}.get(kind, kind) + f" {number}"
        label = f"{channels} × {height} × {width}"
        row = next(i for i, text in enumerate(shown) if text.split("\n")[0] == title)
        assert label in shown[row - 1 : row + 2]
        assert f"{title} {label}" in figure.alt
    assert shown[0] == "image" or shown[1] == "image"


def test_stage_map_follows_the_configuration():
    before = words(figures.stage_map(SMALL_NET))
    assert "dense block 1\n2 layers: 1×1, 3×3 conv, k = 8" in before
    assert "dense block 2\n3 layers: 1×1, 3×3 conv, k = 8" in before
    changes = {"growth_rate": 6, "bn_size": None, "pool": "max", "stem": "imagenet"}
    after = words(figures.stage_map(replace(SMALL_NET, image_size=32, **changes)))
    assert "dense block 1\n2 layers: 3×3 conv, k = 6" in after
    assert "transition 1\n1×1 conv, 2×2 max pooling" in after
    assert "stem\n7×7 conv, 3×3 max pooling" in after
    assert "image" in after and "3 × 32 × 32" in after
    assert "1,000 classes" in after
    bottleneck = ResNetConfig("b", "bottleneck", layers=(1, 3), widths=(8, 16))
    assert "stage 2\n3 blocks: 1×1, 3×3, 1×1 conv" in words(figures.stage_map(bottleneck))
    assert "stage 1\n1 block: 1×1, 3×3, 1×1 conv" in words(figures.stage_map(bottleneck))


def test_channel_growth_shows_the_channels_of_densenet121():
    figure = figures.channel_growth(D["densenet121"])
    counts = [a.get_text() for a in figure.axes[0].texts]
    path = arithmetic.channel_path(D["densenet121"])
    assert path == [64, 256, 128, 512, 256, 1024, 512, 1024]  # arXiv:1608.06993, Table 1
    assert counts == [f"{channels:,}" for channels in path]
    for channels in path:
        assert f" {channels:,}" in figure.alt


def test_channel_growth_stacks_new_features_on_the_input_of_the_block():
    figure = figures.channel_growth(SMALL_NET)
    heights = [bar.get_height() for bar in bars(figure, figures.NEW)]
    assert heights == [8, 16, 8, 16, 24]
    entering = [bar.get_height() for bar in bars(figure, figures.INPUT)]
    assert entering == [64, 64, 64, 40, 40, 40]  # the stem; then two layers, three layers
    assert [bar.get_height() for bar in bars(figure, figures.TRANSITION)] == [40]
    assert "DenseNet" not in figure.alt and "small" in figure.alt


def test_channel_growth_of_a_resnet_shows_sums():
    figure = figures.channel_growth(R["resnet18"])
    heights = [bar.get_height() for bar in bars(figure, figures.SUM)]
    assert heights == [64, 64, 128, 128, 256, 256, 512, 512]
    assert not bars(figure, figures.NEW)
    assert "sum" in words(figure) and "transition" not in words(figure)


def test_a_whole_densenet_is_drawn_to_scale():
    config = D["densenet121"]
    figure = figures.whole(config, costs=True)
    stages = arithmetic.stages(config)[1:-1:2]
    image, layers = bars(figure, figures.INPUT)[0], bars(figure, figures.NEW)
    heights = [
        stage.size / 224
        for stage, count in zip(stages, config.block_config, strict=True)
        for _ in range(count)
    ]
    assert [bar.get_height() / image.get_height() for bar in layers] == pytest.approx(heights)
    before = [bar.get_width() for bar in bars(figure, figures.INPUT)[1:]]
    assert [width / layers[0].get_width() for width in before] == pytest.approx([2, 4, 8, 16])
    arcs = [len(patch.get_path().vertices) // 4 for patch in figure.axes[0].patches]
    assert [number for number in arcs if number > 2] == [21, 78, 300, 136]
    shown = words(figure)
    assert "2.84M" in shown and "2.08G" in shown and "7²" in shown


def test_a_whole_densenet_is_no_other_network_and_may_be_tiny():
    with pytest.raises(ValueError, match=r"config='ResNet-18' is no DenseNetConfig.*stage_map"):
        figures.whole(R["resnet18"])
    tiny = replace(SMALL_NET, num_init_features=4, growth_rate=1, num_classes=1)
    assert "0.01K" in words(figures.whole(tiny, costs=True))  # the head's 12 FLOPs


def test_short_blocks_hide_a_number_rather_than_print_it_over_another(drawn):
    labels = drawn("growth with short blocks").axes[0].texts
    assert {label.get_visible() for label in labels} == {True, False}


def test_network_drawings_name_the_wrong_argument():
    with pytest.raises(ValueError, match="image_size=20 is too small"):
        figures.stage_map(D["densenet121"], 20)
    with pytest.raises(ValueError, match="image_size=0"):
        figures.stage_map(D["densenet121"], 0)


# ------------------------------------------------------------------------- pictures of the data


def test_image_grid_shows_the_pixels_and_the_names_of_the_classes():
    batch = images(6)
    figure = figures.image_grid(batch, 6)
    shown = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert len(shown) == 6
    for pixels, image in zip(shown, batch.images, strict=True):
        assert np.array_equal(np.asarray(pixels).squeeze(), image[0].numpy())
    assert words(figure) == [batch.class_names[label] for label in batch.labels]
    assert "T-shirt/top, Ankle boot, Bag, T-shirt/top" in figure.alt
    assert "6 images of 8 × 8 pixels" in figure.alt


def test_image_grid_shows_colours_as_they_are():
    batch = images(3, channels=3)
    first = figures.image_grid(batch, 3).axes[0].images[0].get_array()
    assert np.array_equal(first, batch.images[0].permute(1, 2, 0).numpy())


def test_image_grid_shows_grey_from_black_to_white_whatever_the_image_holds():
    dark = data.Images(torch.full((1, 1, 4, 4), 100, dtype=torch.uint8), torch.tensor([0]), ("a",))
    assert figures.image_grid(dark, 1).axes[0].images[0].get_clim() == (0, 255)


def test_pictures_side_by_side_are_shown_pixel_by_pixel_grey_from_black_to_white():
    pictures = {"a": torch.rand(3, 4, 6), "b\nc": torch.full((1, 2, 2), 0.5)}
    figure = figures.side_by_side(pictures, "B is grey.")
    shown = [axes.images[0] for axes in figure.axes]
    assert np.array_equal(shown[0].get_array(), pictures["a"].permute(1, 2, 0).numpy())
    assert np.asarray(shown[1].get_array()).squeeze().tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert shown[1].get_clim() == (0, 1)
    seen = "Side by side: a (4 × 6 pixels), b c (2 × 2 pixels). B is grey."
    assert words(figure) == list(pictures) and figure.alt == seen


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ({}, "must be 1 to 4 pictures"),
        (dict.fromkeys("abcde", torch.zeros(1, 2, 2)), "must be 1 to 4 pictures"),
        ({"a": torch.zeros(2, 2, 2)}, r"pictures\['a'\] has the shape \(2, 2, 2\)"),
        ({"a": torch.zeros(2, 2)}, r"pictures\['a'\] has the shape \(2, 2\)"),
    ],
)
def test_what_is_no_picture_is_not_shown(pictures, message):
    with pytest.raises(ValueError, match=message):
        figures.side_by_side(pictures, "nothing")


def test_titles_keep_off_the_images(drawn):
    all_axes = drawn("image grid of 7").axes
    for axes, image_above in zip(all_axes[5:], all_axes[:5], strict=True):  # the second row
        title = axes.title.get_window_extent()
        assert title.y0 >= axes.get_window_extent().y1
        assert title.y1 + 4 <= image_above.get_window_extent().y0  # pixels


def test_image_grid_takes_titles():
    figure = figures.image_grid(images(2), 2, titles=["a\nb", 7])
    assert words(figure) == ["a\nb", "7"]
    assert figure.alt.endswith("a b, 7.")


@pytest.mark.parametrize(
    ("num", "titles", "message"),
    [(0, None, "num=0"), (4, None, "num=4 must be at most 3"), (2, ["a"], "num=2 titles")],
)
def test_image_grid_names_the_wrong_argument(num, titles, message):
    with pytest.raises(ValueError, match=message):
        figures.image_grid(images(3), num, titles)


# ------------------------------------------------------------------------- colours

ROLES = {
    "input": figures.INPUT,
    "new": figures.NEW,
    "sum": figures.SUM,
    "transition": figures.TRANSITION,
    "plain": figures.PLAIN,
}


@pytest.mark.parametrize("eye", ["trichromat", *EYES])
def test_every_kind_of_colour_vision_tells_the_colours_apart(eye):
    seen = np.array(EYES.get(eye, np.eye(3)))
    for (a, color), (b, other) in combinations(ROLES.items(), 2):
        distance = np.linalg.norm(lab(seen @ linear(color)) - lab(seen @ linear(other)))
        assert distance > 15, (a, b, distance)


def test_colours_that_meet_in_a_drawing_differ_in_grey():
    for (a, color), (b, other) in combinations(ROLES.items(), 2):
        if {a, b} == {"sum", "transition"}:
            continue  # one is ResNet's, the other DenseNet's
        difference = abs(lab(linear(color))[0] - lab(linear(other))[0])
        assert difference > 9, (a, b, difference)
        assert drawing.lightness(color) == pytest.approx(lab(linear(color))[0], abs=0.2)


@pytest.mark.parametrize("role", ROLES)
def test_letters_and_lines_stand_out(role):
    color = ROLES[role]
    assert contrast(drawing.text_color(color), color) >= 4.5  # WCAG 2.2, 1.4.3
    if role != "plain":  # plain is for areas, and those have an edge
        assert contrast(drawing.LINES.get(color, color), "white") >= 3 - 0.05  # 1.4.11


def test_black_has_no_lightness_and_white_all():
    assert drawing.lightness("black") == 0
    assert drawing.lightness("white") == pytest.approx(100)


# ------------------------------------------------------------------------- notebooks


@pytest.fixture
def shell(monkeypatch):
    """An IPython like a notebook's; what it knows about figures is forgotten afterwards."""
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib_inline.config import InlineBackend

    monkeypatch.setenv("IPYTHONDIR", "/nonexistent")
    shell = InteractiveShell(profile_dir=None)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    yield shell
    InlineBackend.clear_instance()


def test_notebook_shows_a_figure_as_svg_and_nothing_else(shell, capsys):
    figures.use_svg()
    figure = figures.dense_block(3, 2, 10)
    bundle, _ = shell.display_formatter.format(figure)
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert bundle["text/plain"] == figure.alt
    assert ElementTree.fromstring(bundle["image/svg+xml"]).find("{*}title").text == figure.alt
    assert capsys.readouterr() == ("", "")


def test_notebook_shows_pyplots_figures_as_svg_without_a_date(shell):
    from matplotlib.figure import Figure

    figures.use_svg()
    pictures = []
    for _ in range(2):
        figure = Figure()
        figure.subplots().plot([1, 2])
        pictures.append(shell.display_formatter.format(figure)[0]["image/svg+xml"])
    assert pictures[0] == pictures[1]
    assert "dc:date" not in pictures[0]


def test_svg_stays_when_pyplot_starts_later(shell):
    from matplotlib_inline.backend_inline import configure_inline_support

    figures.use_svg()
    if hasattr(configure_inline_support, "current_backend"):
        del configure_inline_support.current_backend
    configure_inline_support(shell, "inline")  # what importing pyplot does in a notebook
    assert set(shell.display_formatter.format(figures.connectivity())[0]) == {
        "image/svg+xml", "text/plain"
    }  # fmt: skip


def test_outside_a_notebook_use_svg_is_silent_and_harmless(monkeypatch, capsys):
    figures.use_svg()
    monkeypatch.setitem(sys.modules, "IPython", None)  # not installed
    figures.use_svg()
    assert capsys.readouterr() == ("", "")


def test_drawings_save_as_png_too():
    file = io.BytesIO()
    figures.dense_block(3, 2, 10).savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")


@pytest.mark.slow
def test_importing_data_is_light_and_matplotlib_comes_only_with_figures_and_never_pyplot():
    code = (
        "import sys\nfrom densenet_lesson.data import load\n"
        "assert not {'torchvision', 'sklearn', 'PIL', 'matplotlib'} & {*sys.modules}\n"
        "from densenet_lesson import figures; figures.use_svg(); figures.connectivity()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ------------------------------------------------------------------------- curves, maps, weights


def test_curves_name_each_network_with_the_mean_of_its_last_epoch():
    figure = figures.curves(CURVES, KINDS, "training accuracy", ALT)
    assert {"plain, 10: 94.0 %", "dense: 94.0 %"} <= set(words(figure))
    axes = figure.axes[0]
    curves = [line for line in axes.lines if line.get_transform() == axes.transData]
    drawn = [line.get_ydata().tolist() for line in curves]
    assert drawn == [*CURVES["plain, 10"], *CURVES["dense"]]


def test_curves_draw_a_piece_of_each_network_s_line_before_its_name():
    axes = figures.curves(CURVES, KINDS, "training accuracy", ALT, ["plain, 10"]).axes[0]
    looks = [(line.get_linestyle(), line.get_marker(), line.get_color()) for line in axes.lines]
    first, _, dense, *pieces = looks  # the runs: two of the plain network, one of the dense
    assert first != dense and pieces == [first, dense]
    heights = [line.get_ydata()[0] for line in axes.lines[3:]]
    assert heights == [text.get_position()[1] for text in axes.texts]


def test_feature_maps_show_every_channel_in_its_own_range():
    maps = torch.stack([torch.zeros(2, 2), torch.tensor([[-1.0, 0.0], [0.0, 3.0]])])
    shown = figures.feature_maps({"layer 1": maps}, ALT).axes[0].images
    assert [image.get_clim() for image in shown] == [(0, 1), (-1, 3)]
    assert shown[1].get_array().tolist() == maps[1].tolist()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.curves({}, {}, "accuracy", ALT), "runs={}"),
        (lambda: figures.curves(CURVES, {"dense": "dense"}, "accuracy", ALT), "kinds"),
        (lambda: figures.feature_maps({}, ALT), "rows={}"),
        (lambda: figures.feature_maps({"a": torch.zeros(8, 8)}, ALT), r"rows\['a'\].*\(8, 8\)"),
        (lambda: figures.weight_map(torch.eye(2), ["a"], ["x", "y"], ALT), r"\(2, 2\)"),
    ],
)
def test_curves_maps_and_weights_name_what_they_cannot_show(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
