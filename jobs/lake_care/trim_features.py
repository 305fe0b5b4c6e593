"""Features grow by every entity a day. After some weeks only the days that training reads, and who was listed, are kept."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa

from expectations.contracts import scoring
from expectations.contracts.core import Contract
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.lake_care.kept_versions import first_day_kept
from jobs.lake_care.tables import select
from jobs.runtime.files import forget
from jobs.runtime.lake import Lake, arrow_schema
from jobs.runtime.manifest import note_path


def is_month_end(day: date) -> bool:
    """Whether it is the last day of its month, on which cohorts of training begin."""
    return (day + timedelta(days=1)).day == 1


def trim_features(lake: Lake, as_of: date, days: int) -> tuple[date, ...]:
    """Keep of days before the last ``days`` only who was listed; month-ends stay whole. Gives the days that lost rows.

    One commit. A day's note that its features are current is forgotten first, so that whoever needs them whole builds them
    again.
    """
    features = features_contract()
    if not (lake.exists(features) and lake.exists(scoring.RISK_LIST)):
        return ()
    listed = _rows_by_day(lake, scoring.RISK_LIST)
    first = first_day_kept(as_of, days)
    there = _rows_by_day(lake, features)
    old = [day for day in sorted(there) if day < first and not is_month_end(day) and there[day] > listed.get(day, 0)]
    if not old:
        return ()
    for day in old:
        forget(note_path(lake.home, "features", day))
    lake.replace_arrow(_of_the_listed(lake, old), features, _on(old))
    return tuple(old)


def _of_the_listed(lake: Lake, days: list[date]) -> pa.Table:
    """The features of those days' listed entities."""
    features = features_contract()
    columns = ", ".join(f'f."{column}"' for column in features.columns)
    return select(
        lake,
        f"SELECT {columns} FROM f LEFT SEMI JOIN l ON f.{ENTITY_ID} = l.{ENTITY_ID} AND f.{AS_OF} = l.{AS_OF} "
        f"WHERE f.{_on(days)} ORDER BY f.{AS_OF}, f.{ENTITY_ID}",
        f=features,
        l=scoring.RISK_LIST,
    ).cast(arrow_schema(features))


def _rows_by_day(lake: Lake, contract: Contract) -> dict[date, int]:
    counted = select(lake, f"SELECT {AS_OF} AS day, count(*) AS found FROM t GROUP BY {AS_OF}", t=contract)
    return {row["day"]: row["found"] for row in counted.to_pylist()}


def _on(days: list[date]) -> str:
    return f"{AS_OF} IN ({', '.join(repr(day.isoformat()) for day in days)})"
