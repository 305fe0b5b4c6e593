"""The kind of a raw column's values: dates, amounts, coordinates, addresses, codes, identifiers and others, judged by a sample."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

MOST_CATEGORIES = 40
SAMPLES = 3
_JUDGED = 2_000
"""About so many values, evenly spaced, are compared with each shape."""

_TIME = r"[ T]\d{1,2}:\d{2}"
DATE_FORMATS = (
    ("yyyy-MM-dd", "%Y-%m-%d", r"\d{4}-\d{2}-\d{2}"),
    ("yyyy/MM/dd", "%Y/%m/%d", r"\d{4}/\d{2}/\d{2}"),
    ("yyyy/M/d", "%Y/%m/%d", r"\d{4}/\d{1,2}/\d{1,2}"),
    ("yyyy-M-d", "%Y-%m-%d", r"\d{4}-\d{1,2}-\d{1,2}"),
    ("yyyyMMdd", "%Y%m%d", r"(?:19|20)\d{6}"),
    ("yyyy年M月d日", "%Y年%m月%d日", r"\d{4}年\d{1,2}月\d{1,2}日"),
    ("yyyy.MM.dd", "%Y.%m.%d", r"\d{4}\.\d{2}\.\d{2}"),
    ("dd.MM.yyyy", "%d.%m.%Y", r"\d{2}\.\d{2}\.\d{4}"),
    ("d.M.yyyy", "%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"),
    ("MM/dd/yyyy", "%m/%d/%Y", r"\d{2}/\d{2}/\d{4}"),
    ("dd/MM/yyyy", "%d/%m/%Y", r"\d{2}/\d{2}/\d{4}"),
    ("M/d/yyyy", "%m/%d/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("d/M/yyyy", "%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("MM-dd-yyyy", "%m-%d-%Y", r"\d{2}-\d{2}-\d{4}"),
    ("dd-MM-yyyy", "%d-%m-%Y", r"\d{2}-\d{2}-\d{4}"),
    ("d-MMM-yyyy", "%d-%b-%Y", r"\d{1,2}-[A-Z][a-z]{2}-\d{4}"),
    ("d MMM yyyy", "%d %b %Y", r"\d{1,2} [A-Z][a-z]{2} \d{4}"),
    ("MMM d, yyyy", "%b %d, %Y", r"[A-Z][a-z]{2} \d{1,2}, \d{4}"),
    ("yyyy-MM", "%Y-%m", r"\d{4}-\d{2}"),
    ("yyyyMM", "%Y%m", r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])"),
    ("MM/yyyy", "%m/%Y", r"\d{2}/\d{4}"),
    ("yyyy-MM-dd HH:mm:ss", "%Y-%m-%d %H:%M:%S", r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"),
    ("yyyy-MM-dd'T'HH:mm:ss", "%Y-%m-%dT%H:%M:%S", r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"),
    ("yyyy-MM-dd'T'HH:mm:ss.SSS", "%Y-%m-%dT%H:%M:%S.%f", r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}"),
    ("yyyy-MM-dd HH:mm:ss.SSS", "%Y-%m-%d %H:%M:%S.%f", r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}"),
    ("yyyy-MM-dd'T'HH:mm:ssXXX", "%Y-%m-%dT%H:%M:%S%z", r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})"),
    ("yyyy/MM/dd HH:mm:ss", "%Y/%m/%d %H:%M:%S", r"\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}"),
    ("yyyy-MM-dd HH:mm", "%Y-%m-%d %H:%M", r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}"),
    ("M/d/yyyy H:mm", "%m/%d/%Y %H:%M", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}}{_TIME}"),
    ("d/M/yyyy H:mm", "%d/%m/%Y %H:%M", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}}{_TIME}"),
    ("M/d/yyyy h:mm:ss a", "%m/%d/%Y %I:%M:%S %p", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}}{_TIME}:\d{{2}} [AP]M"),
    ("M/d/yyyy h:mm a", "%m/%d/%Y %I:%M %p", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}}{_TIME} [AP]M"),
    ("d.M.yyyy H:mm", "%d.%m.%Y %H:%M", rf"\d{{1,2}}\.\d{{1,2}}\.\d{{4}}{_TIME}"),
)
"""Spark's pattern, Python's pattern, and a regular expression; the first that fits counts."""
BOOLEANS = (
    ("是", "否"), ("y", "n"), ("1", "0"), ("true", "false"), ("有", "无"), ("yes", "no"), ("t", "f"),
    ("ja", "nein"), ("oui", "non"),
)  # fmt: skip
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_SIGN = r"[$£€¥]|USD|EUR|GBP|CAD|RMB"
_AMOUNT = re.compile(rf"\(?-?(?:{_SIGN})? ?-?\d{{1,3}}(?:,\d{{3}})*(?:\.\d+)?\)?(?: ?(?:{_SIGN}))?")
_AMOUNT_WITH_COMMA = re.compile(rf"-?(?:\d{{1,3}}(?:\.\d{{3}})+|\d+)(?:,\d+)?(?: ?(?:{_SIGN}))?")
_STREETS = (
    r"st|street|ave|avenue|rd|road|blvd|boulevard|dr|drive|ln|lane|way|hwy|highway|pkwy|parkway|ct|court|pl|place|sq|square|plaza|"
    r"broadway|rue|calle|via|avenida|cours|quai|[a-zäöüß]*(?:str|straße|strasse|weg|platz|allee|gasse)\.?"
)
_FIRMS = (
    r"llc|l\.l\.c\.?|inc\.?|corp\.?|ltd\.?|limited|co\.?|company|gmbh|ag|kg|ohg|ug|sarl|sas|plc|pty|bv|nv|"
    r"cafe|café|restaurant|pizza|deli"
)
TRAITS: dict[str, tuple[float, re.Pattern[str]]] = {
    "uscc": (0.95, re.compile(r"(?=.*[A-Z])[0-9A-HJ-NP-RTUWXY]{18}")),
    "point": (0.8, re.compile(r"(?:POINT ?)?\(?-?\d{1,3}\.\d+,? +-?\d{1,3}\.\d+\)?|\(?-?\d{1,3}\.\d+,-?\d{1,3}\.\d+\)?")),
    "phone": (0.8, re.compile(r"(?=(?:\D*\d){7})(?:\+\d[\d ()./-]{6,18}|\(?\d{2,5}\)?[ ./-]+\d[\d ./-]{4,14})")),
    "email": (0.8, re.compile(r"\S+@\S+\.\w+")),
    "postcode": (
        0.9,
        re.compile(r"\d{5}(?:-?\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4} ?[A-Z]{2}", re.IGNORECASE),
    ),
    "decimals": (0.8, re.compile(r"-?\d{1,3}\.\d{3,}")),
    "cents": (0.8, re.compile(r"\(?[$£€¥]?-?[\d,]+\.\d{2}\)?|-?[\d.]+,\d{2} ?€?")),
    "street": (
        0.5,
        re.compile(rf"(?:\S*\d\S* .*|.*\b)(?:{_STREETS})\b.*|\d+[a-z]?(?:-\d+)? [^\d\W].*|.*[路街号號巷弄道村].*", re.IGNORECASE),
    ),
    "firm": (0.12, re.compile(rf".*\b(?:{_FIRMS})(?:\W.*|$)|.*(?:公司|店|厂|廠|餐|商行|合作社|中心|馆)$", re.IGNORECASE)),
}
"""For each trait, the least share of the values that must fit, and their shape."""
# Nearly all values must agree; quarantine exists for a few bad ones.
_MOST = 0.95
PRIVATE = frozenset(("phone", "email"))
"""Traits of personal data, which a draft does not show."""


@dataclass(frozen=True)
class ColumnLook:
    """The kind of a column's values.

    Attributes:
        name: the raw column.
        kind: ``date``, ``month``, ``timestamp``, ``boolean``, ``whole``, ``number``, ``amount``, ``category``, ``text`` or
            ``empty``.
        pattern: Spark's pattern of a date or timestamp; the word for true of a boolean; ``,`` of amounts with a decimal comma.
        values: all values, most frequent first, if they are few.
        raw_type: its type in a file whose columns have types, else empty.
        traits: the names in :data:`TRAITS` that fit most values, and ``unique`` where nearly every value is another.
        samples: the first distinct values.
        distinct: the number of distinct values.
        has_gaps: whether some records have no value.
        is_ambiguous: whether day and month of a date could be exchanged.
    """

    name: str
    kind: str
    pattern: str = ""
    values: tuple[str, ...] = ()
    raw_type: str = ""
    traits: frozenset[str] = frozenset()
    samples: tuple[str, ...] = ()
    distinct: int = 0
    has_gaps: bool = False
    is_ambiguous: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the raw values are text."""
        return self.raw_type in ("", "string")


def look_at(name: str, values: Sequence[str], raw_type: str = "", *, has_gaps: bool = False) -> ColumnLook:
    """The kind of a column's values, as text without nulls."""
    if not values:
        return ColumnLook(name, "empty", raw_type=raw_type, has_gaps=True)
    counts = Counter(values)
    judged = values[:: len(values) // _JUDGED + 1]
    traits = {trait for trait, (least, shape) in TRAITS.items() if _share(judged, shape) >= least}
    if len(values) >= 5 and len(counts) >= 0.98 * len(values):
        traits.add("unique")
    kind, pattern = _kind(judged, counts)
    traits -= {"phone"} if kind not in ("text", "whole", "category") else set()
    by_frequency = sorted(counts, key=lambda value: (-counts[value], value))
    shown = by_frequency[:2] if kind == "boolean" else by_frequency if len(counts) <= MOST_CATEGORIES else []
    return ColumnLook(
        name=name,
        kind=kind,
        pattern=pattern,
        values=tuple(shown),
        raw_type=raw_type,
        traits=frozenset(traits),
        samples=tuple(islice(counts, SAMPLES)),
        distinct=len(counts),
        has_gaps=has_gaps,
        is_ambiguous=_is_ambiguous(counts, pattern) if kind in ("date", "timestamp") else False,
    )


def _kind(values: Sequence[str], counts: Counter[str]) -> tuple[str, str]:
    """The kind and the pattern."""
    for pattern, python_pattern, shape in DATE_FORMATS:
        if _share(values, re.compile(shape)) >= _MOST and _share_of_dates(values, shape, python_pattern) >= _MOST:
            kind = "timestamp" if "m" in pattern else "date" if "d" in pattern else "month"
            return kind, pattern
    folded = {value.casefold() for value in counts}
    for yes, no in BOOLEANS:
        if folded <= {yes, no}:
            return "boolean", next((value for value in counts if value.casefold() == yes), yes)
    if _share(values, _WHOLE) >= _MOST:
        return "whole", ""
    if _share(values, _NUMBER) >= _MOST:
        return "number", ""
    if _share(values, _AMOUNT) >= _MOST:
        return "amount", ""
    if _share(values, _AMOUNT_WITH_COMMA) >= _MOST:
        return "amount", ","
    if len(counts) <= MOST_CATEGORIES and len(counts) <= max(3, len(values) // 2):
        return "category", ""
    return "text", ""


def _share(values: Sequence[str], shape: re.Pattern[str]) -> float:
    return sum(shape.fullmatch(value) is not None for value in values) / len(values)


def _share_of_dates(values: Sequence[str], shape: str, pattern: str) -> float:
    tried = list(islice((value for value in values if re.fullmatch(shape, value)), 500))
    return sum(_is_date(value, pattern) for value in tried) / max(len(tried), 1)


def _is_date(value: str, pattern: str) -> bool:
    try:
        datetime.strptime(value, pattern)
    except ValueError:
        return False
    return True


def _is_ambiguous(values: Iterable[str], pattern: str) -> bool:
    """Whether no day above 12 shows which of two numbers is the day."""
    if not re.match(r"(?:MM?.dd?|dd?[/-]MM?)\b", pattern) or "MMM" in pattern:
        return False
    return all(int(part) <= 12 for value in values for part in re.split(r"\D", value)[:2])
