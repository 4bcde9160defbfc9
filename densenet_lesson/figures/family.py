"""Where the networks before ResNet have their parameters and do their work, on one page."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from .. import arithmetic
from ..classics.catalogue import ClassicConfig
from .drawing import INK, NEW, PLAIN, SMALL, TEXT, WIDTH, Drawing
from .networks import ABOVE, Group, groups, rounded

# How each kind of layer looks. Black, grey, orange and stripes differ without colour, too.
LOOKS = {
    "convolution": {"facecolor": PLAIN},
    "Inception module": {"facecolor": NEW},
    "fully connected": {"facecolor": INK},
    "only in training": {"facecolor": "white", "hatch": "/////"},
}
COLUMNS = {"parameters": "parameters", "flops": "FLOPs of one image"}


def family(configs: Sequence[ClassicConfig]) -> Drawing:
    """Draw where networks have their parameters and their FLOPs, a row for each network.

    Args:
        configs: descriptions of networks of the time before ResNet, each with its own image size.

    Returns:
        For each network a row of two charts, with a bar for each layer with weights or Inception
        module, from input to output. Left its parameters, right its FLOPs for one image. Each chart
        has a scale of its own; above its highest bar stands that bar's share of the total.

    Raises:
        ValueError: if `configs` is no list or tuple, is empty, or holds something else.
    """
    check_configs(configs)
    figure = Drawing(WIDTH, 0.7 + max(1.6, len(configs)), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.06, w_pad=0.05)
    grid = figure.subplots(len(configs), 2, squeeze=False)
    words, used = [], set()
    for config, row in zip(configs, grid, strict=True):
        parts = weighted(config)
        used |= {kind_of(part) for part in parts}
        words.append(f"{config.name}: {_draw_row(row, config, parts)}")
    _write_headings(grid[0])
    _explain(figure, used)
    figure.settle()
    figure.alt = (
        "Bars for each layer, from input to output, a row of two charts for each network: left its "
        f"parameters, right its FLOPs for one image. {'. '.join(words)}."
    )
    return figure


def check_configs(configs: Sequence[ClassicConfig]) -> None:
    """Raise a ValueError unless these are networks of the time before ResNet, at least one."""
    if not isinstance(configs, (list, tuple)):
        name = getattr(configs, "name", configs)
        raise ValueError(f"configs={name!r} must be a list of ClassicConfigs, such as [config]")
    for config in configs:
        if not isinstance(config, ClassicConfig):
            raise ValueError(f"configs holds {config!r}: it must hold ClassicConfigs only")
    if not configs:
        raise ValueError("configs=() must hold at least one ClassicConfig")


def weighted(config: ClassicConfig) -> list[Group]:
    """Return the network's layers with weights and its Inception modules; no poolings."""
    parts = groups(config, by="stage")
    return [part for part in parts if part.total("parameters")]


def kind_of(part: Group) -> str:
    """Say what a bar stands for: a key of `LOOKS`."""
    kinds = {row.kind for row in part.rows}
    if part.rows[0].training_only:
        return "only in training"
    if "concat" in kinds:
        return "Inception module"
    return "fully connected" if "linear" in kinds else "convolution"


def _write_headings(row: Sequence[Axes]) -> None:
    """Write above the first charts what each column shows."""
    for axes, heading in zip(row, COLUMNS.values(), strict=True):
        where = {"xytext": (0, 18), "textcoords": "offset points", "ha": "left", "va": "bottom"}
        heading = {"text": heading, "xy": (0, 1), "xycoords": "axes fraction", **where}
        axes.annotate(**heading, fontsize=TEXT, fontweight="bold", color=INK)


def _draw_row(row: Sequence[Axes], config: ClassicConfig, parts: Sequence[Group]) -> str:
    """Draw a network's two charts, and say in words what they show."""
    totals = arithmetic.parameters(config), arithmetic.flops(config)
    for axes, field, total in zip(row, COLUMNS, totals, strict=True):
        values = [_value(part, field) for part in parts]
        _draw_chart(axes, parts, values, f"{max(values) / total:.0%}")
        name = f"{config.name}: " if field == "parameters" else ""
        axes.set_title(name + rounded(total), fontsize=SMALL, loc="left", pad=3)
    parameters, flops = map(rounded, totals)
    return f"{parameters} parameters, {_connected(parts, totals[0])}; {flops} FLOPs"


def _draw_chart(axes: Axes, parts: Sequence[Group], values: Sequence[int], share: str) -> None:
    """Draw a bar for each part, and above the highest one its share of the total."""
    for left, (part, value) in enumerate(zip(parts, values, strict=True)):
        look = {"edgecolor": INK, "linewidth": 0.6, **LOOKS[kind_of(part)]}
        axes.bar(left, value, 1.0, align="edge", **look)
    highest = max(values)
    axes.text(values.index(highest) + 0.5, highest, share, **ABOVE)
    axes.set(xlim=(-0.2, len(parts) + 0.2), ylim=(0, 1.45 * highest), xticks=[], yticks=[])
    axes.spines[["top", "right", "left"]].set_visible(False)


def _connected(parts: Sequence[Group], parameters: int) -> str:
    """Say what share of the parameters is in fully connected layers."""
    rows = [row for part in parts for row in part.rows if row.kind == "linear"]
    return f"{sum(row.parameters for row in rows) / parameters:.0%} in fully connected layers"


def _value(part: Group, field: str) -> int:
    """Return a part's number. Auxiliary classifiers do no work once the network is trained."""
    return 0 if field == "flops" and part.rows[0].training_only else part.total(field)


def _explain(figure: Drawing, used: set[str]) -> None:
    """Explain the looks that are used, above the charts."""
    patches = [
        Patch(label=kind, edgecolor=INK, linewidth=0.6, **look)
        for kind, look in LOOKS.items()
        if kind in used
    ]
    options = {"loc": "outside upper left", "frameon": False, "fontsize": SMALL}
    figure.legend(handles=patches, ncols=2, columnspacing=1.2, **options)
