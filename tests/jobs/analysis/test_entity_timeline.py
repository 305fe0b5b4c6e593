"""An entity's records as events in time."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from jobs.analysis import entity_timeline
from jobs.analysis.entity_timeline import timeline
from jobs.analysis.trace import SourceRow, Trace
from tests.jobs.sources.test_source_kind import HALLMARK


def of(*rows: tuple[str, str, dict[str, object]]) -> pd.DataFrame:
    """The timeline of rows: silver table, known at, what the row says; each is the next row of one file."""
    found = [SourceRow(table, "f.csv", at, known, says) for at, (table, known, says) in enumerate(rows, start=1)]
    return timeline(Trace("e", date(2026, 6, 30), {}, [], {}, {}, found))


JANUARY = {"tax_type": "vat", "period_start": date(2026, 1, 1), "period_end": date(2026, 1, 31), "due_on": date(2026, 2, 15)}


@pytest.mark.parametrize(
    ("table", "says", "on", "what", "is_adverse"),
    [
        ("filing", {**JANUARY, "filed_on": date(2026, 2, 15)}, "2026-02-15", "vat for 2026-01: filed in time", False),
        ("filing", {**JANUARY, "filed_on": date(2026, 2, 18)}, "2026-02-18", "vat for 2026-01: filed 3 days late", True),
        ("filing", JANUARY, "2026-02-15", "vat for 2026-01: not filed so far", True),
        (
            "filing",
            {"tax_type": "cit", "period_start": date(2026, 1, 1), "period_end": date(2026, 3, 31), "filed_on": date(2026, 4, 9)},
            "2026-04-09", "cit for 2026-01 to 2026-03: filed in time", False,
        ),
        ("entity", {"established_on": date(2020, 5, 4), "status": "active"}, "2020-05-04", "new, then active", False),
        (
            "entity", {"changed_on": date(2026, 3, 1), "change_type": "legal_rep", "status": "revoked"},
            "2026-03-01", "legal rep, then revoked", True,
        ),
        (
            "complaint", {"received_on": date(2026, 3, 2), "category": "food_safety", "severity": 4, "outcome": "upheld"},
            "2026-03-02", "food safety, grade 4: upheld", True,
        ),
        ("complaint", {"received_on": date(2026, 3, 2)}, "2026-03-02", "complaint: outcome unknown", False),
        (
            "inspection",
            {"selected_by": "random", "visit_status": "inspected", "inspected_on": date(2026, 4, 1), "found_violation": False},
            "2026-04-01", "random visit: nothing found", False,
        ),
        (
            "inspection", {"selected_by": "joint", "visit_status": "not_reachable", "planned_on": date(2026, 4, 3)},
            "2026-04-03", "joint visit: not reachable", False,
        ),
    ],
)  # fmt: skip
def test_a_record_is_an_event(table: str, says: dict[str, object], on: str, what: str, is_adverse: bool) -> None:
    event = of((table, "2026-05-01 00:00:00", says)).iloc[0]

    assert (event["on"], event["what"], event["is_adverse"]) == (pd.Timestamp(on), what, is_adverse)
    assert (event["source_file"], event["source_row"]) == ("f.csv", 1)


def test_a_correction_follows_what_it_corrects() -> None:
    complaint = {"received_on": date(2026, 3, 2), "category": "price"}

    events = of(
        ("complaint", "2026-03-20 00:00:00", {**complaint, "outcome": "upheld"}),
        ("complaint", "2026-03-02 00:00:00", {**complaint, "outcome": "pending"}),
    )

    assert events["what"].tolist() == ["price: pending", "price: upheld"]


def test_records_of_a_further_kind_are_events_with_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(entity_timeline._READERS, "hallmark", ("hallmark", entity_timeline._reader(HALLMARK)))
    says = {"hallmark_id": "P1", "entity_id": "e", "struck_on": date(2026, 4, 1), "source": "hallmarks"}

    event = of(("hallmark", "2026-05-01 00:00:00", says)).iloc[0]

    assert (event["on"], event["lane"], event["what"]) == (
        pd.Timestamp("2026-04-01"),
        "hallmark",
        "hallmark_id=P1, struck_on=2026-04-01",
    )


def test_an_entity_without_records_has_an_empty_timeline() -> None:
    events = of()

    assert len(events) == 0
    assert events["on"].dtype == "datetime64[ns]"
