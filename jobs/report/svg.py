"""Charts of the reports: matplotlib figures as SVG for a page with a strict policy, with one width and one set of colours.

The SVG has no style attributes and no scripts, uses the fonts of the browser, and prefixes its ids.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

WIDTH = 380
INK, FAINT, GRID = "#1d2b33", "#4c5b64", "#d5dde1"
PLAIN, PALE = "#37718e", "#a9bfca"
ROW = 36
"""The height of a row with a label and a bar, in pixels."""
_SETTINGS: Any = {
    "svg.hashsalt": "steelyard",
    "svg.fonttype": "none",
    "font.size": 11,
    "text.parse_math": False,
    "axes.unicode_minus": True,
}
_FONT_SIZE = re.compile(r"(\d+(?:\.\d+)?)px")


@dataclass(frozen=True)
class Chart:
    """A chart, its title and description, and the table of its figures."""

    name: str
    title: str
    about: str
    svg: Markup
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def make_chart(
    name: str,
    title: str,
    about: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    height: int,
    paint: Callable[[Figure], None],
) -> Chart:
    """Draw a chart with its table. A chart without rows has no drawing."""
    svg = draw(WIDTH, height, f"chart-{name}", f"{title}. {about}", paint) if rows else ""
    # Safe as markup: drawn here from escaped text.
    return Chart(name, title, about, Markup(svg), heads, tuple(rows))


def draw(width: int, height: int, name: str, label: str, paint: Callable[[Figure], None]) -> str:
    """Paint a figure and return it as one ``<svg>`` element.

    Args:
        width: in pixels; the page may scale it.
        name: unique on the page; the element's ids begin with it.
        label: the text for screen readers.
        paint: draws into the figure, which has 72 dpi, so that a point is a pixel.
    """
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_alpha(0)
        FigureCanvasSVG(figure)
        paint(figure)
        target = io.StringIO()
        with warnings.catch_warnings():
            # The browser draws the text, so glyphs that matplotlib's fonts lack do not matter.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(target, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _for_page(target.getvalue(), width, height, name, label)


def canvas(figure: Figure) -> Axes:
    """Return axes in pixels over the whole figure, with the origin at the top left."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, figure.bbox.width)
    axes.set_ylim(figure.bbox.height, 0)
    axes.patch.set_alpha(0)
    return axes


def block(axes: Axes, left: float, top: float, width: float, height: float, colour: str) -> None:
    """Draw a filled rectangle."""
    axes.add_patch(Rectangle((left, top), width, height, facecolor=colour, linewidth=0))


def quiet(axes: Axes) -> None:
    """Show only the lines that help to read a height."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.grid(axis="y", color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT, labelsize=10.5, length=0)
    axes.minorticks_off()
    axes.patch.set_alpha(0)


def text_width(text: str) -> float:
    """Return the approximate width of a text of 11.5 pixels: a Chinese character is square, a Latin one about half as wide."""
    return sum(11.8 if letter >= "\u2e80" else 6.4 for letter in text)


def shorten(text: str, room: float) -> str:
    """Cut a text to a width in pixels, with an ellipsis."""
    if text_width(text) <= room:
        return text
    while text and text_width(text) + 11.8 > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _for_page(svg: str, width: int, height: int, name: str, label: str) -> str:
    body = svg[svg.index("<svg") :]
    body = body[body.index(">") + 1 : body.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*</defs>", "", body)
    body = body.replace("xlink:href=", "href=")
    body = re.sub(r' style="([^"]*)"', lambda match: _as_attributes(match.group(1)), body)
    body = _keep_used_ids(body, name)
    body = re.sub(r"\s*\n\s*", "\n", body).strip()
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label, quote=True)}" '
        f'stroke-linejoin="round" stroke-linecap="butt">\n{body}\n</svg>'
    )


def _as_attributes(style: str) -> str:
    """Turn ``fill: #fff; stroke: none`` into attributes. Of a font only the size is kept."""
    attributes = []
    for part in style.replace("&quot;", "'").split(";"):
        name, _, value = (piece.strip() for piece in part.partition(":"))
        if name == "font":
            size = _FONT_SIZE.search(value)
            attributes += [f' font-size="{size.group(1)}"'] if size else []
        elif name and name != "white-space":
            attributes.append(f' {name}="{value}"')
    return "".join(attributes)


def _keep_used_ids(body: str, name: str) -> str:
    """Drop unused ids and prefix the others with ``name``, so that several charts can share a page."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))

    def renamed(match: re.Match[str]) -> str:
        return f' id="{name}-{match.group(1)}"' if match.group(1) in used else ""

    body = re.sub(r' id="([^"]*)"', renamed, body)
    return re.sub(r'(href="#|url\(#)([^")]+)', rf"\g<1>{name}-\g<2>", body)
