"""Export a day's list: read it, write it in the wanted form, put it in place whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa

from expectations.contracts.scoring import REASONS, RISK_LIST
from jobs.foundation.errors import ConfigError
from jobs.foundation.files import write_whole
from jobs.lake.source_results import read_run
from jobs.profile.profile import Profile
from jobs.report.daily_report import gather, no_list, read_day
from jobs.report.page import render_page
from jobs.report.tables import to_csv, to_parquet
from jobs.texts.names import Names
from jobs.texts.texts import load_texts


def export_list(home: Path, profile: Profile, as_of: date, *, format: str, out: Path, language: str) -> int:
    """Write a day's list to a file, in place of an older one.

    Args:
        home: the run's home.
        profile: whose names and policies the list speaks of.
        as_of: the day.
        format: one of :data:`FORMATS`.
        out: the file; a folder that is not there is made.
        language: of reasons, names and the page.

    Returns:
        The size of the file in bytes.

    Raises:
        ConfigError: when the format or the language is unknown, or the file cannot be written.
        NothingToDo: when that day has no list.
    """
    if format not in FORMATS:
        raise ConfigError(what=f"there is no format {format!r}", where="--format", then=f"choose one of {', '.join(FORMATS)}")
    load_texts(language)
    content = FORMATS[format](home, profile, as_of, language)
    _put(content, out)
    return len(content)


def _as_csv(home: Path, profile: Profile, as_of: date, language: str) -> bytes:
    listed, reasons = _read(home, as_of)
    return to_csv(listed, reasons, Names(load_texts(language), profile))


def _as_parquet(home: Path, _profile: Profile, as_of: date, _language: str) -> bytes:
    return to_parquet(*_read(home, as_of))


def _as_page(home: Path, profile: Profile, as_of: date, language: str) -> bytes:
    return render_page(gather(home, profile, as_of), language).encode()


FORMATS: dict[str, Callable[[Path, Profile, date, str], bytes]] = {"csv": _as_csv, "parquet": _as_parquet, "html": _as_page}


def _read(home: Path, as_of: date) -> tuple[pa.Table, pa.Table]:
    if read_run(home, as_of) is None:
        raise no_list(home, as_of)
    return read_day(home, RISK_LIST, as_of), read_day(home, REASONS, as_of)


def _put(content: bytes, out: Path) -> None:
    if out.is_dir():
        raise ConfigError(what="--out is a folder", where=str(out), then="give --out a file, such as list.html")
    try:
        write_whole(out, content)
    except OSError as error:
        raise ConfigError(
            what=f"the file cannot be written: {error.strerror or error}",
            where=str(out),
            then="give --out a file that you may write",
        ) from error
