"""Drawings of single blocks: what is added, what is appended, what is made smaller."""

from __future__ import annotations

import torch
from torch import nn

from .. import arithmetic
from ..blocks import DenseLayer, Residual, Transition, ZeroPadShortcut
from ..configs import check_positive
from .drawing import INPUT, NEW, PLAIN, SUM, TRANSITION, WIDTH, Column, Drawing, Sheet

MAX_LAYERS = 8  # that a drawing shows one by one
KINDS = {"avg": "average", "max": "max"}


def connectivity(num_layers: int = 4) -> Drawing:
    """Draw residual connections (a sum) beside dense connections (concatenation).

    Args:
        num_layers: number of layers, 2 to 8.

    Returns:
        Two columns of layers, from top to bottom. Left, the input of each layer is added to its
        output. Right, each layer reads the block's input and all layers before it, and each also
        goes to the output. Below, what comes out: one sum, or all parts side by side.

    Raises:
        ValueError: if `num_layers` is not from 2 to 8.

    Source: He et al., arXiv:1512.03385, Figure 2; Huang et al., arXiv:1608.06993, Figure 1.
    """
    check_positive("num_layers", num_layers)
    if not 2 <= num_layers <= MAX_LAYERS:
        raise ValueError(f"num_layers={num_layers} must be from 2 to {MAX_LAYERS} to be legible")
    sheet = Sheet()
    bottom = _residual_column(sheet, 1.1, num_layers)
    _dense_column(sheet, 3.3, num_layers, bottom)
    connections = num_layers * (num_layers + 1) // 2
    sheet.text(1.1, bottom + 0.35, "one sum")
    sheet.text(3.3, bottom + 0.35, "all, side by side")
    alt = (
        f"Two columns of {num_layers} layers. Left, ResNet: an arrow leads around each layer to a "
        "plus sign, which adds what came in to what the layer computed; one sum comes out. Right, "
        "DenseNet: each layer gets an arrow from the input x and one from every layer before it, "
        f"{connections} arrows in all; x and the outputs of the {num_layers} layers also go down "
        "to the output, where they come out side by side."
    )
    return sheet.finish(bottom + 0.55, alt)


def _residual_column(sheet: Sheet, x: float, num_layers: int) -> float:
    """Draw the left half; return the y of what comes out."""
    sheet.text(x, 0.2, "ResNet: add", fontweight="bold")
    top, color = 0.8, INPUT
    sheet.box(x, _layer_y(0), 0.95, 0.32, "x", INPUT)
    for layer in range(1, num_layers + 1):
        y = _layer_y(layer)
        plus, fork = y + 0.44, top + 0.08
        sheet.arrow([(x, top), (x, y - 0.16)], color)
        sheet.arrow([(x, fork), (x + 0.8, fork), (x + 0.8, plus), (x + 0.13, plus)], color)
        sheet.box(x, y, 0.95, 0.32, f"layer {layer}", NEW)
        sheet.arrow([(x, y + 0.16), (x, plus - 0.13)], NEW)
        sheet.plus(x, plus, 0.13)
        top, color = plus + 0.13, SUM
    sheet.arrow([(x, top), (x, top + 0.28)], SUM)
    between = "1" if num_layers == 2 else "…"
    sheet.bar(x - 0.475, top + 0.44, 0.95, 0.32, SUM, f"x + {between} + {num_layers}")
    return top + 0.44


def _layer_y(layer: int) -> float:
    """Return where the centre of a layer is; the block's input is layer 0."""
    return 0.64 + 0.62 * bool(layer) + 1.0 * max(layer - 1, 0)


def _dense_column(sheet: Sheet, x: float, num_layers: int, bottom: float) -> None:
    sheet.text(3.75, 0.2, "DenseNet: concatenate", fontweight="bold")
    sheet.box(x, _layer_y(0), 0.95, 0.32, "x", INPUT)
    for reader in range(1, num_layers + 1):
        y = _layer_y(reader)
        sheet.box(x, y, 0.95, 0.32, f"layer {reader}", NEW)
        sheet.arrow([(x, _layer_y(reader - 1) + 0.16), (x, y - 0.16)], NEW if reader > 1 else INPUT)
        for source in range(reader - 1):
            _dense_arrow(sheet, x + 0.475, source, reader, num_layers)
    width = 2.3 / (num_layers + 1)
    for part in range(num_layers + 1):
        name, color = (str(part), NEW) if part else ("x", INPUT)
        left = x - 1.15 + part * width
        sheet.bar(left, bottom, width, 0.32, color, name)
        _output_arrow(sheet, x, left + width / 2, part, num_layers, bottom - 0.16)


def _output_arrow(
    sheet: Sheet, x: float, end: float, source: int, num_layers: int, bottom: float
) -> None:
    """Draw the way of one part to the output: down on the left, each in a lane of its own."""
    y, color = _layer_y(source), NEW if source else INPUT
    if source == num_layers:
        above = bottom - 0.55
        points = [(x, y + 0.16), (x, above), (end, above), (end, bottom)]
    else:
        first = x - 1.15 + 1.15 / (num_layers + 1)  # the middle of the bar's first part
        lane = first + source * (x - 0.57 - first) / num_layers
        above = bottom - 0.14 - 0.41 * source / num_layers
        points = [(x - 0.475, y), (lane, y), (lane, above), (end, above), (end, bottom)]
    sheet.arrow(points if source else [points[0], points[1], (end, bottom)], color)


def _dense_arrow(sheet: Sheet, x: float, source: int, reader: int, num_layers: int) -> None:
    """Draw a bow on the right-hand side, the wider the more layers it passes."""
    reach = x + 0.35 + 1.45 * (reader - source) / num_layers
    start = _layer_y(source) + 0.1
    end = _layer_y(reader) - 0.12 + 0.16 * source / (num_layers - 1)
    points = [(x, start), (reach, start), (reach, end), (x, end)]
    sheet.arrow(points, NEW if source else INPUT, curved=True)


def residual_block(
    in_channels: int,
    out_channels: int,
    stride: int = 1,
    shortcut: str = "B",
    shortcut_norm: bool = True,
) -> Drawing:
    """Draw a basic residual block, ReLU(x + g(x)), with its channels.

    Args:
        in_channels, out_channels, stride, shortcut, shortcut_norm: as in `Residual`.

    Returns:
        The block from top to bottom: the way through g, the shortcut around it, the sum.

    Raises:
        ValueError: for an argument that makes no sense.

    Source: He et al., arXiv:1512.03385, Figure 2 and Section 3.3.
    """
    with torch.device("meta"):
        block = Residual(in_channels, out_channels, stride, shortcut, shortcut_norm=shortcut_norm)
    pixels = "H × W" if stride == 1 else f"H/{stride} × W/{stride}"
    before, after = f"{in_channels} × H × W", f"{out_channels} × {pixels}"
    steps = [_conv(block.conv1), "batch norm, ReLU", _conv(block.conv2), "batch norm"]
    around = _shortcut(block.downsample)
    alt = (
        f"A residual block. The input x, {before}, goes two ways. Through g: {'; '.join(steps)}. "
        f"Around g: {around}. A plus sign adds x, so carried, and g(x), both {after}; after a ReLU "
        f"{after} come out."
    )
    sheet = Sheet()
    bottom = _draw_residual(sheet, before, steps, around, after)
    return sheet.finish(bottom + 0.1, alt.replace("\n", " "))


def _draw_residual(sheet: Sheet, before: str, steps: list[str], around: str, after: str) -> float:
    column = Column(sheet, 1.5, 2.3)
    column.box(f"x:  {before}", INPUT)
    fork = column.bottom + 0.09
    for step in steps:
        column.box(step)
    column.box(f"g(x):  {after}", NEW)
    plus = column.plus()
    right = 4.05
    points = [(1.5, fork), (right, fork), (right, plus), (1.5 + 0.14, plus)]
    sheet.arrow(points, INPUT)
    height = 0.14 + 0.2 * (1 + around.count("\n"))
    sheet.box(right, (fork + plus) / 2, 2.0, height, around)
    column.box("ReLU")
    column.box(after, SUM)
    return column.bottom


def _conv(conv: nn.Conv2d) -> str:
    kernel, stride = conv.kernel_size[0], conv.stride[0]
    step = f",\nstride {stride}" if stride > 1 else ""
    return f"{kernel}×{kernel} conv {conv.in_channels} → {conv.out_channels}{step}"


def _shortcut(path: nn.Module) -> str:
    """Say in words what goes around g."""
    if isinstance(path, nn.Identity):
        return "identity:\nx as it is"
    if isinstance(path, ZeroPadShortcut):
        pixels = f"1 pixel of {path.stride} × {path.stride}" if path.stride > 1 else "all pixels"
        zeros = f",\n{path.new_channels} channels\nof zeros appended" if path.new_channels else ""
        return f"keep {pixels}{zeros}"
    conv, *norm = path
    return _conv(conv) + (",\nbatch norm" if norm else "")


def dense_block(in_channels: int, num_layers: int, growth_rate: int) -> Drawing:
    """Draw how the channels of a dense block pile up, layer by layer.

    Args:
        in_channels: channels of the block's input.
        num_layers: number of layers; of more than 8, those in the middle are left out.
        growth_rate: channels that each layer adds.

    Returns:
        A bar for the input and one after each layer, with the number of channels.

    Raises:
        ValueError: if an argument is not a positive integer.

    Source: arXiv:1608.06993, Section 3, "Growth rate".
    """
    written = arithmetic.block_channels_written(in_channels, num_layers, growth_rate)
    sheet, y, counts = Sheet(), 0.5, []
    sheet.text(0.1, 0.18, "after", ha="left")
    sheet.text(WIDTH - 0.1, 0.18, "channels", ha="right")
    inches = 3.1 / arithmetic.block_channels(in_channels, num_layers, growth_rate)
    for layers in _shown_layers(num_layers):
        if layers is None:
            sheet.text(0.4, y, "⋮")
            counts.append("and so on to")
        else:
            _draw_channels(sheet, y, in_channels, layers, growth_rate, inches)
            counts.append(f"{in_channels + layers * growth_rate:,}")
        y += 0.46
    sheet.text(WIDTH - 0.1, y, written, ha="right", fontweight="bold")
    alt = (
        f"A dense block as bars, one below the other. The first is its input of {in_channels} "
        f"channels. Each of the {num_layers} layers appends {growth_rate} channels to the bar: "
        f"{', '.join(counts)}. Below stands {written}."
    )
    return sheet.finish(y + 0.2, alt.replace("to, ", "to "))


def _shown_layers(num_layers: int) -> list[int | None]:
    """Return the layers to show, 0 for the input and None for those left out."""
    if num_layers <= MAX_LAYERS:
        return list(range(num_layers + 1))
    return [0, 1, 2, 3, None, num_layers - 1, num_layers]


def _draw_channels(
    sheet: Sheet, y: float, in_channels: int, layers: int, growth_rate: int, inches: float
) -> None:
    """Draw the channels after some layers; a channel is so many inches wide."""
    sheet.text(0.1, y, f"layer {layers}" if layers else "input", ha="left")
    left, width = 0.95, in_channels * inches
    sheet.bar(left, y, width, 0.32, INPUT, _if_fits(str(in_channels), width))
    left, width = left + width, growth_rate * inches
    for _ in range(layers):
        sheet.bar(left, y, width, 0.32, NEW, _if_fits(f"+{growth_rate}", width))
        left += width
    channels = f"{in_channels + layers * growth_rate:,}"
    sheet.text(WIDTH - 0.1, y, channels, ha="right", fontweight="bold")


def _if_fits(text: str, width: float) -> str:
    return text if width > 0.1 * len(text) + 0.04 else ""


def dense_layer(in_channels: int, growth_rate: int, bn_size: int | None = None) -> Drawing:
    """Draw one dense layer: batch norm, ReLU and convolution, with the channels between them.

    Args:
        in_channels: channels of everything that came before.
        growth_rate: new channels.
        bn_size: None for one 3×3 convolution; a number for the 1×1 bottleneck before it.

    Returns:
        The layer from top to bottom, and its new channels beside its input.

    Raises:
        ValueError: if an argument is not a positive integer.

    Source: arXiv:1608.06993, Section 3, "Composite function" and "Bottleneck layers".
    """
    with torch.device("meta"):
        layer = DenseLayer(in_channels, growth_rate, bn_size)
    convs = [module for module in layer if isinstance(module, nn.Conv2d)]
    written = arithmetic.total_written([in_channels, growth_rate])
    words = [f"batch norm, ReLU, {_conv(conv)}" for conv in convs]
    alt = (
        f"A dense layer. Its input has {in_channels:,} channels. Then come "
        f"{'; then '.join(words)}. The {growth_rate} new channels are put beside the input: "
        f"{written} channels."
    )
    sheet = Sheet()
    bottom = _draw_dense_layer(sheet, in_channels, growth_rate, convs)
    sheet.text(1.85, bottom + 0.22, f"side by side: {written}", fontweight="bold")
    return sheet.finish(bottom + 0.42, alt)


def _draw_dense_layer(
    sheet: Sheet, in_channels: int, growth_rate: int, convs: list[nn.Conv2d]
) -> float:
    widest = max(in_channels + growth_rate, *(conv.out_channels for conv in convs))
    inches = 2.6 / widest  # a channel's width
    column = Column(sheet, 1.85, 2.9)
    whole, new = (in_channels * inches, INPUT), (growth_rate * inches, NEW)
    start = column.bar(whole)
    sheet.label(3.5, start, f"{in_channels:,} channels")
    for conv in convs:
        column.box(f"batch norm, ReLU,\n{_conv(conv)}")
        last = conv is convs[-1]
        y = column.bar(new if last else (conv.out_channels * inches, PLAIN))
        sheet.label(3.5, y, f"{conv.out_channels:,} {'new ' * last}channels")
    y = column.bar(whole, new)
    left, end = 1.85 - whole[0] / 2, 1.85 - (whole[0] + new[0]) / 2
    sheet.arrow([(left, start), (0.15, start), (0.15, y), (end, y)], INPUT)
    return column.bottom


def transition(in_channels: int, out_channels: int, size: int, pool: str = "avg") -> Drawing:
    """Draw a transition: a 1×1 convolution takes channels away, a pooling takes pixels away.

    Args:
        in_channels: channels that the dense block before it returns.
        out_channels: channels that it keeps.
        size: height and width of its input, in pixels.
        pool: "avg" or "max".

    Returns:
        The transition from top to bottom: sheets for the channels (one each up to 24), as large as
        their pixels, with the shape after each step.

    Raises:
        ValueError: if an argument makes no sense; `size` must be at least 2.

    Source: arXiv:1608.06993, Section 3, "Pooling layers" and "Compression".
    """
    with torch.device("meta"):
        conv = Transition(in_channels, out_channels, pool).conv
    check_positive("size", size)
    halved = arithmetic.output_size(size, kernel_size=2, stride=2)
    pooling = f"2×2 {KINDS[pool]} pooling\n{size} × {size} → {halved} × {halved}"
    sheet = Sheet()
    column = Column(sheet, 1.75, 2.6)
    most = max(in_channels, out_channels)
    _draw_maps(column, in_channels, size, INPUT, most, size)
    column.box(f"batch norm, ReLU,\n{_conv(conv)}")
    _draw_maps(column, out_channels, size, TRANSITION, most, size)
    column.box(pooling)
    _draw_maps(column, out_channels, halved, TRANSITION, most, size)
    alt = (
        f"A transition. {in_channels} channels of {size} × {size} pixels come in. Batch norm, ReLU "
        f"and a 1×1 convolution make {out_channels} channels of them, then 2×2 {KINDS[pool]} "
        f"pooling leaves {out_channels} channels of {halved} × {halved} pixels."
    )
    return sheet.finish(column.bottom + 0.1, alt)


def _draw_maps(
    column: Column, channels: int, size: int, color: str, most: int, largest: int
) -> None:
    """Draw channels as a row of sheets, one behind the other, and their shape beside them."""
    sheets = max(1, round(channels * min(24, most) / most))
    side, right, up = 0.75 * size / largest, 1.7 / min(24, most), 0.36 / min(24, most)
    height = side + (sheets - 1) * up
    y = column.place(height)
    left = column.x - (side + (sheets - 1) * right) / 2
    front = y + (height - side) / 2  # the first sheet is the lowest
    for i in reversed(range(sheets)):
        column.sheet.bar(left + i * right, front - i * up, side, side, color)
    column.sheet.label(3.45, y, f"{channels} × {size} × {size}")
