"""Code hierarchies: which class a code belongs to, level by level.

A hierarchy is a file ``<scheme>.csv`` beside this module with the columns ``code, parent, level, name_zh_hans`` and, where there is
one, ``name_en``. Level 1 is the broadest.

- ``gbt4754``: GB/T 4754-2017, industries. All sections and divisions; groups and classes of the divisions that the simulation and
  the tests use. An unlisted class has its first three digits as its group, its first two as its division.
- ``gbt2260``: GB/T 2260, regions: every province, prefecture and county of today. Made from python-stdnum's ``stdnum/cn/loc.dat``:
  entries whose last period is open, without the nameless aggregates (市辖区, 市区) of a prefecture, with two districts of 2021
  (330113, 330114) added, and all names in simplified characters.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True)
class Entry:
    """One code: its level, the code above it (None at the top) and its names by language."""

    code: str
    parent: str | None
    level: int
    names: Mapping[str, str]


@dataclass(frozen=True)
class Hierarchy:
    """The codes of one scheme.

    Every method that takes a code raises ``KeyError`` for an unlisted code; test codes from data with ``in`` first.
    """

    scheme: str
    entries: Mapping[str, Entry]

    def __contains__(self, code: object) -> bool:
        return code in self.entries

    def parent(self, code: str) -> str | None:
        """The code one level up, None at the top."""
        return self.entries[code].parent

    def level(self, code: str) -> int:
        """1 for the broadest level."""
        return self.entries[code].level

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The codes above, nearest first; empty at the top."""
        found: list[str] = []
        above = self.parent(code)
        while above is not None:
            found.append(above)
            above = self.parent(above)
        return tuple(found)

    def name(self, code: str, language: str = "zh-Hans") -> str:
        """The name in that language, else in Chinese."""
        names = self.entries[code].names
        return names.get(language) or names["zh-Hans"]

    def codes(self, level: int) -> tuple[str, ...]:
        """The codes of one level, in order."""
        return tuple(sorted(code for code, entry in self.entries.items() if entry.level == level))


@cache
def schemes() -> tuple[str, ...]:
    """The schemes that have a hierarchy, in order."""
    names = (item.name for item in resources.files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in names if name.endswith(".csv")))


@cache
def load(scheme: str) -> Hierarchy:
    """The hierarchy of a scheme.

    Raises:
        ValueError: when there is no file for the scheme, or a row names a parent that the file lacks; the message says which.
    """
    if scheme not in schemes():
        raise ValueError(f"there is no code hierarchy {scheme!r}; there are {', '.join(schemes())}")
    file = resources.files(__package__).joinpath(f"{scheme}.csv")
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    entries = {row["code"]: _entry(row) for row in rows}
    for entry in entries.values():
        if entry.parent is not None and entry.parent not in entries:
            raise ValueError(f"{scheme}.csv: code {entry.code} names the parent {entry.parent}, which is not listed")
    return Hierarchy(scheme, MappingProxyType(entries))


def _entry(row: dict[str, str]) -> Entry:
    names = {"zh-Hans": row["name_zh_hans"], "en": row.get("name_en") or ""}
    return Entry(row["code"], row["parent"] or None, int(row["level"]), MappingProxyType(names))
