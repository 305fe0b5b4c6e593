"""Inspections as the inspection department's CSV records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.sources.inspections import INSPECTED, RANDOM, Visits
from simulation.world.clock import Clock
from simulation.world.entities import Entities
from simulation.world.regions import places
from simulation.world.text import dates, decimals, instants, joined, masked, numbered, pick, strings

HEADER = (
    "检查编号,统一社会信用代码,检查机关,抽查批次,抽中概率,检查方式,计划日期,检查日期,上报时间,检查状态,检查项数,违规项数,严重程度,"
    "发现问题,检查人员,罚款(元),处理结果"
)
WAYS = ("双随机", "重点监管", "投诉举报", "联合检查", "专项整治")
STATUSES = ("已检查", "无法联系", "拒绝检查", "未实施")
GRADES = ("无", "轻微", "一般", "较重", "严重")
RESULTS = ("未发现问题", "责令改正", "警告", "罚款", "移送")
CORRECTED = 0.006


@dataclass(frozen=True)
class Lines:
    """CSV records with the day of their delivery, sorted by it; how many are corrections, how many came late."""

    delivered: np.ndarray
    text: pa.Array
    corrected: int
    late: int


def lines(rng: np.random.Generator, clock: Clock, entities: Entities, visits: Visits, numbered_from: int) -> Lines:
    """Each visit once reported; a few again with a corrected penalty, a few reported months late."""
    size = len(visits.entity)
    fixed = np.flatnonzero(rng.random(size) < CORRECTED)
    row = np.concatenate([np.arange(size), fixed])
    is_fixed = np.repeat([False, True], [size, len(fixed)])
    day = np.where(is_fixed, visits.reported[row] + 1 + row % 25, visits.reported[row])
    second = rng.integers(9 * 3600, 18 * 3600, size)[row]
    penalty = _penalties(rng, visits)
    kept = day <= clock.last
    row, is_fixed, day, second = row[kept], is_fixed[kept], day[kept], second[kept]
    delivered = clock.delivered(day)
    order = np.lexsort((day, row, delivered))
    row, is_fixed, day, second, delivered = row[order], is_fixed[order], day[order], second[order], delivered[order]
    amount = np.where(is_fixed, penalty[row] // 2 + 50_000 * visits.is_violation[row], penalty[row])
    text = _csv(clock, entities, visits, row, day, second, amount, numbered_from)
    return Lines(delivered, text, int(is_fixed.sum()), int((visits.is_late[row] & ~is_fixed).sum()))


def _penalties(rng: np.random.Generator, visits: Visits) -> np.ndarray:
    fined = visits.is_violation & (visits.severity >= 2)
    return np.where(fined, np.round(np.exp(rng.normal(6.5 + visits.severity, 0.8))).astype(np.int64) * 100, 0)


def _csv(
    clock: Clock,
    entities: Entities,
    visits: Visits,
    row: np.ndarray,
    day: np.ndarray,
    second: np.ndarray,
    penalty: np.ndarray,
    numbered_from: int,
) -> pa.Array:
    who = visits.entity[row]
    prefecture = places().prefecture[entities.county[who]]
    is_done = visits.status[row] == INSPECTED
    is_random = visits.selected_by[row] == RANDOM
    months = _month_labels(clock)
    offices = [f"{name}市场监督管理局" for name in places().prefecture_names]
    draw = joined("SSJ", pick(months, visits.month[row]), "-", pick(places().prefecture_codes, prefecture))
    probability = np.round(np.nan_to_num(visits.probability[row]) * 10_000).astype(np.int64)
    fields = [
        numbered("JC", numbered_from + row, 10),
        strings(entities.code[who]),
        pick(offices, prefecture),
        masked(draw, is_random),
        masked(decimals(probability, 4), is_random),
        pick(WAYS, visits.selected_by[row]),
        dates(visits.inspected[row]),
        dates(visits.inspected[row], is_done),
        instants(day, second),
        pick(STATUSES, visits.status[row]),
        strings(visits.items[row]),
        strings(visits.breaches[row]),
        pick(GRADES, visits.severity[row]),
        masked(pick(["否", "是"], visits.is_violation[row].astype(np.int64)), is_done),
        numbered("R", visits.inspector[row], 4),
        decimals(penalty, 2),
        masked(pick(RESULTS, visits.severity[row]), is_done),
    ]
    return joined(*[part for field in fields for part in (field, ",")][:-1], null="")


def _month_labels(clock: Clock) -> list[str]:
    first = clock.as_of.year * 12 + clock.as_of.month - clock.months
    return [f"{(first + month) // 12:04d}{(first + month) % 12 + 1:02d}" for month in range(clock.months)]
