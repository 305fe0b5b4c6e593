"""Whether a page of the list belongs wholly to one published run: held against who stands where on that day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qs, urlsplit

import numpy as np

ROWS = 50
_DAY = re.compile(r'<h1>[^<]*<time datetime="(\d{4}-\d\d-\d\d)">')
_ROW = re.compile(
    r'<tr class="entity.*?<td class="figure"[^>]*>([\d,]+)</td>\s*<td class="name"><a class="go" href="/entity/([^/]+)/', re.DOTALL
)


def day_of(page: str) -> date | None:
    """The day that a page of the list says it shows."""
    found = _DAY.search(page)
    return date.fromisoformat(found[1]) if found else None


def fault_of(path: str, page: str, orders: Mapping[date, np.ndarray], *, sees_all: bool) -> str:
    """What is wrong with a page of the list; empty when it is whole.

    Args:
        path: what was asked for.
        page: what came, as HTML.
        orders: of each day the identifiers in the order of their places.
        sees_all: whether who asked sees every region; a page without filters then has no gap.
    """
    day = day_of(page)
    if day is None or day not in orders:
        return f"{path}: it shows no day that was published"
    order = orders[day]
    rows = [(int(place.replace(",", "")), name) for place, name in _ROW.findall(page)]
    places = [place for place, _ in rows]
    strangers = [place for place, name in rows if not 0 < place <= len(order) or order[place - 1] != name]
    if strangers:
        return f"{path}: at places {strangers[:5]} are others than those of {day}"
    if places != sorted(set(places)):
        return f"{path}: its places are not in order"
    asked = parse_qs(urlsplit(path).query)
    after = int(asked.pop("after", ["0"])[0])
    if len(rows) < ROWS and 'rel="next"' in page:
        return f"{path}: it has {len(rows)} rows and says that there are more"
    if sees_all and not asked and places != list(range(after + 1, min(after + ROWS, len(order)) + 1)):
        return f"{path}: places are missing after {after} of {day}"
    return ""
