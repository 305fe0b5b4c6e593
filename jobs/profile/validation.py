"""Types of settings, and every problem with a table of settings: what is wrong, and what to do about it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

from pydantic import AfterValidator, ConfigDict, PlainValidator, Strict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from jobs.foundation.errors import ConfigError
from jobs.foundation.files import read_toml

SETTINGS = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
"""The pydantic configuration of every class of settings."""
LONGEST_PERIOD = 3660
"""Days. A source delivers at least every ten years."""
_KINDS = {
    "string_type": "text", "int_type": "a whole number", "dict_type": "a table", "dataclass_type": "a table",
    "tuple_type": "a list", "list_type": "a list", "frozen_set_type": "a list",
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Something wrong with a setting: an error, or only a warning."""

    setting: str
    what: str
    next_step: str
    is_error: bool = True

    def sentence(self) -> str:
        """The problem in one line."""
        return f"{self.setting}: {self.what}"


def near(name: str, allowed: Iterable[str]) -> str:
    """What to do about a name that is not allowed: the nearest allowed name, else all of them."""
    names = sorted(allowed)
    guess = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {guess[0]!r}?" if guess else f"use one of {', '.join(names)}"


def refusal(what: str, then: str) -> PydanticCustomError:
    """The error to raise in a validator of a setting."""
    return PydanticCustomError("refused", "{what}", {"what": what, "then": then})


def holds(accepts: Callable[[Any], bool], then: str) -> AfterValidator:
    """A validator that refuses values for which ``accepts`` is false; ``then`` says what to write instead."""

    def check(value: Any) -> Any:
        if not accepts(value):
            raise refusal(f"is {value!r}", then)
        return value

    return AfterValidator(check)


def between(least: int, most: int, of: str = "a whole number") -> AfterValidator:
    """A validator of a number in a range; ``of`` says what it counts."""
    return holds(lambda value: least <= value <= most, f"give {of}, {least} to {most}")


def one_of(*allowed: str) -> AfterValidator:
    """A validator of a text from a list, or of several such texts."""

    def check(value: Any) -> Any:
        for text in value if isinstance(value, tuple) else (value,):
            if text not in allowed:
                raise refusal(f"is {text!r}" if text is value else f"has {text!r}", near(text, allowed))
        return value

    return AfterValidator(check)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number. A whole number may be too large for a float."""
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> float:
    if not is_number(value):
        raise refusal(f"is {value!r}", "it must be a number")
    return value  # as it is written: a whole number stays one


Whole = Annotated[int, Strict()]
Count = Annotated[int, Strict(), holds(lambda value: value >= 1, "give a whole number, 1 or more")]
Period = Annotated[int, Strict(), between(1, LONGEST_PERIOD, "days")]
Number = Annotated[float, PlainValidator(_number)]
Text = Annotated[str, holds(lambda value: bool(value.strip()), "it must be text")]
Day = Annotated[
    date,
    PlainValidator(lambda value: value),
    holds(lambda value: isinstance(value, date) and not isinstance(value, datetime), "write a date without quotes: 1970-01-01"),
]


def file_problems(path: Path, kind: str, check: Callable[[dict[str, Any]], list[Problem]]) -> list[Problem]:
    """What ``check`` finds in a TOML file of settings, or that the file cannot be read."""
    try:
        raw = read_toml(path, kind)
    except ConfigError as error:
        return [Problem("the file", error.what, error.next_step)]
    return check(raw)


def refuse(problems: Iterable[Problem], path: Path) -> None:
    """Refuse a file of settings that cannot be used; warnings do not matter.

    Raises:
        ConfigError: when there is an error; it names every one at once.
    """
    if found := [problem for problem in problems if problem.is_error]:
        raise ConfigError(
            what="; ".join(problem.sentence() for problem in found),
            where=str(path),
            next_step="; ".join(dict.fromkeys(problem.next_step for problem in found)),
        )


def setting_problems(shape: type, page: str, raw: Mapping[str, Any], *, is_partial: bool = False) -> list[Problem]:
    """Settings in ``raw`` that are unknown, missing (if all must be there) or wrong for a class, which ``page`` explains."""
    try:
        TypeAdapter(shape).validate_python(raw)
    except ValidationError as error:
        found = error.errors(include_url=False)
        return [_problem(details, shape, page) for details in found if not (is_partial and details["type"] == "missing")]
    return []


def _problem(error: ErrorDetails, shape: type, page: str) -> Problem:
    *table, name = error["loc"]
    setting = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).removeprefix(".")
    if error["type"] == "missing":
        return Problem(setting, "is missing", f"add it; {page} explains it")
    if error["type"] == "unexpected_keyword_argument":
        return Problem(setting, "is no setting", near(str(name), _known(shape, table)))
    if error["type"] == "refused":
        return Problem(setting, error["ctx"]["what"], error["ctx"]["then"])
    return Problem(setting, f"is {error['input']!r}", f"it must be {_KINDS.get(error['type'], error['msg'])}")


def _known(shape: Any, table: Iterable[object]) -> list[str]:
    """The settings of a table at a place within ``shape``."""
    for part in table:
        found = get_type_hints(shape).get(str(part), shape)
        shape = found if is_dataclass(found) else next((one for one in get_args(found) if is_dataclass(one)), shape)
    return [field.alias or name for name, field in shape.__pydantic_fields__.items()]
