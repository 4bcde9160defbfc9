"""Tables of results, as HTML and as text."""

import pytest
from bs4 import BeautifulSoup

from densenet_lesson import figures

TABLE = figures.Table(["network", "accuracy"], [["dense, k < 12", "0.93"], ["plain", "0.9261"]])


def test_a_table_has_its_heads_in_both_directions():
    page = BeautifulSoup(TABLE._repr_html_(), "html.parser")
    assert [th.text for th in page.select('th[scope="col"]')] == ["network", "accuracy"]
    assert [th.text for th in page.select('th[scope="row"]')] == ["dense, k < 12", "plain"]
    assert [td.text for td in page.select("td")] == ["0.93", "0.9261"]


def test_as_text_its_columns_stand_below_each_other():
    lines = repr(TABLE).splitlines()
    assert lines == [
        "network        accuracy",
        "dense, k < 12      0.93",
        "plain            0.9261",
    ]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="^rows must have 2 texts each"):
        figures.Table(["a", "b"], [["only one"]])
