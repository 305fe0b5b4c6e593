"""The words of the search index: how names and searches are folded and cut into words.

Folding: width, ideographic spaces, ligatures and compatibility ideographs (Unicode Standard Annex 15, NFKC), case, and Traditional
to Simplified Chinese, character by character, so that a character is folded in the same way in every context. Invisible characters
are removed.

Words: Chinese has no spaces, so each character and each pair of neighbouring characters of a name is a word. In other scripts the
prefixes of each word are words. The values of filters and the prefixes of the code are words too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from unicodedata import normalize

from console.core.invisible_characters import strip_invisible
from jobs.texts.languages import HAN, to_simplified

PAIRED = f"{HAN}\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uac00-\ud7a3"
"""The ranges of characters written without spaces between words: Chinese, kana, and hangul because of its compounds."""
_SHAPES = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Variation selectors, which choose among several shapes of one character."""


def normalized(text: str) -> str:
    """The text in NFKC, without invisible characters."""
    return normalize("NFKC", _SHAPES.sub("", strip_invisible(text)))


def fold(text: str) -> str:
    """The text normalized, in lower case and Simplified Chinese. Idempotent."""
    # Lower-case letters may compose where capitals do not.
    return normalize("NFKC", normalized(text).lower()).translate(_SIMPLIFIED)


class _Simplified(dict[int, str]):
    """A cache of each character in Simplified Chinese, by code point."""

    def __missing__(self, sign: int) -> str:
        # The simplified form of one character can itself be the traditional form of another.
        self[sign] = to_simplified(to_simplified(chr(sign)))
        return self[sign]


_SIMPLIFIED = _Simplified()


WORD = re.compile(rf"[{PAIRED}]+|[^\W_{PAIRED}]+")
_FIRST = re.compile(f"[{PAIRED}]")
_IS_CHINESE = re.compile(f"[{HAN}]+")
_BEGINS = rf"(?<![^\W_{PAIRED}])"
LONGEST_SEARCH = 80
"""Characters of a search that are used."""
BEGINS = 8
"""The longest prefix of a word in other scripts that is a word of the index."""
CODE_BEGINS = 10
"""The same for a code. The first ten characters of a Chinese code are its registry, its place and the two characters that begin
most organisation numbers: longer prefixes match few entities."""
REASON, CODE = "reason", "entity_id"
UP = ("moved_by", "up")
"""Column and value of the word for a class that is worse than on the previous published day."""


def key_of(column: str, value: str) -> str:
    """The index word of a column's value. No word of a name equals it: those have only letters and digits."""
    return f"{column}={value}"


@dataclass(frozen=True)
class Asked:
    """A search, prepared for the index.

    Attributes:
        text: the normalized text.
        words: index words that every name with the text has; none if the text has no letter or digit, which no name matches.
        code: the text as the prefix of a code, in capitals.
        is_exact: whether every name with these words contains the text; otherwise names must be checked.
        patterns: patterns that a name with the text matches.
    """

    text: str
    words: tuple[str, ...]
    code: str
    is_exact: bool
    patterns: tuple[re.Pattern[str], ...]

    def is_in(self, name: str) -> bool:
        """Whether a name contains the text."""
        # Chinese characters are folded in the same way in every context, so a name that contains them as they are needs no folding.
        if _IS_CHINESE.fullmatch(self.text) and self.text in name:
            return True
        folded = _closed(fold(name))
        return bool(self.words) and all(pattern.search(folded) for pattern in self.patterns)


def asked_of(text: str) -> Asked | None:
    """A text as a search; None if it is empty.

    Parts between spaces may match anywhere in a name; within a part, characters must be adjacent. Punctuation is a space, and
    as nothing between Chinese and another script. Words in other scripts match from their beginning.
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
    """Whether a word is in a script without spaces, so that pairs of its characters are searched for."""
    return _FIRST.match(word) is not None


def _asked(word: str) -> Iterator[str]:
    if not is_paired(word):
        yield word[:BEGINS]
    elif len(word) == 1:
        yield word
    else:
        yield from (one + other for one, other in pairwise(word))


def _is_one(word: str) -> bool:
    """Whether the index has it as one word."""
    return len(word) <= (2 if is_paired(word) else BEGINS)


def _pattern(part: str) -> re.Pattern[str]:
    return re.compile(("" if is_paired(part) else _BEGINS) + re.escape(part))


def _closed(text: str) -> str:
    """The words of a folded text, joined with a space where a separator counts."""
    words = WORD.findall(text)
    gaps = [" " * (is_paired(one) == is_paired(other)) for one, other in pairwise(words)]
    return "".join(chain.from_iterable(zip(words, [*gaps, ""], strict=False)))
