"""The indicators again, in plain Python from rows as dicts: slow, and easy to check by eye."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Number = float | int | None

_VERSION = ("known_at", "delivered_on", "source", "source_file", "source_row")


def known(rows: Iterable[Row], cutoff: datetime, as_of: date, event_on: str | None = None) -> list[Row]:
    kept = [row for row in rows if row["known_at"] < cutoff]
    return [row for row in kept if event_on is None or row[event_on] is None or row[event_on] <= as_of]


def standing(rows: Iterable[Row], key: tuple[str, ...], cutoff: datetime, as_of: date, event_on: str) -> list[Row]:
    """The newest known version of each key, where its event took place by ``as_of``."""
    return known(latest(known(rows, cutoff, as_of), key), cutoff, as_of, event_on)


def latest(rows: Iterable[Row], key: tuple[str, ...], order: tuple[str, ...] = _VERSION) -> list[Row]:
    newest: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=lambda row: tuple(row[name] for name in order)):
        newest[tuple(row[name] for name in key)] = row
    return [row for row in newest.values() if not row.get("is_absent")]


def over(numerator: Number, denominator: Number) -> float | None:
    return None if numerator is None or not denominator else numerator / denominator


def total(rows: Iterable[Row], column: str) -> int | None:
    values = [row[column] for row in rows if row[column] is not None]
    return sum(values) if values else None


def months_between(later: date, earlier: date) -> int:
    return later.year * 12 + later.month - earlier.year * 12 - earlier.month


def quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def tax(rows: list[Row], as_of: date) -> Row:
    """The tax indicators of one entity's returns."""
    closed = as_of - timedelta(days=45)
    amounts = [name for name in rows[0] if name.endswith(("_minor", "_count")) or name == "employees"]
    rows = [
        {**row, **dict.fromkeys(amounts, None)} if row["filed_on"] is not None and row["filed_on"] > as_of else row for row in rows
    ]
    sales = [row for row in rows if row["tax_type"] in ("vat", "sales")]
    age: Callable[[Row], int] = lambda row: months_between(closed, row["period_end"])  # noqa: E731
    within = lambda source, low, high: [row for row in source if low <= age(row) <= high]  # noqa: E731
    year, before = within(sales, 0, 11), within(sales, 12, 23)
    filed = [row for row in rows if row["filed_on"] is not None and row["filed_on"] <= as_of]
    in_window = lambda row: row["due_on"] is not None and row["due_on"] <= as_of and 0 <= age(row) <= 23  # noqa: E731
    filed_due = [row for row in filed if in_window(row)]
    late = [row for row in filed_due if row["filed_on"] > row["due_on"]]
    unfiled = [row for row in rows if row not in filed and in_window(row) and row["due_on"] < as_of - timedelta(days=7)]
    with_sales = lambda source: [row for row in source if row["declared_revenue_minor"] is not None]  # noqa: E731
    mean = lambda source, column: over(total(source, column), len(with_sales(source)))  # noqa: E731

    def growth(column: str) -> float | None:
        ratio = over(mean(year, column), mean(before, column))
        return None if ratio is None else ratio - 1

    def headcount(low: int, high: int) -> float | None:
        return over(
            total(within(rows, low, high), "employees"), len([1 for r in within(rows, low, high) if r["employees"] is not None])
        )

    positive = {age(row) for row in with_sales(within(sales, 0, 23)) if row["declared_revenue_minor"] > 0}
    zero = {age(row) for row in with_sales(within(sales, 0, 23)) if row["declared_revenue_minor"] == 0} - positive
    gap = vat_cit_gap(sales, [row for row in rows if row["tax_type"] == "cit"], closed)
    output_growth, head_growth = growth("output_tax_minor"), over(headcount(0, 2), headcount(12, 14))
    sales_growth = growth("declared_revenue_minor")
    values = [row["declared_revenue_minor"] for row in with_sales(year)]
    due = len(filed_due) + len(unfiled)
    return {
        "late_filing_share": over(len(late) + len(unfiled), due),
        "unfiled_returns": len(unfiled) if due else None,
        "mean_days_late": over(sum((row["filed_on"] - row["due_on"]).days for row in late), len(filed_due)),
        "months_since_return": min((age(row) for row in sales if row in filed and age(row) >= 0), default=None),
        "zero_filing_streak": len([m for m in zero if m < min(positive, default=99)]) if positive | zero else None,
        "vat_burden": over(total(year, "tax_paid_minor"), total(year, "declared_revenue_minor")),
        "input_output_ratio": over(total(year, "input_tax_minor"), total(year, "output_tax_minor")),
        "vat_cit_gap": gap,
        "input_output_elasticity": over(growth("input_tax_minor"), output_growth)
        if output_growth is not None and abs(output_growth) >= 0.05
        else None,
        "sales_growth": sales_growth,
        "growth_over_headcount": None if sales_growth is None or head_growth is None else sales_growth - (head_growth - 1),
        "void_invoice_share": over(total(year, "void_invoice_count"), total(year, "invoice_count")),
        "dormant_then_sudden": int(
            bool(positive & {0, 1, 2}) and not positive & set(range(3, 9)) and bool(zero & {3, 4, 5}) and bool(zero & {6, 7, 8})
        )
        if positive | zero
        else None,
        "sales_jump": over(
            mean(within(sales, 0, 2), "declared_revenue_minor"), mean(within(sales, 3, 23), "declared_revenue_minor")
        ),
        "sales_12m": total(year, "declared_revenue_minor"),
        "sales_per_employee": over(total(year, "declared_revenue_minor"), headcount(0, 2)),
        "invoice_average": over(total(year, "declared_revenue_minor"), total(year, "invoice_count")),
        "arrears_ratio": over(
            total(within(rows, 0, 11), "arrears_minor"),
            total([{"due": max(r["tax_due_minor"], 0)} for r in within(rows, 0, 11) if r["tax_due_minor"] is not None], "due"),
        ),
        "sales_range": over(max(values) - min(values), mean(year, "declared_revenue_minor")) if values else None,
        "employees": headcount(0, 2),
    }


def vat_cit_gap(sales: list[Row], cit: list[Row], closed: date) -> float | None:
    """Over quarters, else a year, that both taxes cover whole."""
    length = lambda row: months_between(row["period_end"], row["period_start"]) + 1  # noqa: E731
    # The last whole quarter ends in the closed month or before it.
    anchor = quarter(closed) if closed.month % 3 == 0 else quarter(closed) - 1
    spans: list[list[tuple[Callable[[Row], bool], Callable[[Row], bool], int]]] = [
        [
            (
                lambda row, q=q: quarter(row["period_end"]) == anchor - q,
                lambda row, q=q: quarter(row["period_end"]) == anchor - q and length(row) <= 3,
                3,
            )
            for q in range(4)
        ],
        *[
            [
                (
                    lambda row, y=y: row["period_end"].year == closed.year - y,
                    lambda row, y=y: row["period_end"].year == closed.year - y and length(row) > 3,
                    12,
                )
            ]
            for y in (1, 2)
        ],
    ]
    for span in spans:
        pairs = []
        for is_vat, is_cit, months in span:
            vat_rows = [row for row in sales if is_vat(row) and row["declared_revenue_minor"] is not None]
            income = total([row for row in cit if is_cit(row)], "declared_revenue_minor")
            if sum(length(row) for row in vat_rows) == months and income is not None:
                pairs.append((total(vat_rows, "declared_revenue_minor") or 0, income))
        if pairs:
            vat, income = sum(v for v, _ in pairs), sum(i for _, i in pairs)
            return 0.0 if vat == income else abs(vat - income) / max(vat, income)
    return None


def complaints(rows: list[Row], as_of: date, age_days: int | None) -> Row:
    """The complaint indicators of one entity's complaints, none of them perhaps."""
    ago = lambda row: (as_of - row["received_on"]).days  # noqa: E731
    standing = [row for row in rows if row["outcome"] not in ("rejected", "withdrawn")]
    year = [row for row in standing if ago(row) < 365]
    people = Counter(row["complainant_hash"] for row in year if row["complainant_hash"] is not None)
    overdue = [row for row in year if row["due_on"] is not None and row["due_on"] < min(row["resolved_on"] or as_of, as_of)]
    recent = len([row for row in standing if ago(row) < 28])
    days = max(28, min(337, (365 if age_days is None else age_days) - 28))
    return {
        "complaints_12m": len(year),
        "upheld_complaints_12m": len([row for row in year if row["outcome"] == "upheld"]),
        "complaint_burst": 2 * (math.sqrt(recent + 0.375) - math.sqrt((len(year) - recent) * 28 / days + 0.375)),
        "complaint_points": sum(2 ** ((row["severity"] or 1) - 1) for row in year),
        "worst_complaint_90d": max(
            (row["severity"] for row in standing if ago(row) < 90 and row["severity"] is not None), default=0
        ),
        "overdue_complaint_share": over(len(overdue), len(year)),
        "refused_mediation_share": over(len([row for row in year if row["outcome"] == "refused"]), len(year)),
        "complainants_12m": len(people),
        "top_complainant_share": over(max(people.values(), default=None), sum(people.values())),
        "prepaid_complaint_share": over(len([row for row in year if row["category"] == "prepaid"]), len(year)),
        "amount_claimed_12m": total(year, "amount_claimed_minor") or 0,
        "days_since_complaint": min((ago(row) for row in standing), default=None),
    }


def is_made(row: Row) -> bool:
    """Whether a visit belongs to the record: one that followed up another belongs to it only where it found something."""
    return row["visit_status"] == "inspected" and (row["selected_by"] != "follow_up" or row["found_violation"] is True)


def expect(rows: list[Row]) -> list[Row]:
    """Visits with the millionths of a finding that were expected of each, by what who made it finds at others."""
    made = [row for row in rows if is_made(row) and row["selected_by"] != "follow_up"]
    counted = lambda source: [one for one in source if one["items_checked"] and one["breaches"] is not None]  # noqa: E731
    found = lambda source: len([one for one in source if one["found_violation"]])  # noqa: E731
    expected = []
    for row in rows:
        others = [one for one in made if one["entity_id"] != row["entity_id"]]
        rate = over(found(others), len(others)) if others else over(found(made), len(made))
        noted = counted(others) or counted(made)
        breached = over(total(noted, "breaches"), total(noted, "items_checked"))
        own = [one for one in others if one["inspector_id"] is not None and one["inspector_id"] == row["inspector_id"]]
        parts = None if rate is None else round(1_000_000 * (found(own) + 30 * rate) / (len(own) + 30))
        items, breaches = (total(counted(own), name) or 0 for name in ("items_checked", "breaches"))
        share = None if breached is None else round(1_000_000 * (breaches + 600 * breached) / (items + 600))
        expected.append({**row, "expected_parts": parts, "expected_breach_parts": share})
    return expected


def excess(rows: list[Row]) -> float | None:
    """The share found beyond expectation, of entities' ``excess_parts`` and ``decayed_visits``."""
    weights = sum(row["decayed_visits"] or 0 for row in rows)
    return sum(row["excess_parts"] or 0 for row in rows) / 1e6 / (weights + 1_000_000) if weights else None


def finding_state(found: list[Row], clean: list[Row]) -> int:
    """0 nothing found, 1 found, 2 a later visit found nothing, 3 found again."""
    if not found:
        return 0
    last = max(row["inspected_on"] for row in found)
    if any(row["inspected_on"] > last for row in clean):
        return 2
    return 1 if len(found) == 1 else 3


def visits(rows: list[Row], as_of: date) -> Row:
    """The supervision indicators of one entity's visits, none of them perhaps."""
    ago = lambda row: (as_of - row["inspected_on"]).days  # noqa: E731
    made = [row for row in rows if is_made(row)]
    followed = [row for row in rows if row["visit_status"] == "inspected" and row["selected_by"] == "follow_up"]
    recent = [row for row in made if ago(row) < 1095]
    found = [row for row in made if row["found_violation"]]
    weight = lambda row: round(1_000_000 * 0.5 ** (ago(row) / 365))  # noqa: E731
    counted = [row for row in made if row["items_checked"] is not None and row["breaches"] is not None]
    unmet = [row for row in rows if row["visit_status"] in ("not_reachable", "refused") and row["planned_on"] is not None]
    beyond = [weight(row) * (1_000_000 * row["found_violation"] - row["expected_parts"]) for row in made]
    sums = {"excess_parts": sum(beyond) if made else None, "decayed_visits": sum(map(weight, made)) if made else None}
    more = [
        weight(r) * (1_000_000 * r["breaches"] - r["items_checked"] * r["expected_breach_parts"])
        for r in counted
        if r["items_checked"]
    ]
    items = sum(row["items_checked"] * weight(row) for row in counted)
    last = max(made, key=lambda row: (row["inspected_on"], row["inspection_id"]), default=None)
    return {
        "breach_rate": over(
            sum(row["breaches"] * weight(row) for row in counted if row["items_checked"]),
            sum(row["items_checked"] * weight(row) for row in counted),
        ),
        "last_visit_violation": None if last is None else int(last["found_violation"]),
        "days_since_visit": min((ago(row) for row in made), default=None),
        "days_since_violation": min((ago(row) for row in found), default=None),
        "violations_36m": len([row for row in recent if row["found_violation"]]),
        "finding_state": finding_state(
            [row for row in recent if row["found_violation"]],
            [row for row in rows if row["visit_status"] == "inspected" and row["found_violation"] is False],
        ),
        "visits_36m": len(recent),
        "worst_finding": max((row["severity"] for row in recent if row["severity"] is not None), default=None),
        "penalties_36m": total(recent, "penalty_minor") or 0,
        **sums,
        "excess_violations": excess([sums]),
        "excess_breaches": sum(more) / 1e6 / (items + 20_000_000) if more else None,
        "unmet_visits_36m": len([row for row in unmet if 0 <= (as_of - row["planned_on"]).days < 1095]),
        "follow_ups_36m": len([row for row in followed if ago(row) < 1095]),
        "days_since_follow_up": min((ago(row) for row in followed), default=None),
    }


def changes(versions: list[Row], as_of: date) -> Row:
    """Changes of registration of one entity; unknown ones are left to the caller."""
    changes = {(v["changed_on"], v["change_type"]) for v in versions if v["change_type"] not in (None, "new") and v["changed_on"]}
    recent = [(day, kind) for day, kind in changes if (as_of - day).days < 365]
    reps, addresses = ([day for day, kind in recent if kind == wanted] for wanted in ("legal_rep", "address"))
    return {
        "changes_12m": len(recent),
        "days_since_change": min(((as_of - day).days for day, _ in changes), default=None),
        "rep_and_address_changed": int(any(abs((a - b).days) <= 30 for a in reps for b in addresses)),
    }


def associations(entities: list[Row], counts: dict[str, Row], as_of: date) -> dict[str, Row]:
    """The association indicators of every entity, by comparing each with each."""
    active = lambda e: e["status"] == "active"  # noqa: E731
    ended = lambda e: e["status"] in ("closed", "revoked") and (e["closed_on"] is None or e["closed_on"] <= as_of)  # noqa: E731
    sign = lambda e: (e["trading_name"] or e["name_key"] or e["entity_id"]).upper()  # noqa: E731
    persons = lambda e: {p for p in (e["legal_rep_id"], e["owner_id"]) if p}  # noqa: E731
    made = {}
    for one in entities:
        others = [e for e in entities if e["entity_id"] != one["entity_id"]]
        sharing = lambda column: [e for e in others if one[column] and e[column] == one[column]]  # noqa: B023, E731
        # A sibling that shares both persons counts twice.
        associates = [e for e in others for _ in persons(one) & persons(e)]
        before = [
            e["closed_on"]
            for e in associates + sharing("address_key")
            if ended(e) and e["closed_on"] is not None and one["established_on"] is not None
        ]
        is_phoenix = any(timedelta(0) < one["established_on"] - day <= timedelta(days=365) for day in before)
        known_person, known_address = bool(persons(one)), bool(one["address_key"])
        counted = lambda column, known: len([e for e in sharing(column) if active(e)]) if known else None  # noqa: B023, E731
        summed = lambda group, name, known: sum(counts[e["entity_id"]][name] for e in group) if known else None  # noqa: E731
        made[one["entity_id"]] = {
            "same_legal_rep": counted("legal_rep_id", one["legal_rep_id"]),
            "same_owner": counted("owner_id", one["owner_id"]),
            "same_phone": counted("phone_hash", one["phone_hash"]),
            "same_agent": counted("agent_id", one["agent_id"]),
            "entities_at_address": counted("address_key", known_address),
            "ended_tie_share": over(len([e for e in associates if ended(e)]), len(associates)),
            "violations_of_ties_36m": summed(associates, "violations_36m", known_person),
            "complaints_of_ties_12m": summed(associates, "complaints_12m", known_person),
            "complaints_at_address_12m": summed(sharing("address_key"), "complaints_12m", known_address),
            "excess_of_industry": excess([counts[e["entity_id"]] for e in sharing("industry_group")]),
            "excess_of_ties": excess([counts[e["entity_id"]] for e in associates]),
            "excess_at_address": excess([counts[e["entity_id"]] for e in sharing("address_key")]),
            "excess_of_name": excess([counts[e["entity_id"]] for e in others if sign(e) == sign(one)]),
            "phoenix": int(is_phoenix) if one["established_on"] and (known_person or known_address) else None,
        }
    return made


def credibility(units: list[tuple[float, float]], is_share: bool) -> tuple[float | None, float | None]:
    """A pool's rate and weight from (events, exposure) of its units, by the method of moments."""
    units = [(events, exposure) for events, exposure in units if exposure > 0]
    exposure = sum(e for _, e in units)
    if not exposure:
        return None, None
    rate = sum(n for n, _ in units) / exposure
    variance = rate * (1 - rate) if is_share else rate
    between = sum(e * (n / e - rate) ** 2 for n, e in units) / exposure - variance * len(units) / exposure
    # The difference of nearly equal numbers: below this, nothing but rounding is left.
    return rate, (variance / between if between > 1e-30 else None)


def shrunk(events: float, exposure: float, rate: float | None, weight: float | None) -> float | None:
    if rate is None or weight is None:
        return rate
    return over(events + rate * weight, exposure + weight)


def base_rates(entities: list[Row], visited: list[Row]) -> dict[str, float | None]:
    """Of each entity: the rate of findings of its industry, each level shrunk towards the level above."""
    levels = ("industry_section", "industry_division", "industry_group")
    codes = {e["entity_id"]: tuple(e[level] for level in levels) for e in entities if e["industry_section"] is not None}
    visits = []
    for row in visited:
        is_visit = row["visit_status"] == "inspected" and (row["found_violation"] or row["selected_by"] != "follow_up")
        if is_visit and row["inspected_on"] is not None and row["found_violation"] is not None and row["entity_id"] in codes:
            is_drawn = row["selected_by"] == "random" and row["inclusion_probability"] is not None
            weight = round(1000 / row["inclusion_probability"]) if is_drawn else 1000
            visits.append((codes[row["entity_id"]], weight, row["found_violation"]))
    if not visits:
        return {}
    total = lambda code: [sum(w ** power for at, w, y in visits if at[: len(code)] == code and (y or not only)) for power, only in  # noqa: E731
                          ((1, False), (1, True), (2, False))]  # fmt: skip
    rates: dict[tuple[Any, ...], float] = {(): total(())[1] / total(())[0]}
    for depth in range(1, 4):
        level = {at[:depth] for at, _, _ in visits if None not in at[:depth]}
        units = {}
        for code in level:
            (w, wy, ww), (above_w, above_wy, _) = total(code), total(code[:-1])
            units[code] = (w * w / ww, wy / w, above_wy / above_w, 1 - w / above_w)
        square = sum(e * (r - m) ** 2 for e, r, m, _ in units.values())
        chance = sum(f * m * (1 - m) for _, _, m, f in units.values())
        free = sum(e * f * m * (1 - m) for e, _, m, f in units.values())
        k = free / (square - chance) if square > chance else None
        for code, (e, r, _, _) in units.items():
            above = rates[code[:-1]]
            rates[code] = above if k is None else (e * r + above * k) / (e + k)
    return {e: next(rates[code[:depth]] for depth in (3, 2, 1, 0) if code[:depth] in rates) for e, code in codes.items()}
