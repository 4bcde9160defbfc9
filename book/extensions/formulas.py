"""A Sphinx extension: formulas are made when the book is built, as MathML, which browsers draw.

So a page with formulas needs no script for them, nothing moves when they appear, and a screen
reader reads them. Their letters are a font of the book: see `book/_static/fonts.css`.
"""

import re
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

# Three dots are one sign, for the ear too.
CONVERTER = LatexToMathML(macros={"dots": "…", "ldots": "…"}, fancy_error=False)
NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather|multline)\}")


def mathml(tex: str, display: bool) -> str:
    """Write a formula as MathML; `display` is for one in a line of its own.

    Raises:
        LatexError: the formula has a command that is not known, or an open bracket.
    """
    unnumbered = NUMBERED.sub(r"\\\1{\2*}", tex)  # Sphinx numbers the formulas, for the whole book
    return CONVERTER.convert_with_local_state(unnumbered.strip(), displaystyle=display)


def converted(node: nodes.Element, display: bool) -> str:
    """A node's formula as MathML. One that can't be written is a warning, and stays TeX."""
    tex = node.astext()
    try:
        return mathml(tex, display)
    except LatexError as error:
        logger = logging.getLogger(__name__)
        logger.warning("the formula %r can't be drawn: %s", tex, error, location=node)
        return f"<code>{nodes.unescape(tex)}</code>"


def visit_math(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    start = writer.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    writer.body.append(f"{start}{converted(node, display=False)}</span>")
    raise nodes.SkipNode


def visit_display(writer: Any, node: nodes.math_block) -> None:
    """Write a formula in a line of its own, with its number if it has one."""
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append(f"{converted(node, display=True)}</div>\n")
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
