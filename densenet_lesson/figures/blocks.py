"""Drawings of single blocks: what is added, what is appended, what is made smaller."""

from __future__ import annotations

from .. import arithmetic
from ..checks import check_choice, check_positive
from ..configs import POOLS, SHORTCUTS
from .drawing import INPUT, NEW, SMALL, SUM, TRANSITION, WIDTH, Drawing, Sheet

PITCH = 0.8  # inches from one layer to the next
MAX_ROWS = 8  # layers that a dense block shows one by one


def connectivity(num_layers: int = 4) -> Drawing:
    """Draw residual connections (sums) beside dense connections (concatenation).

    Args:
        num_layers: number of layers, 2 to 8.

    Returns:
        Two columns of layers, from top to bottom. Left: the input of each layer is added to its
        output. Right: each layer reads the block's input and all layers before it. Below: what
        comes out, one sum or all parts side by side.

    Raises:
        ValueError: if `num_layers` is not from 2 to 8.

    Source: He et al., arXiv:1512.03385, Figure 2; Huang et al., arXiv:1608.06993, Figure 1.
    """
    check_positive("num_layers", num_layers)
    if not 2 <= num_layers <= 8:
        raise ValueError(f"num_layers={num_layers} must be from 2 to 8, so that lines stay apart")
    sheet = Sheet()
    _residual_column(sheet, 1.15, num_layers)
    _dense_column(sheet, 3.5, num_layers)
    connections = num_layers * (num_layers + 1) // 2
    bottom = _layer_y(num_layers) + 1.15
    sheet.text(1.15, bottom + 0.4, "one sum")
    sheet.text(3.75, bottom + 0.4, "all, side by side")
    return sheet.finish(
        bottom + 0.62,
        f"Two columns of {num_layers} layers. Left, ResNet: arrows lead around each layer, and a "
        "plus sign adds what comes in to what the layer computes; one sum comes out. Right, "
        f"DenseNet: each layer gets arrows from the input x and from every layer before it, "
        f"{connections} arrows in all; x and the outputs of all {num_layers} layers come out side "
        "by side.",
    )


def _layer_y(layer: int) -> float:
    return 0.75 + layer * PITCH - 0.12


def _residual_column(sheet: Sheet, x: float, num_layers: int) -> None:
    sheet.text(x, 0.16, "ResNet: add", fontweight="bold")
    sheet.box(x, 0.62, 0.95, 0.34, "x", INPUT)
    start = 0.79
    for layer in range(1, num_layers + 1):
        y = _layer_y(layer)
        plus = y + 0.42
        sheet.arrow([(x, start), (x, y - 0.17)])
        sheet.box(x, y, 0.95, 0.34, f"layer {layer}", NEW)
        sheet.arrow([(x, y + 0.17), (x, plus - 0.14)], NEW)
        fork = (start + y - 0.17) / 2 - 0.04
        sheet.arrow([(x, fork), (x + 1, fork), (x + 1, plus), (x + 0.14, plus)])
        sheet.plus(x, plus)
        start = plus + 0.14
    bottom = _layer_y(num_layers) + 1.15
    sheet.arrow([(x, start), (x, bottom - 0.17)])
    sheet.bar(x - 0.475, bottom, 0.95, 0.34, SUM)


def _dense_column(sheet: Sheet, x: float, num_layers: int) -> None:
    sheet.text(x, 0.16, "DenseNet: concatenate", fontweight="bold")
    centres = [0.62] + [_layer_y(layer) for layer in range(1, num_layers + 1)]
    sheet.box(x, 0.62, 0.95, 0.34, "x", INPUT)
    for reader in range(1, num_layers + 1):
        for source in range(reader):
            _dense_arrow(sheet, x, centres, source, reader)
        sheet.box(x, centres[reader], 0.95, 0.34, f"layer {reader}", NEW)
    bottom = centres[-1] + 1.15
    sheet.arrow([(x, centres[-1] + 0.17), (x, bottom - 0.17)])
    width = 2.4 / (num_layers + 1)
    for part in range(num_layers + 1):
        name, color = (str(part), NEW) if part else ("x", INPUT)
        sheet.bar(x + 0.25 - 1.2 + part * width, bottom, width, 0.34, color, name)


def _dense_arrow(sheet: Sheet, x: float, centres: list[float], source: int, reader: int) -> None:
    color = NEW if source else INPUT
    if reader == source + 1:
        sheet.arrow([(x, centres[source] + 0.17), (x, centres[reader] - 0.17)], color)
        return
    right = x + 0.475
    bulge = 1.45 * (reader - source) / (len(centres) - 1)
    start = centres[source] + 0.06
    end = centres[reader] + 0.1 - 0.2 * (reader - source - 1) / (len(centres) - 1)
    sheet.arrow([(right, start), (right + bulge, start), (right + bulge, end), (right, end)], color)


def residual_block(
    in_channels: int,
    out_channels: int,
    stride: int = 1,
    shortcut: str = "B",
    shortcut_norm: bool = True,
) -> Drawing:
    """Draw a basic residual block, f(x) = x + g(x), with its channels.

    Args:
        in_channels, out_channels, stride, shortcut, shortcut_norm: as in `Residual`.

    Returns:
        The block from top to bottom: the path through g, the shortcut around it, the sum.

    Raises:
        ValueError: for an argument that makes no sense.

    Source: He et al., arXiv:1512.03385, Figure 2 and Section 3.3.
    """
    for name, value in [
        ("in_channels", in_channels),
        ("out_channels", out_channels),
        ("stride", stride),
    ]:
        check_positive(name, value)
    check_choice("shortcut", shortcut, SHORTCUTS)
    way = _shortcut(in_channels, out_channels, stride, shortcut, shortcut_norm)
    step = f", stride {stride}" if stride > 1 else ""
    pixels = "H × W" if stride == 1 else f"H/{stride} × W/{stride}"
    texts = [
        f"3×3 conv{step}\n{in_channels} → {out_channels}",
        "batch norm",
        "ReLU",
        f"3×3 conv\n{out_channels} → {out_channels}",
        "batch norm",
    ]
    sheet, x, right = Sheet(), 1.6, 4.05
    sheet.box(x, 0.25, 2.3, 0.36, f"x:  {in_channels} × H × W", INPUT)
    y = 0.43
    for text in texts:
        height = 0.34 + 0.2 * text.count("\n")
        sheet.arrow([(x, y), (x, y + 0.26)])
        sheet.box(x, y + 0.26 + height / 2, 1.7, height, text, NEW if "conv" in text else "#ECECEC")
        y += 0.26 + height
    plus = y + 0.42
    sheet.arrow([(x, y), (x, plus - 0.14)], NEW)
    sheet.text(x - 0.12, (y + plus - 0.14) / 2, "g(x)", ha="right")
    middle = (0.55 + plus) / 2
    sheet.line([(x, 0.55), (right, 0.55), (right, middle)], INPUT)
    sheet.arrow([(right, middle), (right, plus), (x + 0.14, plus)], INPUT)
    height = 0.2 + 0.2 * (1 + way.count("\n"))
    sheet.box(right, middle, 1.9, height, way, size=SMALL)
    sheet.plus(x, plus)
    sheet.arrow([(x, plus + 0.14), (x, plus + 0.36)])
    sheet.box(x, plus + 0.53, 1.7, 0.34, "ReLU")
    sheet.arrow([(x, plus + 0.7), (x, plus + 0.92)])
    sheet.box(x, plus + 1.1, 2.3, 0.36, f"{out_channels} × {pixels}", SUM)
    words = way.replace("\n", ", ")
    return sheet.finish(
        plus + 1.35,
        f"A residual block. The input x, {in_channels} × H × W, goes two ways. Through g: "
        f"{', '.join(texts)}. ".replace("\n", " ")
        + f"Around g: {words}. A plus sign adds "
        f"the two, a ReLU follows, and {out_channels} × {pixels} come out.",
    )


def _shortcut(
    in_channels: int, out_channels: int, stride: int, shortcut: str, shortcut_norm: bool
) -> str:
    """Say in words what `blocks.make_shortcut` makes."""
    if stride == 1 and in_channels == out_channels and shortcut != "C":
        return "identity:\nx as it is"
    if shortcut == "A":
        if out_channels < in_channels:
            raise ValueError(
                f"out_channels={out_channels} must be at least in_channels={in_channels}: "
                "shortcut 'A' can add channels, not take them away (use 'B')"
            )
        pixels = f"1 of {stride} rows\nand columns" if stride > 1 else "all pixels"
        return f"{pixels}\n+ {out_channels - in_channels} channels\nof zeros"
    step = f", stride {stride}" if stride > 1 else ""
    norm = "\nbatch norm" if shortcut_norm else ""
    return f"1×1 conv{step}\n{in_channels} → {out_channels}{norm}"


def dense_block(in_channels: int, num_layers: int, growth_rate: int) -> Drawing:
    """Draw how the channels of a dense block pile up, layer by layer.

    Args:
        in_channels: channels of the block's input.
        num_layers: number of layers; of more than 8, those in the middle are left out.
        growth_rate: channels that each layer adds.

    Returns:
        One bar for the input and one after each layer, with its number of channels.

    Raises:
        ValueError: if an argument is not a positive integer.

    Source: arXiv:1608.06993, Section 3, "Growth rate".
    """
    total = arithmetic.block_channels(in_channels, num_layers, growth_rate)
    sheet = Sheet()
    scale = 3.1 / total
    shown = _shown_layers(num_layers)
    sheet.text(0.1, 0.2, "after", SMALL, ha="left")
    sheet.text(WIDTH - 0.1, 0.2, "channels", SMALL, ha="right")
    for row, layers in enumerate(shown):
        y = 0.55 + 0.5 * row
        if layers is None:
            sheet.text(0.35, y, "⋮")
            continue
        _dense_row(sheet, y, in_channels, layers, growth_rate, scale)
    y = 0.55 + 0.5 * len(shown)
    sheet.text(
        WIDTH - 0.1,
        y,
        arithmetic.block_channels_written(in_channels, num_layers, growth_rate),
        ha="right",
        fontweight="bold",
    )
    counts = [in_channels + layers * growth_rate for layers in shown if layers is not None]
    return sheet.finish(
        y + 0.25,
        f"A dense block as bars, one below the other. The first is the input, {in_channels} "
        f"channels. Each of the {num_layers} layers appends a segment of {growth_rate} channels: "
        f"{', '.join(f'{count:,}' for count in counts[1:])} channels.",
    )


def _shown_layers(num_layers: int) -> list[int | None]:
    if num_layers <= MAX_ROWS:
        return list(range(num_layers + 1))
    return [0, 1, 2, 3, None, num_layers - 1, num_layers]


def _dense_row(
    sheet: Sheet, y: float, in_channels: int, layers: int, growth_rate: int, scale: float
) -> None:
    left = 0.95
    sheet.text(0.1, y, f"layer {layers}" if layers else "input", ha="left")
    width = in_channels * scale
    sheet.bar(left, y, width, 0.34, INPUT, str(in_channels) if width > 0.35 else "")
    for layer in range(layers):
        width = growth_rate * scale
        text = f"+{growth_rate}" if width > 0.45 else ""
        sheet.bar(left + (in_channels + layer * growth_rate) * scale, y, width, 0.34, NEW, text)
    channels = in_channels + layers * growth_rate
    sheet.text(WIDTH - 0.1, y, f"{channels:,}", ha="right", fontweight="bold")


def dense_layer(in_channels: int, growth_rate: int, bn_size: int | None = None) -> Drawing:
    """Draw one dense layer: batch norm, ReLU and convolution, with the channels between them.

    Args:
        in_channels: channels of everything that came before.
        growth_rate: new channels.
        bn_size: None for one 3×3 convolution; a number for the 1×1 bottleneck before it.

    Returns:
        The layer from top to bottom, and its new channels appended to its input.

    Raises:
        ValueError: if an argument is not a positive integer.

    Source: arXiv:1608.06993, Section 3, "Composite function" and "Bottleneck layers".
    """
    total = arithmetic.block_channels(in_channels, 1, growth_rate)
    if bn_size is not None:
        check_positive("bn_size", bn_size)
    width = None if bn_size is None else bn_size * growth_rate
    convs = [(in_channels, growth_rate, 3)]
    if width is not None:
        convs = [(in_channels, width, 1), (width, growth_rate, 3)]
    sheet = Sheet()
    scale = 4.4 / max(total, width or 0)
    sheet.bar(0.4, 0.5, in_channels * scale, 0.34, INPUT)
    sheet.text(0.4, 0.18, f"input: {in_channels:,} channels", ha="left")
    y = 0.67
    words = []
    for channels, out_channels, kernel in convs:
        y = _composite(sheet, y, f"{kernel}×{kernel} conv\n{channels} → {out_channels}")
        last = out_channels == growth_rate and kernel == 3
        name = "new features" if last else "bottleneck"
        sheet.text(1.9, y + 0.18, f"{name}: {out_channels:,} channels", ha="left")
        sheet.arrow([(1.6, y), (1.6, y + 0.36)])
        sheet.bar(0.4, y + 0.53, out_channels * scale, 0.34, NEW if last else "#ECECEC")
        words.append(f"batch norm, ReLU, {kernel}×{kernel} convolution {channels} → {out_channels}")
        y += 0.7
    sheet.arrow([(1.6, y), (1.6, y + 0.4)])
    written = arithmetic.block_channels_written(in_channels, 1, growth_rate)
    sheet.text(1.9, y + 0.2, f"appended: {written}", ha="left")
    sheet.bar(0.4, y + 0.57, in_channels * scale, 0.34, INPUT)
    sheet.bar(0.4 + in_channels * scale, y + 0.57, growth_rate * scale, 0.34, NEW)
    return sheet.finish(
        y + 0.85,
        f"A dense layer. The input has {in_channels} channels. Then come "
        f"{'; then '.join(words)}. The {growth_rate} new channels are appended to the input: "
        f"{written} channels.",
    )


def _composite(sheet: Sheet, y: float, conv: str) -> float:
    """Draw batch norm, ReLU, convolution in a row below y; return where the row ends."""
    sheet.arrow([(1.6, y), (1.6, y + 0.25)])
    y += 0.52
    for x, text in [(0.95, "batch norm"), (2.6, "ReLU"), (4.1, conv)]:
        sheet.box(x, y, 1.25, 0.54, text)
    for x in (1.575, 3.225):
        sheet.arrow([(x, y), (x + 0.3, y)])
    return y + 0.27


def transition(in_channels: int, out_channels: int, size: int, pool: str = "avg") -> Drawing:
    """Draw a transition: a 1×1 convolution takes channels away, a pooling takes pixels away.

    Args:
        in_channels: channels that the dense block before it returns.
        out_channels: channels that it keeps.
        size: height and width of its input, in pixels.
        pool: "avg" or "max".

    Returns:
        The transition from top to bottom, with the shape after each step.

    Raises:
        ValueError: if an argument makes no sense; `size` must be at least 2.

    Source: arXiv:1608.06993, Section 3, "Pooling layers" and "Compression".
    """
    check_positive("in_channels", in_channels)
    check_positive("out_channels", out_channels)
    check_positive("size", size)
    check_choice("pool", pool, POOLS)
    halved = arithmetic.output_size(size, kernel_size=2, stride=2)
    kind = {"avg": "average", "max": "max"}[pool]
    sheet, x = Sheet(), 1.5
    shapes = [
        (in_channels, size, INPUT),
        (out_channels, size, TRANSITION),
        (out_channels, halved, TRANSITION),
    ]
    scale = 1.5 / max(in_channels, out_channels)
    steps = [
        f"batch norm, ReLU\n1×1 conv {in_channels} → {out_channels}",
        f"2×2 {kind} pooling\n{size} × {size} → {halved} × {halved}",
    ]
    y = 0.15
    for i, (channels, pixels, color) in enumerate(shapes):
        height = 0.75 * pixels / size
        _volume(sheet, x, y, height, 0.2 + channels * scale, color)
        sheet.text(
            3.3, y + height / 2, f"{channels} × {pixels} × {pixels}", ha="left", fontweight="bold"
        )
        y += height + 0.1
        if i < 2:
            sheet.arrow([(x, y), (x, y + 0.2)])
            sheet.box(x, y + 0.46, 2.5, 0.52, steps[i])
            sheet.arrow([(x, y + 0.72), (x, y + 0.94)])
            y += 1.02
    return sheet.finish(
        y + 0.1,
        f"A transition. {in_channels} channels of {size} × {size} pixels come in. Batch norm, ReLU "
        f"and a 1×1 convolution make {out_channels} channels of them, then 2×2 {kind} pooling "
        f"leaves {out_channels} channels of {halved} × {halved} pixels.",
    )


def _volume(sheet: Sheet, x: float, top: float, height: float, width: float, color: str) -> None:
    sheet.bar(x - width / 2, top + height / 2, width, height, color)
