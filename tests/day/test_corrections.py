"""What a corrected record changes: the day compared with the same day without the correction, by table and row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from expectations.contracts import scoring, silver, state
from expectations.contracts.contract import Contract
from expectations.contracts.indicators import features_contract
from expectations.contracts.registry import BRONZE, GOLD, MADE, SILVER
from tests.day.deliveries import write
from tests.day.town import TODAY, Town

pytestmark = pytest.mark.slow

TOMORROW = TODAY + timedelta(days=1)
VS_PEERS = "_vs_peers"
FEATURES = features_contract()
TABLES = (*BRONZE.values(), *SILVER.values())
OF_ALL = {"base_rate", "complaint_rate", "excess_breaches", "excess_of_industry", "excess_violations", "violation_share"}
"""Indicators relative to other businesses: one business's record changes those of all others a little."""
COUNTED = (
    "amount_claimed_12m",
    "complainants_12m",
    "complaint_burst",
    "complaint_points",
    "complaint_rate",
    "complaints_12m",
    "top_complainant_share",
)
"""The indicators of a business that change with each complaint about it."""
REACHED_BY_ALL = {table.full_name for table in GOLD}


@dataclass(frozen=True)
class Correction:
    """A record delivered again, otherwise than before.

    Attributes:
        source: whose it is.
        file: of its delivery.
        lines: of the file.
        contract: of the record.
        reached: the tables that change besides those that every correction reaches, and those of its own contract.
        own: the indicators that change, of each business that the record tells of, before or since.
    """

    source: str
    file: str
    lines: tuple[str, ...]
    contract: str
    reached: set[str]
    own: dict[str, set[str]]


CORRECTIONS = (
    Correction(
        "returns",
        "late.csv",
        (
            "shop;month;filed;sales;out;in;owed;paid;arrears;invoices;void;staff",
            "S06;2026-05;2026-06-08;99000;12870;3003;9867;9867;0;75;0;4",
        ),
        "tax_filing",
        {state.TAX_SUMS.full_name},
        {
            "S06": {
                "capital_to_sales",
                "complaint_rate",
                "input_output_ratio",
                "invoice_average",
                "sales_12m",
                "sales_per_employee",
                "sales_range",
                "vat_burden",
            }
        },
    ),
    Correction(
        "shops",
        "changes.csv",
        (
            "number,name,state,trade,area,address,capital,paid_in,opened,closed,head,changed,change",
            "S06,Fern Teahouse,open,restaurant,south,6 Mill Lane rear,80000,1000,2010-07-15,,P06,2026-06-30,address",
        ),
        "registration",
        {state.REGISTER.full_name},
        {"S06": {"changes_12m", "days_since_change", "paid_in_share"}},
    ),
    Correction(
        "complaints",
        "day.jsonl",
        (
            '{"no": "C15", "on": "2026-06-29", "name": "Amber Kitchen", "address": "1 Mill Lane", "about": "prepaid", "grade": "3",'
            ' "claimed": "3100", "due": "2026-08-29", "outcome": "open", "by": "B15", "updated": "2026-07-01 10:00"}',
        ),
        "complaint",
        {silver.LINK.full_name},
        {
            "S01": {*COUNTED, "prepaid_complaint_share", "worst_complaint_90d"},
            "S16": {*COUNTED, "days_since_complaint"},
        },
    ),
    Correction(
        "visits",
        "reports.csv",
        (
            "no,shop,why,planned,visited,reported,state,items,breaches,grade,found",
            "V12,S06,drawn,2026-06-26,2026-06-26,2026-07-01 10:40,made,20,9,3,yes",
        ),
        "inspection",
        set(),
        {
            "S06": {
                "base_rate",
                "breach_rate",
                "days_since_violation",
                "excess_breaches",
                "excess_of_industry",
                "excess_violations",
                "finding_state",
                "last_visit_violation",
                "violation_share",
                "violations_36m",
                "worst_finding",
            }
        },
    ),
)


@pytest.fixture(scope="module")
def undisturbed(golden: Town, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The town with tomorrow run too, for which nothing was delivered."""
    town = golden.copy(tmp_path_factory.mktemp("undisturbed"))
    town.run(TOMORROW)
    return town


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda correction: correction.source)
def test_a_correction_changes_what_depends_on_it_and_nothing_else(
    golden: Town, undisturbed: Town, tmp_path: Path, correction: Correction
) -> None:
    town = golden.copy(tmp_path)
    write(town.sources / correction.source / TOMORROW.isoformat() / correction.file, *correction.lines)
    town.run(TOMORROW)
    assert not town.quarantined(correction.source, TOMORROW)

    changed = {table.full_name for table in TABLES if not all_rows(town, table).equals(all_rows(undisturbed, table))}
    assert changed == {of[correction.contract].full_name for of in (BRONZE, SILVER)}
    made = {
        table.full_name
        for table in (*MADE, *state.STATE)
        if not town.rows(table, TOMORROW).equals(undisturbed.rows(table, TOMORROW))
    }
    assert made == REACHED_BY_ALL | correction.reached
    for table in (*MADE, *state.STATE):
        pd.testing.assert_frame_equal(
            town.rows(table, TODAY), golden.rows(table, TODAY), obj=f"{table.full_name} of the day before"
        )
    for table in state.STATE:
        others = ~town.rows(table, TOMORROW)["entity_id"].isin(correction.own)
        assert not others.any(), "no other entity was computed again"

    features, without = (of.rows(FEATURES, TOMORROW).set_index("entity_id").drop(columns="as_of") for of in (town, undisturbed))
    is_other = ~((features == without) | (features.isna() & without.isna()))
    own = {entity: {c for c in is_other if is_other.loc[entity, c] and not c.endswith(VS_PEERS)} for entity in correction.own}
    assert own == correction.own
    changed = set().union(*own.values())
    of_own = is_other.loc[list(correction.own)].any()
    assert {c for c in of_own.index[of_own] if c.endswith(VS_PEERS)} <= {name + VS_PEERS for name in changed}
    of_others = is_other.drop(index=list(correction.own)).any()
    assert set(of_others.index[of_others]) <= {*(changed & OF_ALL), *(name + VS_PEERS for name in changed)}
    peers, before = (of.rows(scoring.PEERS, TOMORROW) for of in (town, undisturbed))
    is_changed = ~((peers == before) | (peers.isna() & before.isna()))
    assert set(peers[is_changed.any(axis=1)]["indicator"]) <= changed


def all_rows(town: Town, table: Contract) -> pd.DataFrame:
    """What a table holds, in an order of its own."""
    rows = town.lake.arrow(table).to_pandas()
    return rows.sort_values(["delivered_on", "source_file", "source_row"], ignore_index=True)
