"""What is told beside a reason's value: its unit, what it is made of and how fresh that is, how many peers, by what law."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from console.apps.evidence.read import peer_counts
from console.apps.ranking.models import PublishedRun, Ranked, Reason
from console.apps.ranking.runs import reasons_of
from console.core.policy import Policy
from expectations.contracts.indicators import Indicator, catalogue


def reasons_with_details(run: PublishedRun, entities: Iterable[Ranked]) -> dict[int, list[Reason]]:
    """The reasons of entities that :func:`console.apps.ranking.runs.ranked_of` gave, by their position, the first reason first.

    Each has ``about``, its indicator (None of one that the catalogue no longer has), ``unit``, ``made_of``, the run's sources that
    it rests on, and ``peers``, how many peers had it (None where nobody counted). As many questions for many entities as for one.
    """
    shown = {entity.position: entity for entity in entities}
    found = list(reasons_of(run).filter(position__in=list(shown)).order_by("position", "reason_rank"))
    groups, names = {shown[reason.position].peer_group for reason in found}, {reason.indicator for reason in found}
    counts = peer_counts(groups, names, run.as_of) if found else {}
    told: dict[int, list[Reason]] = {}
    for reason in found:
        reason.about = _known().get(reason.indicator)
        reason.unit = reason.about.unit if reason.about else ""
        contracts = set(reason.about.sources) if reason.about else set()
        reason.made_of = [source for source in run.sources if source["contract"] in contracts or source["source"] in contracts]
        reason.peers = counts.get((shown[reason.position].peer_group, reason.indicator))
        told.setdefault(reason.position, []).append(reason)
    return told


def legal_basis(reason: Reason, limits: Policy, language: str) -> str:
    """The law by which a reason of :func:`reasons_with_details` may be looked into; empty where none is named."""
    return limits.legal_basis(reason.about, language) if reason.about else ""


@cache
def _known() -> dict[str, Indicator]:
    return {indicator.column: indicator for indicator in catalogue()}
