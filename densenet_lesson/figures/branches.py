"""Drawings of Inception modules: ways side by side that end in one concatenation."""

from __future__ import annotations

from .. import arithmetic
from ..classics.layers import Branches, Conv, Layer, Pool, after
from ..configs import check_positive
from .drawing import INPUT, NEW, SUM, WIDTH, Column, Drawing, Sheet

POOLINGS = {"max": "max", "avg": "average"}
MOST = 4  # branches that have room side by side
SIZE = 28  # pixels of the input; the channels are the same for all sizes
MARGIN, GAP = 0.1, 0.1  # inches, around and between the branches
ROOM = 0.45  # for the shortcut of a residual module, on the right


def inception_module(branches: Branches, in_channels: int) -> Drawing:
    """Draw the branches of an Inception module, and how their channels are put side by side.

    Args:
        branches: the module's description, such as `inception.inception_v1(64, 96, 128, ...)`.
        in_channels: channels of its input.

    Returns:
        The module from top to bottom: input, branches, concatenation; in a residual module also
        the addition. A convolution's box has its channels, before and after.

    Raises:
        ValueError: if `branches` is something else, if there are more than four, or layers of
            another kind in them, or if they end with different sizes.

    Source: Szegedy et al., arXiv:1409.4842, Figure 2; arXiv:1602.07261, Figures 5 and 17.
    """
    check_positive("in_channels", in_channels)
    check_branches(branches)
    sheet = Sheet()
    room = ROOM if branches.residual is not None else 0
    span = WIDTH - 2 * MARGIN - room
    input_y = 0.27
    sheet.box(MARGIN + span / 2, input_y, span, 0.34, f"input: {in_channels:,} channels", INPUT)
    ends, bottom = _draw_branches(sheet, branches, in_channels, span)
    y = bottom + 0.55 + 0.16
    counts = [after(branch, in_channels, SIZE)[0] for branch in branches.branches]
    _draw_concatenation(sheet, counts, ends, y, span)
    written = arithmetic.total_written(counts)
    sheet.text(MARGIN + span / 2, y + 0.34, f"side by side: {written}", fontweight="bold")
    bottom = y + 0.5
    if branches.residual is not None:
        project = f"1×1 conv {sum(counts):,} → {in_channels:,}, × {branches.residual}"
        texts = project, f"ReLU: {in_channels:,} channels"
        bottom = _draw_addition(sheet, texts, span, input_y, bottom)
    return sheet.finish(bottom + 0.1, _words(branches, in_channels, written))


def check_branches(branches: Branches) -> None:
    """Raise a ValueError unless the branches fit together, with room and words for all."""
    if not isinstance(branches, Branches):
        raise ValueError(
            f"branches={getattr(branches, 'name', branches)!r} must be a module's description, "
            "such as inception.inception_v1(64, 96, 128, 16, 32, 32)"
        )
    if len(branches.branches) > MOST:
        number = len(branches.branches)
        raise ValueError(f"branches={number} of them: a drawing has room for {MOST} at most")
    for layer in (layer for branch in branches.branches for layer in branch):
        if not isinstance(layer, (Conv, Pool)):
            raise ValueError(f"branches hold {layer!r}: only convolutions and poolings are drawn")
    branches.concatenated(1, SIZE)


def _draw_branches(
    sheet: Sheet, branches: Branches, in_channels: int, span: float
) -> tuple[list[tuple[float, float]], float]:
    """Draw a column of boxes for each branch; return where each ends, and the lowest y."""
    step = (span + GAP) / len(branches.branches)
    ends = []
    for number, branch in enumerate(branches.branches):
        column = Column(sheet, MARGIN + (step - GAP) / 2 + number * step, min(step - GAP, 1.9), 0.2)
        column.bottom, column.empty = 0.44, False
        for text in _texts(branch, in_channels):
            column.box(text)
        ends.append((column.x, column.bottom))
    return ends, max(y for _, y in ends)


def _texts(branch: tuple[Layer, ...], channels: int) -> list[str]:
    """Say for each layer of a branch what it does: "3×3 conv, 96 → 128" in two lines."""
    texts = []
    for layer in branch:
        if isinstance(layer, Pool):
            size = f"{layer.kernel_size}×{layer.kernel_size}"
            texts.append(f"{size} {POOLINGS[layer.kind]}\npooling")
            continue
        height, width = layer.kernel
        texts.append(f"{height}×{width} conv\n{channels:,} → {layer.out_channels}")
        channels = layer.out_channels
    return texts


def _draw_concatenation(
    sheet: Sheet, counts: list[int], ends: list[tuple[float, float]], y: float, span: float
) -> None:
    """Draw the branches' channels side by side, with an arrow from each branch."""
    left, inches = MARGIN, span / sum(counts)
    turn = max(bottom for _, bottom in ends) + 0.1  # down to here, arrows go straight
    for count, (x, bottom) in zip(counts, ends, strict=True):
        width = count * inches
        sheet.arrow([(x, bottom), (x, turn), (left + width / 2, y - 0.16)], NEW)
        fits = width > 0.1 * len(str(count)) + 0.04
        sheet.bar(left, y, width, 0.32, NEW, str(count) if fits else "")
        left += width


def _draw_addition(
    sheet: Sheet, texts: tuple[str, str], span: float, input_y: float, bottom: float
) -> float:
    """Draw how a residual module adds what its branches found to its input; return the lowest y."""
    project, output = texts
    column = Column(sheet, MARGIN + span / 2, 3.0, 0.2)
    column.bottom, column.empty = bottom, False
    column.box(project)
    plus = column.plus()
    right, edge = WIDTH - 0.2, MARGIN + span
    sheet.arrow([(edge, input_y), (right, input_y), (right, plus), (column.x + 0.14, plus)], INPUT)
    column.box(output, SUM)
    return column.bottom


def _words(branches: Branches, in_channels: int, written: str) -> str:
    """Say in words what the drawing shows."""
    ways = [
        ", then ".join(_texts(branch, in_channels)).replace("\n", " ") or "the input as it is"
        for branch in branches.branches
    ]
    end = "."
    if branches.residual is not None:
        end = (
            f"; a 1×1 conv brings them back to {in_channels:,}, and {branches.residual} times the "
            "result is added to the input."
        )
    return (
        f"An Inception module. Its input of {in_channels:,} channels goes through branches that "
        f"stand side by side: {'; '.join(ways)}. Their outputs become one: {written} channels{end}"
    )
