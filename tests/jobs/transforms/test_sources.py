"""A source that is missing makes its indicators unknown; no record in an existing source makes them zero."""

from __future__ import annotations

from datetime import date

import pytest

from expectations.contracts.indicators import catalogue
from expectations.contracts.registry import SOURCES
from tests.jobs.transforms.tables import compute

SHOP = {"entity_id": "E", "established_on": date(2020, 1, 1), "legal_rep_id": "p", "address_key": "a"}
OTHER = {"entity_id": "F"}
COMPLAINT = {"complaint_id": "c", "entity_id": "F", "received_on": date(2026, 1, 5), "outcome": "upheld"}
VISIT = {"inspection_id": "i", "entity_id": "F", "inspected_on": date(2025, 5, 1), "found_violation": True}
RETURN = {
    "entity_id": "F", "period_start": date(2025, 11, 1), "period_end": date(2025, 11, 30), "due_on": date(2025, 12, 15),
    "filed_on": date(2025, 12, 10), "declared_revenue_minor": 5,
}  # fmt: skip


def test_without_a_source_its_indicators_are_unknown(spark):
    features, peers = compute(spark, {"entity": [SHOP, OTHER]})
    for indicator in catalogue():
        if set(indicator.sources) & {"tax_filing", "complaint", "inspection"}:
            assert features["E"][indicator.column] is None, indicator.column
            assert peers == [row for row in peers if row["indicator"] != indicator.column]
    assert features["E"]["age_days"] == 2222
    assert features["E"]["same_legal_rep"] == 0


COMPLAINT_ZEROS = [
    "complaints_12m", "complaint_points", "complaint_burst", "worst_complaint_90d", "amount_claimed_12m", "complaints_of_ties_12m",
    "complaints_at_address_12m",
]  # fmt: skip
VISIT_ZEROS = ["visits_36m", "violations_36m", "penalties_36m", "unmet_visits_36m", "finding_state", "violations_of_ties_36m"]


@pytest.mark.parametrize(
    ("tables", "zeros"), [({"complaint": [COMPLAINT]}, COMPLAINT_ZEROS), ({"inspection": [VISIT]}, VISIT_ZEROS)]
)
def test_no_record_in_an_existing_source_is_zero(spark, tables, zeros):
    features, _ = compute(spark, {"entity": [SHOP, OTHER], **tables})
    assert {name: features["E"][name] for name in zeros} == dict.fromkeys(zeros, 0)


def test_follow_ups_are_unknown_where_the_source_marks_none(spark):
    without, _ = compute(spark, {"entity": [SHOP, OTHER], "inspection": [VISIT]})
    assert without["E"]["follow_ups_36m"] is None
    with_one, _ = compute(spark, {"entity": [SHOP, OTHER], "inspection": [{**VISIT, "selected_by": "follow_up"}]})
    assert sorted(with_one[name]["follow_ups_36m"] for name in ("E", "F")) == [0, 1]


def test_an_entity_that_never_filed_has_unknown_tax_indicators(spark):
    features, _ = compute(spark, {"entity": [SHOP, OTHER], "filing": [RETURN]})
    assert features["F"]["sales_12m"] == 5
    assert {features["E"][i.column] for i in catalogue() if i.sources == ("tax_filing",)} == {None}


def test_a_register_without_kinds_of_change_leaves_changes_unknown(spark):
    features, _ = compute(spark, {"entity": [SHOP, OTHER]})
    assert features["E"]["changes_12m"] is None
    with_one, _ = compute(spark, {"entity": [SHOP, {**OTHER, "change_type": "new"}]})
    assert with_one["E"]["changes_12m"] == 0


def test_a_complaint_without_an_entity_counts_for_its_newest_link(spark):
    loose = {**COMPLAINT, "entity_id": None}
    first = {"complaint_id": "c", "entity_id": "F"}
    better = {"complaint_id": "c", "entity_id": "E", "as_of": date(2020, 1, 2)}
    features, _ = compute(spark, {"entity": [SHOP, OTHER], "complaint": [loose], "link": [better, first]})
    assert (features["E"]["complaints_12m"], features["F"]["complaints_12m"]) == (1, 0)


def test_closed_entities_have_a_row_but_are_not_peers(spark):
    shops = [{**SHOP, "entity_id": f"E{number}"} for number in range(6)]
    gone = [{**SHOP, "entity_id": f"G{number}", "status": "closed", "closed_on": date(2025, 1, 1)} for number in range(6)]
    features, peers = compute(spark, {"entity": [*shops, *gone]})
    assert len(features) == 12
    assert features["G0"]["peer_size"] == 6
    assert {row["peer_count"] for row in peers} == {6}


def test_an_indicator_is_unknown_where_no_source_maps_a_column_that_it_needs(spark):
    """Sums over a missing column would say zero: no complaint upheld, no penalty, no successor of a closed business."""
    tables = {"entity": [SHOP, OTHER], "filing": [RETURN], "complaint": [COMPLAINT], "inspection": [VISIT]}
    unmapped: dict[str, dict[str, set[str]]] = {}
    for need in {need for indicator in catalogue() for need in indicator.needs}:
        contract, column = need.split(".")
        assert column in map(str, SOURCES[contract].columns), need
        unmapped.setdefault(contract, {"s": set()})["s"].add(column)
    mapped, _ = compute(spark, tables)
    assert (mapped["E"]["upheld_complaints_12m"], mapped["E"]["penalties_36m"], mapped["E"]["phoenix"]) == (0, 0, 0)
    features, _ = compute(spark, tables, unmapped=unmapped)
    needing = {indicator.column for indicator in catalogue() if indicator.needs}
    assert {(entity, name) for entity in features for name in needing if features[entity][name] is not None} == set()
    assert features["E"]["complaints_12m"] == mapped["E"]["complaints_12m"]


def test_where_some_sources_map_a_column_only_entities_with_records_of_the_others_are_unknown(spark):
    """A record that says nothing of the outcome is not one that was not upheld; a business without complaints has none upheld."""
    full, bare = {**COMPLAINT, "source": "hotline"}, {"complaint_id": "d", "received_on": date(2026, 1, 6), "source": "platform"}
    tables = {
        "entity": [SHOP, OTHER, {"entity_id": "G"}],
        "complaint": [{**full, "entity_id": "E"}, {**full, "complaint_id": "b"}, {**bare, "entity_id": "F"}],
        "inspection": [
            {**VISIT, "source": "fines", "penalty_minor": 7},
            {**VISIT, "inspection_id": "j", "entity_id": "E", "source": "visits"},
        ],
    }
    unmapped = {
        "complaint": {"hotline": set(), "platform": {"outcome", "severity"}},
        "inspection": {"fines": set(), "visits": {"penalty_minor"}},
    }
    features, _ = compute(spark, tables, unmapped=unmapped)
    named = ("upheld_complaints_12m", "refused_mediation_share", "penalties_36m", "complaints_12m")
    assert {entity: [row[name] for name in named] for entity, row in features.items()} == {
        "E": [1, 0, None, 1],
        "F": [None, None, 7, 2],
        "G": [0, None, 0, 0],
    }
