"""The search index of a run: its words, their places, and which matches it is sure of."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pyroaring import BitMap

from console.apps.ranking import postings as indexing
from console.apps.ranking.models import CLASSES, FILTER_COLUMNS
from console.apps.ranking.postings import INDEXED, postings
from console.apps.ranking.search_terms import BEGINS, CODE_BEGINS, asked_of, key_of
from console.web.queries.list_filters import MOVED


def holds(name: str, text: str) -> bool:
    """Whether a name contains a text, from the two alone: exactly what a search must find."""
    asked = asked_of(text)
    return asked is not None and asked.is_in(name)


def index_of(rows: list[dict[str, Any]]) -> dict[str, BitMap]:
    """The index of entities at the places 1, 2, ..."""
    columns = {name: [row.get(name, "") for row in rows] for name in INDEXED} | {"position": range(1, len(rows) + 1)}
    lists = list(postings(columns, {"late_filing_share": [2, 1], "arrears_ratio": []}))
    index = {word: BitMap.deserialize(places) for word, places in lists}
    assert len(index) == len(lists)
    return index


def test_no_word_of_a_name_equals_a_key() -> None:
    row = {"entity_id": "91330106maQRRPTB9T", "risk_class": "D", "region_code": "330106"}
    named = {"name": "risk_class=D region_code=330106 杭州_有限 entity_id=9", "entity_id": "9"}
    index = index_of([row, named])

    keys = [word for word, places in index.items() if 1 in places]
    assert sorted(keys) == sorted(
        [
            key_of("risk_class", "D"),
            key_of("region_code", "330106"),
            key_of("reason", "late_filing_share"),
            *(key_of("entity_id", "91330106MA"[:length]) for length in range(1, CODE_BEGINS + 1)),
        ]
    )
    assert {word for word, places in index.items() if 2 in places and "=" in word} == {
        key_of("entity_id", "9"),
        key_of("reason", "late_filing_share"),
    }
    values = {*CLASSES, *MOVED, "330106", "a", "A"}
    assert len({key_of(column, value) for column in FILTER_COLUMNS for value in values}) == len(FILTER_COLUMNS) * len(values)


def test_the_index_contains_worsened_classes() -> None:
    rows = [{"entity_id": "1", "risk_class": now, "previous_class": was} for now in (*CLASSES, "") for was in (*CLASSES, "")]

    worse = index_of(rows)[key_of("moved_by", "up")]

    assert {(rows[place - 1]["risk_class"], rows[place - 1]["previous_class"]) for place in worse} == {
        ("D", "C"), ("D", "B"), ("D", "A"), ("C", "B"), ("C", "A"), ("B", "A"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words", "is_exact"),
    [
        ("店", ["店"], True),
        ("店 南街", ["店", "南街"], True),
        ("甲乙丙 ＡＢＣ", ["甲乙", "乙丙", "abc"], False),
        ("甲乙3丙", ["甲乙", "3", "丙"], False),
        ("restaurant", ["restaura"], False),
        ("（）", [], True),
    ],
)
def test_the_words_of_a_search(text: str, words: list[str], is_exact: bool) -> None:
    asked = asked_of(text)

    assert asked is not None
    assert (list(asked.words), asked.is_exact) == (words, is_exact)


SIGNS = (
    "甲乙丙髮發乾隆干々〇①㈱ＡＢａｂ１２3aéeÉßſк·・（）()&-_　 ｶﾞガの한\u8c48\uf900\U00020bb7\U00031350Ⅲ㎏…ﬁ'\u200b\ufe00\U000e0100"
    "薴苧苎hH\u0331\u030cJj"
)


@pytest.mark.parametrize("seed", range(4))
def test_the_index_finds_every_matching_name_and_knows_which_are_exact(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "NAMES_AT_ONCE", 7)
    rng = random.Random(seed)
    names = ["".join(rng.choices(SIGNS, k=rng.randint(2, 9))) for _ in range(250)]
    index = index_of([{"name": name} for name in names])
    sure = held = 0
    for _ in range(150):
        name = rng.choice(names)
        at = rng.randrange(len(name))
        asked = asked_of(name[at : at + rng.randint(1, 5)] + rng.choice(("", "", " " + rng.choice(rng.choice(names)))))
        if asked is None or not asked.words:
            continue
        holding = {place for place, other in enumerate(names, 1) if holds(other, asked.text)}

        found = BitMap.intersection(*[index.get(word, BitMap()) for word in asked.words])

        assert holding == {place for place in found if asked.is_in(names[place - 1])}, asked
        assert holding == set(found) or not asked.is_exact, asked
        sure, held = sure + asked.is_exact, held + len(holding)
    assert min(sure, 150 - sure) > 20
    assert held > 300


@pytest.mark.parametrize(
    ("name", "text", "is_held"),
    [
        ("甲乙３号店", "3号", True),
        ("甲乙 3 号店", "3号", True),
        ("甲号3店", "3号", False),
        ("甲（乙）店", "甲(乙)", True),
        ("乙（甲）店", "甲(乙)", False),
        ("甲乙店", "甲-乙", False),
        ("Café 甲", "cafe", False),
        ("CAFÉ甲", "ｃａｆé甲", True),
        ("甲の店", "甲の", True),
        ("乾隆坊", "乾", True),
        ("乾隆坊", "乾隆", True),
        ("ABC坊", "bc", False),
        ("甲店", "甲 кафе", False),
    ],
)
def test_characters_typed_together_are_adjacent_in_matches(name: str, text: str, is_held: bool) -> None:
    assert holds(name, text) == is_held


def test_a_word_of_any_length_can_be_indexed() -> None:
    words = [word for word in index_of([{"name": "\u10d0" * 5000}]) if "=" not in word]

    assert max(map(len, words)) == BEGINS
