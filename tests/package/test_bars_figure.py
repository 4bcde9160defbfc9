"""The drawing of shares as bars, each with its number."""

import pytest
from matplotlib.colors import to_hex

from densenet_lesson import figures

SHARES = {"all layers": 0.946, "without layer 1": 0.38, "without layer 2": 0.0}


def test_each_share_is_a_bar_with_its_number_from_top_to_bottom():
    drawing = figures.bars(SHARES, "right answers", alt="Three bars.")
    axes = drawing.axes[0]
    assert [bar.get_width() for bar in axes.patches] == list(SHARES.values())
    assert [text.get_text() for text in axes.texts] == ["95 %", "38 %", "0 %"]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(SHARES)
    heights = [axes.transData.transform((0, bar.get_y()))[1] for bar in axes.patches]
    assert heights == sorted(heights, reverse=True)
    assert drawing.alt == "Three bars."


def test_the_first_bar_is_set_off_from_the_others():
    axes = figures.bars(SHARES, "right answers", alt="Three bars.").axes[0]
    colors = [to_hex(bar.get_facecolor()) for bar in axes.patches]
    assert colors == [color.lower() for color in (figures.PLAIN, figures.NEW, figures.NEW)]


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({}, "shares={} must have at least one bar"),
        ({"a": 1.2}, r"shares\['a'\]=1.2 must be from 0 to 1"),
    ],
)
def test_what_cannot_be_drawn_is_named(shares, message):
    with pytest.raises(ValueError, match=message):
        figures.bars(shares, "right answers", alt="No bar.")


COSTS = {"plain": {"input": 30, "new": 10}, "bottleneck": {"mix": 5, "look": 20}}


def test_a_cost_is_a_bar_of_its_parts_with_what_is_written_beside_it():
    axes = figures.stacked(COSTS, ["40", "5 + 20 = 25"], alt="Two bars.").axes[0]
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [
        *((0, 30), (30, 10)),
        *((0, 5), (5, 20)),
    ]
    colors = [to_hex(bar.get_facecolor()) for bar in axes.patches]
    expected = (figures.INPUT, figures.NEW, figures.PLAIN, figures.PLAIN)
    assert colors == [color.lower() for color in expected]
    assert [text.get_text() for text in axes.texts] == ["plain", "40", "bottleneck", "5 + 20 = 25"]


@pytest.mark.parametrize(
    ("rows", "written", "message"),
    [
        ({}, [], r"must be one text for each of \[\]"),
        (COSTS, ["40"], r"written=\['40'\] must be one text for each of \['plain', 'bottleneck'\]"),
        ({"a": {"b": 0}}, ["0"], r"rows\['a'\]\['b'\]=0 must be more than 0"),
    ],
)
def test_costs_that_cannot_be_drawn_are_named(rows, written, message):
    with pytest.raises(ValueError, match=message):
        figures.stacked(rows, written, alt="No bar.")
