"""A class worse than the ordinary one needs two families of indicators; a class is left only beyond a second bound."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from expectations.contracts.indicators import catalogue
from models.targeting.class_bounds import ClassBounds, ClassPolicy
from models.targeting.class_stability import StableClasses, family_against, stabilise_class

BOUNDS = ClassBounds(
    ClassPolicy("shares", {"D": 0.01, "C": 0.1, "B": 0.3}, leave_points=20, ordinary="B"), {"A": 700, "B": 500, "C": 300, "D": 0}
)
INDICATORS = {indicator.column: indicator for indicator in catalogue()}
# Margins that are the log-odds themselves: 500 points are one in three, log-odds of -0.69; 300 are +0.69, 700 are -2.08.
BASE = -2.5


def scores(margin: np.ndarray, evidence: np.ndarray, wide: float = 0.0) -> pd.DataFrame:
    p, high = (1 / (1 + np.exp(-log_odds)) for log_odds in (margin, margin + wide))
    return pd.DataFrame({"margin": margin, "probability": p, "probability_low": p, "probability_high": high, "evidence": evidence})


def stabilise(
    before: list[str | None], *rows: dict[str, float], wide: float = 0.0, frozen: bool = False, bounds: ClassBounds | None = BOUNDS,
    **values: float,
) -> StableClasses:  # fmt: skip
    added = pd.DataFrame([{"base": BASE, **row} for row in rows]).fillna(0.0)
    X = pd.DataFrame([{name: 1.0 for name in added if name != "base"} | values] * len(rows))
    known = scores(added.to_numpy().sum(axis=1), np.ones(len(rows)), wide)
    is_frozen = np.full(len(rows), frozen)
    return stabilise_class(
        known, added.take, X, before, scores, indicators=INDICATORS, bounds=bounds, ordinary="B", is_frozen=is_frozen
    )


def row(found: StableClasses) -> tuple[str, str | None, str | None]:
    return found.classes[0], found.held[0], found.family[0]


@pytest.mark.parametrize("before", ["B", None])
@pytest.mark.parametrize(
    ("contributions", "wanted"),
    [
        # Complaints alone, whatever they are divided by, are one family: without them the class is A, so it is B at most.
        ({"complaints_12m": 3.0, "complaint_rate": 0.5}, ("B", "D", "complaints")),
        ({"complaints_12m": 2.0}, ("B", "C", "complaints")),
        # Another family that adds next to nothing is no second one.
        ({"complaints_12m": 4.0, "changes_12m": 1e-9, "late_filing_share": 1e-9}, ("B", "D", "complaints")),
        # Without the louder family it is B: so C at most; and C without it gives D.
        ({"complaints_12m": 2.5, "late_filing_share": 1.0}, ("C", "D", "complaints")),
        ({"complaints_12m": 2.3, "late_filing_share": 2.3}, ("D", None, None)),
        # One source with two families, such as tax returns, is enough.
        ({"vat_burden": 1.0, "late_filing_share": 1.0}, ("C", None, None)),
        # What a visit to the entity found is verified; what visits to others found is a family as any.
        ({"violations_36m": 3.5}, ("D", None, None)),
        ({"base_rate": 3.5}, ("B", "D", "industry")),
        # Complaints about connected businesses depend on the complaints too.
        ({"complaints_of_ties_12m": 1.5, "complaints_12m": 1.5}, ("B", "C", "complaints")),
        ({"violations_of_ties_36m": 1.5, "complaints_12m": 1.5}, ("C", None, None)),
        # A rate with two families falls with either.
        ({"complaint_rate": 1.5, "vat_burden": 1.5}, ("B", "C", "declarations")),
        # A better class needs no second family.
        ({"late_filing_share": -1.0}, ("A", None, None)),
    ],
)  # fmt: skip
def test_a_class_worse_than_ordinary_needs_two_families_also_on_the_first_day(
    before: str | None, contributions: dict[str, float], wanted: tuple[str, str | None, str | None]
) -> None:
    assert row(stabilise([before], contributions)) == wanted


def test_one_family_moves_an_entity_from_the_best_class_to_the_ordinary_one_at_most() -> None:
    assert row(stabilise(["A"], {"complaints_12m": 4.0})) == ("B", "D", "complaints")


def test_an_entity_stays_in_the_class_that_it_had() -> None:
    assert row(stabilise(["D"], {"complaints_12m": 4.0})) == ("D", None, None)
    assert row(stabilise(["C"], {"complaints_12m": 4.0})) == ("C", "D", "complaints")


@pytest.mark.parametrize(
    ("before", "points", "wanted"),
    [
        (None, 500, "B"), ("B", 500, "B"), ("B", 499, "C"), ("C", 500, "C"), ("C", 519, "C"), ("C", 520, "B"),
        ("B", 719, "B"), ("B", 720, "A"), ("A", 700, "A"), ("A", 699, "B"), (None, 700, "A"),
        ("D", 319, "D"), ("D", 320, "C"), ("D", 720, "A"), ("D", 710, "B"),
    ],
)  # fmt: skip
def test_a_class_is_entered_at_its_bound_and_left_beyond_a_second_one(before: str | None, points: int, wanted: str) -> None:
    margin = (400 - points) / 100 * np.log(2)
    found = stabilise([before], {"base": margin - 2.0, "late_filing_share": 1.0, "changes_12m": 1.0})
    assert (found.points[0], found.classes[0]) == (points, wanted)


def test_a_verified_correction_leaves_a_class_at_its_bound() -> None:
    at_bound = {"base": -np.log(2)}
    assert row(stabilise(["C"], at_bound, last_visit_violation=0.0))[0] == "B"
    assert row(stabilise(["C"], at_bound, last_visit_violation=1.0))[0] == "C"
    assert row(stabilise(["C"], at_bound, last_visit_violation=np.nan))[0] == "C"


def test_a_class_better_than_ordinary_needs_an_interval_that_is_not_worse_than_ordinary() -> None:
    assert row(stabilise([None], {"late_filing_share": 0.0}, wide=1.0))[0] == "A"
    assert row(stabilise([None], {"late_filing_share": 0.0}, wide=2.0))[0] == "B"


@pytest.mark.parametrize(("before", "wanted"), [("A", "A"), ("D", "D"), (None, "B"), ("gone", "B")])
def test_frozen_entities_stay_in_their_class_and_new_ones_are_ordinary(before: str | None, wanted: str) -> None:
    violation = {"violations_36m": 2.3}
    assert row(stabilise([before], violation, frozen=True)) == (wanted, None, None)
    assert row(stabilise([before], violation, bounds=None)) == (wanted, None, None)


def test_a_count_of_zero_verifies_nothing() -> None:
    assert row(stabilise(["B"], {"violations_36m": 3.5}, violations_36m=0.0)) == ("B", "D", "visits")


def test_a_violation_found_today_is_verified() -> None:
    for days in (0.0, 1.0):
        assert row(stabilise(["B"], {"days_since_violation": 3.5}, days_since_violation=days)) == ("D", None, None)
    assert row(stabilise(["B"], {"days_since_violation": 3.5}, days_since_violation=np.nan)) == ("B", "D", "visits")


def test_indicators_missing_from_the_catalogue_are_one_family_without_a_name() -> None:
    assert row(stabilise(["B"], {"unheard_of": 2.0, "unheard_of_too": 2.0})) == ("B", "D", None)


def test_rows_are_independent() -> None:
    rows = [{"complaints_12m": 4.0}, {"late_filing_share": -1.0}, {"complaints_12m": 2.3, "late_filing_share": 2.3}]
    together = stabilise(["B", "B", "B"], *rows)
    apart = [stabilise(["B"], row) for row in rows]
    assert together.classes.tolist() == [one.classes[0] for one in apart] == ["B", "A", "D"]
    assert together.held.tolist() == [one.held[0] for one in apart]


def test_a_familys_contributions_of_both_signs_are_added() -> None:
    against, family = family_against(
        pd.DataFrame({"complaints_12m": [0.5], "complaint_rate": [-0.2], "late_filing_share": [0.2], "base": [9.0]}),
        pd.DataFrame({"complaints_12m": [1.0], "late_filing_share": [1.0]}),
        INDICATORS,
    )
    assert (against.tolist(), family.tolist()) == (pytest.approx([0.3]), ["complaints"])


def test_no_rows_give_no_family() -> None:
    empty = pd.DataFrame({"complaints_12m": [1.0], "base": [0.0]}).iloc[:0]
    assert not len(family_against(empty, empty, INDICATORS)[0])
