"""No class changes because of one unverified source, except back to the ordinary class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from expectations.contracts.indicators import catalogue
from models.targeting.class_stability import SourceContributions, StableClasses, source_contributions, stabilise_class

BOUNDS = {"A": 700, "B": 500, "C": 300, "D": 0}
INDICATORS = {indicator.column: indicator for indicator in catalogue()}
# Margins that are the log-odds themselves: 500 points are one in three, log-odds of -0.69; 300 are +0.69, 700 are -2.08.
BASE = -1.5


def scores(margin: np.ndarray, evidence: np.ndarray) -> pd.DataFrame:
    p = 1 / (1 + np.exp(-margin))
    return pd.DataFrame({"margin": margin, "probability": p, "probability_low": p, "probability_high": p, "evidence": evidence})


def stabilise(before: list[str | None], *rows: dict[str, float], **values: float) -> StableClasses:
    added = pd.DataFrame([{**row, "base": BASE} for row in rows]).fillna(0.0)
    X = pd.DataFrame([{name: 1.0 for name in added if name != "base"} | values] * len(rows))
    known = scores(added.to_numpy().sum(axis=1), np.ones(len(rows)))
    return stabilise_class(known, added.take, X, before, scores, indicators=INDICATORS, bounds=BOUNDS, ordinary="B")


def row(found: StableClasses) -> tuple[str, str | None, str | None]:
    return found.classes[0], found.held[0], found.source[0]


@pytest.mark.parametrize(
    ("before", "contributions", "wanted"),
    [
        # Complaints alone, whatever they are divided by, are one source.
        ("B", {"complaints_12m": 2.0, "complaint_rate": 0.5}, ("B", "D", "complaint")),
        # Another source that adds next to nothing is no second one: without the complaints there is nothing.
        ("B", {"complaints_12m": 4.0, "changes_12m": 1e-9, "late_filing_share": 1e-9}, ("B", "D", "complaint")),
        # Two that would do each are two.
        ("B", {"complaints_12m": 2.3, "late_filing_share": 2.3}, ("D", None, None)),
        # Without the louder one it is C still, so that far it falls.
        ("B", {"complaints_12m": 2.0, "late_filing_share": 1.0}, ("C", "D", "complaint")),
        # Held back it stays what it was.
        ("C", {"complaints_12m": 4.0}, ("C", "D", "complaint")),
        # What a visit to the entity found is verified; what visits to others found is a source as any.
        ("B", {"violations_36m": 2.5}, ("D", None, None)),
        ("B", {"base_rate": 2.5}, ("B", "D", "inspection")),
        # The visits' outcomes of related persons and of the industry depend on the visits too, besides the register.
        ("B", {"violations_of_ties_36m": 2.3, "excess_of_industry": 2.3}, ("B", "D", "inspection")),
        ("B", {"violations_of_ties_36m": 2.3, "complaints_12m": 2.3}, ("D", None, None)),
        ("B", {"complaints_of_ties_12m": 2.3, "complaints_12m": 2.3}, ("B", "D", "complaint")),
        # A rate falls with either of its sources, and is no second voice for the other.
        ("B", {"complaint_rate": 2.3, "late_filing_share": 2.3}, ("B", "D", "tax_filing")),
        # A violation that adds next to nothing verifies nothing that others say.
        ("B", {"complaints_12m": 4.0, "violations_36m": 1e-9}, ("B", "D", "complaint")),
        # For a better class the same: filing alone, or filing and a little, and two that would do each.
        ("B", {"late_filing_share": -1.0}, ("B", "A", "tax_filing")),
        ("B", {"late_filing_share": -1.0, "complaints_12m": -1e-9}, ("B", "A", "tax_filing")),
        ("B", {"late_filing_share": -0.7, "complaints_12m": -0.7}, ("A", None, None)),
        # Complaints that are no more have no voice: nothing keeps the entity down.
        ("D", {"complaints_12m": -0.1}, ("B", None, None)),
        # Back to the ordinary class whatever the source, and no further.
        ("D", {"late_filing_share": -1.7, "complaints_12m": 1.5}, ("B", None, None)),
        ("D", {"late_filing_share": 0.3, "complaints_12m": 1.0}, ("C", None, None)),
        ("D", {"late_filing_share": -1.0}, ("B", "A", "tax_filing")),
        # From the best class too one source alone moves nobody.
        ("A", {"late_filing_share": -0.7, "changes_12m": -0.7, "complaints_12m": 1.0}, ("A", "B", "complaint")),
        # No move, no question.
        ("D", {"complaints_12m": 4.0}, ("D", None, None)),
    ],
)  # fmt: skip
def test_a_class_moves_only_as_far_as_without_any_single_source(
    before: str, contributions: dict[str, float], wanted: tuple[str, str | None, str | None]
) -> None:
    assert row(stabilise([before], contributions)) == wanted


def test_a_missing_or_unknown_previous_class_counts_as_the_ordinary_one() -> None:
    lone = {"complaints_12m": 4.0}
    assert row(stabilise([None], lone)) == row(stabilise(["gone"], lone)) == ("B", "D", "complaint")
    assert row(stabilise([None], {"late_filing_share": -1.0})) == ("B", "A", "tax_filing")


def test_a_visit_without_a_violation_is_verified_but_a_count_of_zero_is_not() -> None:
    assert row(stabilise(["B"], {"last_visit_violation": -1.0}, last_visit_violation=0.0)) == ("A", None, None)
    assert row(stabilise(["B"], {"last_visit_violation": -1.0}, last_visit_violation=np.nan)) == ("B", "A", "inspection")
    assert row(stabilise(["B"], {"violations_36m": -1.0}, violations_36m=0.0)) == ("B", "A", "inspection")
    # Nor does it verify a contribution against the entity.
    assert row(stabilise(["B"], {"violations_36m": 2.5}, violations_36m=0.0)) == ("B", "D", "inspection")


def test_a_violation_found_today_is_verified() -> None:
    for days in (0.0, 1.0):
        assert row(stabilise(["B"], {"days_since_violation": 2.5}, days_since_violation=days)) == ("D", None, None)
    assert row(stabilise(["B"], {"days_since_violation": 2.5}, days_since_violation=np.nan)) == ("B", "D", "inspection")


def test_indicators_missing_from_the_catalogue_are_one_source_without_a_name() -> None:
    assert row(stabilise(["B"], {"unheard_of": 2.0, "unheard_of_too": 2.0})) == ("B", "D", None)


def test_rows_are_independent() -> None:
    rows = [{"complaints_12m": 4.0}, {"late_filing_share": -1.0}, {"complaints_12m": 2.3, "late_filing_share": 2.3}]
    together = stabilise(["B", "B", "B"], *rows)
    apart = [stabilise(["B"], row) for row in rows]
    assert together.classes.tolist() == [one.classes[0] for one in apart] == ["B", "B", "D"]
    assert together.held.tolist() == [one.held[0] for one in apart]


def test_the_stable_class_lies_between_the_previous_and_todays() -> None:
    random = np.random.default_rng(3)
    names = ["complaints_12m", "late_filing_share", "changes_12m", "violations_36m", "base_rate"]
    rows = [dict(zip(names, row, strict=True)) for row in random.normal(0, 1.5, size=(400, len(names)))]
    before = random.choice(list("ABCD"), 400).tolist()
    found = stabilise(before, *rows)
    today = np.where(found.held == None, found.classes, found.held)  # noqa: E711
    low, high = np.minimum(today, before), np.maximum(today, before)
    assert ((low <= found.classes) & (found.classes <= high)).all()
    assert len({(then, now) for then, now in zip(before, today, strict=True)}) == 16
    assert 0 < (found.classes != today).sum() < (today != np.array(before)).sum()


def test_a_sources_contributions_of_both_signs_are_added() -> None:
    of_sources: SourceContributions = source_contributions(
        pd.DataFrame({"complaints_12m": [0.5], "complaint_rate": [-0.2], "late_filing_share": [0.2], "base": [9.0]}),
        pd.DataFrame({"complaints_12m": [1.0], "late_filing_share": [1.0]}),
        INDICATORS,
    )
    assert of_sources.against.tolist() == pytest.approx([0.3])
    assert of_sources.against_by.tolist() == ["complaint"]
    assert (of_sources.in_favour.tolist(), of_sources.in_favour_by.tolist()) == ([0.0], [""])


def test_no_rows_give_no_classes() -> None:
    assert not len(stabilise([], {}).classes[:0])
    empty = pd.DataFrame({"complaints_12m": [1.0], "base": [0.0]}).iloc[:0]
    assert not len(source_contributions(empty, empty, INDICATORS).against)
