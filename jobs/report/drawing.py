"""What the reports' charts are drawn with: one width, one set of colours, axes that show only what helps to read them."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

WIDTH = 380
INK, FAINT, GRID = "#1d2b33", "#4c5b64", "#d5dde1"
PLAIN, PALE = "#37718e", "#a9bfca"


@dataclass(frozen=True)
class Chart:
    """A chart with its title, what it shows, and its table: heads, and rows of cells."""

    name: str
    title: str
    about: str
    svg: Markup
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def canvas(figure: Figure) -> Axes:
    """Axes in pixels over the whole figure, the origin at the top left."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, figure.bbox.width)
    axes.set_ylim(figure.bbox.height, 0)
    axes.patch.set_alpha(0)
    return axes


def block(axes: Axes, left: float, top: float, width: float, height: float, colour: str) -> None:
    axes.add_patch(Rectangle((left, top), width, height, facecolor=colour, linewidth=0))


def quiet(axes: Axes) -> None:
    """Only the lines that help to read a height."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT, labelsize=10.5, length=0)
    axes.minorticks_off()
    axes.patch.set_alpha(0)


def text_width(text: str) -> float:
    """About how wide a text of 11.5 pixels is: a Chinese character is square, a Latin one about half of that."""
    return sum(11.8 if letter >= "\u2e80" else 6.4 for letter in text)


def shorten(text: str, room: float) -> str:
    if text_width(text) <= room:
        return text
    while text and text_width(text) + 11.8 > room:
        text = text[:-1]
    return text.rstrip() + "…"
