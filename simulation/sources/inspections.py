"""Simulate complaints, visits and findings month by month, and write visits as CSV records.

After a finding a business corrects the violation or not, and may violate again (:mod:`simulation.world.conduct`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.sources.writers import Lines
from simulation.world.behaviour import Behaviour
from simulation.world.clock import Clock
from simulation.world.conduct import Conduct
from simulation.world.entities import NEVER, Entities
from simulation.world.industries import trait
from simulation.world.population import Roles
from simulation.world.regions import places
from simulation.world.text import csv_lines, dates, decimals, instants, joined, masked, numbered, pick, strings
from simulation.world.typologies import TYPOLOGIES

RANDOM, TARGETED, COMPLAINT, JOINT, CAMPAIGN, FOLLOW_UP = range(6)
DISPLACEABLE = (RANDOM, TARGETED, JOINT, CAMPAIGN)
"""Reasons of visits that are not made shortly after another visit."""
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
METHODS = ("双随机", "重点监管", "投诉举报", "联合检查", "专项整治", "复查")
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
        conduct: the state of the entities at the end, with the days on which violations began and ended.
    """

    complaints: np.ndarray
    violates: np.ndarray
    active: np.ndarray
    visits: pd.DataFrame
    conduct: Conduct


@dataclass(frozen=True)
class Month:
    """What inspectors see in a month, and the truth; arrays over the entities.

    ``recent`` counts the complaints of three months, ``record`` the past findings, discounted by 7 % a month.
    """

    number: int
    trading: np.ndarray
    active: np.ndarray
    complaints: np.ndarray
    recent: np.ndarray
    record: np.ndarray


def simulate_history(
    rng: np.random.Generator, reach: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, behaviour: Behaviour
) -> History:
    """Simulate the months of the window in order; ``reach`` draws who can be met."""
    n, months = len(entities), clock.months
    conduct = Conduct(reach, clock, entities, roles, behaviour)
    record = np.zeros(n)
    complaints = np.zeros((months, n), dtype=np.int32)
    violates, active = np.zeros((months, n), dtype=bool), np.zeros((months, n), dtype=bool)
    visits = []
    for month in range(months):
        conduct.begin_month(rng, month)
        start, end = clock.starts[month], clock.starts[month] + clock.length(month)
        trading = (entities.established < start) & (np.minimum(entities.closed, conduct.left) >= end)
        active[month] = trading & (conduct.began < end) & (conduct.ended >= start)
        violates[month] = active[month] & roles.is_violator
        rate = complaint_rate(month, clock, entities, roles, conduct.began, active[month]) * (clock.length(month) / 30.4)
        complaints[month] = rng.poisson(np.where(entities.established < start, rate, 0.0) * (entities.closed >= start))
        recent = complaints[max(0, month - 2) : month + 1].sum(axis=0)
        now = Month(month, trading, active[month], complaints[month], recent, record)
        record *= 0.93
        for planned in _plan_visits(rng, clock, entities, roles, conduct, now):
            there = planned[planned.planned < conduct.left[planned.entity]]
            visits.append(_make_visits(rng, entities, conduct, there).assign(month=month))
            record[there.entity[visits[-1].is_violation]] += 1
    return History(complaints, violates, active, pd.concat(visits, ignore_index=True), conduct)


def complaint_rate(month: int, clock: Clock, entities: Entities, roles: Roles, began: np.ndarray, active: np.ndarray) -> np.ndarray:
    """Expected complaints about each entity in 30 days, from industry, size, its own factor, and its signs."""
    signs = roles.signs
    usual = trait("complaints")[entities.trade] / 1000 * np.exp(0.55 * entities.size) * entities.complaint_factor
    elapsed = (clock.starts[month] + 30 - began) / 30.4
    is_wave = np.isin(roles.mimic, [number for number, kind in enumerate(TYPOLOGIES) if kind.mimic == "viral_wave"])
    force = np.where(is_wave, 2.2 * (elapsed < 3), np.minimum(elapsed, 3) / 3)
    added = active * signs["complaints"] * force * (0.20 + 5 * usual)
    closing = entities.troubled & (entities.closed - clock.starts[month] < 240)
    return usual * np.where(closing, 5, 1) + added + 0.08 * closing


def _plan_visits(
    rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, conduct: Conduct, now: Month
) -> list[pd.DataFrame]:
    """The visits planned for a month: the first of each entity, then the second, and so on."""
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
    start, length = clock.starts[now.number], clock.length(now.number)
    selected_by, chosen = np.nonzero((rng.random(chances.shape) < chances) & now.trading)
    day = _working_days(start + rng.integers(0, length, len(chosen)), clock)
    due = np.flatnonzero((conduct.follow_up < start + length) & now.trading)
    due_on = _working_days(np.maximum(conduct.follow_up[due], start), clock)
    conduct.follow_up[due] = NEVER
    drawn = pd.DataFrame({"entity": chosen, "selected_by": selected_by, "planned": day})
    followed = pd.DataFrame({"entity": due, "selected_by": FOLLOW_UP, "planned": due_on})
    planned = pd.concat([drawn, followed]).sort_values(["entity", "planned", "selected_by"], ignore_index=True)
    planned["probability"] = np.where(planned.selected_by == RANDOM, random_rate[planned.entity], np.nan)
    turn = planned.groupby("entity").cumcount()
    return [planned[turn == number] for number in range(int(turn.max()) + 1 if len(turn) else 1)]


def _make_visits(rng: np.random.Generator, entities: Entities, conduct: Conduct, planned: pd.DataFrame) -> pd.DataFrame:
    """The visits with status, inspector and findings, at most one for each entity; the entities learn from them."""
    who, day, size, behaviour = planned.entity.to_numpy(), planned.planned.to_numpy(), len(planned), conduct.behaviour
    violating = conduct.is_violating(who, day)
    is_late = rng.random(size) < REPORTED_LATE
    inspector = places().prefecture[entities.county[who]] * INSPECTORS + rng.integers(0, INSPECTORS, size)
    strictness = 0.75 + 0.5 * ((inspector * 2654435761) % 1000) / 1000
    status = rng.choice([INSPECTED, REFUSED, NOT_DONE], size=size, p=[0.975, 0.005, 0.02])
    unmet = np.where(day >= conduct.unreachable[who], 1 - behaviour.met_anyway, behaviour.unmet)
    status = np.where(rng.random(size) < unmet, NOT_REACHABLE, status)
    is_recent = day - conduct.visited[who] <= behaviour.displaced_days
    is_displaced = is_recent & np.isin(planned.selected_by, DISPLACEABLE) & (rng.random(size) < behaviour.displaced)
    status = np.where(is_displaced, NOT_DONE, status)
    minor_breach = np.minimum(trait("minor_breach")[entities.trade[who]] / 100 * strictness, 1)
    minor_breach = np.where(planned.selected_by == FOLLOW_UP, behaviour.uncorrected * conduct.is_minor[who], minor_breach)
    detected = rng.random(size) < np.minimum(DETECTION_RATE * strictness**0.3, 0.97)
    is_violation = (status == INSPECTED) & np.where(violating, detected, rng.random(size) < minor_breach)
    gravity = np.array([(kind.severity - 1) / 3 for kind in TYPOLOGIES] + [0.0])[conduct.roles.typology[who]]
    grave = 1 + np.where(violating, rng.binomial(3, gravity), rng.random(size) < 0.12)
    items = rng.integers(8, 31, size)
    breaches = np.minimum(np.where(violating, 1 + rng.poisson(2.5, size), 1 + rng.poisson(0.4, size)), items)
    is_made = status == INSPECTED
    conduct.learn(rng, who[is_made], day[is_made], is_violation[is_made])
    return planned.assign(
        reported=day + rng.integers(0, 6, size) + np.where(is_late, rng.integers(45, 120, size), 0),
        status=status,
        is_late=is_late,
        inspector=inspector,
        items=np.where(is_made, items, 0),
        breaches=np.where(is_violation, breaches, 0),
        severity=np.where(is_violation, grave, 0),
        is_violation=is_violation,
        was_violating=violating,
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
        dates(visits["planned"]),
        dates(visits["planned"], is_done),
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
