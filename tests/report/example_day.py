"""A small lake and its manifests: one listed day with two regions, a stopped source and a name that tries to be a script."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa

from expectations.contracts.indicators import Indicator
from expectations.contracts.scoring import REASONS, RISK_LIST, SCORES
from jobs.engine.lake import Lake
from jobs.lake.tables import arrow_schema

AS_OF = date(2026, 1, 31)
WHERE = "as_of = '2026-01-31'"
EVIL = "<script>alert(1)</script>"

INDICATORS = (
    Indicator("T1", "late_filing_ratio", "tax", "share", ("tax_filing",), 1, True, True),
    Indicator("C2", "complaint_burst", "complaint", "z", ("complaint",), 1, False, False),
)
_TEXTS = {
    "en": (
        "Late filings among those due.",
        "Late <b>filing</b>",
        "file.",
        "Complaints against the usual.",
        "{value} complaints",
        "wait.",
    ),
    "zh-Hans": ("逾期申报占应申报的比例。", "逾期申报", "申报。", "投诉数与平时之比。", "投诉激增", "等待。"),
    "zh-Hant": ("逾期申報佔應申報的比例。", "逾期申報", "申報。", "投訴數與平時之比。", "投訴激增", "等待。"),
}
_KEYS = [f"{indicator.column}.{text}" for indicator in INDICATORS for text in ("definition", "sentence", "change")]
INDICATOR_TEXTS = {language: dict(zip(_KEYS, texts, strict=True)) for language, texts in _TEXTS.items()}

LISTED = [
    # rank, region, rank in region, entity, name, industry, county, class, points, probability, margin
    (1, "330100", 1, "91330106MA0000001A", EVIL, "F", "330106", "D", 120, 0.91, 2.3),
    (2, "330100", 2, "91330106MA0000002B", "杭州示例食品有限公司", "C", "330106", "C", 340, 0.62, 0.9),
    (3, "320100", 1, "91320102MA0000003C", "=SUM(A1:A9)", "F", "320102", "B", 560, None, 0.4),
]
REASON_ROWS = [
    # entity, rank, indicator, contribution, value, peer median
    ("91330106MA0000001A", 1, "late_filing_ratio", 1.2, 0.5, 0.04),
    ("91330106MA0000001A", 2, "complaint_burst", 0.8, 4.0, None),
    ("91330106MA0000002B", 1, "complaint_burst", 0.5, -2.0, None),
]


def write_lake(home: Path) -> None:
    """The day's list, reasons and the scores of 40 entities."""
    lake = Lake(home)
    listed = [
        {
            "list_rank": rank, "capacity_region": region, "region_rank": region_rank, "entity_id": entity, "as_of": AS_OF,
            "name": name, "industry_code": industry, "region_code": county, "address": "文三路 1 号", "risk_class": letter,
            "credit_points": points, "probability": probability, "anomaly": 0.5, "margin": margin, "objective": margin,
            "tie_break": "ab", "model_id": "m-1", "probability_low": None if probability is None else probability / 2,
            "probability_high": None if probability is None else (1 + probability) / 2, "evidence": 0.8,
            "held_class": "D" if rank == 2 else None, "held_source": "complaints" if rank == 2 else None,
            "better_class": "B" if rank == 1 else None,
            "better_changes": json.dumps({"texts": {"en": f"Better {rank}", "zh-Hans": "更好"}}),
        }
        for rank, region, region_rank, entity, name, industry, county, letter, points, probability, margin in LISTED
    ]  # fmt: skip
    reasons = [
        {
            "entity_id": entity, "as_of": AS_OF, "reason_rank": rank, "indicator": indicator, "contribution": contribution,
            "value": value, "peer_median": median, "peer_group": "F · 330100", "peer_count": None,
            "rests_on": "tax_filing", "newest_on": AS_OF,
        }
        for entity, rank, indicator, contribution, value, median in REASON_ROWS
    ]  # fmt: skip
    scores = [
        {
            "entity_id": f"e{at:02}", "as_of": AS_OF, "model_id": "m-1", "margin": at / 10 - 2, "probability": at / 40,
            "anomaly": 0.1, "credit_points": 1000 - at * 20, "risk_class": "ABCD"[min(at // 12, 3)],
            "probability_low": at / 80, "probability_high": at / 40 + 0.1, "evidence": 1.0, "held_class": None, "held_source": None,
        }
        for at in range(40)
    ]  # fmt: skip
    for rows, contract in ((listed, RISK_LIST), (reasons, REASONS), (scores, SCORES)):
        lake.replace_arrow(pa.Table.from_pylist(rows, arrow_schema(contract)), contract, WHERE)


def write_manifests(home: Path) -> None:
    """The run, a source that passed, and one that was stopped."""
    check = {
        "delivered_on": "2026-01-31",
        "severity": "critical",
        "about": "the id is given",
        "column": "entity_id",
        "observed": None,
        "limit": None,
    }
    delivery = {"delivered_on": "2026-01-31", "files": [], "chain": "c", "duplicates": 1, "out_of_scope": 0}
    sources = {
        "registration": {
            "verdict": "passed", "why": "", "newest_delivery": "2026-01-31", "known_rows": 40,
            "batches": [{**delivery, "read": 10, "kept": 7, "quarantined": 2}],
            "checks": [{**check, "rule_id": "entity_id_present", "checked": 10, "failed": 2, "passed": False}],
        },
        "tax": {
            "verdict": "stopped", "why": "half of the rows have no period.", "newest_delivery": "2026-01-29", "known_rows": 90,
            "batches": [{**delivery, "read": 30, "kept": 0, "quarantined": 29}],
            "checks": [{**check, "rule_id": "period_present", "checked": 30, "failed": 0, "passed": True}],
        },
    }  # fmt: skip
    for name, manifest in sources.items():
        path = home / "manifests" / "sources" / name / "2026-01-31.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"source": name, "contract": name, "as_of": "2026-01-31", **manifest}), encoding="utf-8")
    run = {
        "run_id": "run-7", "as_of": "2026-01-31", "profile": "cn", "config_hash": "c0ffee", "code_version": "0.1.0",
        "model_id": "m-1", "seed": 1, "tables": {"gold.scores": 1}, "sources": {"registration": "passed", "tax": "stopped"},
        "stages": [], "listed": 3,
        "entities": 40,
    }  # fmt: skip
    path = home / "manifests" / "runs" / "2026-01-31.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(run), encoding="utf-8")
