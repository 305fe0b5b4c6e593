"""Coverage: up to which day each source has delivered. Windows of events end there, so that an outage is no event.

A source that delivered on the day itself, or that comes once, covers the day. Any other covers the days up to its newest delivery.
Ages, such as the days since the last visit, still count up to the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame

from expectations.contracts.contract import sql_literal
from expectations.contracts.lineage import SOURCE
from jobs.transforms.frames import select

CLOSING_DAYS = 45
"""A month of returns is closed this many days after it: its returns were due by the middle of the next month."""
UNFILED_GRACE_DAYS = 7
"""A return counts as missing this many days after it was due, since one filed on the last day is delivered later."""


@dataclass(frozen=True)
class Delivered:
    """What a source has delivered by a day that it does not cover.

    Attributes:
        contract: the contract of its records.
        until: the day of its newest delivery in use.
        every_days: how often a delivery is expected.
        is_stopped: whether a newer delivery may not be used, or none came for longer than expected.
        is_carried: whether its last values are still used; after the profile's ``carry_days`` they are not.
    """

    contract: str
    until: date
    every_days: int
    is_stopped: bool
    is_carried: bool = True

    @property
    def plain(self) -> dict[str, Any]:
        """Its facts as JSON, for manifests."""
        return {**asdict(self), "until": str(self.until)}


@dataclass(frozen=True)
class Coverage:
    """The sources that have delivered something, and not up to the day.

    Attributes:
        as_of: the day.
        sources: each such source, by name.
        lost: the contracts without any source whose values may still be used.
    """

    as_of: date
    sources: Mapping[str, Delivered] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    @property
    def plain(self) -> dict[str, Any]:
        """The sources and the lost contracts as JSON, for manifests."""
        return {"sources": {name: one.plain for name, one in sorted(self.sources.items())}, "lost": list(self.lost)}

    @classmethod
    def stored(cls, as_of: date, facts: Mapping[str, Any] | None) -> Coverage:
        """Coverage from a manifest; a manifest of an earlier version of Steelyard names no source."""
        facts = facts or {"sources": {}, "lost": []}
        sources = {name: Delivered(**{**one, "until": date.fromisoformat(one["until"])}) for name, one in facts["sources"].items()}
        return cls(as_of, sources, tuple(facts["lost"]))

    @property
    def stale_days(self) -> dict[str, int]:
        """For each contract with a stopped source, the days since its newest delivery; the most of several sources."""
        days: dict[str, int] = {}
        for one in self.stopped.values():
            days[one.contract] = max(days.get(one.contract, 0), (self.as_of - one.until).days)
        return days

    @property
    def stopped(self) -> dict[str, Delivered]:
        """The stopped sources by name."""
        return {name: one for name, one in self.sources.items() if one.is_stopped}

    def window_end(self, source: str) -> date:
        """The last day of the windows of a source's events. Windows of a source whose values are not used any more move on."""
        one = self.sources.get(source)
        return one.until if one is not None and one.is_carried else self.as_of

    def unfiled_before(self, source: str) -> date:
        """A return due before this day, and not filed, is missing: it was due before the newest delivery, and its grace is over."""
        one = self.sources.get(source)
        on_time_until = self.as_of if one is None else min(self.as_of, one.until + timedelta(days=one.every_days - 1))
        grace_over = on_time_until - timedelta(days=UNFILED_GRACE_DAYS)
        return grace_over if one is None else min(grace_over, one.until)

    def closed_month(self, source: str = "") -> date:
        """The first day of the last month whose returns a source has delivered."""
        return (self.window_end(source) - timedelta(days=CLOSING_DAYS)).replace(day=1)

    def closed_month_of(self, contract: str) -> date:
        """The latest closed month of a contract's sources that do not cover the day; that of the day where all do."""
        months = (self.closed_month(name) for name, one in self.sources.items() if one.contract == contract)
        return max(months, default=self.closed_month())

    def add_to(self, rows: DataFrame) -> DataFrame:
        """Add ``as_of``, ``window_end``, ``unfiled_before`` and ``closed_month`` to rows with their source."""
        dates = {name: self.by_source(getattr(self, name)) for name in ("window_end", "unfiled_before", "closed_month")}
        return rows.transform(select, "*", f"DATE'{self.as_of}' AS as_of", *[f"{sql} AS {name}" for name, sql in dates.items()])

    def by_source(self, day_of: Callable[[str], date]) -> str:
        """SQL of a row's day by its source."""
        cases = " ".join(f"WHEN {sql_literal(name)} THEN DATE'{day_of(name)}'" for name in sorted(self.sources))
        return f"CASE {SOURCE} {cases} ELSE DATE'{day_of('')}' END" if cases else f"DATE'{day_of('')}'"
