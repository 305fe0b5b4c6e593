"""What is wrong with a profile's ``profile.toml``: every mistake, each with what to do."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

from expectations.contracts import registration
from expectations.contracts.indicators import DIMENSIONS, catalogue
from expectations.standards.hierarchies import schemes
from jobs.profile.calendar import WEEKDAYS
from jobs.profile.profile import Profile, Training
from jobs.profile.validation import Problem, is_number, near

_NOT_SETTINGS = {"folder"}
_CHOICES = {
    "objective.kind": ("margin", "probability", "anomaly"),
    "capacity.region_level": ("own", "middle", "top"),
}
_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    dict: "a table",
    ZoneInfo: "a time zone's name",
}


def _at_least(least: int) -> tuple[Callable[[float], bool], str]:
    return lambda value: value >= least, f"give a whole number, {least} or more"


_RANGES: Mapping[str, tuple[Callable[[float], bool], str]] = MappingProxyType(
    {
        "minor_units": (lambda places: 0 <= places <= 4, "give the decimal places of the currency, 0 to 4"),
        "certainty.level": (lambda share: 0 < share < 1, "give a share above 0 and below 1, such as 0.9"),
        "certainty.fresh_days": (lambda days: days >= 0, "give 0 days or more"),
        "certainty.half_life_days": (lambda days: days > 0, "give more than 0 days"),
        "training.cohort_months": _at_least(1),
        "training.cohorts": _at_least(1),
        "training.label_days": _at_least(1),
        "training.minimum_labels": _at_least(1),
        "training.minimum_positives": _at_least(1),
        "training.most_labels": _at_least(1),
        "training.seed": _at_least(0),
        "training.weight_cap": (lambda cap: cap >= 1, "give 1 or more"),
        "retention.feature_days": _at_least(1),
        "retention.time_travel_days": _at_least(1),
        "evaluation.capacity_share": (lambda share: 0 < share <= 1, "give a share above 0 and at most 1, such as 0.2"),
        "evaluation.draws": _at_least(1),
        "evaluation.auc_bound": (lambda bound: 0.5 < bound <= 1, "give more than 0.5 and at most 1, such as 0.9"),
    }
)
"""Of settings that are numbers, in which range each must be, and what to do about one that is not."""


def profile_problems(raw: Mapping[str, Any]) -> list[Problem]:
    """All that is wrong with a profile's settings; what may be set follows from :class:`jobs.profile.profile.Profile`."""
    found = list(_table_problems(raw, Profile, ""))
    wrong = {problem.setting for problem in found}
    for setting, allowed in _CHOICES.items():
        value = _at(raw, setting)
        if setting not in wrong and value is not None and value not in allowed:
            found.append(Problem(setting, f"is {value!r}", near(str(value), allowed)))
    for setting, (holds, then) in _RANGES.items():
        value = _at(raw, setting)
        if setting not in wrong and is_number(value) and not holds(value):
            found.append(Problem(setting, f"is {value}", then))
    found += _scheme_problems(raw)
    found += _class_problems(raw.get("classes"))
    found += _certainty_problems(raw.get("certainty"), raw.get("classes"))
    found += _calendar_problems(raw.get("calendar"))
    found += _order_problems(raw)
    found += _basis_problems(raw.get("legal_bases"))
    for status in _texts(_at(raw, "objective.statuses")):
        if status not in registration.VALUES[registration.STATUS]:
            found.append(
                Problem("objective.statuses", f"{status!r} is no status", near(status, registration.VALUES[registration.STATUS]))
            )
    return found


def _table_problems(raw: Mapping[str, Any], shape: Any, at: str) -> Iterator[Problem]:
    hints = get_type_hints(shape)
    known = {one.name: one for one in fields(shape) if one.name not in _NOT_SETTINGS}
    for name, value in raw.items():
        if name not in known:
            yield Problem(f"{at}{name}", "is no setting", near(name, known))
        else:
            yield from _value_problems(value, hints[name], f"{at}{name}")
    for name, one in known.items():
        if name not in raw and one.default is MISSING and one.default_factory is MISSING:
            yield Problem(f"{at}{name}", "is missing", f"give {_word(hints[name])}; config/cn/profile.toml has an example")


def _value_problems(value: Any, kind: Any, setting: str) -> Iterator[Problem]:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if not any(not list(_value_problems(value, one, setting)) for one in get_args(kind)):
            yield Problem(setting, f"is {value!r}", f"it must be {_word(kind)}")
    elif is_dataclass(kind):
        if isinstance(value, dict):
            yield from _table_problems(value, kind, f"{setting}.")
        else:
            yield Problem(setting, f"is {value!r}", "it must be a table")
    elif kind is ZoneInfo:
        if not _is_zone(value):
            yield Problem(setting, f"{value!r} is no time zone", _near_zone(str(value)))
    elif origin in (tuple, list):
        if not isinstance(value, list):
            yield Problem(setting, f"is {value!r}", f"it must be {_word(kind)}")
        for place, part in enumerate(value if isinstance(value, list) else (), start=1):
            yield from _value_problems(part, get_args(kind)[0], f"{setting}[{place}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield Problem(setting, f"is {value!r}", "it must be a table")
        for name, part in value.items() if isinstance(value, dict) else ():
            yield from _value_problems(part, get_args(kind)[1], f"{setting}.{name}")
    elif kind is not Any and not _is(value, kind):
        yield Problem(setting, f"is {value!r}", f"it must be {_word(kind)}")


def _is(value: Any, kind: Any) -> bool:
    if kind is float:
        return is_number(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind) if isinstance(kind, type) else True


def _word(kind: Any) -> str:
    if kind in _WORDS:
        return _WORDS[kind]
    if get_origin(kind) in (tuple, list):
        return f"a list, each {_word(get_args(kind)[0])}"
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(_word(one) for one in get_args(kind) if one is not type(None))
    return "a table"


def _is_zone(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ZoneInfo(value))
    except (KeyError, ValueError, OSError):  # no such name; no name at all; a folder of names
        return False


def _near_zone(value: str) -> str:
    guess = near(value, available_timezones())
    return guess if guess.startswith("did you mean") else "use a name of the IANA list, such as Asia/Shanghai"


def _at(raw: Mapping[str, Any], setting: str) -> Any:
    value: Any = raw
    for part in setting.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _texts(value: Any) -> list[str]:
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def _scheme_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    for setting in ("industry_scheme", "region_scheme"):
        value = raw.get(setting)
        if isinstance(value, str) and value and value not in schemes():
            then = f"{near(value, schemes())}, or leave it empty for codes without levels"
            yield Problem(setting, f"{value!r} is no scheme of codes", then)


def _class_problems(classes: Any) -> Iterator[Problem]:
    if not isinstance(classes, dict):
        return
    for name in classes:
        if name not in "ABCD" or len(name) != 1:
            yield Problem(f"classes.{name}", "is no class", "use A, B, C and D")
    bounds = {name: classes[name] for name in "ABCD" if _is(classes.get(name), int)}
    for name in "ABCD":
        if name not in classes:
            yield Problem(f"classes.{name}", "is missing", "give the lower bound of its credit points")
    for (better, high), (worse, low) in zip(list(bounds.items())[:-1], list(bounds.items())[1:], strict=True):
        if high <= low:
            yield Problem(
                f"classes.{better}",
                f"its bound {high} is not above {low}, that of {worse}",
                "put the bounds in order A > B > C > D",
            )
    if bounds.get("D", 0) != 0:
        yield Problem("classes.D", f"is {bounds['D']}", "set it to 0, so that every number of points has a class")
    for name, bound in bounds.items():
        if not 0 <= bound <= 1000:
            yield Problem(f"classes.{name}", f"is {bound}", "credit points are 0 to 1000")


def _certainty_problems(certainty: Any, classes: Any) -> Iterator[Problem]:
    if not isinstance(certainty, dict):
        return
    ordinary = certainty.get("ordinary")
    if isinstance(ordinary, str) and isinstance(classes, dict) and ordinary not in classes:
        yield Problem("certainty.ordinary", f"{ordinary!r} is no class", near(ordinary, classes))


def _calendar_problems(calendar: Any) -> Iterator[Problem]:
    if not isinstance(calendar, dict):
        return
    for name in calendar:
        if name not in ("weekend", "holidays", "workdays"):
            yield Problem(f"calendar.{name}", "is no setting", near(name, ("weekend", "holidays", "workdays")))
    if not isinstance(calendar.get("weekend", []), list):
        yield Problem("calendar.weekend", f"is {calendar['weekend']!r}", 'it must be a list of days, such as ["sunday"]')
    for name in _texts(calendar.get("weekend")):
        if name not in WEEKDAYS:
            yield Problem("calendar.weekend", f"{name!r} is no day of the week", near(name, WEEKDAYS))
    for setting in ("holidays", "workdays"):
        value = calendar.get(setting, [])
        if not isinstance(value, list):
            yield Problem(f"calendar.{setting}", f"is {value!r}", "it must be a list of dates")
            continue
        for day in value:
            if not _is_day(day):
                yield Problem(f"calendar.{setting}", f"{day!r} is no date", "write it as 2026-10-01")


def _basis_problems(bases: Any) -> Iterator[Problem]:
    if not isinstance(bases, dict):
        return
    known = (*DIMENSIONS, *(indicator.column for indicator in catalogue()))
    for name, words in bases.items():
        if name not in known:
            yield Problem(f"legal_bases.{name}", "is neither a dimension nor an indicator's column", near(name, known))
        for language in ("en", "zh-Hans"):
            if isinstance(words, dict) and not words.get(language):
                yield Problem(f"legal_bases.{name}.{language}", "is missing", "name the law in both languages: en and zh-Hans")


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, date) or bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _order_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    most, fewest = _at(raw, "training.most_labels"), _at(raw, "training.minimum_labels")
    most = Training.most_labels if most is None else most
    if is_number(most) and is_number(fewest) and 0 < most < 2 * fewest:
        then = "give at least twice training.minimum_labels, or a model may never be learnt"
        yield Problem("training.most_labels", f"is {most}", then)
    for setting in ("peers.size_bands_minor", "peers.age_bands_years"):
        bands = _at(raw, setting)
        if isinstance(bands, list) and all(_is(band, float) for band in bands) and sorted(set(bands)) != bands:
            yield Problem(setting, f"is {bands!r}", "put the bounds in rising order, each once")
    default = _at(raw, "capacity.default")
    given = _at(raw, "capacity.by_region")
    regions = given if isinstance(given, dict) else {}
    capacities = {"capacity.default": default} | {f"capacity.by_region.{name}": value for name, value in regions.items()}
    for setting, value in capacities.items():
        if _is(value, int) and value < 0:
            yield Problem(setting, f"is {value}", "a region's visits a day are 0 or more")
