"""Hit rates of visits by reason of the visit, region and industry, each with its confidence interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from console.apps.decisions.models import Case, Result
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import among, ranked_of
from console.core.texts import load_texts
from jobs.texts.codes import industries_of, regions_of
from models.statistics.proportions import wilson


@dataclass(frozen=True)
class HitRate:
    """A group of visits: how many there were, how many found a violation, and the share with its 95 % Wilson interval."""

    name: str
    visits: int
    hits: int

    @property
    def share(self) -> float:
        """The share of visits with a violation."""
        return self.hits / self.visits

    @property
    def interval(self) -> tuple[float, float]:
        """The interval of the share."""
        return wilson(self.hits, self.visits)


def hit_rates(user: Any, run: PublishedRun | None, language: str) -> list[tuple[str, list[HitRate]]]:
    """The hit rates by ``selected`` (reason of the visit), ``region`` and ``industry``, for entities in the user's regions.

    The difference between targeted and random visits is the gain from the list, within the intervals.
    """
    inspected = Result.objects.current().filter(visit_status="inspected", decision__case__in=Case.objects.visible_to(user))
    columns = ("selected_by", "decision__case__region_middle", "decision__case__entity_id", "found_violation")
    visits = list(inspected.order_by("pk").values_list(*columns))
    profile = run.profile if run else {}
    regions, industries = regions_of(profile), industries_of(profile)
    texts = load_texts(language)
    sections = _sections(user, run, {entity for _, _, entity, _ in visits})
    by_industry = [(sections.get(entity, ""), hit) for _, _, entity, hit in visits]
    return [
        ("selected", _count(((how, hit) for how, _, _, hit in visits), lambda how: texts.either(f"selected.{how}", how))),
        ("region", _count(((code, hit) for _, code, _, hit in visits), lambda code: regions.name(code, language))),
        ("industry", _count(by_industry, lambda code: industries.name(code, language))),
    ]


def _count(pairs: Iterable[tuple[str, bool | None]], name: Callable[[str], str]) -> list[HitRate]:
    counts: dict[str, list[int]] = {}
    for code, hit in pairs:
        visits_and_hits = counts.setdefault(code, [0, 0])
        visits_and_hits[0] += 1
        visits_and_hits[1] += bool(hit)
    return [HitRate(name(code) if code else "–", visits, hits) for code, (visits, hits) in sorted(counts.items())]


def _sections(user: Any, run: PublishedRun | None, entities: set[str]) -> dict[str, str]:
    """The industry section of each entity in the newest list."""
    if run is None:
        return {}
    ranked = ranked_of(run, user)
    rows = ranked.filter(entity_id__in=among(ranked.db, sorted(entities))).order_by()
    return dict(rows.values_list("entity_id", "industry_section"))
