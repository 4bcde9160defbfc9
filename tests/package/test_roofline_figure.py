"""The roofline: the roof is what the machine allows, a point what an operation reached."""

import pytest

from densenet_lesson import figures

OPERATIONS = {"product": (100.0, 5e10), "copy": (0.5, 4e9)}  # the roof: 1e11, and 0.5 · 1e10


@pytest.fixture
def figure():
    return figures.roofline(OPERATIONS, flops_per_second=1e11, bytes_per_second=1e10)


def test_the_roof_rises_with_the_bytes_and_is_flat_from_the_ridge_on(figure):
    roof = figure.axes[0].lines[0]
    (low, ridge, high), (first, top, last) = roof.get_xdata(), roof.get_ydata()
    assert ridge == 10 and low < 0.5 and high > 100
    assert first == pytest.approx(low * 10) and top == last == 100


def test_each_operation_is_a_point_of_its_own_look(figure):
    points = figure.axes[0].lines[1:3]
    assert [(p.get_xdata()[0], p.get_ydata()[0]) for p in points] == [(100, 50), (0.5, 4)]
    assert len({(p.get_color(), p.get_marker()) for p in points}) == 2


def test_names_stand_at_their_points_and_the_limits_above_their_part_of_the_roof(figure):
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    product, copy, memory, arithmetic = texts
    assert (product.get_text(), product.xy) == ("product", (100, 50))
    assert (copy.get_text(), copy.xy) == ("copy", (0.5, 4))
    assert memory.get_text().startswith("memory") and memory.xy[0] < 10
    assert arithmetic.get_text().startswith("arithmetic") and arithmetic.xy[0] > 10


def test_the_words_tell_the_share_of_the_roof_and_which_part_of_it(figure):
    assert "product: 50% of what arithmetic allows. copy: 80% of what memory allows." in figure.alt
    assert "flat from 10 on" in figure.alt


@pytest.mark.parametrize(
    ("operations", "peak", "message"),
    [
        ({}, 1.0, r"operations=\[\] must be 1 to 6"),
        (dict.fromkeys("abcdefg", (1.0, 1.0)), 1.0, "must be 1 to 6"),
        ({"a": (0.0, 1.0)}, 1.0, r"operations\['a'\] intensity=0.0 must be above 0"),
        ({"a": (1.0, 0.0)}, 1.0, r"operations\['a'\]=0.0 must be above 0"),
        (OPERATIONS, -1.0, "flops_per_second=-1.0 must be above 0"),
    ],
)
def test_what_cannot_be_drawn_is_named(operations, peak, message):
    with pytest.raises(ValueError, match=message):
        figures.roofline(operations, peak, 1.0)
