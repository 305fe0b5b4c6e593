"""What a setting of a mapping may be, and what is said of one that is something else."""

from __future__ import annotations

import codecs
import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

LONGEST_PERIOD = 3660
"""Days: no source is so slow that a delivery is due less often than every ten years."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a setting; an error unless it is only a warning."""

    setting: str
    what: str
    next_step: str
    is_error: bool = True

    def sentence(self) -> str:
        """The problem in one line."""
        return f"{self.setting}: {self.what}"


@dataclass(frozen=True)
class Setting:
    """What a setting may be. ``kind`` is what a person calls its type."""

    kind: str
    accepts: Callable[[Any], bool]
    default: Any = None
    is_required: bool = False


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_period(value: Any) -> bool:
    """Whether a value is a number of days that can be counted back from any day."""
    return is_whole(value) and value <= LONGEST_PERIOD


def is_number(value: Any) -> bool:
    # A whole number may be too large to be asked whether it is finite.
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)


def is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def is_table(value: Any) -> bool:
    return isinstance(value, dict)


def one_of(*allowed: str) -> Callable[[Any], bool]:
    return lambda value: value in allowed


def is_delimiter(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1 and value.isascii() and value not in '"\r\n\0'


def is_encoding(value: Any) -> bool:
    """Whether a value names a text encoding."""
    try:
        return isinstance(value, str) and codecs.lookup(value)._is_text_encoding and bool("\n".encode(value))
    except (LookupError, UnicodeError, ValueError):
        return False


def near(name: str, allowed: Iterable[str]) -> str:
    """What the writer of a name that is not allowed should do."""
    names = sorted(allowed)
    guess = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {guess[0]!r}?" if guess else f"use one of {', '.join(names)}"


def setting_problems(raw: Mapping[str, Any], settings: Mapping[str, Setting], at: str = "") -> Iterator[Problem]:
    """Settings that are unknown, missing or of a wrong type."""
    for name, value in raw.items():
        if name not in settings:
            yield Problem(f"{at}{name}", "is no setting", near(name, settings))
        elif not settings[name].accepts(value):
            yield Problem(f"{at}{name}", f"is {value!r}", f"it must be {settings[name].kind}")
    for name, setting in settings.items():
        if setting.is_required and name not in raw:
            yield Problem(f"{at}{name}", "is missing", f"give {setting.kind}")
