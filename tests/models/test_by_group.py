"""Figures by group: of its own visits alone, small groups together, chances of ties shared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evaluation.groups import FEWEST_VISITS, MOST_GROUPS, OTHERS, UNKNOWN, Group, evaluate_groups

SETTINGS = {"share": 0.2, "draws": 100, "seed": 1}


def invent(visits: int, codes: list[str | None]) -> pd.DataFrame:
    random = np.random.default_rng(2)
    found = (random.random(visits) < 0.4).astype(float)
    return pd.DataFrame(
        {
            "as_of": np.repeat(pd.to_datetime(["2025-01-31", "2025-02-28"]), visits // 2),
            "entity_id": np.arange(visits).astype(str),
            "day": pd.Timestamp("2025-03-05"),
            "found": found,
            "probability": 0.4,
            "model": found + random.normal(0, 1, visits),
            "kind": np.resize(np.array(codes, dtype=object), visits),
        }
    )


def by_code(visits: pd.DataFrame, **changes: float | str) -> dict[str, Group]:
    return {group.code: group for group in evaluate_groups(visits, "model", "kind", **(SETTINGS | changes))}


def test_a_groups_figures_are_of_its_own_visits() -> None:
    visits = invent(400, ["north", "south"])
    visits.loc[visits["kind"] == "south", "model"] = 0.0
    groups = by_code(visits)
    north = visits[visits["kind"] == "north"]
    assert (groups["north"].visits, groups["north"].found) == (200, int(north["found"].sum()))
    assert groups["north"].figures["rate"].value == pytest.approx(north["found"].mean())
    assert groups["north"].figures["observed_over_expected"].value == pytest.approx(north["found"].mean() / 0.4)
    assert groups["north"].figures["auc"].low > 0.6
    assert groups["south"].figures["auc"].value == pytest.approx(0.5)


def test_a_visit_that_counts_thrice_is_as_three_to_the_figures_and_one_to_the_number() -> None:
    visits = invent(400, ["north", "south"]).assign(counts=np.where(np.arange(400) % 3 == 0, 3.0, 1.0))
    north = visits[visits["kind"] == "north"]
    group = by_code(visits, counts="counts")["north"]
    assert group.figures["rate"].value == pytest.approx(np.average(north["found"], weights=north["counts"]))
    assert group.visits == 200
    # Only what they count against one another matters.
    assert by_code(visits.assign(counts=visits["counts"] * 7), counts="counts")["north"].figures["auc"].value == pytest.approx(
        group.figures["auc"].value
    )
    assert group.figures["auc"].value != by_code(visits)["north"].figures["auc"].value


def test_visits_within_capacity_add_up_to_the_capacity_however_ties_fall() -> None:
    for visits in (invent(400, ["a", "b", "c", "d"]), invent(400, ["a", "b"]).assign(model=0.0)):
        groups = by_code(visits)
        made = sum(group.figures["within_capacity"].value * group.visits for group in groups.values())
        assert made == pytest.approx(0.2 * 400)
    assert groups["a"].figures["within_capacity"].value == pytest.approx(0.2)
    assert groups["a"].figures["recall"].value == pytest.approx(0.2)


def test_the_largest_come_first_and_small_groups_are_together_at_the_end() -> None:
    sizes = {"large": 200, "middle": 100, "small": FEWEST_VISITS - 1, "tiny": 1}
    visits = invent(330, [name for name, size in sizes.items() for _ in range(size)])
    assert [(group.code, group.visits) for group in evaluate_groups(visits, "model", "kind", **SETTINGS)] == [
        ("large", 200),
        ("middle", 100),
        (OTHERS, FEWEST_VISITS),
    ]


def test_at_most_so_many_groups_are_shown_apart() -> None:
    visits = invent(40 * FEWEST_VISITS, [f"{number:02d}" for number in range(20)])
    assert [*by_code(visits)] == [*(f"{number:02d}" for number in range(MOST_GROUPS)), OTHERS]


def test_what_is_of_no_known_group_is_a_group() -> None:
    assert set(by_code(invent(200, ["north", None]))) == {"north", UNKNOWN}


def test_without_probabilities_there_is_no_ratio_to_them() -> None:
    group = by_code(invent(200, ["all"]).assign(probability=np.nan))["all"]
    assert np.isnan(group.figures["observed_over_expected"].value)
    assert group.figures["rate"].value > 0
