"""The drawing of differences: a point for each, and a line as long as its interval."""

import pytest
from matplotlib.colors import to_hex

from densenet_lesson import figures

GROUPS = {
    "early": {"2 seeds": (0.3, -0.07, 0.67), "3 seeds": (0.45, 0.06, 0.87)},
    "late": {"2 seeds": (-0.5, -0.9, -0.1)},
}


@pytest.fixture
def axes():
    return figures.intervals(GROUPS, "points").axes[0]


def test_a_line_reaches_from_end_to_end_of_the_interval_in_its_row(axes):
    zero, *lines = axes.lines
    assert set(zero.get_xdata()) == {0}
    assert [line.get_xdata().tolist() for line in lines] == [
        [-0.07, 0.67],
        [0.06, 0.87],
        [-0.9, -0.1],
    ]
    assert [line.get_ydata()[0] for line in lines] == [1, 2, 4]  # rows 0 and 3 are titles
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["early", "2 seeds", "3 seeds", "late", "2 seeds"]


def test_a_point_is_orange_where_zero_lies_outside_on_either_side(axes):
    colors = [to_hex(points.get_facecolor()[0]) for points in axes.collections]
    assert colors == [c.lower() for c in (figures.PLAIN, figures.NEW, figures.NEW)]


def test_the_numbers_stand_beside_the_rows_and_in_the_words(axes):
    numbers = [text.get_text() for text in axes.texts]
    assert numbers == ["+0.30 (−0.07 to +0.67)", "+0.45 (+0.06 to +0.87)", "−0.50 (−0.90 to −0.10)"]
    alt = figures.intervals({"": {"a": (1, 0, 2)}}, "points").alt
    assert alt == "Differences with their intervals (points). a: +1.00 (+0.00 to +2.00)."


@pytest.mark.parametrize("groups", [{}, {"early": {}}])
def test_no_row_at_all_is_refused(groups):
    with pytest.raises(ValueError, match="must have at least one row"):
        figures.intervals(groups)


def test_a_difference_outside_of_its_interval_is_refused_by_name():
    with pytest.raises(ValueError, match="'a': the difference 3 must lie in its interval, 0 to 2"):
        figures.intervals({"": {"a": (3, 0, 2)}})
