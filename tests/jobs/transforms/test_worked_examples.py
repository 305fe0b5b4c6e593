"""Indicators computed by hand, with the arithmetic visible."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.jobs.transforms.tables import AS_OF, compute

# As of 2026-01-31 the closed month is December 2025 (31 January less 45 days).


def vat(month: date, revenue: int | None, **more):
    end = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    due = end + timedelta(days=15)
    return {
        "entity_id": "E", "period_start": month, "period_end": end, "due_on": due, "filed_on": due,
        "declared_revenue_minor": revenue, **more,
    }  # fmt: skip


def months(first: date, count: int) -> list[date]:
    return [date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(count)]


def indicators(spark, **tables):
    shop = {"entity_id": "E", "established_on": date(2020, 1, 1)}
    return compute(spark, {"entity": [shop], **tables})[0]["E"]


def test_late_and_missing_returns_of_those_due(spark):
    returns = [
        vat(date(2025, 9, 1), 100),
        vat(date(2025, 10, 1), 100, filed_on=date(2025, 11, 25)),  # due 15 November: 10 days late
        vat(date(2025, 11, 1), None, filed_on=None),  # due 15 December: missing
        vat(date(2025, 12, 1), 100, due_on=date(2026, 1, 26), filed_on=None),  # due 5 days ago: within the grace, not yet missing
    ]
    made = indicators(spark, filing=returns)
    assert made["late_filing_share"] == (1 + 1) / 3
    assert made["unfiled_returns"] == 1
    assert made["mean_days_late"] == (0 + 10) / 2


def test_a_return_filed_after_the_day_does_not_count(spark):
    returns = [vat(date(2025, 11, 1), 100), vat(date(2025, 12, 1), 700, filed_on=AS_OF + timedelta(days=1))]
    made = indicators(spark, filing=returns)
    assert made["sales_12m"] == 100
    assert made["unfiled_returns"] == 1
    assert indicators(spark, filing=[returns[0], {**returns[1], "filed_on": AS_OF}])["sales_12m"] == 800


def test_six_silent_months_then_sales(spark):
    silent = [vat(month, 0) for month in months(date(2025, 4, 1), 6)]
    before = [vat(month, 300) for month in months(date(2024, 4, 1), 12)]
    sudden = [vat(month, 900) for month in months(date(2025, 10, 1), 3)]
    made = indicators(spark, filing=[*before, *silent, *sudden])
    assert made["dormant_then_sudden"] == 1
    assert made["zero_filing_streak"] == 0
    assert made["sales_jump"] == 900 / (12 * 300 / 18)
    asleep = indicators(spark, filing=[*before, *silent, *[vat(month, 0) for month in months(date(2025, 10, 1), 3)]])
    assert asleep["dormant_then_sudden"] == 0
    assert asleep["zero_filing_streak"] == 9


def test_growth_compares_means_so_that_a_young_entity_does_not_seem_to_grow(spark):
    returns = [vat(month, 100) for month in months(date(2024, 10, 1), 3)] + [
        vat(month, 110) for month in months(date(2025, 1, 1), 12)
    ]
    assert indicators(spark, filing=returns)["sales_growth"] == pytest.approx(0.10)


def test_growth_without_capacity(spark):
    before = [vat(month, 100, employees=10) for month in months(date(2024, 1, 1), 12)]
    year = [vat(month, 150, employees=11) for month in months(date(2025, 1, 1), 12)]
    assert indicators(spark, filing=before + year)["growth_over_headcount"] == pytest.approx(0.50 - 0.10)


def test_vat_and_income_tax_are_compared_over_whole_quarters_that_both_cover(spark):
    monthly = [vat(month, 100) for month in months(date(2025, 7, 1), 6)]
    third = {
        "entity_id": "E",
        "tax_type": "cit",
        "period_start": date(2025, 7, 1),
        "period_end": date(2025, 9, 30),
        "declared_revenue_minor": 240,
    }
    fourth = {**third, "period_start": date(2025, 10, 1), "period_end": date(2025, 12, 31), "declared_revenue_minor": 300}
    assert indicators(spark, filing=[*monthly, third, fourth])["vat_cit_gap"] == (600 - 540) / 600
    # Without December's return the fourth quarter is not whole for VAT, and the third alone is compared.
    assert indicators(spark, filing=[*monthly[:-1], third, fourth])["vat_cit_gap"] == (300 - 240) / 300


def test_a_burst_is_relative_to_the_entitys_own_level(spark):
    def on(days_ago, number):
        return {"complaint_id": f"c{number}", "entity_id": "E", "received_on": AS_OF - timedelta(days=days_ago)}

    steady = indicators(spark, complaint=[on(28 * n + 1, n) for n in range(13)])
    sudden = indicators(spark, complaint=[on(n, n) for n in range(13)])
    assert abs(steady["complaint_burst"]) < 0.1
    assert sudden["complaint_burst"] == pytest.approx(2 * ((13 + 0.375) ** 0.5 - 0.375**0.5))


def test_a_breach_loses_half_its_weight_in_a_year(spark):
    def visit(days_ago, breaches):
        day = AS_OF - timedelta(days=days_ago)
        return {"inspection_id": f"i{days_ago}", "entity_id": "E", "inspected_on": day, "items_checked": 10, "breaches": breaches,
                "found_violation": breaches > 0}  # fmt: skip

    made = indicators(spark, inspection=[visit(0, 0), visit(365, 10)])
    assert made["breach_rate"] == pytest.approx((0 * 1 + 10 * 0.5) / (10 * 1 + 10 * 0.5))
    assert made["last_visit_violation"] == 0
    assert made["days_since_violation"] == 365


def test_a_follow_up_is_counted_separately_unless_it_found_a_violation(spark):
    def visit(days_ago, **more):
        return {"inspection_id": f"i{days_ago}", "entity_id": "E", "inspected_on": AS_OF - timedelta(days=days_ago), **more}

    first = visit(40, found_violation=True, items_checked=10, breaches=4)
    follow_up = visit(30, selected_by="follow_up")
    old = visit(1095, selected_by="follow_up")
    unmet = visit(20, selected_by="follow_up", visit_status="not_reachable", planned_on=AS_OF)
    made = indicators(spark, inspection=[first, follow_up, old, unmet])
    assert (made["follow_ups_36m"], made["visits_36m"], made["violations_36m"]) == (1, 1, 1)
    assert (made["days_since_follow_up"], made["days_since_visit"]) == (30, 40)
    assert made["last_visit_violation"] == 1
    worse = indicators(spark, inspection=[first, {**follow_up, "found_violation": True}])
    assert (worse["follow_ups_36m"], worse["visits_36m"], worse["days_since_visit"]) == (1, 2, 30)
    settled = indicators(spark, inspection=[first, {**follow_up, "found_violation": False, "items_checked": 10, "breaches": 0}])
    record = ("visits_36m", "days_since_visit", "last_visit_violation", "breach_rate", "excess_violations", "follow_ups_36m")
    assert [settled[name] for name in record] == [made[name] for name in record]
    assert [one["finding_state"] for one in (made, worse, settled)] == [1, 3, 2]
    assert indicators(spark, inspection=[old])["finding_state"] == 0


def test_an_outcome_is_compared_with_the_inspectors_rate_at_other_businesses(spark):
    """A finding by one who seldom finds says more of the business than one by one who always does."""

    def visit(number, entity, inspector, found, breaches):
        return {"inspection_id": f"i{number:02}", "entity_id": entity, "inspected_on": AS_OF, "inspector_id": inspector,
                "found_violation": found, "items_checked": 10, "breaches": breaches}  # fmt: skip

    shops = [
        {"entity_id": name, "trading_name": sign, "established_on": date(2020, 1, 1)}
        for name, sign in (("E", "Noodle Bar"), ("F", "NOODLE-BAR"), ("G", None))
    ]
    elsewhere = [
        visit(number, f"x{number}", "strict" if number % 2 else "mild", bool(number % 2), number % 2) for number in range(18)
    ]
    own = [visit(18, "E", "mild", True, 2), visit(19, "F", "strict", True, 2)]
    made, _ = compute(spark, {"entity": shops, "inspection": [*elsewhere, *own]})
    # Both made nine visits elsewhere: the mild one found nothing, the strict one 9. With what was found at the other of the two
    # all made 19 elsewhere, and found 10. Thirty more are as found by all.
    mild, strict = (0 + 30 * 10 / 19) / (9 + 30), (9 + 30 * 10 / 19) / (9 + 30)
    assert made["E"]["excess_violations"] == pytest.approx((1 - mild) / (1 + 1), abs=1e-6)
    assert made["F"]["excess_violations"] == pytest.approx((1 - strict) / (1 + 1), abs=1e-6)
    assert made["G"]["excess_violations"] is None
    # Of 90 checkpoints elsewhere the mild one noted no breach; 600 more are as noted by all elsewhere, 9 + 2 of 190.
    noted = (0 + 600 * 11 / 190) / (90 + 600)
    assert made["E"]["excess_breaches"] == pytest.approx((2 - 10 * noted) / (10 + 20), abs=1e-6)
    assert made["E"]["excess_of_name"] == made["F"]["excess_violations"]
    assert made["G"]["excess_of_name"] is None


def test_a_business_is_not_compared_with_itself(spark):
    def visit(number, entity, found):
        return {"inspection_id": f"i{number:02}", "entity_id": entity, "inspected_on": AS_OF, "inspector_id": "him",
                "found_violation": found, "items_checked": 10, "breaches": 3 * found}  # fmt: skip

    often = [visit(number, "E", True) for number in range(10)]
    elsewhere = [visit(number, "F", number == 10) for number in range(10, 14)]
    made = indicators(spark, inspection=[*often, *elsewhere])
    # Elsewhere he, and all, found something at 1 visit of 4, and 3 breaches of 40 checkpoints.
    assert made["excess_violations"] == pytest.approx(10 * (1 - 1 / 4) / (10 + 1), abs=1e-6)
    assert made["excess_breaches"] == pytest.approx(10 * (3 - 10 * 3 / 40) / (10 * 10 + 20), abs=1e-6)
    # Nobody else was visited, so it is held against all that is known, which is its own ten visits.
    alone = indicators(spark, inspection=often)
    assert (alone["excess_violations"], alone["excess_breaches"]) == (0, 0)


def test_an_entity_that_follows_a_closed_one_of_the_same_person(spark):
    def shop(name, opened, **more):
        return {"entity_id": name, "established_on": opened, "legal_rep_id": "p", **more}

    closed = shop("old", date(2018, 1, 1), status="closed", closed_on=date(2024, 6, 1))
    heir, late = shop("heir", date(2024, 9, 1)), shop("late", date(2025, 9, 1))
    stranger = shop("stranger", date(2024, 9, 1), legal_rep_id="q")
    made, _ = compute(spark, {"entity": [closed, heir, late, stranger]})
    assert {name: row["phoenix"] for name, row in made.items()} == {"old": 0, "heir": 1, "late": 0, "stranger": 0}
    assert made["heir"]["ended_tie_share"] == 1 / 2
    assert made["heir"]["same_legal_rep"] == 1


def made_by_industry(spark, visits):
    """The base rate of shops by division: visits are (section, division, found, more)."""
    shops = {
        (section, division): {"entity_id": f"{section}{division}", "industry_section": section, "industry_division": division}
        for section, division, _, _ in visits
    }
    shops |= {
        ("F", "59"): {"entity_id": "F59", "industry_section": "F", "industry_division": "59"},
        (None, None): {"entity_id": "none"},
    }
    inspections = [
        {"inspection_id": f"i{at}", "entity_id": f"{section}{division}", "inspected_on": date(2025, 1, 1), "found_violation": found}
        | more
        for at, (section, division, found, more) in enumerate(visits)
    ]
    made, peers = compute(spark, {"entity": list(shops.values()), "inspection": inspections})
    compared = {row["peer_median"] for row in peers if row["indicator"] == "base_rate"}
    return {name: row["base_rate"] for name, row in made.items()}, compared


def test_the_base_rate_of_an_industry_is_shrunk_towards_the_broader_industry(spark):
    visits = [(section, division, at < found, {}) for section, division, found, made in
              (("F", "51", 30, 40), ("F", "52", 1, 10), ("H", "61", 4, 40)) for at in range(made)]  # fmt: skip
    rate, compared = made_by_industry(spark, visits)
    assert compared == {35 / 90}
    assert 4 / 40 < rate["H61"] < 0.13
    assert 1 / 10 < rate["F52"] < rate["F51"] < 30 / 40
    # A division without visits has its section's rate; without an industry there is none.
    assert rate["F52"] <= rate["F59"] <= rate["F51"]
    assert rate["none"] is None


def test_industries_that_differ_no_more_than_by_chance_have_the_rate_of_all(spark):
    rate, _ = made_by_industry(spark, [("F", division, at < 5, {}) for division in ("51", "52") for at in range(20)])
    assert rate["F51"] == rate["F52"] == 1 / 4


def test_a_random_visit_has_the_inverse_of_its_probability_as_weight_and_a_chosen_one_the_weight_one(spark):
    drawn = {"selected_by": "random", "inclusion_probability": 0.1}
    rate, _ = made_by_industry(spark, [("F", "51", True, {}), ("F", "51", False, drawn)])
    assert rate["F51"] == pytest.approx(1 / 11)


def test_with_mostly_equal_peers_the_90th_percentile_is_the_scale(spark):
    shops = [{"entity_id": f"E{n:02}", "phone_hash": "t" if n < 4 else f"t{n}"} for n in range(20)]
    made, peers = compute(spark, {"entity": shops})
    (phone,) = [row for row in peers if row["indicator"] == "same_phone"]
    assert (phone["peer_median"], phone["peer_mad"]) == (0, 0)
    # Deviations: 16 zeros and 4 threes; the 90th percentile, the 18th of 20, is 3.
    assert made["E00"]["same_phone_vs_peers"] == pytest.approx(3 / (3 / 1.6449))
    assert made["E19"]["same_phone_vs_peers"] == 0
