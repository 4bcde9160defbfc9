"""The drawings of the networks before ResNet: what they show is what the networks are."""

import pytest
import torch
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from test_figures import bars, words

from colours import contrast
from densenet_lesson import CLASSICS, DENSENETS, ClassicNet, arithmetic, figures
from densenet_lesson.classics import inception, make_layer
from densenet_lesson.classics.layers import Branches, Conv, Dropout, Pool
from densenet_lesson.figures.drawing import luminance

SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
MODULES = {
    "v1": (inception.inception_v1(64, 96, 128, 16, 32, 32), 192),
    "v2": (inception.inception_v2(64, 64, 64, 64, 96, 32), 192),
    "v3": (inception.inception_v3(), 768),
    "v4": (inception.inception_v4(), 1024),
    "residual": (inception.inception_resnet(), 1024),
}
every_classic = pytest.mark.parametrize("name", CLASSICS)


# ------------------------------------------------------------------------- family


@pytest.fixture(scope="module")
def page():
    return figures.family(list(CLASSICS.values()))


def heights(axes):
    return [bar.get_height() for bar in axes.patches]


@every_classic
def test_bars_add_up_to_the_network_s_parameters_and_flops(page, name):
    config = CLASSICS[name]
    row = list(CLASSICS).index(name)
    left, right = page.axes[2 * row : 2 * row + 2]
    totals = arithmetic.parameters(config), arithmetic.flops(config)
    for axes, total, what in zip((left, right), totals, ("parameters", "FLOPs"), strict=True):
        assert sum(heights(axes)) == total
        number, unit = axes.get_title(loc="left").split()[-2:]
        assert float(number) * SCALES[unit] == pytest.approx(total, rel=1e-3)
        share = f"{max(heights(axes)) / total:.0%}"
        assert [text.get_text() for text in axes.texts if "%" in text.get_text()] == [share]
        assert f"{number} {unit} {what}" in page.alt
    assert left.get_title(loc="left").startswith(f"{config.name}: ")


@every_classic
def test_a_family_s_bars_are_the_built_network_s_layers_in_order(page, name):
    with torch.device("meta"):
        network = ClassicNet(CLASSICS[name])
    modules = [*network.features, *network.classifier]
    counts = [sum(p.numel() for p in module.parameters()) for module in modules]
    expected = [count for count in counts if count]
    drawn = page.axes[2 * list(CLASSICS).index(name)].patches
    in_network = [bar.get_height() for bar in drawn if not bar.get_hatch()]
    assert in_network == expected
    auxiliary = [child for key, child in network.named_children() if key.startswith("aux")]
    hatched = [bar.get_height() for bar in drawn if bar.get_hatch()]
    assert hatched == [sum(p.numel() for p in head.parameters()) for head in auxiliary]


def test_each_kind_of_layer_has_its_colour():
    figure = figures.family([CLASSICS["googlenet"]])
    parameters = figure.axes[0].patches
    colors = [bar.get_facecolor()[:3] for bar in parameters]
    assert colors.count(to_rgb(figures.PLAIN)) == 3  # convolutions before the first module
    assert colors.count(to_rgb(figures.NEW)) == 9  # arXiv:1409.4842, Table 1
    assert colors[-1] == to_rgb(figures.INK)
    assert colors.count(to_rgb("white")) == 2
    fully = bars(figures.family([CLASSICS["vgg16"]]), figures.INK)
    assert len(fully) == 2 * 3  # in both charts


def test_auxiliary_classifiers_do_no_work_once_the_network_is_trained(page):
    flops = page.axes[2 * list(CLASSICS).index("googlenet") + 1].patches
    assert [bar.get_height() for bar in flops if bar.get_hatch()] == [0, 0]


def test_what_a_screen_reader_says_of_six_networks_is_short(page):
    assert "VGG-16: 138.4 million parameters, 89% in fully connected layers; 30.94" in page.alt
    assert len(page.alt) < 700


def test_a_legend_names_only_what_is_there():
    assert "Inception module" not in words(figures.family([CLASSICS["vgg16"]]))
    shown = words(figures.family([CLASSICS["googlenet"]]))
    assert {"Inception module", "fully connected", "convolution", "only in training"} <= set(shown)


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        ([], "configs"),
        ([DENSENETS["densenet121"]], "ClassicConfigs only"),
        (["vgg16"], "'vgg16'"),
        (CLASSICS["vgg16"], r"configs='VGG-16' must be a list"),
        ("vgg16", "configs='vgg16' must be a list"),
    ],
)
def test_family_names_what_it_cannot_draw(configs, message):
    with pytest.raises(ValueError, match=message):
        figures.family(configs)


# ------------------------------------------------------------------------- Inception modules


@pytest.mark.parametrize("name", MODULES)
def test_an_inception_drawing_has_the_convolutions_of_the_built_module(name):
    branches, channels = MODULES[name]
    built = make_layer(branches, channels)
    convs = [module for module in built.modules() if isinstance(module, torch.nn.Conv2d)]
    expected = sorted(
        f"{c.kernel_size[0]}×{c.kernel_size[1]} conv {c.in_channels:,} → {c.out_channels:,}"
        for c in convs
    )
    figure = figures.inception_module(branches, channels)
    shown = [word.replace("\n", " ").partition(", ×")[0] for word in words(figure)]
    assert sorted(word for word in shown if "conv" in word) == expected
    poolings = [m for m in built.modules() if "Pool" in type(m).__name__]
    assert sum("pooling" in word for word in shown) == len(poolings)


@pytest.mark.parametrize("name", MODULES)
def test_an_inception_drawing_puts_the_channels_side_by_side_to_scale(name):
    branches, channels = MODULES[name]
    built = make_layer(branches, channels).eval()
    x = torch.zeros(1, channels, 8, 8)
    ways = [built.get_submodule(f"branch{i + 1}") for i in range(built.num_branches)]
    counts = [way(x).shape[1] for way in ways]
    figure = figures.inception_module(branches, channels)
    parts = bars(figure, figures.NEW)
    widths = [bar.get_width() for bar in parts]
    assert [width / sum(widths) for width in widths] == pytest.approx(
        [count / sum(counts) for count in counts]
    )
    for before, after in zip(parts, parts[1:], strict=False):
        assert before.get_x() + before.get_width() == pytest.approx(after.get_x())
    written = f"{' + '.join(map(str, counts))} = {sum(counts):,}"
    assert f"side by side: {written}" in words(figure)
    assert f"{written} channels" in figure.alt


def test_only_a_residual_module_has_a_plus_sign():
    for name, (branches, channels) in MODULES.items():
        figure = figures.inception_module(branches, channels)
        assert bool(figure.findobj(Circle)) == (name == "residual")
        assert ("added to the input" in figure.alt) == (name == "residual")


def test_an_empty_branch_leads_straight_to_the_concatenation():
    figure = figures.inception_module(Branches(((), (Conv(8, 3),))), 16)
    assert "side by side: 16 + 8 = 24" in words(figure)
    assert "side by side: the input as it is; 3×3 conv 16 → 8" in figure.alt
    arrows = [arrow for arrow in figure.findobj(FancyArrowPatch) if arrow.axes]
    assert len(arrows) == 1 + 2  # into the convolution; from each branch


@pytest.mark.parametrize(
    ("branches", "channels", "message"),
    [
        (CLASSICS["googlenet"], 3, "branches='GoogLeNet' must be a module's description"),
        (None, 3, "branches=None must be"),
        (Branches(((Conv(8),),) * 5), 8, "branches=5"),
        (Branches(((Dropout(),),)), 8, "Dropout"),
        (Branches(((Conv(8),),)), 0, "in_channels=0"),
        (Branches(((Conv(8),), (Pool(),))), 8, "branches of the module .* sizes 28, 14"),
    ],
)
def test_an_inception_drawing_names_what_it_cannot_show(branches, channels, message):
    with pytest.raises(ValueError, match=message):
        figures.inception_module(branches, channels)


def test_the_input_goes_around_a_residual_module_and_into_the_plus_sign():
    figure = figures.inception_module(*MODULES["residual"])
    boxes = [box for box in figure.findobj(FancyBboxPatch) if box.axes]
    (entrance,) = [box for box in boxes if box.get_facecolor()[:3] == to_rgb(figures.INPUT)]
    arrows = [arrow for arrow in figure.findobj(FancyArrowPatch) if arrow.axes]
    (around,) = [arrow for arrow in arrows if arrow.get_edgecolor()[:3] == to_rgb(figures.INPUT)]
    points = around.get_path().vertices.tolist()
    (plus,) = figure.findobj(Circle)
    right = entrance.get_x() + entrance.get_width()
    assert points[0] == pytest.approx(
        (right, entrance.get_y() + entrance.get_height() / 2), abs=1e-6
    )
    edge_of_plus = pytest.approx((plus.center[0] + plus.radius, plus.center[1]), abs=0.05)
    assert any(point == edge_of_plus for point in points)
    assert max(x for x, _ in points) > right


# ------------------------------------------------------------------------- grids of numbers


def test_number_grids_show_each_number_at_its_place():
    grid = torch.tensor([[0, 0, 0, 0], [0, 7, 0, 0], [0, 10, 99, 0]])
    figure = figures.number_grids({"first": grid, "second": torch.ones(1, 2)})
    left, right = figure.axes
    assert left.get_xlim() == (0, 4)  # column 1 is from 1 to 2
    shown = {text.get_text(): text.get_position() for text in left.texts}
    assert shown == {"7": (1.5, 1.5), "10": (1.5, 2.5), "99": (2.5, 2.5)}
    assert left.yaxis_inverted() and right.yaxis_inverted()  # the first row is on top
    assert [axes.get_title() for axes in figure.axes] == ["first", "second"]
    assert figure.alt.endswith("around them: first: 7 0, 10 99. second: 1 1.")


def test_number_grids_are_darker_for_larger_numbers_with_letters_that_can_be_read():
    figure = figures.number_grids({"a": torch.arange(8.0)[None], "b": torch.full((1, 1), 7.0)})
    squares, alone = (axes.collections[0] for axes in figure.axes)
    figure.draw_without_rendering()  # only then the squares have their colours
    colours = squares.get_facecolors()
    light = [luminance(to_hex(color)) for color in colours]
    assert light == sorted(light, reverse=True) and len(set(light)) == 8
    assert light[0] == pytest.approx(1, abs=0.01)  # 0 is white
    assert luminance(to_hex(alone.get_facecolors()[0])) == light[7]  # the same grey in both
    for text, behind in zip(figure.axes[0].texts, colours[1:], strict=True):
        assert contrast(text.get_color(), behind) > 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize(
    ("grids", "message"),
    [
        ({}, "grids="),
        ({str(i): torch.ones(2, 2) for i in range(4)}, "1 to 3 grids"),
        ({"a": torch.ones(9, 2)}, r"grids\['a'\] has the shape \(9, 2\)"),
        ({"a": torch.ones(2, 0)}, r"grids\['a'\] has the shape"),
        ({"a": torch.ones(4)}, r"grids\['a'\] has the shape"),
        ({"a": torch.full((2, 2), 0.5)}, r"grids\['a'\] must hold whole numbers"),
        ({"a": torch.tensor([[-1]])}, r"grids\['a'\] must hold"),
        ({"a": torch.tensor([[100]])}, r"grids\['a'\] must hold"),
        ({"a": torch.tensor([[float("nan")]])}, r"grids\['a'\] must hold"),
    ],
)
def test_number_grids_name_what_they_cannot_show(grids, message):
    with pytest.raises(ValueError, match=message):
        figures.number_grids(grids)


def test_a_grid_of_zeros_is_empty_and_says_so():
    figure = figures.number_grids({"a": torch.zeros(2, 2)})
    assert len(figure.axes[0].texts) == 0
    assert figure.alt.endswith("a: zeros only.")


# ------------------------------------------------------------------------- other drawings


@every_classic
def test_stage_map_shows_the_shapes_of_the_built_network(name):
    config = CLASSICS[name]
    with torch.device("meta"):
        network = ClassicNet(config).eval()
        x, shapes = torch.zeros(1, config.in_channels, *[config.image_size] * 2), []
    for module in network.features:
        x = module(x)
        shapes.append(x.shape[1:])
    wanted = dict.fromkeys(" × ".join(f"{n:,}" for n in shape) for shape in shapes)
    shown = words(figures.stage_map(config))
    assert [word for word in wanted if word not in shown] == []
    classes = [m.out_features for m in network.classifier if hasattr(m, "out_features")]
    assert shown.count("fully connected") + 2 * shown.count("fully connected, 2 times") == len(
        classes
    )
    assert shown[-1] == f"{classes[-1]:,}" or shown[-2] == f"{classes[-1]:,}"


def test_stage_map_shows_the_last_pooling_only_where_it_changes_something():
    assert "average pooling" not in words(figures.stage_map(CLASSICS["vgg16"]))
    assert "average pooling" in words(figures.stage_map(CLASSICS["vgg16"], 256))
    assert "average pooling" in words(figures.stage_map(CLASSICS["googlenet"]))


def test_drawings_of_blocks_send_a_network_without_blocks_elsewhere():
    with pytest.raises(ValueError, match=r"config='VGG-16'.*figures.family"):
        figures.channel_growth(CLASSICS["vgg16"])
