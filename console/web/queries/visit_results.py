"""What visits found: by how the entity was selected, by region and by industry, each with the interval that so few visits leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from console.apps.decisions.models import Case, Result
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import among, ranked_of
from console.core.texts import load_texts
from jobs.texts.names import code_name
from models.statistics.proportions import wilson


@dataclass(frozen=True)
class Found:
    """Visits of a kind, those of them that found a violation, and the share with its 95 % interval."""

    name: str
    visits: int
    hits: int

    @property
    def share(self) -> float:
        """Of the visits."""
        return self.hits / self.visits

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share."""
        return wilson(self.hits, self.visits)


def found_by(user: Any, run: PublishedRun | None, language: str) -> list[tuple[str, list[Found]]]:
    """For each way to tell visits apart, by its key, what was found of each kind; of visits to entities of the user's regions.

    Targeted visits stand beside those drawn at random: what the list adds is the difference, as far as the intervals leave one.
    """
    inspected = Result.objects.current().filter(visit_status="inspected", decision__case__in=Case.objects.visible_to(user))
    names = ("selected_by", "decision__case__region_middle", "decision__case__entity_id", "found_violation")
    visits = list(inspected.order_by("pk").values_list(*names))
    profile = run.profile if run else {}
    regions, industries = str(profile.get("region_scheme", "")), str(profile.get("industry_scheme", ""))
    texts = load_texts(language)
    sections = _sections(user, run, {entity for _, _, entity, _ in visits})
    by_industry = [(sections.get(entity, ""), hit) for _, _, entity, hit in visits]
    return [
        ("selected", _count(((how, hit) for how, _, _, hit in visits), lambda how: texts.either(f"selected.{how}", how))),
        ("region", _count(((code, hit) for _, code, _, hit in visits), lambda code: code_name(regions, code, language))),
        ("industry", _count(by_industry, lambda code: code_name(industries, code, language))),
    ]


def _count(pairs: Iterable[tuple[str, bool | None]], name: Callable[[str], str]) -> list[Found]:
    counted: dict[str, list[int]] = {}
    for code, hit in pairs:
        both = counted.setdefault(code, [0, 0])
        both[0] += 1
        both[1] += bool(hit)
    return [Found(name(code) if code else "–", visits, hits) for code, (visits, hits) in sorted(counted.items())]


def _sections(user: Any, run: PublishedRun | None, entities: set[str]) -> dict[str, str]:
    """Each entity's industry by the newest list."""
    if run is None:
        return {}
    ranked = ranked_of(run, user)
    rows = ranked.filter(entity_id__in=among(ranked.db, sorted(entities))).order_by()
    return dict(rows.values_list("entity_id", "industry_section"))
