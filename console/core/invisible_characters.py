"""Signs that are not seen and change what is: turned directions, nothing between two letters, a letter that is a blank.

A business can be registered under a name that reads as another's, and a comment can hide a word (Unicode Technical Report 36,
"Unicode Security Considerations", 2.5; the "Trojan Source" of Boucher and Anderson, 2023). What is kept stays as it was given;
where people read it, each such sign stands as its number, ``[U+202E]``, so that it does nothing and is told.
"""

from __future__ import annotations

import re

# Controls but for tab and line ends; soft hyphen and joiners; marks, embeddings, overrides and isolates of direction; separators of
# lines; fillers and the empty Braille cell; marks of annotation; tags. Not: the selectors by which rare Chinese characters and
# Mongolian letters have their shape.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def strip_invisible(text: str) -> str:
    """The text without hidden signs, for what is compared and not shown."""
    return _HIDDEN.sub("", text)


def made_visible(text: str) -> str:
    """The text, in which each hidden sign stands as its number."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)
