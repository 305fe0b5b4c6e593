"""Businesses correct or relapse, are visited again or cannot be met, at the rates that the behaviour states."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulation.assessment.truth import truth_table, violating_on
from simulation.sources import inspections
from simulation.sources.inspections import FOLLOW_UP, INSPECTED, NOT_DONE, NOT_REACHABLE, RANDOM, History, simulate_history
from simulation.world.behaviour import USUAL, Behaviour
from simulation.world.clock import Clock, day_of, open_clock
from simulation.world.entities import NEVER, Entities, make_entities
from simulation.world.population import Roles

AS_OF = date(2026, 6, 30)
MANY = replace(USUAL, violators=0.3)
"""So many violators that every rate can be measured in a small world."""
LASTING = replace(MANY, revoked=0.0, suspended=0.0, relapsing=1.0, deterred_found=0.0, deterred_clean=0.0)


@dataclass(frozen=True)
class World:
    clock: Clock
    entities: Entities
    roles: Roles
    history: History

    @property
    def visits(self) -> pd.DataFrame:
        return self.history.visits


@cache
def simulate(behaviour: Behaviour, seed: int = 3) -> World:
    rng, clock = np.random.default_rng(seed), open_clock(AS_OF, 24)
    entities, roles = make_entities(rng, clock, 0, 12_000, seed, behaviour.violators)
    return World(clock, entities, roles, simulate_history(rng, rng, clock, entities, roles, behaviour))


def days(parts: list[tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    entity, day = (np.concatenate(column) for column in zip(*parts, strict=True))
    return pd.DataFrame({"entity": entity, "day": day})


def relapses(world: World) -> tuple[int, float]:
    """The number of relapses, and the months from each correction to the relapse or the world's end."""
    ends = days(world.history.conduct.ends)
    begins = days(world.history.conduct.spells).sort_values("day").rename(columns={"day": "again"})
    ends = ends[ends.day < world.clock.last].sort_values("day")
    after = pd.merge_asof(
        ends, begins, left_on="day", right_on="again", by="entity", direction="forward", allow_exact_matches=False
    )
    months = world.clock.month_of(after.again.fillna(world.clock.last).to_numpy()) - world.clock.month_of(after.day.to_numpy())
    return int(after.again.notna().sum()), float(months.sum())


def found_before(visits: pd.DataFrame) -> pd.DataFrame:
    """Inspected follow-ups, each with the newest finding before it."""
    made = visits[visits.status == INSPECTED].sort_values("planned")
    findings = made.loc[made.is_violation, ["entity", "planned", "was_violating"]].assign(found=made.planned)
    findings = findings.rename(columns={"was_violating": "was_grave"})
    return pd.merge_asof(
        made[made.selected_by == FOLLOW_UP], findings, on="planned", by="entity", allow_exact_matches=False, direction="backward"
    )


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_corrected_violators_relapse_at_the_stated_rate(factor: float) -> None:
    count, months = relapses(simulate(replace(LASTING, relapse_monthly=0.03).scaled(factor)))
    assert count > 40
    assert count / months == pytest.approx(0.03 * factor, abs=3 * count**0.5 / months)


def test_a_finding_can_deter_from_every_relapse() -> None:
    deterred = replace(LASTING, deterred_found=1.0, deterrence_half_life=1e9)
    assert relapses(simulate(deterred))[0] == 0 < relapses(simulate(LASTING))[0]


def test_a_visit_without_a_finding_delays_violations() -> None:
    began = [days(simulate(replace(MANY, deterred_clean=share)).history.conduct.spells) for share in (0.0, 1.0)]
    assert began[1].entity.nunique() < 0.95 * began[0].entity.nunique()


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_found_violators_go_on_at_the_stated_rate(factor: float) -> None:
    world = simulate(LASTING.scaled(factor))
    first = world.visits[world.visits.is_violation & world.visits.was_violating].groupby("entity").planned.min()
    ended = days(world.history.conduct.ends).groupby("entity").day.min()
    goes_on = ended.reindex(first.index).isna() | (ended.reindex(first.index) > first + LASTING.correction_days)
    assert goes_on.mean() == pytest.approx(0.2 * factor, abs=3 * 0.5 / len(first) ** 0.5)


def test_follow_ups_find_what_goes_on_and_nothing_else() -> None:
    follow_ups = found_before(simulate(MANY).visits)
    assert len(follow_ups) > 100
    assert (follow_ups.planned - follow_ups.found).between(MANY.follow_up_days[0] - 2, MANY.follow_up_days[1] + 31).mean() > 0.95
    assert follow_ups.is_violation[follow_ups.was_violating].mean() == pytest.approx(0.86, abs=0.1)
    corrected = follow_ups[follow_ups.was_grave & ~follow_ups.was_violating]
    assert len(corrected) > 50
    assert not corrected.is_violation.any()


def test_a_follow_up_is_read_as_one_and_so_is_no_label() -> None:
    path = Path(__file__).resolve().parents[2] / "config" / "cn" / "sources" / "inspection.toml"
    values = tomllib.loads(path.read_text(encoding="utf-8"))["translate"]["selected_by"]["values"]
    assert set(values) == set(inspections.METHODS)
    assert values[inspections.METHODS[FOLLOW_UP]] == "follow_up"


def recent_draws(world: World) -> pd.DataFrame:
    """Random draws of entities that were visited in the 90 days before."""
    made = world.visits[world.visits.status == INSPECTED].sort_values("planned")
    made = made[["entity", "planned"]].assign(visited=made.planned)
    drawn = world.visits[world.visits.selected_by == RANDOM].sort_values("planned")
    drawn = pd.merge_asof(drawn, made, on="planned", by="entity", allow_exact_matches=False)
    return drawn[drawn.planned - drawn.visited <= USUAL.displaced_days]


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_displaced_draws_are_in_the_data_as_not_done(factor: float) -> None:
    draws = recent_draws(simulate(MANY.scaled(factor)))
    assert len(draws) > 50
    assert draws.probability.notna().all()
    assert (draws.status == NOT_DONE).mean() == pytest.approx(min(0.7 * factor, 1), abs=3 * 0.5 / len(draws) ** 0.5 + 0.02)


def test_an_entity_can_be_visited_several_times_a_month() -> None:
    visits = simulate(USUAL).visits
    assert (visits[visits.selected_by.isin(inspections.DISPLACEABLE)].groupby(["entity", "month"]).size() > 1).any()


def test_who_cannot_be_met_once_is_not_met_again() -> None:
    world = simulate(replace(MANY, displaced=0.0))
    visits = world.visits[world.visits.status.isin([INSPECTED, NOT_REACHABLE]) & ~world.roles.is_violator[world.visits.entity]]
    visits = visits.sort_values("planned")
    unmet = (visits.status == NOT_REACHABLE).astype(float)
    after = unmet.groupby(unmet.groupby(visits.entity).shift()).agg(["mean", "size"])
    assert after["size"][1.0] > 10
    assert after["mean"][1.0] > 0.5 > 10 * after["mean"][0.0]


def test_old_entries_small_businesses_and_violators_are_met_less_often() -> None:
    world = simulate(USUAL)
    is_gone, is_violator = world.history.conduct.unreachable <= world.clock.last, world.roles.is_violator
    is_old = world.entities.established < np.median(world.entities.established)
    assert is_gone[is_old].mean() > 2 * is_gone[~is_old].mean()
    assert is_gone[world.entities.size < 0].mean() > is_gone[world.entities.size > 0].mean()
    assert is_gone[is_violator].mean() > 1.5 * is_gone[~is_violator].mean()
    assert 0.02 < is_gone[~is_violator].mean() < 0.06


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_scaling_moves_the_share_that_cannot_be_met(factor: float) -> None:
    usual, scaled = (
        (simulate(of).history.conduct.unreachable <= simulate(of).clock.last).mean() for of in (USUAL, USUAL.scaled(factor))
    )
    assert scaled / usual == pytest.approx(factor, rel=0.2)


def test_the_truth_agrees_with_the_visits() -> None:
    world = simulate(MANY)
    truth = truth_table(world.clock, world.entities, world.roles, world.history)
    began, ended = (truth[name].to_pylist() for name in ("began_on", "ended_on"))
    assert all(len(ends) <= len(begins) <= len(ends) + 1 for begins, ends in zip(began, ended, strict=True))
    made = world.visits[(world.visits.status == INSPECTED) & (world.visits.planned <= world.clock.last)]
    for day in made.planned.unique()[::50]:
        visits = made[made.planned == day]
        assert violating_on(truth, day_of(day))[visits.entity].tolist() == visits.was_violating.tolist()


def test_severity_depends_on_the_typology() -> None:
    world = simulate(MANY)
    found = world.visits[world.visits.is_violation & world.visits.was_violating]
    severity = found.severity.groupby(world.roles.typology[found.entity]).mean()
    assert severity[1] > severity[5] + 1  # false invoices above fake capital


def test_businesses_that_left_the_market_are_not_visited() -> None:
    world = simulate(MANY)
    left = world.history.conduct.left[world.visits.entity]
    assert (left < NEVER).any()
    assert (world.visits.planned < left).all()
