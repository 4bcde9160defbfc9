"""Make slides of every chapter from its notebook: `make slides`.

A new slide begins at each heading. It shows the code, what it printed, the pictures, and of each
paragraph the beginning; the whole text is in the speaker's notes. Left out are set-up cells,
solutions, everything folded, and the list of further reading. What is too long for one slide goes
on on the next. The slides need no network: reveal.js lies beside them.
"""

import argparse
import base64
import math
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "extensions"))
from formulas import mathml  # noqa: E402

STATIC = ROOT / "book" / "_static"
REVEAL = [
    "dist/reset.css",
    "dist/reveal.css",
    "dist/reveal.js",
    "plugin/notes/notes.js",
    "plugin/zoom/zoom.js",
    "LICENSE",
]
LEFT_OUT = {"setup", "imports", "colab-link"}
LEFT_OUT_TAGS = {"hide-input", "hide-cell", "remove-cell"}

# Sizes in pixels, on a slide of 1280 × 720; slides.css has the same.
ROOM = 664  # between the upper and the lower margin
WIDTH = 1216
GAP = 14  # between two blocks
BOX = 24  # around code, above and below
TEXT, CODE, TABLE = 37, 31, 46  # height of a line
LARGE = 1.29  # times larger: a few words alone on a slide
LETTERS, TITLE_LETTERS = 88, 62  # in a line of text, of a title
WIDEST = 88  # letters in a line of code
FENCE = 16  # lines of code in a text
LONGEST = 210  # letters of a paragraph; what follows is for the notes
ANSWER = r"<details><summary>(.*?)</summary>"  # of a quick check
PICTURE = 440  # as high as a picture should be at least, if its width allows

FORMATTER = HtmlFormatter(nowrap=True, style="a11y-high-contrast-light")
MARKDOWN = MarkdownIt("commonmark").enable("table")
MARKDOWN.use(dollarmath_plugin, renderer=lambda text, how: mathml(text, how["display_mode"]))


@dataclass
class Block:
    """A part of a slide: its kind (title, text, code, output, picture), HTML, height, notes."""

    kind: str
    html: str
    height: float
    notes: str = ""


@dataclass
class Slide:
    """A slide: a title, and below it what fits."""

    title: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def room(self) -> float:
        """The height that is left."""
        return ROOM - title_height(self.title) - sum(b.height + GAP for b in self.blocks)


def title_height(title: str) -> float:
    """A title's height, with the space below it."""
    return 24 + 46 * math.ceil(len(plain(title)) / TITLE_LETTERS)


def plain(markdown: str) -> str:
    """What is left of Markdown for the eye: no addresses, no marks."""
    return re.sub(r"[*`$\\]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown))


# ----------------------------------------------------------------------------- text


def shorten(paragraph: str, longest: float) -> str:
    """Keep all that fits into `longest` letters, or else as many whole sentences, one at least."""
    if len(plain(paragraph)) <= longest:
        return paragraph  # also when its last sentence goes on in a formula or in code
    kept = ""
    for match in re.finditer(r"(?<!et al)(?<!e\.g)[.?!](?:\*\*|[)\"])*(?=\s|$)", paragraph):
        candidate = paragraph[: match.end()]
        if not whole(candidate):
            continue
        if kept and len(plain(candidate)) > longest:
            break
        kept = candidate
    return kept or paragraph


def whole(text: str) -> bool:
    """Is no bracket, formula, code or bold left open at the end?"""
    pairs = all(text.count(a) == text.count(b) for a, b in ("[]", "()"))
    return pairs and all(text.count(mark) % 2 == 0 for mark in ("$", "`", "**"))


def inline(text: str) -> str:
    """Markdown in a line, as HTML; links to other parts of the course become plain words."""
    return MARKDOWN.renderInline(re.sub(r"\[([^\]]*)\]\((?!http)[^)]*\)", r"\1", text))


def lines_of(text: str, letters: int = LETTERS) -> int:
    """How many lines a text takes."""
    return math.ceil(len(plain(text)) / letters)


def paragraph(source: str, longest: float) -> Block:
    """A paragraph's beginning; the whole of it for the notes."""
    if re.match(r"\*\*(Time|Builds on)\b", source):
        return Block("text", "", -GAP, source)
    short = shorten(source, longest)
    return Block("text", f"<p>{inline(short)}</p>", TEXT * lines_of(short), source)


def list_of(node: SyntaxTreeNode, longest: float) -> list[Block]:
    """A list, every entry a block of its own, so that a long one can go on on the next slide."""
    tag = "ul" if node.type == "bullet_list" else "ol"
    found = []
    for number, item in enumerate(node.children, start=int(node.attrs.get("start", 1))):
        text = " ".join(child.children[0].content for child in item.children if child.children)
        short = shorten(" ".join(text.split()), longest - 30)
        start = f' start="{number}"' if tag == "ol" else ""
        html = f"<{tag}{start}><li>{inline(short)}</li></{tag}>"
        found.append(Block("text", html, TEXT * lines_of(short, LETTERS - 4) - GAP / 2, text))
    return found


def table(source: str) -> Block:
    """A table, whole."""
    rows = [row for row in source.splitlines() if not set(row) <= set("|:- ")]
    height = sum(TABLE + TEXT * (lines_of(row, LETTERS + 10) - 1) for row in rows)
    html = re.sub(r"\[([^\]]*)\]\((?!http)[^)]*\)", r"\1", source)
    return Block("text", MARKDOWN.render(html), height, source)


def text_blocks(source: str) -> Iterator[Block]:
    """The blocks of a Markdown cell; what is folded is left out. An exercise is shown whole."""
    lines, folded = source.splitlines(), False
    nodes = SyntaxTreeNode(MARKDOWN.parse(source)).children
    owns = ["\n".join(lines[slice(*node.map)]) for node in nodes]
    for node, own, before, after in zip(nodes, owns, ["", *owns], [*owns[1:], ""], strict=False):
        whole_text = "### Exercise" in source or after.startswith("$$")
        longest = math.inf if whole_text else LONGEST
        if own.startswith(("<details", "</details")) or folded:
            folded = "</details>" not in own
        elif own.startswith("</div"):
            yield Block("title", "", 0)  # the box ends: the chapter's own title again
        elif own.startswith("<") or (before.startswith("$$") and own[0].islower()):
            continue
        elif node.type == "heading" or re.fullmatch(r"\*\*[^*]+\*\*", own):
            yield Block("title", own.strip("#* "), 0, node.tag)
        elif node.type in ("bullet_list", "ordered_list"):
            yield from list_of(node, longest)
        elif node.type == "table":
            yield table(own)
        elif node.type == "math_block":
            yield displayed(own, after)
        elif node.type == "fence":
            yield from code_blocks(node.content, FENCE)
        elif node.type == "paragraph":
            yield paragraph(" ".join(own.split()), longest)


def quick_check(cell: NotebookNode) -> list[Block]:
    """A quick check's question and its answers; the reasons stay folded in the chapter."""
    if "quick-check" not in cell.metadata.get("tags", []):
        return []
    question = re.search(r"\*\*Quick check\.\*\*.*?(?=\n\n)", cell.source, re.DOTALL)[0]
    found = [paragraph(" ".join(question.split()), math.inf)]
    for answer in re.findall(ANSWER, cell.source):
        height = TEXT * lines_of(answer, LETTERS - 4) - GAP / 2
        found.append(Block("text", f"<ul><li>{answer}</li></ul>", height, answer))
    return found


def displayed(source: str, after: str) -> Block:
    """A formula in a line of its own, with the end of the sentence that it stands in."""
    block = Block("text", MARKDOWN.render(source), 110, source)
    if after[:1].islower():
        rest = paragraph(" ".join(after.split()), LONGEST)
        block.html += rest.html
        block.height += GAP + rest.height
        block.notes += f"\n\n{rest.notes}"
    return block


# ----------------------------------------------------------------------------- code, pictures


def pages_of(text: str, longest: int) -> list[str]:
    """Cut lines into pages, where possible at an empty line, or else where a statement begins."""
    lines, found = wrapped(text.strip("\n").splitlines()), []
    while len(lines) > longest:
        places = range(longest // 3, longest + 1)
        cut = min(reversed(places), key=lambda place: depth(lines, place))
        found.append("\n".join(lines[:cut]).rstrip())
        lines = lines[cut:]
        while not lines[0].strip():
            lines.pop(0)
    return [*found, "\n".join(lines)]


def wrapped(lines: list[str]) -> list[str]:
    """Cut lines that are longer than a slide is wide."""
    indent = {"subsequent_indent": "    ", "break_on_hyphens": False}
    return [part for line in lines for part in textwrap.wrap(line, WIDEST, **indent) or [""]]


def depth(lines: list[str], place: int) -> int:
    """How bad it is to cut before this line: -1 behind an empty line, else its indentation."""
    if not lines[place - 1].strip():
        return -1
    return len(lines[place]) - len(lines[place].lstrip())


def code_blocks(source: str, longest: int) -> list[Block]:
    """A cell's code, on one page or more, of at most `longest` lines."""
    pages = pages_of(source, longest)
    return [Block("code", f"<pre>{highlight(p, PythonLexer(), FORMATTER)}</pre>", tall(p))
            for p in pages]  # fmt: skip


def output_blocks(cell: NotebookNode, longest: int) -> list[Block]:
    """What a cell printed, on one page or more."""
    text = "".join(map(printed, cell.outputs))
    if not text.strip():
        return []
    pages = pages_of(text, longest)
    return [Block("output", f'<pre class="output">{escape(p)}</pre>', tall(p)) for p in pages]


def printed(output: NotebookNode) -> str:
    """What an output says in letters: what was printed, or a table as text."""
    data = output.get("data", {})
    return data["text/plain"] if "text/html" in data else output.get("text", "")


def tall(text: str) -> float:
    """The height of lines of code or output, in their box."""
    return CODE * len(text.splitlines()) + BOX


def picture_blocks(cell: NotebookNode) -> list[Block]:
    """A cell's pictures, each with its caption."""
    about = cell.metadata.get("mystnb", {})
    caption = about.get("figure", {}).get("caption", "")
    alt = about.get("image", {}).get("alt", "")
    found = []
    for output in cell.outputs:
        data = output.get("data", {}).get("image/svg+xml")
        if data:
            title = alt or re.search(r"<title>(.*?)</title>|$", data, re.DOTALL)[1] or ""
            coded = base64.b64encode(data.encode()).decode()
            image = f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{coded}">'
            html = f"<figure>{image}<figcaption>{inline(caption)}</figcaption></figure>"
            found.append(Block("picture", html, picture_height(data) + TEXT * lines_of(caption)))
    return found


def picture_height(svg: str) -> float:
    """The height that a picture should have at least."""
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    return min(PICTURE, 0.8 * WIDTH * height / width)


# ----------------------------------------------------------------------------- slides


def slides_of(notebook: NotebookNode) -> list[Slide]:
    """Put what a chapter shows on slides.

    Raises:
        ValueError: the notebook does not begin with a title.
    """
    if not notebook.cells or not notebook.cells[0].source.startswith("# "):
        raise ValueError("the first cell must begin with a title: # ...")
    deck: list[Slide] = []
    exercises = False
    for cell in notebook.cells:
        exercises = exercises or "## Exercises" in cell.source
        if left_out(cell) or (exercises and tells_the_answer(cell)):
            continue
        if cell.cell_type == "markdown":
            for block in quick_check(cell) or text_blocks(cell.source):
                if block.kind == "title" and block.html == "Further reading":
                    return deck
                place_text(deck, block)
        else:
            pictures = picture_blocks(cell)
            longest = int(ROOM - title_height(deck[-1].title) - BOX) // CODE
            code = [] if pictures else code_blocks(cell.source, longest)
            place_cell(deck, code + output_blocks(cell, longest) + pictures)
    return deck


def left_out(cell: NotebookNode) -> bool:
    """Is this a cell for the reader alone?"""
    tags = set(cell.metadata.get("tags", []))
    if "hide-input" in tags and picture_blocks(cell):
        return False  # only the code that draws is folded; it is not on slides anyway
    return cell.id in LEFT_OUT or bool(tags & LEFT_OUT_TAGS) or "data-explorable" in cell.source


def tells_the_answer(cell: NotebookNode) -> bool:
    """Among the exercises: is this text that goes on after a solution?"""
    return cell.cell_type == "markdown" and not re.search(r"^##", cell.source, re.MULTILINE)


def place_text(deck: list[Slide], block: Block) -> None:
    """Put text below what is there, or, when it doesn't fit, on a slide of its own."""
    if block.kind == "title":
        deck.append(Slide(block.html or deck[0].title))
    elif deck[-1].room < block.height:
        deck.append(Slide(deck[-1].title, [block]))
    else:
        deck[-1].blocks.append(block)


def place_cell(deck: list[Slide], blocks: list[Block]) -> None:
    """Put a cell below its introduction, or both on a new slide; a long one piece by piece."""
    needed, room = sum(block.height + GAP for block in blocks), deck[-1].room
    on_one = needed <= ROOM - title_height(deck[-1].title)
    if needed > room and (on_one or blocks[0].height > room):
        deck.append(Slide(deck[-1].title, introduction(deck[-1], needed)))
    for block in blocks:
        if block.height > deck[-1].room:
            deck.append(Slide(deck[-1].title))
        deck[-1].blocks.append(block)
        if block.kind == "picture":
            deck.append(Slide(deck[-1].title))  # it takes all the room that is left


def introduction(slide: Slide, needed: float) -> list[Block]:
    """Take the last text off a slide when there is room for it together with what it introduces."""
    if len(slide.blocks) < 2 or slide.blocks[-1].kind != "text":
        return []
    room = ROOM - title_height(slide.title) - slide.blocks[-1].height - GAP
    return [slide.blocks.pop()] if needed <= room else []


# ----------------------------------------------------------------------------- pages


def section(slide: Slide, level: str) -> str:
    """A slide as reveal.js wants it."""
    body = "\n".join(block.html for block in slide.blocks)
    body = re.sub(r"</(ul|ol)>\n<\1[^>]*>", "\n", body)  # one list of its entries
    notes = "\n\n".join(block.notes for block in slide.blocks if block.notes)
    notes = f'<aside class="notes">{MARKDOWN.render(notes)}</aside>' if notes else ""
    kind = "divider" if level == "h1" or not body.strip() else size(slide)
    title = f"<{level}>{inline(slide.title)}</{level}>"
    return f'<section class="{kind}">{title}\n{body}{notes}</section>'


def size(slide: Slide) -> str:
    """A few words alone can be larger."""
    words = all(block.kind == "text" and "<table" not in block.html for block in slide.blocks)
    used = ROOM - title_height(slide.title) - slide.room
    return "large" if words and LARGE**2 * used < ROOM - title_height(slide.title) else ""


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="stylesheet" href="reveal/reset.css">
<link rel="stylesheet" href="reveal/reveal.css">
<link rel="stylesheet" href="slides.css">
</head>
<body>
<div class="reveal"><div class="slides">
{sections}
</div></div>
<script src="reveal/reveal.js"></script>
<script src="reveal/notes.js"></script>
<script src="reveal/zoom.js"></script>
<script>
Reveal.initialize({{
  width: 1280, height: 720, margin: 0, maxScale: 4, center: false, display: "flex",
  controls: false, hash: true, slideNumber: "c/t", transition: "none",
  plugins: [RevealNotes, RevealZoom],
}});
</script>
</body>
</html>
"""


def page(deck: list[Slide]) -> str:
    """A deck as one page of HTML."""
    shown = [slide for place, slide in enumerate(deck) if slide.blocks or ends_a_part(deck, place)]
    levels = ["h1"] + ["h2"] * (len(shown) - 1)
    sections = "\n".join(map(section, shown, levels))
    return PAGE.format(title=escape(plain(shown[0].title)), sections=sections)


def ends_a_part(deck: list[Slide], place: int) -> bool:
    """Is an empty slide a title above other titles, and not what a picture left behind?"""
    titles = {slide.title for slide in deck if slide.blocks}
    return deck[place].title not in titles


def contents(titles: dict[str, str]) -> str:
    """The page that leads to all decks."""
    entries = "\n".join(
        f'<li><a href="{name}.html">{escape(title)}</a></li>' for name, title in titles.items()
    )
    keys = "Space or an arrow key: the next slide. F: full screen. S: the speaker's notes. "
    keys += "O: all slides. Alt and a click (on Linux, Ctrl): nearer, and back."
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Slides</title>
<link rel="stylesheet" href="slides.css"></head>
<body class="contents"><main><h1>Slides</h1><ol>{entries}</ol><p>{keys}</p></main></body></html>
"""


def copy_libraries(folder: Path) -> None:
    """Copy what the pages load."""
    reveal = files("sphinx_revealjs") / "_static" / "revealjs"
    (folder / "reveal").mkdir()
    for name in REVEAL:
        shutil.copy(reveal / name, folder / "reveal")
    shutil.copytree(STATIC / "fonts", folder / "fonts")
    sheets = (STATIC / "fonts.css", Path(__file__).with_suffix(".css"))
    styles = [sheet.read_text(encoding="utf-8") for sheet in sheets]
    colours = FORMATTER.get_style_defs(".reveal pre")
    (folder / "slides.css").write_text("\n".join([*styles, colours, ""]), encoding="utf-8")


def make_slides(notebooks: list[Path], out: Path) -> None:
    """Write a deck for each notebook, a page that leads to them, and what they load.

    Args:
        notebooks: the chapters.
        out: the folder. It is replaced in one step, at the end.

    Raises:
        ValueError: a notebook cannot be read, or does not begin with a title; says which.
    """
    draft = out.with_name(f".{out.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    titles = {}
    for path in notebooks:
        try:
            deck = slides_of(nbformat.read(path, as_version=4))
        except (ValueError, OSError) as error:
            raise ValueError(f"{path}: {error}") from error
        titles[path.stem] = plain(deck[0].title)
        (draft / f"{path.stem}.html").write_text(page(deck), encoding="utf-8")
    (draft / "index.html").write_text(contents(titles), encoding="utf-8")
    copy_libraries(draft)
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)


def main(arguments: list[str] | None = None) -> int:
    """Make the slides; 0 when all went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("dist/slides"), help="the folder to write")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all chapters")
    options = parser.parse_args(arguments)
    notebooks = options.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    try:
        make_slides(notebooks, options.out)
    except ValueError as error:
        print(f"No slides were written: {error}", file=sys.stderr)
        return 1
    print(f"The slides are ready. Open {options.out / 'index.html'} in your browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
