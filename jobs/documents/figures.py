"""The figures of ``docs/explanation``: the flow of a day, the layers, the states of a delivery, and a figure of risk science."""

from __future__ import annotations

import math
import tomllib
from html import escape
from importlib import resources

INK = "#1f2933"
LINE = "#5b6b78"
COLOURS = {"blue": "#d6e6f2", "green": "#dcefdc", "amber": "#fbe8c8", "red": "#f7d9d5", "grey": "#eceff1", "white": "#ffffff"}


class Canvas:
    """A figure with a white background, so that it reads in a light and in a dark page."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="14" fill="{INK}">\n<title>{escape(title)}</title>\n'
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0 0L10 5L0 10z" fill="{LINE}"/></marker></defs>\n'
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        )
        self._parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, lines: str, colour: str = "white") -> None:
        """Draw a box with centred lines of text; the first line is bold where there are several."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{COLOURS[colour]}" stroke="{LINE}"/>'
        )
        rows = lines.split("\n")
        first = y + height / 2 - 9 * (len(rows) - 1) + 5
        for number, row in enumerate(rows):
            is_title = number == 0 and len(rows) > 1
            self.text(x + width / 2, first + 18 * number, row, bold=is_title, size=14 if is_title else 13 if len(rows) == 1 else 12)

    def text(
        self, x: float, y: float, text: str, *, bold: bool = False, size: int = 14, anchor: str = "middle", colour: str = INK
    ) -> None:
        """Write one line of text."""
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}"{weight} fill="{colour}">{escape(text)}</text>'
        )

    def arrow(
        self, *points: tuple[float, float], label: str = "", at: tuple[float, float] | None = None, dashed: bool = False
    ) -> None:
        """Draw an arrow through points, with a label at a place of its own."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="1.5"{dash} marker-end="url(#tip)"/>'
        )
        if label and at is not None:
            self.text(*at, label, size=12)

    def curve(self, points: list[tuple[float, float]], colour: str, width: float = 2) -> None:
        """Draw a line through points without a tip."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>')

    def render(self) -> str:
        """Return the figure as SVG."""
        return self._head + "\n".join(self._parts) + "\n</svg>\n"


def figures() -> dict[str, str]:
    """Return each figure as SVG, by the name of its file."""
    return {
        **{f"{name}.svg": drawing(name) for name in ("day", "layers", "delivery")},
        "selection.svg": selection(),
    }


def drawing(name: str) -> str:
    """Return a figure of ``figures.toml``: its boxes, arrows and words, in order."""
    figure = tomllib.loads(resources.files(__package__).joinpath("figures.toml").read_text(encoding="utf-8"))[name]
    width, height = figure["size"]
    canvas = Canvas(width, height, figure["title"])
    for part in figure["parts"]:
        if "box" in part:
            canvas.box(*part.pop("box"), **part)
        elif "arrow" in part:
            canvas.arrow(*part.pop("arrow"), **part)
        else:
            canvas.text(*part.pop("place"), **part)
    return canvas.render()


def selection() -> str:
    """Return the two curves of the calibration: what a chosen visit finds and what a visit drawn at random finds."""
    canvas = Canvas(900, 375, "A chosen visit finds more than a visit drawn at random")
    left, bottom, width, height = 80.0, 330.0, 560.0, 280.0

    def place(margin: float, share: float) -> tuple[float, float]:
        return left + width * (margin + 5) / 8, bottom - height * share

    def found(margin: float, background: float, more: float) -> float:
        return 1 - (1 - background) / (1 + math.exp(margin + more))

    for share in (0, 0.25, 0.5, 0.75, 1):
        canvas.curve([place(-5, share), place(3, share)], "#dfe5ea", 1)
        canvas.text(left - 10, place(-5, share)[1] + 5, f"{share:.0%}", anchor="end", size=12)
    grid = [-5 + 0.1 * step for step in range(81)]
    canvas.curve([place(margin, found(margin, 0.06, 1.2)) for margin in grid], "#962f28", 3)
    canvas.curve([place(margin, found(margin, 0.05, 0.0)) for margin in grid], "#1f4e79", 3)
    canvas.text(660, 120, "targeted visits", anchor="start", colour="#962f28", bold=True)
    canvas.text(660, 140, "inspectors also see what", anchor="start", size=12)
    canvas.text(660, 156, "no indicator shows", anchor="start", size=12)
    canvas.text(660, 220, "visits drawn at random", anchor="start", colour="#1f4e79", bold=True)
    canvas.text(660, 240, "what the probability means", anchor="start", size=12)
    canvas.text(left + width / 2, bottom + 30, "score (margin, in log-odds)", size=13)
    canvas.text(left, 30, "share of visits that find a violation", anchor="start", size=13)
    canvas.text(left + 8, place(-5, 0.3)[1], "small faults, found anywhere", anchor="start", size=12)
    return canvas.render()
