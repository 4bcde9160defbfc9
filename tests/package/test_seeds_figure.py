"""The drawing of several seeds: every run is a point at its result, the mean a line."""

from statistics import fmean

import pytest
from matplotlib.colors import to_hex

from densenet_lesson import figures

RUNS = {"DenseNet": [0.91, 0.93, 0.92], "ResNet": [0.9, 0.94], "plain": [0.85]}


@pytest.fixture
def axes():
    return figures.seeds(RUNS, {"DenseNet": "dense", "ResNet": "sum"}, "test accuracy").axes[0]


def test_each_run_is_a_point_in_its_row(axes):
    for row, (points, results) in enumerate(zip(axes.collections, RUNS.values(), strict=True)):
        assert points.get_offsets().tolist() == [[result, row] for result in results]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(RUNS)
    top, bottom = axes.transData.transform([(0.9, 0), (0.9, 2)])[:, 1]
    assert top > bottom  # the first row is on top


def test_the_mean_is_a_line_and_a_number(axes):
    means = [fmean(results) for results in RUNS.values()]
    assert [line.get_xdata()[0] for line in axes.lines] == means
    assert [text.get_text() for text in axes.texts] == ["92.0 %", "92.0 %", "85.0 %"]


def test_a_row_has_the_colour_of_its_kind(axes):
    colors = [to_hex(points.get_facecolor()[0]) for points in axes.collections]
    assert colors == [color.lower() for color in (figures.NEW, figures.SUM, figures.PLAIN)]


def test_the_words_tell_every_result():
    alt = figures.seeds(RUNS, label="test accuracy").alt
    assert "one point a run (test accuracy)" in alt
    assert "DenseNet: 91.0 %, 93.0 %, 92.0 %, mean 92.0 %." in alt


def test_results_that_are_close_together_have_another_digit():
    axes = figures.seeds({"a": [0.8722, 0.8732], "b": [0.8695]}).axes[0]
    assert [text.get_text() for text in axes.texts] == ["87.27 %", "86.95 %"]


@pytest.mark.parametrize(
    ("runs", "kinds", "message"),
    [
        ({}, {}, "runs={} must have at least one row"),
        ({"a": []}, {}, r"runs\['a'\]=\[\] must hold at least one result"),
        ({"a": [1.0]}, {"a": "red"}, r"kinds\['a'\]='red' must be"),
    ],
)
def test_what_cannot_be_drawn_is_named(runs, kinds, message):
    with pytest.raises(ValueError, match=message):
        figures.seeds(runs, kinds)
