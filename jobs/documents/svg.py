"""A small SVG canvas for the figures of the documentation: boxes, arrows, lines and text, the same bytes for the same calls."""

from __future__ import annotations

from html import escape

INK = "#1f2933"
PALE = "#e8eef2"
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

    def area(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle without an edge."""
        self._parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{COLOURS[colour]}"/>')

    def render(self) -> str:
        """Return the figure as SVG."""
        return self._head + "\n".join(self._parts) + "\n</svg>\n"
