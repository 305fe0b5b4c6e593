"""No class moves on the word of one unverified source, neither to the worse nor beyond the ordinary one to the better."""

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


def settled(before: list[str | None], *rows: dict[str, float], **values: float) -> StableClasses:
    added = pd.DataFrame([{**row, "base": BASE} for row in rows]).fillna(0.0)
    X = pd.DataFrame([{name: 1.0 for name in added if name != "base"} | values] * len(rows))
    known = scores(added.to_numpy().sum(axis=1), np.ones(len(rows)))
    return stabilise_class(known, added.take, X, before, scores, indicators=INDICATORS, bounds=BOUNDS, ordinary="B")


def told(found: StableClasses) -> tuple[str, str | None, str | None]:
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
        # What a file of visits says of the persons and of the industry falls with it, though the register told who belongs to them.
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
        # Back to the ordinary class whoever speaks for it, and no further.
        ("D", {"late_filing_share": -1.7, "complaints_12m": 1.5}, ("B", None, None)),
        ("D", {"late_filing_share": 0.3, "complaints_12m": 1.0}, ("C", None, None)),
        ("D", {"late_filing_share": -1.0}, ("B", "A", "tax_filing")),
        # From the best class too one source alone moves nobody.
        ("A", {"late_filing_share": -0.7, "changes_12m": -0.7, "complaints_12m": 1.0}, ("A", "B", "complaint")),
        # No move, no question.
        ("D", {"complaints_12m": 4.0}, ("D", None, None)),
    ],
)  # fmt: skip
def test_a_class_moves_as_far_as_it_does_without_any_one_source(
    before: str, contributions: dict[str, float], wanted: tuple[str, str | None, str | None]
) -> None:
    assert told(settled([before], contributions)) == wanted


def test_none_before_and_a_class_that_there_is_no_longer_are_the_ordinary_class() -> None:
    lone = {"complaints_12m": 4.0}
    assert told(settled([None], lone)) == told(settled(["gone"], lone)) == ("B", "D", "complaint")
    assert told(settled([None], {"late_filing_share": -1.0})) == ("B", "A", "tax_filing")


def test_a_visit_that_found_nothing_speaks_for_the_entity_alone_and_a_count_of_none_without_a_visit_does_not() -> None:
    assert told(settled(["B"], {"last_visit_violation": -1.0}, last_visit_violation=0.0)) == ("A", None, None)
    assert told(settled(["B"], {"last_visit_violation": -1.0}, last_visit_violation=np.nan)) == ("B", "A", "inspection")
    assert told(settled(["B"], {"violations_36m": -1.0}, violations_36m=0.0)) == ("B", "A", "inspection")
    # Nor does it verify what speaks against the entity.
    assert told(settled(["B"], {"violations_36m": 2.5}, violations_36m=0.0)) == ("B", "D", "inspection")


def test_a_violation_found_today_is_verified_as_one_of_yesterday_is() -> None:
    for days in (0.0, 1.0):
        assert told(settled(["B"], {"days_since_violation": 2.5}, days_since_violation=days)) == ("D", None, None)
    assert told(settled(["B"], {"days_since_violation": 2.5}, days_since_violation=np.nan)) == ("B", "D", "inspection")


def test_what_the_catalogue_lacks_is_one_source_without_a_name() -> None:
    assert told(settled(["B"], {"unheard_of": 2.0, "unheard_of_too": 2.0})) == ("B", "D", None)


def test_rows_do_not_depend_on_one_another() -> None:
    rows = [{"complaints_12m": 4.0}, {"late_filing_share": -1.0}, {"complaints_12m": 2.3, "late_filing_share": 2.3}]
    together = settled(["B", "B", "B"], *rows)
    apart = [settled(["B"], row) for row in rows]
    assert together.classes.tolist() == [one.classes[0] for one in apart] == ["B", "B", "D"]
    assert together.held.tolist() == [one.held[0] for one in apart]


def test_the_class_that_stands_lies_between_the_one_before_and_todays() -> None:
    random = np.random.default_rng(3)
    names = ["complaints_12m", "late_filing_share", "changes_12m", "violations_36m", "base_rate"]
    rows = [dict(zip(names, row, strict=True)) for row in random.normal(0, 1.5, size=(400, len(names)))]
    before = random.choice(list("ABCD"), 400).tolist()
    found = settled(before, *rows)
    today = np.where(found.held == None, found.classes, found.held)  # noqa: E711
    low, high = np.minimum(today, before), np.maximum(today, before)
    assert ((low <= found.classes) & (found.classes <= high)).all()
    assert len({(then, now) for then, now in zip(before, today, strict=True)}) == 16
    assert 0 < (found.classes != today).sum() < (today != np.array(before)).sum()


def test_a_source_is_heard_once_with_what_speaks_against_itself() -> None:
    of_sources: SourceContributions = source_contributions(
        pd.DataFrame({"complaints_12m": [0.5], "complaint_rate": [-0.2], "late_filing_share": [0.2], "base": [9.0]}),
        pd.DataFrame({"complaints_12m": [1.0], "late_filing_share": [1.0]}),
        INDICATORS,
    )
    assert of_sources.against.tolist() == pytest.approx([0.3])
    assert of_sources.against_by.tolist() == ["complaint"]
    assert (of_sources.in_favour.tolist(), of_sources.in_favour_by.tolist()) == ([0.0], [""])


def test_no_rows_are_survived() -> None:
    assert not len(settled([], {}).classes[:0])
    empty = pd.DataFrame({"complaints_12m": [1.0], "base": [0.0]}).iloc[:0]
    assert not len(source_contributions(empty, empty, INDICATORS).against)
