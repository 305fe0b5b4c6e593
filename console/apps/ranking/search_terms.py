"""What counts as the same sign where somebody searches: in a name as it is put into the index, and in what is asked for.

Of full width or half, ideographic spaces, ligatures, compatibility ideographs (Unicode Standard Annex 15, NFKC); of either case; in
either Chinese script, sign by sign, so that a sign is folded alike whatever stands beside it. What is not seen counts as nothing.

The words by which the index of a run holds an entity, and those that a search asks it for.

Chinese has no spaces: of a name each character is a word, and each pair of neighbouring ones, folded (see folding.py). Of other
writing the beginnings of each word are. What the list is filtered by is a word too, and so are the beginnings of the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from unicodedata import normalize

from console.core.invisible_characters import strip_invisible
from console.core.texts import HAN, to_simplified

PAIRED = f"{HAN}\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uac00-\ud7a3"
"""The ranges of signs that are written without spaces between words: Chinese characters, kana; and hangul, as it is compounded."""
_SHAPES = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Selectors of a sign's shape: which of several drawings of the same sign is meant."""


def normalized(text: str) -> str:
    """Without what is not seen, and each sign as the one that Unicode holds to be the same."""
    return normalize("NFKC", _SHAPES.sub("", strip_invisible(text)))


def fold(text: str) -> str:
    """Normalized, in small letters and Simplified Chinese; what is folded stays as it is when it is folded again."""
    # Small letters may be composed of what capitals are not.
    return normalize("NFKC", normalized(text).lower()).translate(_SIMPLIFIED)


class _Simplified(dict[int, str]):
    """Each sign that was met, by its number, in Simplified Chinese."""

    def __missing__(self, sign: int) -> str:
        # What one sign is simplified to can itself be a traditional form of another.
        self[sign] = to_simplified(to_simplified(chr(sign)))
        return self[sign]


_SIMPLIFIED = _Simplified()


WORD = re.compile(rf"[{PAIRED}]+|[^\W_{PAIRED}]+")
_FIRST = re.compile(f"[{PAIRED}]")
_IS_CHINESE = re.compile(f"[{HAN}]+")
_BEGINS = rf"(?<![^\W_{PAIRED}])"
LONGEST_SEARCH = 80
"""Characters of what was typed that are looked at."""
BEGINS = 8
"""Characters of a word that is not Chinese up to which each of its beginnings is a word of the index."""
CODE_BEGINS = 10
"""The same of a code. Ten of a Chinese one are its registry, its place and the two signs by which most organisations' own numbers
begin: beginnings that are longer are those of few."""
COLUMNS = ("region_code", "region_middle", "region_top", "industry_section", "risk_class", "moved_by")
"""Columns of the list whose value is a word of the index."""
REASON, CODE = "reason", "entity_id"
UP = ("moved_by", "up")
"""The column and value of the word for a class that is worse than on the published day before."""


def key_of(column: str, value: str) -> str:
    """The word by which the index holds a column's value; a name's words have letters and digits alone, so none is one."""
    return f"{column}={value}"


@dataclass(frozen=True)
class Asked:
    """What somebody typed, as the index is asked for it.

    Attributes:
        text: what was typed, as it is compared.
        words: those that every name has that holds the text; none where it holds neither letter nor digit, which no name answers.
        code: the text as the beginning of a code, in capitals.
        is_exact: whether every name with these words holds the text; others have to be looked at.
        patterns: what a name that holds the text has, each somewhere.
    """

    text: str
    words: tuple[str, ...]
    code: str
    is_exact: bool
    patterns: tuple[re.Pattern[str], ...]

    def is_in(self, name: str) -> bool:
        """Whether a name holds the text."""
        # A Chinese character is folded alike whatever stands beside it, so a name that has them as they are needs no folding.
        if _IS_CHINESE.fullmatch(self.text) and self.text in name:
            return True
        kept = _closed(fold(name))
        return bool(self.words) and all(pattern.search(kept) for pattern in self.patterns)


def asked_of(text: str) -> Asked | None:
    """What a text asks the index for; None where nothing was typed.

    All that is typed together stands together in a name that holds it, each such part somewhere. Signs between words count as a
    space, and where Chinese and other writing meet as nothing. A word that is not Chinese is found from its beginning on.
    """
    wanted = normalized(text.strip()[:LONGEST_SEARCH]).strip()
    if not wanted:
        return None
    parts = fold(wanted).split()
    words = [list[str](WORD.findall(part)) for part in parts]
    is_exact = all(len(of_part) < 2 and all(map(_is_one, of_part)) for of_part in words)
    asked = tuple(dict.fromkeys(chain.from_iterable(map(_asked, chain(*words)))))
    return Asked(wanted, asked, wanted.upper(), is_exact, tuple(map(_pattern, filter(None, map(_closed, parts)))))


def is_paired(word: str) -> bool:
    """Whether a word is of a writing without spaces, so that its pairs of characters are looked for."""
    return _FIRST.match(word) is not None


def _asked(word: str) -> Iterator[str]:
    if not is_paired(word):
        yield word[:BEGINS]
    elif len(word) == 1:
        yield word
    else:
        yield from (one + other for one, other in pairwise(word))


def _is_one(word: str) -> bool:
    """Whether the index holds it as one word."""
    return len(word) <= (2 if is_paired(word) else BEGINS)


def _pattern(part: str) -> re.Pattern[str]:
    return re.compile(("" if is_paired(part) else _BEGINS) + re.escape(part))


def _closed(text: str) -> str:
    """The words of a folded text, with what stands between them as it counts."""
    words = WORD.findall(text)
    gaps = [" " * (is_paired(one) == is_paired(other)) for one, other in pairwise(words)]
    return "".join(chain.from_iterable(zip(words, [*gaps, ""], strict=False)))
