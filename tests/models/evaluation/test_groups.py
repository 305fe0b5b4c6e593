"""Metrics by group: from its own visits, small groups combined, ties broken in expectation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evaluation.groups import FEWEST_VISITS, MOST_GROUPS, OTHERS, UNKNOWN, Group, evaluate_groups

SETTINGS = {"share": 0.2, "resamples": 100, "seed": 1}


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


def test_a_groups_metrics_use_only_its_own_visits() -> None:
    visits = invent(400, ["north", "south"])
    visits.loc[visits["kind"] == "south", "model"] = 0.0
    groups = by_code(visits)
    north = visits[visits["kind"] == "north"]
    assert (groups["north"].visits, groups["north"].found) == (200, int(north["found"].sum()))
    assert groups["north"].figures["rate"].value == pytest.approx(north["found"].mean())
    assert groups["north"].figures["observed_over_expected"].value == pytest.approx(north["found"].mean() / 0.4)
    assert groups["north"].figures["auc"].low > 0.6
    assert groups["south"].figures["auc"].value == pytest.approx(0.5)


def test_a_weight_changes_metrics_but_not_the_number_of_visits() -> None:
    visits = invent(400, ["north", "south"]).assign(counts=np.where(np.arange(400) % 3 == 0, 3.0, 1.0))
    north = visits[visits["kind"] == "north"]
    group = by_code(visits, counts="counts")["north"]
    assert group.figures["rate"].value == pytest.approx(np.average(north["found"], weights=north["counts"]))
    assert group.visits == 200
    # Only relative weights matter.
    assert by_code(visits.assign(counts=visits["counts"] * 7), counts="counts")["north"].figures["auc"].value == pytest.approx(
        group.figures["auc"].value
    )
    assert group.figures["auc"].value != by_code(visits)["north"].figures["auc"].value


def test_visits_within_capacity_add_up_to_the_capacity_also_with_ties() -> None:
    for visits in (invent(400, ["a", "b", "c", "d"]), invent(400, ["a", "b"]).assign(model=0.0)):
        groups = by_code(visits)
        made = sum(group.figures["within_capacity"].value * group.visits for group in groups.values())
        assert made == pytest.approx(0.2 * 400)
    assert groups["a"].figures["within_capacity"].value == pytest.approx(0.2)
    assert groups["a"].figures["recall"].value == pytest.approx(0.2)


def test_the_largest_group_is_first_and_small_ones_are_combined_last() -> None:
    sizes = {"large": 200, "middle": 100, "small": FEWEST_VISITS - 1, "tiny": 1}
    visits = invent(330, [name for name, size in sizes.items() for _ in range(size)])
    assert [(group.code, group.visits) for group in evaluate_groups(visits, "model", "kind", **SETTINGS)] == [
        ("large", 200),
        ("middle", 100),
        (OTHERS, FEWEST_VISITS),
    ]


def test_the_number_of_groups_is_limited() -> None:
    visits = invent(40 * FEWEST_VISITS, [f"{number:02d}" for number in range(20)])
    assert [*by_code(visits)] == [*(f"{number:02d}" for number in range(MOST_GROUPS)), OTHERS]


def test_an_unknown_group_is_a_group() -> None:
    assert set(by_code(invent(200, ["north", None]))) == {"north", UNKNOWN}


def test_without_probabilities_observed_over_expected_is_undefined() -> None:
    group = by_code(invent(200, ["all"]).assign(probability=np.nan))["all"]
    assert np.isnan(group.figures["observed_over_expected"].value)
    assert group.figures["rate"].value > 0
