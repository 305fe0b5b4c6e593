"""The indicator catalogue (``indicators.toml``, with texts in ``words``), the contract of ``features`` and the deny-list."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from expectations.contracts.contract import Column, Contract, Type, Zone
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import PEER_GROUP

DIMENSIONS = ("basic", "tax", "complaint", "supervision", "association")
FAMILIES = {
    "registration": "basic", "declarations": "tax", "filing": "", "complaints": "complaint", "visits": "supervision",
    "network": "association", "industry": "",
}  # fmt: skip
"""Groups of indicators that measure different conduct, each with the dimension whose indicators are in it by default."""

PEER_LEVEL = Column("peer_level", Type.INT, "0 is the narrowest kind of peer group; each level up is broader", required=True)
PEER_SIZE = Column("peer_size", Type.BIGINT, "Entities in the peer group", unit="count", required=True)
PEER_SUFFIX = "_vs_peers"
MADE_HERE = "link"
"""An input of indicators that no source delivers: the links of complaints to entities."""
WORDS = resources.files(__package__).joinpath("words")
"""The texts of indicators, one file a language."""
TEXTS = ("definition", "sentence", "change")


class WordsError(ValueError):
    """A file of words cannot be used.

    Attributes:
        explanation: ``what`` is wrong, ``where``, and the ``next_step``.
    """

    def __init__(self, what: str, file: Traversable, next_step: str) -> None:
        super().__init__(f"{what} ({file}); {next_step}")
        self.explanation = {"what": what, "where": str(file), "next_step": next_step}


@dataclass(frozen=True)
class Indicator:
    """One indicator.

    Attributes:
        code: its number in the domain's list, such as ``T1``; several indicators may deepen one (``T1a``).
        column: its column in ``features``.
        dimension: one of :data:`DIMENSIONS`.
        unit: of its value, as :func:`jobs.texts.numbers.value_in_sentence` writes it, such as ``share`` (0 to 1) or ``days``.
        sources: the contracts that it is computed from.
        families: of :data:`FAMILIES`, those whose records it depends on; by default that of its dimension.
        direction: 1 when more is riskier, -1 when less is riskier, 0 when unknown.
        peer: whether the features also have its robust z against peers, in ``<column>_vs_peers``.
        changeable: whether the entity itself can lawfully change it.
        neutral: the target value of a change when there are no peers; None when peers are needed.
        age_of: the contract whose newest record of the entity it gives the age of; empty for most indicators.
        own: whether it is computed from the entity's own records, not from those of associated entities.
        verified: whether a value above 0 (any value if less is riskier) is a violation that a visit to the entity found.
        scored: whether models may read it; else it is only information for people.
        clears: whether also a value of 0 means that a visit to the entity found no violation.
        needs: columns that a mapping may leave out, as ``contract.column``; it is unknown where no source maps one of them.
        counted: columns, as ``contract.column``, each with the values that it counts; it is unknown where a column has none.
    """

    code: str
    column: str
    dimension: str
    unit: str
    sources: tuple[str, ...]
    direction: int
    peer: bool
    changeable: bool
    neutral: float | None = None
    age_of: str = ""
    own: bool = True
    verified: bool = False
    clears: bool = False
    scored: bool = True
    needs: tuple[str, ...] = ()
    counted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    families: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[tuple[str, str], ...]:
        """The contract and the column of each need."""
        return tuple((contract, column) for contract, _, column in (need.partition(".") for need in self.needs))

    @property
    def delivered_by(self) -> tuple[str, ...]:
        """The sources that it is computed from: if one of them is wrong, so is the indicator."""
        return tuple(source for source in self.sources if source != MADE_HERE)

    @property
    def peer_column(self) -> str:
        """The column of its robust z against peers."""
        return self.column + PEER_SUFFIX


@cache
def catalogue() -> tuple[Indicator, ...]:
    """The indicators in the catalogue's order.

    Raises:
        ValueError: when the catalogue breaks its own rules; the message names the indicator.
        WordsError: when a file of words is no TOML, or lacks a text.
    """
    text = resources.files(__package__).joinpath("indicators.toml").read_text(encoding="utf-8")
    found = tuple(_read(entry) for entry in tomllib.loads(text)["indicator"])
    for indicator in found:
        _check(indicator)
    columns = [indicator.column for indicator in found]
    if len(set(columns)) != len(columns):
        raise ValueError("indicators.toml: a column is used twice")
    names = sorted(file.name for file in WORDS.iterdir() if file.name.endswith(".toml"))
    texts = [indicator_texts(name.removesuffix(".toml")) for name in names]
    for name, words in zip(names, texts, strict=True):
        _check_texts(found, words, WORDS.joinpath(name))
    check_indicators(found, texts)
    return found


@cache
def indicator_texts(language: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of one file: for each column, how it is computed, the sentence for officials, and what would change it."""
    file = WORDS.joinpath(f"{language}.toml")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WordsError("the words file is missing", file, "restore it, or install Steelyard again") from error
    except ValueError as error:
        raise WordsError(f"the words file is not valid TOML: {error}", file, "correct that line") from error


def _read(entry: dict[str, Any]) -> Indicator:
    try:
        lists = {name: tuple(entry.get(name, ())) for name in ("sources", "needs")}
        counted = tuple((one["column"], tuple(one["values"])) for one in entry.get("counted", ()))
        usual = [family for family, dimension in FAMILIES.items() if dimension == entry["dimension"]]
        families = tuple(entry.get("families", usual))
        return Indicator(**{**entry, **lists, "counted": counted, "families": families, "peer": entry.get("peer", False)})
    except (KeyError, TypeError) as error:
        raise ValueError(f"indicators.toml, {entry.get('code')} {entry.get('column')}: {error}") from error


def _check(indicator: Indicator) -> None:
    where = f"indicators.toml, {indicator.code} {indicator.column}"
    if indicator.dimension not in DIMENSIONS:
        raise ValueError(f"{where}: dimension {indicator.dimension!r} is none of {', '.join(DIMENSIONS)}")
    if not indicator.families or not {*indicator.families} <= {*FAMILIES}:
        raise ValueError(f"{where}: families {', '.join(indicator.families) or 'are missing'}: name some of {', '.join(FAMILIES)}")
    if indicator.direction not in (-1, 0, 1):
        raise ValueError(f"{where}: direction must be -1, 0 or 1")
    if indicator.changeable and indicator.direction and not indicator.peer and indicator.neutral is None:
        raise ValueError(f"{where}: it can be changed and has no peers, so a neutral value is needed")
    if indicator.age_of and (indicator.age_of not in indicator.sources or indicator.unit not in ("days", "months")):
        raise ValueError(f"{where}: the age of a record is in days or months, and of one of its sources")
    if indicator.clears and not indicator.verified:
        raise ValueError(f"{where}: what clears an entity is what a visit to it found, so it must be verified too")


def _check_texts(indicators: Iterable[Indicator], texts: Mapping[str, Mapping[str, str]], file: Traversable) -> None:
    for indicator in indicators:
        section: object = texts.get(indicator.column)
        words = section if isinstance(section, dict) else {}
        if not all(isinstance(words.get(key), str) and words[key] for key in TEXTS) or "{value}" not in words["sentence"]:
            what = f"{indicator.column} needs {', '.join(TEXTS)}, the sentence with {{value}}"
            raise WordsError(what, file, f"write what its section [{indicator.column}] lacks")


@cache
def features_contract() -> Contract:
    """The contract of ``gold.features``: one row for each entity and day, one column for each indicator and its peer form."""
    columns: list[Column] = []
    texts = indicator_texts("en")
    for indicator in catalogue():
        columns.append(Column(indicator.column, Type.DOUBLE, texts[indicator.column]["definition"], unit=indicator.unit))
        if indicator.peer:
            about = f"Robust z of {indicator.column} against the peer group: (x - median) / (1.4826 MAD)"
            columns.append(Column(indicator.peer_column, Type.DOUBLE, about, unit="z"))
    return Contract(
        name="features",
        zone=Zone.GOLD,
        about="The indicators of every entity on a day.",
        grain="entity × as_of",
        key=(ENTITY_ID, AS_OF),
        columns=(ENTITY_ID, AS_OF, PEER_GROUP, PEER_LEVEL, PEER_SIZE, *columns),
        owner="risk science",
        partition_by=(AS_OF,),
    )


@dataclass(frozen=True)
class Denied:
    """An attribute that may not reach a feature.

    Attributes:
        name: the attribute.
        words: the words by which names and definitions show it.
        why: why it is denied.
        freed: indicator columns that name it only to remove its effect from an outcome.
    """

    name: str
    words: tuple[str, ...]
    why: str
    freed: tuple[str, ...] = ()

    def found_in(self, text: str) -> str | None:
        """The first of its words in the text. A Latin word must begin a word or a part of a column's name."""
        lowered = text.lower()
        for word in self.words:
            pattern = rf"(?<![a-z]){re.escape(word)}" if word.isascii() else re.escape(word)
            if re.search(pattern, lowered):
                return word
        return None


@cache
def deny_list() -> tuple[Denied, ...]:
    """The denied attributes, in the file's order."""
    text = resources.files(__package__).joinpath("denied.toml").read_text(encoding="utf-8")
    return tuple(
        Denied(entry["name"], tuple(entry["words"]), entry["why"], tuple(entry.get("freed", ())))
        for entry in tomllib.loads(text)["denied"]
    )


def find_denied(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The denied attributes in the texts (columns, definitions, SQL), each with the word found."""
    return [(denied.name, word) for text in texts for denied in deny_list() if (word := denied.found_in(text)) is not None]


def check_indicators(indicators: Iterable[Indicator], texts: Iterable[Mapping[str, Mapping[str, str]]]) -> None:
    """Refuse indicators that use a denied attribute.

    Args:
        indicators: the indicators to check.
        texts: their texts by column in each language.

    Raises:
        ValueError: with the indicator, the attribute and the word found.
    """
    for indicator in indicators:
        words = [by_column.get(indicator.column, {}).get(key, "") for by_column in texts for key in ("definition", "sentence")]
        freed = {denied.name for denied in deny_list() if indicator.column in denied.freed}
        for name, word in find_denied((indicator.code, indicator.column, *indicator.sources, *words)):
            if name not in freed:
                raise ValueError(
                    f"indicators.toml, {indicator.code} {indicator.column}: {name} may not reach a feature, found {word!r}"
                )
