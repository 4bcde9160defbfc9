"""What all drawings share: colours, the sheet of paper, boxes, bars and arrows.

Every colour means one thing in the whole book. The colours are those of Okabe and Ito, which any
kind of colour vision tells apart. They also differ in lightness, or in their hatch, for a reader
who sees or prints in grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

INPUT = "#0072B2"  # what comes in: an image, or a block's input
NEW = "#E69F00"  # what a layer adds: its new features
SUM = "#CC79A7"  # features added up, as in ResNet
TRANSITION = "#009E73"  # between dense blocks: fewer channels, fewer pixels
PLAIN = "#DCDCDC"  # everything else: an operation, a stem, a classifier
INK = "#1A1A1A"  # lines and letters
LINES = {NEW: "#A87400"}  # a thin line needs a darker colour than a bar, to be seen on white
HATCHES = {TRANSITION: "///"}  # of the bars of a chart, where no word is near

WIDTH = 5.2  # inches: on a phone, letters of 11 points come out 10 pixels high
TEXT = 11  # points
SMALL = 10
LINE_HEIGHT = 0.2  # inches
SVG_OPTIONS = {"svg.hashsalt": "densenet_lesson", "svg.fonttype": "path"}


class Drawing(Figure):
    """A figure that knows its alternative text, `alt`.

    The SVG gets it as its title. It is the `repr` too: a notebook stores that beside the picture,
    and tests compare it.
    """

    def __init__(self, width: float = WIDTH, height: float = 1.0, **options: Any) -> None:
        super().__init__(figsize=(width, height), facecolor="white", **options)
        self.alt = ""
        _Canvas(self)

    def settle(self) -> None:
        """Lay everything out now and for good; else each drawing would move things a little."""
        self.draw_without_rendering()
        self.set_layout_engine("none")

    def __repr__(self) -> str:
        return self.alt or super().__repr__()


class _Canvas(FigureCanvasSVG):
    """Writes the same drawing as the same SVG, every time: no date, no random ids."""

    def print_svg(
        self,
        filename: Any,
        *,
        metadata: dict[str, Any] | None = None,
        bbox_inches_restore: Any = None,
        **_: Any,  # options of other formats
    ) -> None:
        metadata = {"Date": None, "Title": self.figure.alt, **(metadata or {})}
        with rc_context(SVG_OPTIONS):
            super().print_svg(filename, metadata=metadata, bbox_inches_restore=bbox_inches_restore)


class Sheet:
    """A sheet of paper to draw on. Lengths are inches, x goes right and y goes down.

    Boxes and circles are placed by their centre, bars by their left end.
    """

    def __init__(self, width: float = WIDTH) -> None:
        self.figure = Drawing(width)
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()

    def finish(self, height: float, alt: str) -> Drawing:
        """Cut the sheet to its height, and return it with its alternative text."""
        width = self.figure.get_figwidth()
        self.figure.set_size_inches(width, height)
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.figure.alt = alt
        return self.figure

    def text(self, x: float, y: float, text: str, size: float = TEXT, **options: Any) -> None:
        options = {"ha": "center", "va": "center", "color": INK, "linespacing": 1.25, **options}
        self.axes.text(x, y, text, fontsize=size, zorder=4, **options)

    def label(self, x: float, y: float, text: str, **options: Any) -> None:
        """Write a shape or a count beside what it belongs to."""
        self.text(x, y, text, ha="left", fontweight="bold", **options)

    def box(
        self, x: float, y: float, width: float, height: float, text: str, color: str = PLAIN
    ) -> None:
        corner = (x - width / 2, y - height / 2)
        style = "round,pad=0,rounding_size=0.06"
        options = {"facecolor": color, "edgecolor": INK, "linewidth": 1, "zorder": 3}
        self.axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, **options))
        self.text(x, y, text, color=text_color(color))

    def bar(
        self, left: float, y: float, width: float, height: float, color: str, text: str = ""
    ) -> None:
        options = {"facecolor": color, "edgecolor": INK, "linewidth": 0.8, "zorder": 3}
        self.axes.add_patch(Rectangle((left, y - height / 2), width, height, **options))
        if text:
            self.text(left + width / 2, y, text, SMALL, color=text_color(color))

    def plus(self, x: float, y: float, radius: float) -> None:
        """Draw the sign of an addition."""
        options = {"facecolor": SUM, "edgecolor": INK, "linewidth": 1, "zorder": 3}
        self.axes.add_patch(Circle((x, y), radius, **options))
        arm = 0.6 * radius
        self.line([(x - arm, y), (x + arm, y)], zorder=4)
        self.line([(x, y - arm), (x, y + arm)], zorder=4)

    def line(self, points: Sequence[tuple[float, float]], color: str = INK, **options: Any) -> None:
        color = LINES.get(color, color)
        self.axes.plot(*zip(*points, strict=True), color=color, linewidth=1.5, **options)

    def arrow(
        self, points: Sequence[tuple[float, float]], color: str = INK, curved: bool = False
    ) -> None:
        """Draw an arrow along points; a curved one is a Bézier curve of four points."""
        step = Path.CURVE4 if curved else Path.LINETO
        path = Path(points, [Path.MOVETO] + [step] * (len(points) - 1))
        options = {"color": LINES.get(color, color), "linewidth": 1.5, "joinstyle": "miter"}
        style = "-|>,head_length=4,head_width=2.2"
        self.axes.add_patch(FancyArrowPatch(path=path, arrowstyle=style, zorder=2, **options))


class Column:
    """Boxes below each other, with an arrow from each to the next."""

    def __init__(self, sheet: Sheet, x: float, width: float, gap: float = 0.25) -> None:
        self.sheet, self.x, self.width, self.gap = sheet, x, width, gap
        self.bottom = 0.1  # where the last box ends
        self.empty = True

    def place(self, height: float, color: str = INK) -> float:
        """Make room for something below the last box; return the y of its centre."""
        if not self.empty:
            end = self.bottom + self.gap
            self.sheet.arrow([(self.x, self.bottom), (self.x, end)], color)
            self.bottom = end
        self.empty = False
        self.bottom += height
        return self.bottom - height / 2

    def box(self, text: str, color: str = PLAIN) -> float:
        height = 0.14 + LINE_HEIGHT * (1 + text.count("\n"))
        y = self.place(height)
        self.sheet.box(self.x, y, self.width, height, text, color)
        return y

    def plus(self, radius: float = 0.14) -> float:
        y = self.place(2 * radius)
        self.sheet.plus(self.x, y, radius)
        return y

    def bar(self, *parts: tuple[float, str]) -> float:
        """Draw a bar of parts, each with its width and its colour."""
        y = self.place(0.3)
        left = self.x - sum(width for width, _ in parts) / 2
        for width, color in parts:
            self.sheet.bar(left, y, width, 0.3, color)
            left += width
        return y


def lightness(color: str) -> float:
    """Return how light a colour is to the eye, L* of CIELAB: 0 is black, 100 is white."""
    y = luminance(color)
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def luminance(color: str) -> float:
    """Return how much light a colour gives off, from 0 to 1, as in WCAG's contrast."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def text_color(background: str) -> str:
    """Return white for letters on a dark colour, and ink for letters on a light one."""
    return "white" if lightness(background) < 50 else INK
