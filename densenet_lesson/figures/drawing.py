"""What all drawings share: colours, the sheet of paper, boxes, bars and arrows.

Every colour means one thing in the whole book. The colours are those of Okabe and Ito, which any
kind of colour vision tells apart; they also differ in lightness, or in their hatch, for a reader
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
PLAIN = "#ECECEC"  # everything else: an operation, a stem, a classifier
INK = "#1A1A1A"  # lines and letters
HATCHES = {SUM: "++"}  # a sum is about as dark as a transition

WIDTH = 5.2  # inches: on a phone, letters of 11 points come out at about 10 pixels
TEXT = 11  # points
SMALL = 10
SVG_OPTIONS = {"svg.hashsalt": "densenet_lesson", "svg.fonttype": "path"}


class Drawing(Figure):
    """A figure that knows its alternative text, `alt`, and puts it into the SVG as its title."""

    def __init__(self, width: float = WIDTH, height: float = 1.0, **options: Any) -> None:
        super().__init__(figsize=(width, height), facecolor="white", **options)
        self.alt = ""
        _Canvas(self)


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

    Boxes and circles are placed by their centre.
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
        self.axes.text(x, y, text, fontsize=size, **options)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str = "",
        color: str = PLAIN,
        size: float = TEXT,
    ) -> None:
        corner = (x - width / 2, y - height / 2)
        style = "round,pad=0,rounding_size=0.06"
        options = {"facecolor": color, "edgecolor": INK, "linewidth": 1}
        self.axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, **options))
        if text:
            self.text(x, y, text, size, color=text_color(color))

    def bar(
        self, left: float, y: float, width: float, height: float, color: str, text: str = ""
    ) -> None:
        """Draw a segment of a bar; its colour's hatch comes with it."""
        options = {"facecolor": color, "edgecolor": INK, "linewidth": 0.8}
        corner = (left, y - height / 2)
        self.axes.add_patch(Rectangle(corner, width, height, hatch=HATCHES.get(color), **options))
        if text:
            self.text(left + width / 2, y, text, SMALL, color=text_color(color))

    def plus(self, x: float, y: float, radius: float = 0.14) -> None:
        """Draw the sign of an addition."""
        circle = Circle((x, y), radius, facecolor=SUM, edgecolor=INK, linewidth=1)
        self.axes.add_patch(circle)
        r = 0.6 * radius
        self.line([(x - r, y), (x + r, y)])
        self.line([(x, y - r), (x, y + r)])

    def line(self, points: Sequence[tuple[float, float]], color: str = INK) -> None:
        self.axes.plot(*zip(*points, strict=True), color=color, linewidth=1.5, zorder=1)

    def arrow(self, points: Sequence[tuple[float, float]], color: str = INK) -> None:
        """Draw an arrow through points: two for a straight one, four for a Bézier curve."""
        curve = [Path.MOVETO] + [Path.CURVE4] * 3
        straight = [Path.MOVETO] + [Path.LINETO] * (len(points) - 1)
        path = Path(points, curve if len(points) == 4 else straight)
        style = "-|>,head_length=4,head_width=2.2"
        options = {"color": color, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
        self.axes.add_patch(
            FancyArrowPatch(path=path, arrowstyle=style, joinstyle="miter", **options)
        )


def lightness(color: str) -> float:
    """Return how light a colour is to the eye, L* of CIELAB: 0 is black, 100 is white."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def text_color(background: str) -> str:
    """Return white for letters on a dark colour, and ink for letters on a light one."""
    return "white" if lightness(background) < 50 else INK
