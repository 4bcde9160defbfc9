"""Formulas are made when the book is built, as MathML: browsers draw it, screen readers read it."""

import os
import re
import subprocess

import pytest
from bs4 import BeautifulSoup

from browser import HTML, built_pages
from course import ROOT

TEX = re.compile(r"\\[(\[]|\\(?:text|frac|theta|begin)\b|\$\$")


@pytest.fixture(scope="module")
def pages() -> dict[str, BeautifulSoup]:
    """The articles that have a formula; without their code, which takes long to read."""
    found = {}
    for name in built_pages():
        text = (HTML / f"{name}.html").read_text("utf-8")
        article = text.partition("<article")[2].partition("</article>")[0]
        if 'class="math' in article:
            article = re.sub(r"(?s)<pre.*?</pre>|<svg.*?</svg>|<script.*?</script>", "", article)
            found[name] = BeautifulSoup(f"<article{article}</article>", "html.parser")
    return found


def test_every_formula_is_mathml_and_not_empty(pages):
    formulas = [place for page in pages.values() for place in page.select("article .math")]
    assert len(formulas) > 200
    for place in formulas:
        assert place.math and place.math.get_text(strip=True), place
        assert (place.name == "div") == (place.math.get("display") == "block")


def test_no_tex_is_left_in_the_text_of_a_page(pages):
    for name, page in pages.items():
        words = [text for text in page.find_all(string=TEX) if text.parent.get("class") != ["pre"]]
        assert words == [], name


def test_no_page_loads_a_script_for_its_formulas():
    assert not (HTML / "_static" / "mathjax").exists()
    for name in built_pages():
        text = (HTML / f"{name}.html").read_text("utf-8")
        assert re.search("<script[^>]*(mathjax|katex)", text, re.IGNORECASE) is None, name


SETTINGS = """
extensions = ["myst_parser", "formulas"]
myst_enable_extensions = ["amsmath", "dollarmath"]
html_math_renderer = "mathml"
"""
PAGE = r"""# A page

```{math}
:label: total
a = b
```

As {eq}`total` says, three dots $1 + \dots + L$ are one sign, and so is a

\begin{align}
a &= 1 \\ b &= 2
\end{align}

but this is none: $\nonsense$.
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[BeautifulSoup, str]:
    """A page with what the book has no example of, and what its builder said."""
    folder = tmp_path_factory.mktemp("formulas")
    (folder / "index.md").write_text(PAGE, encoding="utf-8")
    (folder / "conf.py").write_text(SETTINGS, encoding="utf-8")
    python = ROOT / ".venv-book" / ("Scripts" if os.name == "nt" else "bin") / "python"
    places = [str(ROOT / "book" / "extensions"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [python, "-m", "sphinx", "-q", folder, folder / "html"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    page = (folder / "html" / "index.html").read_text(encoding="utf-8")
    return BeautifulSoup(page, "html.parser"), done.stderr


def test_a_numbered_formula_has_its_number_and_a_link_leads_to_it(built):
    page, _ = built
    place = page.select_one("div.math")
    assert place.select_one(".eqno").get_text().startswith("(1)")
    assert page.select_one(f'a.reference[href="#{place["id"]}"]').get_text() == "(1)"


def test_equations_below_each_other_are_a_table_without_numbers_of_its_own(built):
    page, _ = built
    table = page.select("div.math")[1].find("mtable")
    assert len(table.find_all("mtr")) == 2 and "(" not in table.get_text()


def test_three_dots_are_one_sign(built):
    page, _ = built
    assert page.select_one("span.math").get_text() == "1+…+L" and "..." not in page.get_text()


def test_a_formula_that_cannot_be_drawn_is_a_warning_with_its_place(built):
    page, said = built
    assert "index.md" in said and "nonsense" in said and said.count("WARNING") == 1
    assert page.select_one("span.math code").get_text() == r"\nonsense"
