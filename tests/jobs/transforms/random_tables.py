"""Silver tables drawn at random, small and full of the awkward: versions, absences, gaps, ties, events to come."""

from __future__ import annotations

import calendar
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar

from tests.jobs.transforms.tables import AS_OF, CUTOFF, Row, fill

T = TypeVar("T")


def draw_tables(seed: int, entities: int = 80) -> dict[str, list[Row]]:
    """Filled rows of all tables."""
    rng = random.Random(seed)
    ids = [f"E{number:03}" for number in range(entities)]
    return {
        "entity": _with_versions(rng, fill("entity", [_entity(rng, one) for one in ids]), _change_entity, 0.6),
        "filing": _with_versions(rng, fill("filing", [row for one in ids for row in _filings(rng, one)]), _change_filing),
        "complaint": _with_versions(rng, fill("complaint", [_complaint(rng, n, ids) for n in range(150)]), _change_complaint),
        "inspection": _with_versions(rng, fill("inspection", [_visit(rng, n, ids) for n in range(90)]), _repeat),
        "link": fill("link", [_link(rng, n, ids) for n in range(150) if rng.random() < 0.7]),
    }


def _known_at(rng: random.Random) -> datetime:
    """Mostly long ago, sometimes at the very edge or too late."""
    edge = [CUTOFF - timedelta(microseconds=1), CUTOFF, CUTOFF + timedelta(days=3)]
    return rng.choice(edge) if rng.random() < 0.1 else CUTOFF - timedelta(days=rng.randint(1, 900), seconds=rng.randint(0, 86000))


def _day(rng: random.Random, back: int, ahead: int = 20) -> date:
    return AS_OF - timedelta(days=rng.randint(-ahead, back))


def _maybe(rng: random.Random, value: T, share: float = 0.85) -> T | None:
    return value if rng.random() < share else None


def _entity(rng: random.Random, entity_id: str) -> Row:
    status = rng.choice(["active", "active", "active", "closed", "revoked", "suspended"])
    established = _maybe(rng, _day(rng, 4000), 0.9)
    return {
        "entity_id": entity_id,
        "status": status,
        "established_on": established,
        "closed_on": _maybe(rng, max(_day(rng, 1500), established or AS_OF), 0.8) if status in ("closed", "revoked") else None,
        "industry_section": rng.choice(["F", "H", None]),
        "industry_division": rng.choice(["51", "61"]),
        "industry_group": rng.choice(["511", "512"]),
        "region_middle": rng.choice(["310100", "320500"]),
        "name_key": _maybe(rng, f"N{rng.randint(0, 25)}"),
        "trading_name": _maybe(rng, f"n{rng.randint(0, 25)}", 0.5),
        "address_key": _maybe(rng, f"a{rng.randint(0, 30)}"),
        "legal_rep_id": _maybe(rng, f"p{rng.randint(0, 40)}"),
        "owner_id": _maybe(rng, f"p{rng.randint(0, 40)}"),
        "phone_hash": _maybe(rng, f"t{rng.randint(0, 40)}"),
        "agent_id": _maybe(rng, f"g{rng.randint(0, 3)}"),
        "registered_capital_minor": _maybe(rng, rng.randint(0, 10**9)),
        "paid_in_capital_minor": _maybe(rng, rng.randint(0, 10**9)),
        "is_platform": rng.choice([True, False, None]),
        "changed_on": _maybe(rng, _day(rng, 500)),
        "change_type": rng.choice(["new", "address", "legal_rep", "capital", None]),
        "known_at": _known_at(rng),
    }


def _change_entity(rng: random.Random, row: Row) -> Row:
    if row["change_type"] == "address" and row["changed_on"] is not None:
        return {**row, "changed_on": row["changed_on"] + timedelta(days=rng.randint(-45, 45)), "change_type": "legal_rep"}
    return {**row, "changed_on": _day(rng, 400), "change_type": rng.choice(["address", "legal_rep", "status", "name"])}


def _filings(rng: random.Random, entity_id: str) -> list[Row]:
    kind = rng.choice(["monthly", "monthly", "quarterly", "none"])
    if kind == "none":
        return []
    level, silent = rng.randint(0, 3) * 100_000, rng.random() < 0.3
    rows = []
    for back in range(1, 40):
        start = date((2026 * 12 - back) // 12, (2026 * 12 - back) % 12 + 1, 1)
        length = 1 if kind == "monthly" else 3
        if (start.month - 1) % length == 0 and rng.random() < 0.93:
            revenue = 0 if (silent and back > 3) or rng.random() < 0.2 else level + rng.randint(0, 50_000)
            rows.append(_filing(rng, entity_id, "vat", start, length, revenue))
        if (start.month - 1) % 3 == 0 and rng.random() < 0.6:
            rows.append(_filing(rng, entity_id, "cit", start, 3, 3 * level + rng.randint(0, 90_000)))
        if start.month == 1 and rng.random() < 0.5:
            rows.append(_filing(rng, entity_id, "cit", start, 12, 12 * level + rng.randint(0, 90_000)))
    # A key is drawn once: a yearly and a quarterly return of one tax may not start on the same day.
    return list({(row["tax_type"], row["period_start"]): row for row in rows}.values())


def _filing(rng: random.Random, entity_id: str, tax_type: str, start: date, length: int, revenue: int) -> Row:
    end_month = start.month + length - 1
    end = date(start.year, end_month, calendar.monthrange(start.year, end_month)[1])
    due = end + timedelta(days=15)
    return {
        "entity_id": entity_id,
        "tax_type": tax_type,
        "period_start": start,
        "period_end": end,
        "due_on": _maybe(rng, due, 0.97),
        "filed_on": _maybe(rng, due + timedelta(days=rng.randint(-10, 25)), 0.9),
        "declared_revenue_minor": _maybe(rng, revenue, 0.95),
        "output_tax_minor": _maybe(rng, revenue * 13 // 100 + rng.randint(0, 900)),
        "input_tax_minor": _maybe(rng, rng.randint(0, 30_000)),
        "tax_due_minor": _maybe(rng, rng.randint(-2_000, 9_000)),
        "tax_paid_minor": _maybe(rng, rng.randint(0, 9_000)),
        "arrears_minor": _maybe(rng, rng.randint(0, 900)),
        "invoice_count": _maybe(rng, rng.randint(0, 40)),
        "void_invoice_count": _maybe(rng, rng.randint(0, 4)),
        "employees": _maybe(rng, rng.randint(0, 30)),
        "known_at": _known_at(rng),
    }


def _change_filing(rng: random.Random, row: Row) -> Row:
    return {**row, "declared_revenue_minor": rng.randint(0, 500_000), "filed_on": row["due_on"]}


def _complaint(rng: random.Random, number: int, ids: list[str]) -> Row:
    received = _day(rng, 500)
    return {
        "complaint_id": f"c{number}",
        "received_on": received,
        "entity_id": _maybe(rng, rng.choice(ids[:12]), 0.5),
        "category": rng.choice(["prepaid", "quality", "service", None]),
        "severity": rng.choice([1, 2, 3, 4, None]),
        "amount_claimed_minor": _maybe(rng, rng.randint(0, 10**6)),
        "due_on": _maybe(rng, received + timedelta(days=30)),
        "resolved_on": _maybe(rng, received + timedelta(days=rng.randint(0, 60)), 0.6),
        "outcome": rng.choice(["upheld", "refused", "rejected", "withdrawn", "mediated", None]),
        "complainant_hash": _maybe(rng, f"x{rng.randint(0, 30)}"),
        "known_at": _known_at(rng),
    }


def _change_complaint(rng: random.Random, row: Row) -> Row:
    return {**row, "outcome": rng.choice(["upheld", "rejected"]), "resolved_on": row["received_on"]}


def _visit(rng: random.Random, number: int, ids: list[str]) -> Row:
    day = _day(rng, 1300)
    is_made = rng.random() < 0.85
    items = _maybe(rng, rng.randint(0, 30))
    found = rng.random() < 0.4
    selected_by = rng.choice(["random", "random", "targeted", "follow_up"])
    has_result = is_made and (selected_by != "follow_up" or rng.random() < 0.3)
    return {
        "inspection_id": f"i{number:03}",
        "entity_id": rng.choice(ids),
        "planned_on": day,
        "inspected_on": day if is_made else None,
        "visit_status": "inspected" if is_made else rng.choice(["planned", "not_reachable", "refused", "not_done"]),
        "selected_by": selected_by,
        "inclusion_probability": _maybe(rng, rng.choice([0.02, 0.1, 0.5])),
        "items_checked": items,
        "breaches": _maybe(rng, rng.randint(0, items or 0)),
        "severity": _maybe(rng, rng.randint(0, 4)),
        "found_violation": found if has_result else None,
        "penalty_minor": _maybe(rng, rng.randint(0, 10**5)),
        "inspector_id": _maybe(rng, f"i{rng.randint(0, 4)}", 0.9),
        "known_at": _known_at(rng),
    }


def _repeat(_rng: random.Random, row: Row) -> Row:
    return row


def _link(rng: random.Random, number: int, ids: list[str]) -> Row:
    return {"complaint_id": f"c{number}", "entity_id": rng.choice(ids), "known_at": _known_at(rng)}


def _with_versions(
    rng: random.Random, rows: list[Row], change: Callable[[random.Random, Row], Row], share: float = 0.2
) -> list[Row]:
    """A share of keys has a second version, known later or at the same instant; a few of those are absent in the end."""
    more = []
    for row in rows:
        if rng.random() < share:
            same_instant = rng.random() < 0.3
            known_at = row["known_at"] if same_instant else row["known_at"] + timedelta(days=rng.randint(0, 300))
            more.append({**change(rng, row), "known_at": known_at, "source_file": "g.csv", "is_absent": rng.random() < 0.15})
    both = rows + more
    rng.shuffle(both)
    return [{**row, "source_row": number} for number, row in enumerate(both, start=1)]
