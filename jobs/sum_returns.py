"""Bring to a day what returns add up to, ``state.tax_sums``: of the entities with news alone, where that is enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import silver, tax_filing
from expectations.contracts.lineage import AS_OF, CONTENT_HASH, DELIVERED_ON, ENTITY_ID, KNOWN_AT, SOURCE
from expectations.contracts.state import CHANGES_ON, RETURNS, TAX_SUMS
from jobs.runtime.batches import Batch
from jobs.runtime.code_version import TAX_STATE, code_version
from jobs.runtime.files import forget, read_json, write_json
from jobs.runtime.lake import Lake
from jobs.runtime.mapping import load_mappings
from jobs.runtime.scratch import Scratch
from jobs.runtime.settings import Profile
from jobs.runtime.vouched import vouched_deliveries
from jobs.transforms.latest_known import instant_sql
from jobs.transforms.newest_state import keep_newest_state
from jobs.transforms.tax_sums import settled_month, standing_returns, sum_returns


@dataclass(frozen=True)
class Basis:
    """What a day's sums rest on, and the days of ``state.tax_sums`` that hold them, oldest first.

    Attributes:
        code: the code that added them up.
        settled: the settled month that windows are counted back from.
        deliveries: each delivery with a row known by then, and what its silver rows rest on; None when they were added up of
            rows that no book of batches vouches for, so that nothing may build on them.
        parts: the first holds every entity, each other the entities that changed since the one before.
    """

    code: str
    settled: str
    deliveries: dict[str, str] | None
    parts: list[str]

    def holds_for(self, later: Basis) -> bool:
        """Whether nothing that these sums rest on is otherwise on the later day."""
        if self.deliveries is None or later.deliveries is None:
            return False
        return (self.code, self.settled) == (later.code, later.settled) and self.deliveries.items() <= later.deliveries.items()


def bring_tax_sums(lake: Lake, profile: Profile, as_of: date, *, afresh: bool = False) -> int:
    """Bring the state to a day; give the number of entities whose returns were added up.

    Args:
        afresh: add up the returns of every entity, whatever earlier days hold.
    """
    batches = _batches(lake, profile, as_of)
    conformed = None if batches is None else {name: batch.conformed for name, batch in batches.items()}
    wanted = Basis(code_version(TAX_STATE), settled_month(as_of).isoformat(), conformed, [])
    if not afresh and _is_current(lake.home, wanted, as_of):
        return 0
    found = None if afresh else _newest_before(lake.home, wanted, as_of)
    if batches is None or found is None:
        return _write_part(lake, as_of, wanted, add_up_all(lake, profile, as_of), since=[])
    day, earlier = found
    with Scratch(lake.home, "tax-news") as scratch:
        news = _news(lake, profile, batches, day, as_of, earlier)
        turned = tax_sums(lake, earlier.parts).where(F.col(CHANGES_ON) <= F.lit(as_of)).select(ENTITY_ID)
        entities = scratch.materialise(news.union(turned).distinct())
        # Finding the newest version of a return reads all versions several times: few rows are read off the table once.
        filings = scratch.materialise(entities.join(lake.read(silver.FILING).drop(CONTENT_HASH), ENTITY_ID, "inner"))
        sums = entities.join(_sums(filings, profile, as_of), ENTITY_ID, "left")
        sums = sums.withColumn(RETURNS, F.coalesce(F.col(RETURNS), F.lit(0)))
        return _write_part(lake, as_of, wanted, sums, earlier.parts)


def read_tax_sums(lake: Lake, as_of: date) -> DataFrame:
    """One row an entity with a return, as :func:`bring_tax_sums` left them on the day."""
    return tax_sums(lake, Basis(**read_json(_path(lake.home, as_of))).parts)


def tax_sums(lake: Lake, parts: list[str]) -> DataFrame:
    """The sums that those days of the state hold together."""
    rows = lake.read(TAX_SUMS).where(F.col(AS_OF).cast("string").isin(parts))
    return keep_newest_state(rows, ENTITY_ID, first=parts[0], is_only=len(parts) == 1).where(F.col(RETURNS) > 0)


def _batches(lake: Lake, profile: Profile, as_of: date) -> dict[str, Batch] | None:
    """The deliveries of returns with a row known by the day; None when silver holds what no book vouches for."""
    vouched = vouched_deliveries(lake, load_mappings(profile.folder))
    if vouched is None:
        return None
    cutoff = profile.end_of(as_of).isoformat(sep=" ")
    return {name: batch for name, batch in vouched[tax_filing.CONTRACT.name].items() if batch.known_from < cutoff}


def _is_current(home: Path, wanted: Basis, as_of: date) -> bool:
    noted = read_json(_path(home, as_of))
    return wanted.deliveries is not None and noted is not None and {**noted, "parts": []} == asdict(wanted)


def _newest_before(home: Path, wanted: Basis, as_of: date) -> tuple[date, Basis] | None:
    """The newest day before ``as_of`` whose sums still hold, and what they rest on."""
    for path in sorted(_path(home, as_of).parent.glob("????-??-??.json"), reverse=True):
        day = date.fromisoformat(path.stem)
        if day < as_of and (basis := Basis(**read_json(path))).holds_for(wanted):
            return day, basis
    return None


def _news(lake: Lake, profile: Profile, batches: dict[str, Batch], day: date, as_of: date, earlier: Basis) -> DataFrame:
    """The entities of which a return became known after ``day``: in a new delivery, or by ``known_at`` in an old one."""
    before, cutoff = profile.end_of(day), profile.end_of(as_of)
    fresh = [name for name in batches if name not in (earlier.deliveries or {})]
    ripened = [n for n, batch in batches.items() if n not in fresh and _last_known(batch) >= before.isoformat(sep=" ")]
    rows = lake.read(silver.FILING).where(f"{KNOWN_AT} < {instant_sql(cutoff)}")
    of_old = f"{KNOWN_AT} >= {instant_sql(before)} AND ({_delivered(ripened)})"
    return rows.where(f"({_delivered(fresh)}) OR ({of_old})").select(ENTITY_ID)


def _last_known(batch: Batch) -> str:
    """The last ``known_at`` of a delivery; after every day where it was not noted."""
    return batch.known_until or "9999"


def _delivered(names: Iterable[str]) -> str:
    """SQL that selects deliveries by their partitions."""
    parts = [name.rsplit("/", 1) for name in names]
    return " OR ".join(f"({SOURCE} = '{source}' AND {DELIVERED_ON} = DATE'{day}')" for source, day in parts) or "false"


def add_up_all(lake: Lake, profile: Profile, as_of: date) -> DataFrame:
    """What the returns of every entity add up to on a day, read from silver and kept nowhere."""
    return _sums(lake.read(silver.FILING), profile, as_of)


def _sums(filings: DataFrame, profile: Profile, as_of: date) -> DataFrame:
    return sum_returns(standing_returns(filings, as_of=as_of, cutoff=profile.end_of(as_of)), as_of=as_of)


def _write_part(lake: Lake, as_of: date, basis: Basis, sums: DataFrame, since: list[str]) -> int:
    """Write the day's part of the state, on top of the parts of earlier days; give the number of entities in it."""
    _forget(lake.home, as_of)
    today = as_of.isoformat()
    where = f"{AS_OF} = '{today}'"
    lake.replace(sums.withColumn(AS_OF, F.lit(as_of)).orderBy(ENTITY_ID), TAX_SUMS, where)
    write_json(_path(lake.home, as_of), {**asdict(basis), "parts": [*since, today]})
    return lake.read(TAX_SUMS).where(where).count()


def _forget(home: Path, as_of: date) -> None:
    """Forget every day that builds on this one's part, before it is written anew: each is then added up afresh when asked for."""
    for path in sorted(_path(home, as_of).parent.glob("????-??-??.json")):
        if as_of.isoformat() in read_json(path)["parts"]:
            forget(path)


def _path(home: Path, as_of: date) -> Path:
    return home / "manifests" / "state" / TAX_SUMS.name / f"{as_of}.json"
