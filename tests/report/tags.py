"""Parse a page: its elements, its text, and what it would load or run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Tags(HTMLParser):
    """Every element with its attributes, the text of the page, and whether tags are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()} closes another element"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, attribute: str) -> list[str]:
        return [found[attribute] or "" for _, found in self.elements if attribute in found]

    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def strangers(self) -> list[str]:
        """Elements and attributes that fetch something or run."""
        fetching = {"script", "link", "img", "iframe", "object", "form"}.intersection(tag for tag, _ in self.elements)
        running = [name for _, found in self.elements for name in found if name.startswith("on") or name in ("style", "src")]
        return [*sorted(fetching), *running]


def addresses_elsewhere(page: str) -> list[str]:
    """Return the parts of a page that name another address."""
    return re.findall(r"https?:|//\w|url\((?!#)|@import", page)
