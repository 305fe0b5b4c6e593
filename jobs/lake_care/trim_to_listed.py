"""Features grow by every entity a day, links by every complaint without an identifier. After some weeks only month-ends, on which
training builds, and the rows of who was listed are kept."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa

from expectations.contracts import scoring
from expectations.contracts.core import Contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.lake_care.kept_versions import first_day_kept
from jobs.lake_care.tables import select
from jobs.runtime.files import forget
from jobs.runtime.lake import Lake, arrow_schema
from jobs.runtime.manifest import note_path

_IS_LISTED = f"t.{ENTITY_ID} = l.{ENTITY_ID} AND t.{AS_OF} = l.{AS_OF}"


def is_month_end(day: date) -> bool:
    """Whether it is the last day of its month, on which cohorts of training begin."""
    return (day + timedelta(days=1)).day == 1


def trim_to_listed(lake: Lake, contract: Contract, note: str, as_of: date, days: int) -> tuple[date, ...]:
    """Keep of days before the last ``days`` only the rows of who was listed; month-ends stay whole. Gives the days that lost rows.

    One commit. The notes that the days' rows are current are forgotten first, so that whoever needs them whole makes them again.

    Args:
        contract: a table with a row's entity and day, such as ``gold.features``.
        note: what the notes of its days are called, see :func:`jobs.runtime.manifest.note_path`.
    """
    if not (lake.exists(contract) and lake.exists(scoring.RISK_LIST)):
        return ()
    old = [day for day in _days_of_others(lake, contract, first_day_kept(as_of, days)) if not is_month_end(day)]
    if not old:
        return ()
    for day in old:
        forget(note_path(lake.home, note, day))
    lake.replace_arrow(_of_the_listed(lake, contract, old), contract, _on(old))
    return tuple(old)


def _days_of_others(lake: Lake, contract: Contract, before: date) -> list[date]:
    """The days before one that hold a row of somebody who was not listed, in order."""
    found = select(
        lake,
        f"SELECT DISTINCT t.{AS_OF} AS day FROM t LEFT ANTI JOIN l ON {_IS_LISTED} WHERE t.{AS_OF} < '{before}'",
        t=contract,
        l=scoring.RISK_LIST,
    )
    return sorted(found["day"].to_pylist())


def _of_the_listed(lake: Lake, contract: Contract, days: list[date]) -> pa.Table:
    """Those days' rows of the listed entities."""
    columns = ", ".join(f't."{column}"' for column in contract.columns)
    order = ", ".join(f't."{column}"' for column in contract.key)
    return select(
        lake,
        f"SELECT {columns} FROM t LEFT SEMI JOIN l ON {_IS_LISTED} WHERE t.{_on(days)} ORDER BY {order}",
        t=contract,
        l=scoring.RISK_LIST,
    ).cast(arrow_schema(contract))


def _on(days: list[date]) -> str:
    return f"{AS_OF} IN ({', '.join(repr(day.isoformat()) for day in days)})"
