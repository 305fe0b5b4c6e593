"""Which expression of a mapping fails on what was delivered; an engine's message says why, and seldom of which column."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.errors import ConfigError, first_line
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.sources.landed_records import mapped_by, raw_records
from jobs.sources.landing import Landed

FEW_ROWS = 1_000
"""Rows on which each expression is tried first: most that fail do so on any row, for a type or a name."""


def unmappable(
    lake: Lake,
    profile: Profile,
    mapping: SourceMapping,
    sources: Path,
    landed: Landed,
    days: Sequence[date],
    scratch: Scratch,
    error: PySparkException,
) -> ConfigError:
    """The error to raise where a mapping cannot be applied to landed records; it names the first column that fails by itself.

    Args:
        lake, profile, mapping, sources, landed, days, scratch: as :func:`jobs.sources.landed_records.read_landed` has them.
        error: what the engine said of all expressions together.
    """
    expressions = {**mapped_by(profile, mapping), "keep": mapping.safe(mapping.keep) if mapping.keep else "true"}
    raw = raw_records(lake, mapping, sources, landed, days, scratch)
    found = _first_failing(raw.limit(FEW_ROWS), expressions) or _first_failing(raw, expressions)
    name, why = found or ("", error)
    return ConfigError(
        what=f"the mapping {f'of {name} ' if name else ''}cannot be applied to what was delivered: {first_line(why)}",
        where=f"{mapping.path.name}, deliveries from {min(days)} to {max(days)}",
        then="compare the files' types with the mapping: `steelyard config check --sources DIR`; or declare [raw.types]",
    )


def _first_failing(rows: DataFrame, expressions: dict[str, str]) -> tuple[str, PySparkException] | None:
    for name, sql in expressions.items():
        try:
            # The greatest value needs every one; a count would need none of an expression that is never NULL.
            rows.selectExpr(f"max(cast({sql} AS string))").collect()
        except PySparkException as error:
            return name, error
    return None
