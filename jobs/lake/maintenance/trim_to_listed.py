"""Features and scores grow by every entity a day, links by every complaint without an identifier, peers' medians by every group.
After some weeks only month-ends, on which training builds, and what is of who was listed are kept."""

from __future__ import annotations

from datetime import date, timedelta

from expectations.contracts import scoring
from expectations.contracts.contract import Contract
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.engine.lake import Lake, arrow_schema
from jobs.foundation.files import forget
from jobs.lake.maintenance.kept_versions import first_day_kept
from jobs.lake.maintenance.tables import select
from jobs.lake.manifests import note_path

_IS_LISTED = f"t.{ENTITY_ID} = l.{ENTITY_ID} AND t.{AS_OF} = l.{AS_OF}"


def is_month_end(day: date) -> bool:
    """Whether it is the last day of its month, on which cohorts of training begin."""
    return (day + timedelta(days=1)).day == 1


def trim_to_listed(lake: Lake, contract: Contract, note: str, as_of: date, days: int) -> tuple[date, ...]:
    """Keep of days before the last ``days`` only the rows of who was listed; month-ends stay whole. Gives the days that lost rows.

    One commit. The notes that the days' rows are current are forgotten first, so that whoever needs them whole makes them again.

    Args:
        contract: a table with a row's entity and day, such as ``gold.features``.
        note: what the notes of its days are called, see :func:`jobs.lake.manifests.note_path`.
    """
    if not lake.exists(scoring.RISK_LIST):
        return ()
    return _trim(lake, contract, note, first_day_kept(as_of, days), f"l ON {_IS_LISTED}", l=scoring.RISK_LIST)


def trim_scores(lake: Lake, as_of: date, days: int) -> tuple[date, ...]:
    """As :func:`trim_to_listed`, of scores; the newest day before the last ``days`` is whole, since theirs were held against it."""
    before = first_day_kept(as_of, days)
    scored = {date.fromisoformat(part[AS_OF]) for part in lake.partitions(scoring.SCORES)}
    last = max((day for day in scored if day < before), default=before)
    return trim_to_listed(lake, scoring.SCORES, "scores", as_of, (as_of - last).days + 1)


def trim_peers(lake: Lake, as_of: date, days: int) -> tuple[date, ...]:
    """As :func:`trim_to_listed`, of the peers' medians: those of the groups that the listed stand in are kept."""
    if not (lake.exists(scoring.RISK_LIST) and lake.exists(features_contract())):
        return ()
    group = scoring.PEER_GROUP
    listed = f"(SELECT DISTINCT f.{group}, f.{AS_OF} FROM f JOIN l ON f.{ENTITY_ID} = l.{ENTITY_ID} AND f.{AS_OF} = l.{AS_OF}) g"
    theirs = f"{listed} ON t.{group} = g.{group} AND t.{AS_OF} = g.{AS_OF}"
    tables = {"f": features_contract(), "l": scoring.RISK_LIST}
    return _trim(lake, scoring.PEERS, "features", first_day_kept(as_of, days), theirs, **tables)


def _trim(lake: Lake, contract: Contract, note: str, before: date, kept: str, **tables: Contract) -> tuple[date, ...]:
    """Take away, of days before one that are no month-ends, the rows that nothing joins to.

    Args:
        kept: SQL that follows the JOIN: what a row of ``t`` that stays is joined to.
        tables: what it names.
    """
    if not lake.exists(contract):
        return ()
    others = f"SELECT DISTINCT t.{AS_OF} AS day FROM t LEFT ANTI JOIN {kept} WHERE t.{AS_OF} < '{before}'"
    found = sorted(select(lake, others, t=contract, **tables)["day"].to_pylist())
    old = [day for day in found if not is_month_end(day)]
    if not old:
        return ()
    for day in old:
        forget(note_path(lake.home, note, day))
    columns = ", ".join(f't."{column}"' for column in contract.columns)
    order = ", ".join(f't."{column}"' for column in contract.key)
    stay = select(lake, f"SELECT {columns} FROM t LEFT SEMI JOIN {kept} WHERE t.{_on(old)} ORDER BY {order}", t=contract, **tables)
    lake.replace_arrow(stay.cast(arrow_schema(contract)), contract, _on(old))
    return tuple(old)


def _on(days: list[date]) -> str:
    return f"{AS_OF} IN ({', '.join(repr(day.isoformat()) for day in days)})"
