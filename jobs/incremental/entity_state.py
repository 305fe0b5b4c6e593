"""Bring to a day what is kept by entity from day to day: of the entities with news alone, where that is enough.

Of state that is written by the day, the rows that hold: each key's newest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.contract import Contract
from expectations.contracts.lineage import AS_OF, DELIVERED_ON, ENTITY_ID, KNOWN_AT, SOURCE
from expectations.contracts.registry import SILVER
from expectations.contracts.state import CHANGES_ON
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.code_version import code_version
from jobs.foundation.files import delete_file, read_json, write_json
from jobs.incremental.consistency import consistent_deliveries
from jobs.lake.batches import Batch
from jobs.lake.manifests import note_path
from jobs.profile.mapping import mapped_sources
from jobs.profile.profile import Profile
from jobs.transforms.frames import Materialise, join_few
from jobs.transforms.latest_known import instant_sql
from jobs.transforms.tax_sums import closed_month


def keep_newest_state(first: DataFrame, later: DataFrame, key: str, materialise: Materialise | None = None) -> DataFrame:
    """Each key's row of the newest day that has one.

    The first day holds every key and later days few, so only those few are brought into order.

    Args:
        first: the rows of the first day.
        later: those of the days after it.
        key: the column that names a row.
        materialise: see :data:`jobs.transforms.frames.Materialise`; where it is given, the few are made a table first. Then an
            engine sees how few they are and joins the first day's rows where they lie: else it deals all of them out by their key
            beforehand (a million wide rows: 0.9 CPU seconds in place of 0.2, Sail 0.7.2).
    """
    newest_first = Window.partitionBy(key).orderBy(F.col(AS_OF).desc())
    newest = later.withColumn("_newest", F.row_number().over(newest_first)).where("_newest = 1").drop("_newest")
    if materialise is not None:
        newest = materialise(newest)
    changed = newest.select(key).withColumn("_changed", F.lit(True))
    held = join_few(first, changed, key).where("_changed IS NULL").select(*first.columns)
    return held.unionByName(newest)


@dataclass(frozen=True)
class StateTable:
    """What is kept: a table of state, and how its rows come of silver's.

    Attributes:
        table: with a row an entity and day on which it changed, and the column ``changes_on``.
        contract: the name of the contract whose silver rows it is made of.
        read: the columns that are read of those.
        step: the name of the step that makes it, whose code its rows depend on.
        reckon: gives one row an entity, of rows of silver, the day and its cutoff.
        is_there: SQL that tells a row from one that says that nothing is left.
        nothing: the column and value of a row that says so.
        counts_back: whether it counts back from the settled month, so that each row is another when a month becomes settled.
    """

    table: Contract
    contract: str
    read: tuple[str, ...]
    step: str
    reckon: Callable[[DataFrame, date, datetime], DataFrame]
    is_there: str
    nothing: tuple[str, object]
    counts_back: bool


@dataclass(frozen=True)
class StateInputs:
    """What a day's state rests on, and the days of its table that hold it, oldest first.

    Attributes:
        code: the code that made it.
        settled: the settled month in which every entity was written; windows of returns are counted back from it.
        deliveries: each delivery with a row known by then, and what its silver rows rest on; None when it was made of rows that no
            book of batches vouches for, so that nothing may build on it.
        parts: the first holds every entity, each other the entities that changed since the one before.
    """

    code: str
    settled: str
    deliveries: dict[str, str] | None
    parts: list[str]

    def holds_for(self, later: StateInputs, *, counts_back: bool) -> bool:
        """Whether nothing that this state rests on is otherwise on the later day."""
        if self.deliveries is None or later.deliveries is None or self.code != later.code:
            return False
        return (self.settled == later.settled or not counts_back) and self.deliveries.items() <= later.deliveries.items()


def update_state(kept: StateTable, lake: Lake, profile: Profile, as_of: date, *, afresh: bool = False) -> int:
    """Bring the state to a day; give the number of entities that were reckoned.

    Args:
        afresh: reckon every entity, whatever earlier days hold.
    """
    batches = _batches(kept, lake, profile, as_of)
    wanted = _wanted(kept, as_of, batches)
    if not afresh and _is_current(kept, lake.home, wanted, as_of):
        return 0
    found = None if afresh else _newest_before(kept, lake.home, wanted, as_of)
    if batches is None or found is None:
        return _write_part(kept, lake, as_of, wanted, compute_all(kept, lake, profile, as_of), since=[])
    day, earlier = found
    with Scratch(lake.home, f"news-{kept.table.name}") as scratch:
        news = _news(kept, lake, profile, batches, day, as_of, earlier)
        before = _parts(kept, lake, earlier.parts, scratch.materialise)
        turned = before.where(F.col(CHANGES_ON) <= F.lit(as_of)).select(ENTITY_ID)
        entities = scratch.materialise(news.union(turned).distinct())
        # Finding the newest version of a record reads all versions several times: few rows are read off the table once.
        rows = scratch.materialise(entities.join(_silver(kept, lake).select(*kept.read), ENTITY_ID, "inner"))
        column, value = kept.nothing
        reckoned = entities.join(kept.reckon(rows, as_of, profile.end_of(as_of)), ENTITY_ID, "left")
        reckoned = reckoned.withColumn(column, F.coalesce(F.col(column), F.lit(value)))
        if earlier.settled == wanted.settled:
            return _write_part(kept, lake, as_of, wanted, reckoned, earlier.parts)
        # Parts would come on top of parts without end: once a month the others' rows are written again beside the reckoned.
        others = before.where(kept.is_there).drop(AS_OF).join(entities, ENTITY_ID, "left_anti")
        _write_part(kept, lake, as_of, wanted, others.unionByName(reckoned), since=[])
        return entities.count()


def is_within_reach(kept: StateTable, lake: Lake, profile: Profile, as_of: date) -> bool:
    """Whether the day's state is there, or an earlier day's that it could be brought from: else every entity would be reckoned."""
    wanted = _wanted(kept, as_of, _batches(kept, lake, profile, as_of))
    return _is_current(kept, lake.home, wanted, as_of) or _newest_before(kept, lake.home, wanted, as_of) is not None


def read_state(kept: StateTable, lake: Lake, as_of: date, materialise: Materialise | None = None) -> DataFrame:
    """One row an entity of which there is something, as :func:`update_state` left them on the day.

    Args:
        materialise: for the rows that changed since the first of the days that hold the state, see
            :func:`jobs.incremental.entity_state.keep_newest_state`.
    """
    parts = StateInputs(**read_json(_path(kept, lake.home, as_of))).parts
    return _parts(kept, lake, parts, materialise).where(kept.is_there)


def compute_all(kept: StateTable, lake: Lake, profile: Profile, as_of: date) -> DataFrame:
    """One row an entity, of all that silver holds, kept nowhere."""
    return kept.reckon(_silver(kept, lake), as_of, profile.end_of(as_of))


def _silver(kept: StateTable, lake: Lake) -> DataFrame:
    return lake.read(SILVER[kept.contract])


def _parts(kept: StateTable, lake: Lake, parts: list[str], materialise: Materialise | None = None) -> DataFrame:
    """The rows that hold of those that some days of the state have together."""
    first, *later = [date.fromisoformat(part) for part in parts]
    rows = lake.read(kept.table)
    of_first = rows.where(F.col(AS_OF) == F.lit(first))
    if not later:
        return of_first
    return keep_newest_state(of_first, rows.where(F.col(AS_OF).isin(later)), ENTITY_ID, materialise)


def _batches(kept: StateTable, lake: Lake, profile: Profile, as_of: date) -> Mapping[str, Batch] | None:
    """The deliveries with a row known by the day; None when silver holds what no book vouches for."""
    vouched = consistent_deliveries(lake, mapped_sources(profile.folder))
    if vouched is None:
        return None
    cutoff = profile.end_of(as_of).isoformat(sep=" ")
    return {name: batch for name, batch in vouched[kept.contract].items() if batch.known_from < cutoff}


def _wanted(kept: StateTable, as_of: date, batches: Mapping[str, Batch] | None) -> StateInputs:
    """What the day's state is to rest on."""
    conformed = None if batches is None else {name: batch.conformed for name, batch in batches.items()}
    return StateInputs(code_version(kept.step), closed_month(as_of).isoformat(), conformed, [])


def _is_current(kept: StateTable, home: Path, wanted: StateInputs, as_of: date) -> bool:
    noted = read_json(_path(kept, home, as_of))
    return wanted.deliveries is not None and noted is not None and {**noted, "parts": []} == asdict(wanted)


def _newest_before(kept: StateTable, home: Path, wanted: StateInputs, as_of: date) -> tuple[date, StateInputs] | None:
    """The newest day before ``as_of`` whose state still holds, and what it rests on."""
    for path in sorted(_path(kept, home, as_of).parent.glob("????-??-??.json"), reverse=True):
        day = date.fromisoformat(path.stem)
        if day < as_of and (basis := StateInputs(**read_json(path))).holds_for(wanted, counts_back=kept.counts_back):
            return day, basis
    return None


def _news(
    kept: StateTable, lake: Lake, profile: Profile, batches: Mapping[str, Batch], day: date, as_of: date, earlier: StateInputs
) -> DataFrame:
    """The entities of which a record became known after ``day``: in a new delivery, or by ``known_at`` in an old one."""
    before, cutoff = profile.end_of(day), profile.end_of(as_of)
    fresh = [name for name in batches if name not in (earlier.deliveries or {})]
    ripened = [n for n, batch in batches.items() if n not in fresh and _last_known(batch) >= before.isoformat(sep=" ")]
    rows = _silver(kept, lake).where(f"{KNOWN_AT} < {instant_sql(cutoff)}")
    of_old = f"{KNOWN_AT} >= {instant_sql(before)} AND ({_delivered(ripened)})"
    return rows.where(f"({_delivered(fresh)}) OR ({of_old})").select(ENTITY_ID)


def _last_known(batch: Batch) -> str:
    """The last ``known_at`` of a delivery; after every day where it was not noted."""
    return batch.known_until or "9999"


def _delivered(names: Iterable[str]) -> str:
    """SQL that selects deliveries by their partitions."""
    parts = [name.rsplit("/", 1) for name in names]
    return " OR ".join(f"({SOURCE} = '{source}' AND {DELIVERED_ON} = DATE'{day}')" for source, day in parts) or "false"


def _write_part(kept: StateTable, lake: Lake, as_of: date, basis: StateInputs, rows: DataFrame, since: list[str]) -> int:
    """Write the day's part of the state, on top of the parts of earlier days; give the number of entities in it."""
    _forget(kept, lake.home, as_of)
    today = as_of.isoformat()
    where = f"{AS_OF} = '{today}'"
    lake.replace(rows.withColumn(AS_OF, F.lit(as_of)).orderBy(ENTITY_ID), kept.table, where)
    write_json(_path(kept, lake.home, as_of), {**asdict(basis), "parts": [*since, today]})
    return lake.read(kept.table).where(where).count()


def _forget(kept: StateTable, home: Path, as_of: date) -> None:
    """Forget every day that builds on this one's part, before it is written anew: each is then reckoned afresh when asked for."""
    for path in sorted(_path(kept, home, as_of).parent.glob("????-??-??.json")):
        if as_of.isoformat() in read_json(path)["parts"]:
            delete_file(path)


def _path(kept: StateTable, home: Path, as_of: date) -> Path:
    return note_path(home, f"state/{kept.table.name}", as_of)
