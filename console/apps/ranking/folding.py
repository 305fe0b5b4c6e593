"""What counts as the same sign where somebody searches: in a name as it is put into the index, and in what is asked for.

Of full width or half, ideographic spaces, ligatures, compatibility ideographs (Unicode Standard Annex 15, NFKC); of either case; in
either Chinese script, sign by sign, so that a sign is folded alike whatever stands beside it. What is not seen counts as nothing.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from console.core.invisible_characters import without_hidden
from console.core.texts import HAN, to_simplified

PAIRED = f"{HAN}\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uac00-\ud7a3"
"""The ranges of signs that are written without spaces between words: Chinese characters, kana; and hangul, as it is compounded."""
_SHAPES = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Selectors of a sign's shape: which of several drawings of the same sign is meant."""


def normalized(text: str) -> str:
    """Without what is not seen, and each sign as the one that Unicode holds to be the same."""
    return normalize("NFKC", _SHAPES.sub("", without_hidden(text)))


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
