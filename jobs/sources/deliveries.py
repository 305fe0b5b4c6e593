"""Find the files that a source delivered, and the day of each delivery, by the ISO dates in their paths.

A folder that cannot be read raises its OSError: without it, its deliveries would look withdrawn.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from jobs.foundation.paths import printable
from jobs.profile.mapping_schema import PLACEHOLDER

if TYPE_CHECKING:
    from jobs.profile.lookup_schema import Lookup
    from jobs.profile.mapping import SourceMapping

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
# Errors of a dead link, or of a file in place of a folder: nothing is there, and nothing is hidden.
_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
# A date, or any other text, so that a warning can name it.
_STAMP = r"(?P<day>\d{4}-\d{2}-\d{2}|.+)"
_HIDDEN = "it is hidden, as unfinished uploads are; rename it if it is a delivery"
_OTHER_CASE = "it differs from `files` by letter case alone; rename it, or allow both cases in `files`, as in *.[cC][sS][vV]"


@dataclass(frozen=True)
class Delivery:
    """The files that were delivered on one day, in the order of their paths."""

    delivered_on: date
    files: tuple[Path, ...]


def find_deliveries(mapping: SourceMapping, sources_dir: Path, as_of: date) -> list[Delivery]:
    """The deliveries up to and including ``as_of``, oldest first; a file outside ``sources_dir`` is left out.

    Raises:
        OSError: when a folder cannot be read.
    """
    return [delivery for delivery in find_all_deliveries(mapping, sources_dir) if delivery.delivered_on <= as_of]


def find_all_deliveries(mapping: SourceMapping, sources_dir: Path) -> list[Delivery]:
    """Every delivery, oldest first: to inspect a source, not for a day's run."""
    return _scan(mapping, sources_dir)[0]


def delivery_warnings(mapping: SourceMapping, sources_dir: Path) -> list[str]:
    """Warnings about the source's folders: names that are no dates or in another letter case, files that lead out of the folder."""
    return _scan(mapping, sources_dir)[1]


def find_lookup_files(lookup: Lookup, sources_dir: Path) -> tuple[Path, ...]:
    """The files of a lookup, in the order of their paths; a file outside ``sources_dir`` is left out."""
    found = (path for path, _ in _walk(sources_dir, PurePosixPath(lookup.files).parts, None))
    return tuple(sorted(path for path in found if _is_inside(path, sources_dir) and path.is_file()))


def _scan(mapping: SourceMapping, sources_dir: Path) -> tuple[list[Delivery], list[str]]:
    by_day: dict[date, list[Path]] = {}
    warnings: list[str] = []
    near: dict[str, list[Path]] = {}
    for path, stamp in _walk(sources_dir, PurePosixPath(mapping.files).parts, None, near):
        shown = printable(path.relative_to(sources_dir))
        day = mapping.delivered_on if stamp is None else _day(stamp)
        if day is None:
            warnings.append(f"{shown} is left out: {stamp!r} is no date such as 2026-01-31")
        elif not _is_inside(path, sources_dir):
            warnings.append(f"{shown} is left out: it leads out of the sources folder")
        elif path.is_file():
            by_day.setdefault(day, []).append(path)
    for why, (first, *others) in near.items():
        more = f"; {len(others)} more are left out for the same reason" if others else ""
        warnings.append(f"{printable(first.relative_to(sources_dir))} is left out: {why}{more}")
    return [Delivery(day, tuple(sorted(by_day[day]))) for day in sorted(by_day)], sorted(warnings)


def _walk(
    folder: Path, parts: tuple[str, ...], stamp: str | None, near: dict[str, list[Path]] | None = None
) -> Iterator[tuple[Path, str | None]]:
    """The paths below a folder that match a pattern's parts, each with the text at the placeholder.

    Args:
        near: gets the paths that nearly match: by the reason, those that begin with a dot or differ by letter case.
    """
    if not parts:
        yield folder, stamp
        return
    matcher = re.compile(translate(parts[0]).replace(re.escape(PLACEHOLDER), _STAMP))
    any_case = re.compile(matcher.pattern, re.IGNORECASE)
    try:
        children = sorted(folder.iterdir())
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return
        raise
    for child in children:
        match = matcher.match(child.name)
        if child.name.startswith(".") and not parts[0].startswith("."):
            if near is not None and len(parts) == 1 and (match or matcher.match(child.name[1:])):
                near.setdefault(_HIDDEN, []).append(child)
        elif match:
            yield from _walk(child, parts[1:], match.groupdict().get("day") or stamp, near)
        elif near is not None and any_case.match(child.name):
            near.setdefault(_OTHER_CASE, []).append(child)


def _day(stamp: str) -> date | None:
    try:
        return date.fromisoformat(stamp) if _ISO.fullmatch(stamp) else None
    except ValueError:
        return None


def _is_inside(path: Path, folder: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve(strict=True))
    except RuntimeError:  # a circular link, before Python 3.13
        return False
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return False
        raise
