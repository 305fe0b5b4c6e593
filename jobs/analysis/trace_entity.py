"""Walk back from a listing: reason, feature, silver rows, and the file and row that each came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import functions as F

from expectations.contracts import complaint, scoring, silver
from expectations.contracts.contract import Contract, Sensitivity
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID, KNOWN_AT, SOURCE_FILE, SOURCE_ROW
from jobs.engine.lake import Lake
from jobs.foundation.errors import NothingToDo
from jobs.incremental.scored_whole import is_scored_whole
from jobs.lake.manifests import finished
from jobs.profile.profile import Profile
from jobs.transforms.latest_known import keep_known

_TABLES: tuple[Contract, ...] = (silver.ENTITY, silver.FILING, silver.COMPLAINT, silver.INSPECTION)


@dataclass(frozen=True)
class SourceRow:
    """A silver row that was known on the day: where it came from and what it said."""

    contract: str
    source_file: str
    source_row: int
    known_at: str
    says: dict[str, Any]


@dataclass(frozen=True)
class Trace:
    """Everything that an entity's standing on a day rests on.

    Where only the features and links of the listed are kept of the day, and the entity was not listed, ``features`` is empty and
    ``rows`` lacks complaints that were linked to it.
    """

    entity_id: str
    as_of: date
    standing: dict[str, Any]
    reasons: list[dict[str, Any]]
    features: dict[str, float | None]
    made_of: dict[str, tuple[str, ...]]
    rows: list[SourceRow]


def trace_entity(lake: Lake, profile: Profile, entity_id: str, as_of: date) -> Trace:
    """Trace an entity on a day, in the tables as they were when the day was finished.

    Raises:
        NothingToDo: when the entity was not scored that day.
    """
    lake = finished(lake, as_of)
    # An identifier is what somebody typed: a quote in it stands doubled, as the readers of Delta files want it.
    doubled = entity_id.replace("'", "''")
    who = f"{ENTITY_ID} = '{doubled}' AND {AS_OF} = '{as_of}'"
    scores = lake.arrow(scoring.SCORES, where=who).to_pylist()
    if not scores and not is_scored_whole(lake, as_of):
        raise NothingToDo(
            what=f"{entity_id!r} is not among the listed of {as_of}, of whom alone the scores of that day are still kept",
            where="gold.scores",
            then="trace the listed, a month's last day, or a day within [retention] of the profile",
        )
    if not scores:
        raise NothingToDo(
            what=f"{entity_id!r} was not scored on {as_of}",
            where="gold.scores",
            then="check the identifier and the day; run the day first",
        )
    listed = lake.arrow(scoring.RISK_LIST, where=who).to_pylist()
    features = lake.arrow(features_contract(), where=who).to_pylist()
    return Trace(
        entity_id=entity_id,
        as_of=as_of,
        standing={**scores[0], **(listed[0] if listed else {})},
        reasons=sorted(lake.arrow(scoring.REASONS, where=who).to_pylist(), key=lambda row: row[scoring.REASON_RANK]),
        features={indicator.column: row[indicator.column] for row in features for indicator in catalogue()},
        made_of={indicator.column: indicator.sources for indicator in catalogue()},
        rows=[row for table in _TABLES for row in _rows(lake, profile, table, entity_id, as_of)],
    )


def _rows(lake: Lake, profile: Profile, table: Contract, entity_id: str, as_of: date) -> list[SourceRow]:
    known = lake.read(table).transform(keep_known, cutoff=profile.end_of(as_of), as_of=as_of, event_on=table.event_on)
    ids = F.col(ENTITY_ID) == entity_id
    if table is silver.COMPLAINT:
        links = lake.read(silver.LINK).where(F.col(ENTITY_ID) == entity_id).where(f"{AS_OF} = '{as_of}'")
        linked = [row[0] for row in links.select(complaint.COMPLAINT_ID).collect()]
        ids = ids | F.col(complaint.COMPLAINT_ID).isin(linked) if linked else ids
    found = known.where(ids).orderBy(KNOWN_AT, SOURCE_FILE, SOURCE_ROW).toPandas()
    shown = [column for column in table.columns if column.sensitivity is not Sensitivity.PERSONAL]
    return [
        SourceRow(
            table.name,
            str(row[SOURCE_FILE]),
            int(row[SOURCE_ROW]),
            str(row[KNOWN_AT]),
            {str(column): row[column] for column in shown if row[column] is not None and row[column] == row[column]},
        )
        for row in found.to_dict("records")
    ]
