"""Reasons with their details: unit, sources and their freshness, number of peers, legal basis."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from console.apps.evidence.read import peer_counts
from console.apps.ranking.models import PublishedRun, Ranked, Reason
from console.apps.ranking.runs import read_reasons
from console.core.policy import Policy
from expectations.contracts.indicators import Indicator, catalogue


def reasons_with_details(run: PublishedRun, entities: Iterable[Ranked]) -> dict[int, list[Reason]]:
    """The reasons of entities from :func:`console.apps.ranking.runs.ranked_of`, by position, the first reason first.

    Each reason has ``about``, its indicator (None if the catalogue no longer has it), ``unit``, ``made_of``, the run's sources that
    it uses, and ``peers``, the number of peers with a value (None if unknown). The number of queries is constant.
    """
    by_position = {entity.position: entity for entity in entities}
    rows = read_reasons(run, position__in=list(by_position))
    groups, columns = {by_position[row.position].peer_group for row in rows}, {row.indicator for row in rows}
    counts = peer_counts(groups, columns, run.as_of) if rows else {}
    reasons: dict[int, list[Reason]] = {}
    for row in rows:
        row.about = _indicators().get(row.indicator)
        row.unit = row.about.unit if row.about else ""
        contracts = set(row.about.sources) if row.about else set()
        row.made_of = [source for source in run.sources if source["contract"] in contracts or source["source"] in contracts]
        row.peers = counts.get((by_position[row.position].peer_group, row.indicator))
        reasons.setdefault(row.position, []).append(row)
    return reasons


def legal_basis(reason: Reason, limits: Policy, language: str) -> str:
    """The legal basis for an inspection of this reason; empty if the policy names none."""
    return limits.legal_basis(reason.about, language) if reason.about else ""


@cache
def _indicators() -> dict[str, Indicator]:
    return {indicator.column: indicator for indicator in catalogue()}
