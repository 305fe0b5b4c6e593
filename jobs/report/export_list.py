"""Export a day's list as CSV that a spreadsheet opens safely, as Parquet with the reasons in each row, or as the HTML report."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contracts.contract import Contract, Sensitivity
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.registration import INDUSTRY_CODE, REGION_CODE
from expectations.contracts.scoring import (
    BETTER_CHANGES,
    LIST_RANK,
    PEER_COUNT,
    REASON_RANK,
    REASONS,
    RESTS_ON,
    RISK_CLASS,
    RISK_LIST,
)
from jobs.foundation.errors import ConfigError
from jobs.foundation.files import escape_formula, write_atomic
from jobs.foundation.log import warn
from jobs.lake.data_docs import day_page
from jobs.lake.manifests import outages_of_run
from jobs.lake.source_results import read_run
from jobs.profile.profile import Profile
from jobs.report.daily_report import gather, no_list, read_day
from jobs.report.page import render_page
from jobs.texts.classes import bound_line
from jobs.texts.languages import load_texts
from jobs.texts.names import Names
from jobs.texts.outages import outage_in_words
from jobs.texts.reasons import Reason, better_texts, reason_texts, text_columns

REASON_COLUMNS = 5
MASK = "***"


def to_csv(listed: pa.Table, reasons: pa.Table, profile: Profile, language: str, run: Mapping[str, Any]) -> bytes:
    """Return the list as CSV, with names of codes and the first reasons as sentences.

    Args:
        listed: rows of ``gold.risk_list``.
        reasons: the same entities' rows of ``gold.reasons``.
        profile: the profile of the day.
        language: of names and reasons. Column names stay in English.
        run: the manifest of the day's run, which has the bounds of the classes.

    Returns:
        UTF-8 with a byte order mark, by which spreadsheets know the encoding, and lines that end in CRLF (RFC 4180).
    """
    names = Names.of(profile, language)
    of_entity: dict[str, list[str]] = {}
    for row in reasons.sort_by(str(REASON_RANK)).to_pylist():
        of_entity.setdefault(row[ENTITY_ID], []).append(Reason.of(row).sentence(names))
    table = _with_better_texts(listed, profile)
    rows = table.to_pylist()
    target = io.StringIO(newline="")
    # Texts are quoted: a program that separates cells at semicolons or tabs would find a formula behind one.
    writer = csv.writer(target, quoting=csv.QUOTE_NONNUMERIC)
    columns = table.column_names
    writer.writerow(
        [*columns, "industry_name", "region_name", "class_begins", *[f"reason_{at + 1}" for at in range(REASON_COLUMNS)]]
    )
    for row in rows:
        sentences = of_entity.get(row[ENTITY_ID], [])[:REASON_COLUMNS]
        cells = [row[column] for column in columns]
        cells += [names.industry(row[INDUSTRY_CODE] or ""), names.region_path(row[REGION_CODE] or "")]
        cells.append(bound_line(run, row[RISK_CLASS], names.texts))
        writer.writerow([escape_formula(cell) for cell in (*cells, *sentences, *[None] * (REASON_COLUMNS - len(sentences)))])
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def to_parquet(listed: pa.Table, reasons: pa.Table, profile: Profile) -> bytes:
    """Return the list as Parquet with a column ``reasons``: a list of structs, the strongest reason first.

    Args:
        listed: rows of ``gold.risk_list``.
        reasons: the same entities' rows of ``gold.reasons``.
        profile: the profile of the day.
    """
    names = [str(column) for column in REASONS.columns if column not in (ENTITY_ID, AS_OF, PEER_COUNT)]
    at = names.index(RESTS_ON)
    names = names[:at] + text_columns("sentence") + names[at:] + text_columns("basis") + text_columns("change")
    fields = [reasons.schema.field(name) if name in reasons.column_names else pa.field(name, pa.string()) for name in names]
    of_entity: dict[str, list[dict[str, object]]] = {}
    for row in reasons.sort_by(str(REASON_RANK)).to_pylist():
        texts = row | reason_texts(row, profile)
        of_entity.setdefault(row[ENTITY_ID], []).append({name: texts[name] for name in names})
    table = _with_better_texts(listed, profile)
    kind = pa.list_(pa.struct(fields))
    lists: Sequence[list[dict[str, object]]] = [of_entity.get(entity, []) for entity in table[str(ENTITY_ID)].to_pylist()]
    target = io.BytesIO()
    pq.write_table(table.append_column("reasons", pa.array(lists, kind)), target, compression="zstd")
    return target.getvalue()


def _with_better_texts(listed: pa.Table, profile: Profile) -> pa.Table:
    """The list by rank without personal values, and in place of the changes as data their texts in each language."""
    table = mask_personal(listed, RISK_LIST).sort_by(str(LIST_RANK))
    texts = [better_texts(row, profile) for row in table.to_pylist()]
    for name in text_columns("better"):
        table = table.append_column(pa.field(name, pa.string()), pa.array([row[name] for row in texts], pa.string()))
    return table.drop_columns([str(BETTER_CHANGES)])


def mask_personal(table: pa.Table, contract: Contract) -> pa.Table:
    """Replace the values of personal columns by a mask. Missing values stay missing."""
    for column in contract.columns:
        if column.sensitivity is Sensitivity.PERSONAL:
            masked = [None if value is None else MASK for value in table[str(column)].to_pylist()]
            table = table.set_column(table.schema.get_field_index(str(column)), str(column), pa.array(masked, pa.string()))
    return table


def export_list(home: Path, profile: Profile, as_of: date, *, format: str, out: Path, language: str) -> int:
    """Write a day's list to a file, and replace an older one.

    Args:
        format: one of :data:`EXPORT_FORMATS`.
        out: the file. A missing folder is created.
        language: of reasons, names and the page.

    Returns:
        The size of the file in bytes.

    Raises:
        ConfigError: if the format or the language is unknown, or the file cannot be written.
        InputMissing: if the day has no list.
    """
    if format not in EXPORT_FORMATS:
        raise ConfigError(
            what=f"there is no format {format!r}", where="--format", next_step=f"choose one of {', '.join(EXPORT_FORMATS)}"
        )
    texts = load_texts(language)
    content = EXPORT_FORMATS[format](home, profile, as_of, language, out)
    _put(content, out)
    for source, facts in outages_of_run(read_run(home, as_of) or {}).items():
        warn(f"{source}: {outage_in_words(facts, texts)}", source=source)
    return len(content)


def _as_csv(home: Path, profile: Profile, as_of: date, language: str, _out: Path) -> bytes:
    return to_csv(*_read(home, as_of), profile, language, read_run(home, as_of) or {})


def _as_parquet(home: Path, profile: Profile, as_of: date, _language: str, _out: Path) -> bytes:
    return to_parquet(*_read(home, as_of), profile)


def _as_page(home: Path, profile: Profile, as_of: date, language: str, out: Path) -> bytes:
    checks, folder = day_page(home, as_of), out.parent.resolve()
    # Elsewhere, such as in a mail, the link would lead nowhere.
    is_in_home = checks is not None and folder.is_relative_to(home.resolve())
    link = os.path.relpath(checks.resolve(), folder) if checks and is_in_home else ""
    return render_page(gather(home, profile, as_of), language, link).encode()


EXPORT_FORMATS: dict[str, Callable[[Path, Profile, date, str, Path], bytes]] = {
    "csv": _as_csv,
    "parquet": _as_parquet,
    "html": _as_page,
}


def _read(home: Path, as_of: date) -> tuple[pa.Table, pa.Table]:
    if read_run(home, as_of) is None:
        raise no_list(home, as_of)
    return read_day(home, RISK_LIST, as_of), read_day(home, REASONS, as_of)


def _put(content: bytes, out: Path) -> None:
    if out.is_dir():
        raise ConfigError(what="--out is a folder", where=str(out), next_step="give --out a file, such as list.html")
    try:
        write_atomic(out, content)
    except OSError as error:
        raise ConfigError(
            what=f"the file cannot be written: {error.strerror or error}",
            where=str(out),
            next_step="give --out a file that you may write",
        ) from error
