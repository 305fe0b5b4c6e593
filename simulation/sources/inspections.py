"""Simulate complaints, visits and findings month by month, and write visits as CSV records.

A violator stops when a visit finds the violation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.sources.writers import Lines
from simulation.world.clock import Clock
from simulation.world.entities import NEVER, Entities
from simulation.world.industries import trait
from simulation.world.population import Roles
from simulation.world.regions import places
from simulation.world.text import csv_lines, dates, decimals, instants, joined, masked, numbered, pick, strings
from simulation.world.typologies import TYPOLOGIES

RANDOM, TARGETED, COMPLAINT, JOINT, CAMPAIGN = 0, 1, 2, 3, 4
INSPECTED, NOT_REACHABLE, REFUSED, NOT_DONE = 0, 1, 2, 3
DETECTION_RATE = 0.86
"""Chance that a usual inspector finds an ongoing violation."""
REPORTED_LATE = 0.004
"""Share of visits that are reported months later."""
CORRECTED = 0.006
"""Share of visits whose penalty is corrected."""
VISIT_RATE = 0.065
"""Monthly chance that the visible signs of a violator or mimic cause a visit."""
INSPECTORS = 24
"""Inspectors per prefecture."""
HEADER = (
    "检查编号,统一社会信用代码,检查机关,抽查批次,抽中概率,检查方式,计划日期,检查日期,上报时间,检查状态,检查项数,违规项数,严重程度,"
    "发现问题,检查人员,罚款(元),处理结果"
)
METHODS = ("双随机", "重点监管", "投诉举报", "联合检查", "专项整治")
STATUSES = ("已检查", "无法联系", "拒绝检查", "未实施")
GRADES = ("无", "轻微", "一般", "较重", "严重")
RESULTS = ("未发现问题", "责令改正", "警告", "罚款", "移送")


@dataclass(frozen=True)
class History:
    """The result of the simulation.

    Attributes:
        complaints: counts, shape (months, entities).
        violates: whether the violation is ongoing, shape (months, entities).
        active: whether the violation or the mimic's sign is ongoing, shape (months, entities).
        visits: one row per visit; ``entity`` indexes the chunk, days are day numbers.
        found: day on which the finding was reported, else NEVER.
    """

    complaints: np.ndarray
    violates: np.ndarray
    active: np.ndarray
    visits: pd.DataFrame
    found: np.ndarray


@dataclass(frozen=True)
class Month:
    """What inspectors see in a month, and the truth; arrays over the entities.

    ``recent`` counts the complaints of three months, ``record`` the past findings, discounted by 7 % a month.
    """

    number: int
    trading: np.ndarray
    violates: np.ndarray
    active: np.ndarray
    complaints: np.ndarray
    recent: np.ndarray
    record: np.ndarray


def simulate_history(rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles) -> History:
    """Simulate the months of the window in order."""
    n, months = len(entities), clock.months
    found = np.full(n, NEVER, dtype=np.int64)
    record = np.zeros(n)
    complaints = np.zeros((months, n), dtype=np.int32)
    violates, active = np.zeros((months, n), dtype=bool), np.zeros((months, n), dtype=bool)
    by_month = []
    for month in range(months):
        start, end = clock.starts[month], clock.starts[month] + clock.length(month)
        trading = (entities.established < start) & (entities.closed >= end)
        ongoing = (roles.began < end) & (found >= start)
        violates[month], active[month] = trading & roles.is_violator & ongoing, trading & ongoing
        rate = complaint_rate(month, clock, entities, roles, active[month]) * (clock.length(month) / 30.4)
        complaints[month] = rng.poisson(np.where(entities.established < start, rate, 0.0) * (entities.closed >= start))
        recent = complaints[max(0, month - 2) : month + 1].sum(axis=0)
        now = Month(month, trading, violates[month], active[month], complaints[month], recent, record)
        visits = _visits_of_month(rng, clock, entities, roles, now)
        by_month.append(visits)
        hits = visits[visits.is_violation & visits.was_violating]
        found[hits.entity] = hits.reported
        record *= 0.93
        record[visits.entity[visits.is_violation]] += 1
    return History(complaints, violates, active, pd.concat(by_month, ignore_index=True), found)


def complaint_rate(month: int, clock: Clock, entities: Entities, roles: Roles, active: np.ndarray) -> np.ndarray:
    """Expected complaints about each entity in 30 days, from industry, size, its own factor, and its signs."""
    signs = roles.signs
    usual = trait("complaints")[entities.trade] / 1000 * np.exp(0.55 * entities.size) * entities.complaint_factor
    elapsed = (clock.starts[month] + 30 - roles.began) / 30.4
    is_wave = np.isin(roles.mimic, [number for number, kind in enumerate(TYPOLOGIES) if kind.mimic == "viral_wave"])
    force = np.where(is_wave, 2.2 * (elapsed < 3), np.minimum(elapsed, 3) / 3)
    added = active * signs["complaints"] * force * (0.20 + 5 * usual)
    closing = entities.troubled & (entities.closed - clock.starts[month] < 240)
    return usual * np.where(closing, 5, 1) + added + 0.08 * closing


def _visits_of_month(rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, now: Month) -> pd.DataFrame:
    """The visits of a month: entity, reason, inspector and findings."""
    random_rate = places().random_rate[places().prefecture[entities.county]]
    kinds = {kind: np.array([item.found_by == kind for item in TYPOLOGIES] + [False]) for kind in ("targeted", "joint", "campaign")}
    role = np.maximum(roles.typology, roles.mimic)
    by_sign = {kind: VISIT_RATE * now.active * chosen[role] for kind, chosen in kinds.items()}
    by_record = 0.0042 * np.exp(0.5 * entities.size) * (1 + 2.5 * now.record) * (1 + 0.7 * np.minimum(now.recent, 8))
    chances = np.stack(
        [
            random_rate,
            np.minimum(by_record, 0.12) + by_sign["targeted"],
            1 - 0.97 ** np.minimum(now.complaints, 8),
            0.0006 + by_sign["joint"],
            0.0004 + by_sign["campaign"],
        ]
    )
    drawn = (rng.random(chances.shape) < chances) & now.trading
    chosen = np.flatnonzero(drawn.any(axis=0))
    selected_by = drawn[:, chosen].argmax(axis=0)
    size = len(chosen)
    inspected = _working_days(clock.starts[now.number] + rng.integers(0, clock.length(now.number), size), clock)
    violating = now.violates[chosen] & (inspected >= roles.began[chosen])
    is_late = rng.random(size) < REPORTED_LATE
    prefecture = places().prefecture[entities.county[chosen]]
    inspector = prefecture * INSPECTORS + rng.integers(0, INSPECTORS, size)
    strictness = 0.75 + 0.5 * ((inspector * 2654435761) % 1000) / 1000
    status = rng.choice(4, size=size, p=[0.95, 0.025, 0.005, 0.02])
    away = violating & (rng.random(size) < 0.3 * np.minimum(roles.signs["unreachable"][chosen], 1.5))
    status = np.where(away, NOT_REACHABLE, status)
    minor_breach = trait("minor_breach")[entities.trade[chosen]] / 100 * strictness
    detected = rng.random(size) < np.minimum(DETECTION_RATE * strictness**0.3, 0.97)
    is_violation = (status == INSPECTED) & np.where(violating, detected, rng.random(size) < minor_breach)
    grave = np.where(violating, 1 + rng.binomial(3, 0.5, size), 1 + (rng.random(size) < 0.12))
    items = rng.integers(8, 31, size)
    breaches = np.minimum(np.where(violating, 1 + rng.poisson(2.5, size), 1 + rng.poisson(0.4, size)), items)
    return pd.DataFrame(
        {
            "entity": chosen,
            "month": np.full(size, now.number),
            "selected_by": selected_by,
            "probability": np.where(selected_by == RANDOM, random_rate[chosen], np.nan),
            "inspected": inspected,
            "reported": inspected + rng.integers(0, 6, size) + np.where(is_late, rng.integers(45, 120, size), 0),
            "status": status,
            "is_late": is_late,
            "inspector": inspector,
            "items": np.where(status == INSPECTED, items, 0),
            "breaches": np.where(is_violation, breaches, 0),
            "severity": np.where(is_violation, grave, 0),
            "is_violation": is_violation,
            "was_violating": violating,
        }
    )


def _working_days(days: np.ndarray, clock: Clock) -> np.ndarray:
    """Move weekend days to the Friday before, but not before the window. Day 0, 1970-01-01, was a Thursday."""
    weekday = (days + 3) % 7
    return np.maximum(days - np.maximum(weekday - 4, 0), clock.first)


def lines(rng: np.random.Generator, clock: Clock, entities: Entities, visits: pd.DataFrame, numbered_from: int) -> Lines:
    """Each reported visit; a few again with a corrected penalty, a few reported months late."""
    size = len(visits)
    corrected = np.flatnonzero(rng.random(size) < CORRECTED)
    row = np.concatenate([np.arange(size), corrected])
    is_corrected = np.repeat([False, True], [size, len(corrected)])
    reported = visits["reported"].to_numpy()[row]
    day = np.where(is_corrected, reported + 1 + row % 25, reported)
    second = rng.integers(9 * 3600, 18 * 3600, size)[row]
    penalty = _penalties(rng, visits)
    is_known = day <= clock.last
    row, is_corrected, day, second = row[is_known], is_corrected[is_known], day[is_known], second[is_known]
    delivered = clock.delivered(day)
    order = np.lexsort((day, row, delivered))
    row, is_corrected, day, second, delivered = row[order], is_corrected[order], day[order], second[order], delivered[order]
    values = {name: column.to_numpy() for name, column in visits.iloc[row].items()}
    amount = np.where(is_corrected, penalty[row] // 2 + 50_000 * values["is_violation"], penalty[row])
    text = _csv(clock, entities, values, numbered_from + row, day, second, amount)
    return Lines(delivered, text, int(is_corrected.sum()), int((values["is_late"] & ~is_corrected).sum()))


def _penalties(rng: np.random.Generator, visits: pd.DataFrame) -> np.ndarray:
    fined = visits.is_violation & (visits.severity >= 2)
    return np.where(fined, np.round(np.exp(rng.normal(6.5 + visits.severity, 0.8))).astype(np.int64) * 100, 0)


def _csv(
    clock: Clock,
    entities: Entities,
    visits: dict[str, np.ndarray],
    number: np.ndarray,
    day: np.ndarray,
    second: np.ndarray,
    penalty: np.ndarray,
) -> pa.Array:
    who = visits["entity"]
    prefecture = places().prefecture[entities.county[who]]
    is_done = visits["status"] == INSPECTED
    is_random = visits["selected_by"] == RANDOM
    months = _month_labels(clock)
    offices = [f"{name}市场监督管理局" for name in places().prefecture_names]
    draw = joined("SSJ", pick(months, visits["month"]), "-", pick(places().prefecture_codes, prefecture))
    probability = np.round(np.nan_to_num(visits["probability"]) * 10_000).astype(np.int64)
    fields = [
        numbered("JC", number, 10),
        strings(entities.code[who]),
        pick(offices, prefecture),
        masked(draw, is_random),
        masked(decimals(probability, 4), is_random),
        pick(METHODS, visits["selected_by"]),
        dates(visits["inspected"]),
        dates(visits["inspected"], is_done),
        instants(day, second),
        pick(STATUSES, visits["status"]),
        strings(visits["items"]),
        strings(visits["breaches"]),
        pick(GRADES, visits["severity"]),
        masked(pick(["否", "是"], visits["is_violation"].astype(np.int64)), is_done),
        numbered("R", visits["inspector"], 4),
        decimals(penalty, 2),
        masked(pick(RESULTS, visits["severity"]), is_done),
    ]
    return csv_lines(fields)


def _month_labels(clock: Clock) -> list[str]:
    first = clock.as_of.year * 12 + clock.as_of.month - clock.months
    return [f"{(first + month) // 12:04d}{(first + month) % 12 + 1:02d}" for month in range(clock.months)]
