"""What codes of regions and industries are called: the standards' lists as files, without the code that makes tables of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from console.core.texts import to_traditional


@dataclass(frozen=True)
class Code:
    """One code of a scheme; level 1 is the broadest, ``parent`` is empty there."""

    code: str
    parent: str
    level: int
    zh_hans: str
    en: str

    def name(self, language: str) -> str:
        """Its name in a language; in Chinese where the list has no other."""
        if language == "en":
            return self.en or self.zh_hans
        return to_traditional(self.zh_hans) if language == "zh-Hant" else self.zh_hans


@cache
def codes_of(scheme: str) -> dict[str, Code]:
    """The codes of a scheme, none for a scheme without a list."""
    file = resources.files("expectations.standards").joinpath(f"{scheme}.csv")
    if not scheme.isidentifier() or not file.is_file():
        return {}
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return {
        row["code"]: Code(row["code"], row["parent"] or "", int(row["level"]), row["name_zh_hans"], row.get("name_en") or "")
        for row in rows
    }


@cache
def codes_within(scheme: str, code: str) -> frozenset[str]:
    """A code with all below it, at any depth; the code alone where the scheme has no list."""
    known = codes_of(scheme)
    within = {code}
    for one in sorted(known.values(), key=lambda found: found.level):
        if one.parent in within:
            within.add(one.code)
    return frozenset(within)


@cache
def sections_of(scheme: str, language: str) -> tuple[tuple[str, str], ...]:
    """The broadest codes of a scheme, with their names, in its order."""
    return tuple((code.code, code.name(language)) for code in codes_of(scheme).values() if code.level == 1)


def name_of(scheme: str, code: str, language: str) -> str:
    """A code's name, the code itself where it has none."""
    found = codes_of(scheme).get(code)
    return found.name(language) if found else code


def path_of(scheme: str, code: str, language: str) -> str:
    """A code's name with those above it: 浙江省杭州市, or Hangzhou, Zhejiang."""
    names: list[str] = []
    at = code
    while (found := codes_of(scheme).get(at)) is not None and len(names) < 9:
        names.append(found.name(language))
        at = found.parent
    if not names:
        return code
    return ", ".join(names) if language == "en" else "".join(reversed(names))
