"""The drawings of chapter 10: who reads whom, numbers by depth, where a network looks."""

import pytest
import torch
from matplotlib.colors import to_hex

from densenet_lesson import figures

ALT = "What there is to be seen."
NAN = torch.nan
GRID = torch.tensor([[2.0, 1.0, 0.5], [NAN, 3.0, 0.0], [NAN, NAN, 1.0]])
LINES = {"new": {"dense": [1.0, 2.0], "plain": [4.0, 1.0]}, "trained": {"dense": [1.0, 1.0]}}
KINDS = {"dense": "dense", "plain": "plain"}


def test_each_block_is_a_triangle_of_sources_and_readers_on_one_scale_of_greys():
    drawing = figures.reuse_maps({"block 1": GRID, "block 2": GRID / 2}, ["T", "C"], "lost", ALT)
    panels = drawing.axes[:2]
    for axes, values, leave in zip(panels, (GRID, GRID / 2), "TC", strict=True):
        shown = axes.images[0]
        assert torch.equal(torch.tensor(shown.get_array().filled(NAN)).isnan(), values.isnan())
        assert shown.get_clim() == (0, 3)
        assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", leave]
    sources = [label.get_text() for label in panels[0].get_yticklabels()]
    assert sources == ["input", "1", "2"] and drawing.alt == ALT
    same = figures.reuse_maps({"block 1": GRID}, ["T"], "lost", ALT, most=9)
    assert same.axes[0].images[0].get_clim() == (0, 9)  # two drawings may share a scale


def test_numbers_by_depth_are_lines_over_layers_on_one_logarithmic_axis():
    drawing = figures.by_depth(LINES, KINDS, ALT)
    new, trained = drawing.axes
    assert [line.get_xydata().tolist() for line in new.lines] == [
        [[1, 1], [2, 2]],
        [[1, 4], [2, 1]],
    ]
    assert len(trained.lines) == 1 and new.get_yscale() == "log"
    assert new.get_ylim() == trained.get_ylim()
    styles = [(to_hex(line.get_color()), line.get_linestyle()) for line in new.lines]
    assert len(set(styles)) == 2


def test_a_map_turns_a_picture_orange_where_it_is_positive_and_nowhere_else():
    pictures = torch.full((1, 1, 4, 4), 0.5)
    places = torch.zeros(1, 4, 4)
    places[0, 0, 0], places[0, 3, 3] = 2.0, -2.0
    drawing = figures.where_it_looks(pictures, {"map": places}, ["boot"], ALT)
    plain, laid = (axes.images[0].get_array() for axes in drawing.axes)
    assert (plain == 0.5).all() and (laid[3, 3] == 0.5).all() and (laid[1, 1] == 0.5).all()
    red, green, blue = laid[0, 0]
    assert red > green > blue and blue < 0.2


def test_a_map_without_anything_positive_leaves_the_picture_alone():
    pictures = torch.rand(1, 3, 4, 4)
    drawing = figures.where_it_looks(pictures, {"map": -torch.ones(1, 2, 2)}, ["a"], ALT)
    shown = drawing.axes[1].images[0].get_array()
    torch.testing.assert_close(torch.tensor(shown), pictures[0].permute(1, 2, 0))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.reuse_maps({}, [], "lost", ALT), r"exits=\[\] must name"),
        (lambda: figures.reuse_maps({"a": GRID}, ["T", "C"], "lost", ALT), r"exits=\['T', 'C'\]"),
        (lambda: figures.by_depth({}, KINDS, ALT), "panels={} must have at least one"),
        (lambda: figures.by_depth(LINES, {"dense": "dense"}, ALT), r"kinds\['plain'\]"),
        (
            lambda: figures.where_it_looks(torch.rand(2, 1, 4, 4), {}, ["a"], ALT),
            "of one length from 1 to 5; they are 2, 1 and",
        ),
        (
            lambda: figures.where_it_looks(torch.rand(6, 1, 4, 4), {}, list("abcdef"), ALT),
            "they are 6, 6",
        ),
        (lambda: figures.feature_maps({"a": torch.rand(3, 2, 2)}, ALT, columns=0), "columns=0"),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
