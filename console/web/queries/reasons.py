"""Reasons with their details: unit, sources and their freshness, legal basis."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from console.apps.ranking.models import PublishedRun, Ranked, Reason
from console.apps.ranking.runs import read_reasons
from console.core.policy import Policy
from expectations.contracts.indicators import Indicator, catalogue


def reasons_with_details(run: PublishedRun, entities: Iterable[Ranked]) -> dict[int, list[Reason]]:
    """The reasons of entities from :func:`console.apps.ranking.runs.ranked_of`, by position, the first reason first.

    Each reason has ``about``, its indicator (None if the catalogue no longer has it), ``unit``, and ``made_of``, the run's sources
    that it uses.
    """
    reasons: dict[int, list[Reason]] = {}
    for row in read_reasons(run, position__in=[entity.position for entity in entities]):
        row.about = _indicators().get(row.indicator)
        row.unit = row.about.unit if row.about else ""
        contracts = set(row.about.sources) if row.about else set()
        row.made_of = [source for source in run.sources if source["contract"] in contracts or source["source"] in contracts]
        reasons.setdefault(row.position, []).append(row)
    return reasons


def legal_basis(reason: Reason, limits: Policy, language: str) -> str:
    """The legal basis for an inspection of this reason; empty if the policy names none."""
    return limits.legal_basis(reason.about, language) if reason.about else ""


@cache
def _indicators() -> dict[str, Indicator]:
    return {indicator.column: indicator for indicator in catalogue()}
