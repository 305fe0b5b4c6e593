"""A model card's Markdown as sections that a page can show: paragraphs, lists and tables, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Block:
    """A piece of a section; ``kind`` is ``text``, ``list`` or ``table``, and each row is its cells."""

    kind: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    blocks: tuple[Block, ...]


def read_card(markdown: str) -> tuple[Section, ...]:
    """The sections of a card, in order; text before the first heading of the second level belongs to the first heading."""
    sections: list[Section] = []
    heading, lines = "", list[str]()
    for line in [*markdown.splitlines(), "# "]:
        if not line.startswith("#"):
            lines.append(line.strip())
            continue
        blocks = _blocks(lines)
        if blocks:
            sections.append(Section(heading, blocks))
        heading, lines = line.lstrip("#").strip(), []
    return tuple(sections)


def _blocks(lines: list[str]) -> tuple[Block, ...]:
    return tuple(_block(kind, list(group)) for kind, group in groupby(lines, key=_kind) if kind)


def _kind(line: str) -> str:
    if not line:
        return ""
    if line.startswith("- "):
        return "list"
    return "table" if line.startswith("|") else "text"


def _block(kind: str, lines: list[str]) -> Block:
    if kind == "table":
        rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
        return Block(kind, tuple(row for row in rows if not all(set(cell) <= set("-:") and cell for cell in row)))
    if kind == "list":
        return Block(kind, tuple((line.removeprefix("- "),) for line in lines))
    return Block(kind, ((" ".join(lines),),))
