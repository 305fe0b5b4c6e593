"""Take a source's new deliveries into bronze: read, map, tell duplicates, commit, count.

Everything from the first day that is new or changed is done again, so a rerun repairs and never doubles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.bronze_intake import Intake
from jobs.runtime.arrivals import arrivals_of
from jobs.runtime.batches import Batch, BatchBook, FileFacts, chains_of, file_facts
from jobs.runtime.code_version import code_version
from jobs.runtime.deliveries import find_lookup_files
from jobs.runtime.errors import CountsDiffer
from jobs.runtime.lake import Lake
from jobs.runtime.mapping import SourceMapping
from jobs.runtime.scratch import Scratch
from jobs.runtime.settings import Profile
from jobs.runtime.unfinished import Unfinished


@dataclass(frozen=True)
class Ingested:
    """What an ingest did: the days it took in, every day known by ``as_of``, and what a person should see."""

    taken_in: tuple[date, ...]
    known: tuple[Batch, ...]
    warnings: tuple[str, ...] = ()

    def totals(self) -> dict[str, int]:
        """The counts over the days that were taken in."""
        batches = [batch for batch in self.known if batch.delivered_on in set(self.taken_in)]
        counts = ("read", "kept", "duplicates", "quarantined")
        return {"days": len(batches), **{name: sum(getattr(batch.counts, name) for batch in batches) for name in counts}}


def ingest_source(
    lake: Lake,
    profile: Profile,
    mapping: SourceMapping,
    sources: Path,
    as_of: date,
    progress: Callable[[Path], None] = lambda _path: None,
) -> Ingested:
    """Bring bronze up to the deliveries made by ``as_of``.

    Raises:
        CountsDiffer: when a day's records read are not its records kept, doubled and quarantined.
    """
    book = BatchBook(lake.home, mapping.name)
    arrivals = arrivals_of(mapping, sources, as_of)
    files = arrivals.facts({batch.delivered_on: batch for batch in book.until(as_of)})
    rules = _rules(mapping, profile, sources)
    unfinished = Unfinished(lake.home, mapping.name, "ingest")
    first = min(filter(None, (_first_stale(book, files, rules, as_of), unfinished.first(as_of))), default=None)
    warnings = arrivals.warnings()
    if first is None:
        return Ingested((), tuple(book.until(as_of)), tuple(warnings))

    pending = [day for day in sorted(files) if day >= first]
    before = [batch for batch in book.until(as_of) if batch.delivered_on < first]
    with unfinished.writing(first, as_of):
        with Scratch(lake.home, f"ingest-{mapping.name}") as scratch:
            landed = arrivals.land(pending, scratch.folder / "raw", lake, progress)
            intake = Intake(lake, profile, mapping, sources, first, as_of, scratch)
            counts = intake.commit(landed, build_on={batch.delivered_on for batch in before if batch.is_usable})
        unused = {batch.delivered_on for batch in before if not batch.is_usable} | set(landed.problems)
        chains = chains_of(files, rules, unused)
        batches = [Batch(day, chains[day], files[day], counts[day], unusable=landed.problems.get(day, [])) for day in pending]
        _check_counts(mapping, batches)
        book.drop([batch.delivered_on for batch in book.until(as_of) if batch.delivered_on >= first])
        book.put(batches)
        book.save()
    return Ingested(tuple(pending), tuple(book.until(as_of)), (*warnings, *landed.warnings))


def _rules(mapping: SourceMapping, profile: Profile, sources: Path) -> str:
    """A fingerprint of all but the files that decides what their records become."""
    digest = hashlib.sha256(mapping.path.read_bytes())
    digest.update(f"{mapping.contract.ddl()}\n{profile.time_zone}\n{code_version('ingest')}\n".encode())
    for lookup in mapping.lookups:
        for path in find_lookup_files(lookup, sources):
            digest.update(f"{path.relative_to(sources).as_posix()}\0{file_facts(path, path.name, None).sha256}\n".encode())
    return digest.hexdigest()


def _first_stale(book: BatchBook, files: dict[date, list[FileFacts]], rules: str, as_of: date) -> date | None:
    """The first day that is new, changed or gone; None when bronze is up to date."""
    known = {batch.delivered_on: batch for batch in book.until(as_of)}
    chains = chains_of(files, rules, {day for day, batch in known.items() if not batch.is_usable})
    stale = [day for day in {*chains, *known} if day not in chains or day not in known or known[day].chain != chains[day]]
    return min(stale, default=None)


def _check_counts(mapping: SourceMapping, batches: list[Batch]) -> None:
    for batch in batches:
        counts = batch.counts
        if not counts.adds_up:
            raise CountsDiffer(
                what=f"{counts.read} records were read, but {counts.kept} kept + {counts.duplicates} duplicates"
                f" + {counts.quarantined} quarantined are {counts.kept + counts.duplicates + counts.quarantined}",
                where=f"source {mapping.name}, delivery of {batch.delivered_on}",
                then="nothing of this day is used; give the same command again, and report it if the counts still differ",
            )
