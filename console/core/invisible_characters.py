"""Invisible characters that change a text: directional overrides, zero-width characters, blank letters.

With them a business can have a name that reads like another's, and a comment can hide a word (Unicode Technical Report 36, "Unicode
Security Considerations", 2.5; "Trojan Source", Boucher and Anderson, 2023). Stored texts stay as they are. On pages each such
character is replaced by its code point, such as ``[U+202E]``, so that it is visible and has no effect.
"""

from __future__ import annotations

import re

# Controls except tab and line ends; soft hyphen and joiners; directional marks, embeddings and isolates; line separators;
# fillers and the empty Braille cell; annotation marks; tags. Not included: variation selectors of Chinese and Mongolian.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def strip_invisible(text: str) -> str:
    """The text without invisible characters, for comparisons."""
    return _HIDDEN.sub("", text)


def made_visible(text: str) -> str:
    """The text with each invisible character as its code point."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)
