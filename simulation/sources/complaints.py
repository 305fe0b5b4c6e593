"""Complaints: received, most of them resolved, some without the code of the entity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from simulation.sources.inspections import History
from simulation.sources.registrations import addresses, names
from simulation.sources.writers import Lines
from simulation.world.clock import Clock
from simulation.world.codes import pseudonyms
from simulation.world.entities import Entities
from simulation.world.industries import trades, trait
from simulation.world.population import Roles
from simulation.world.text import dates, decimals, instants, joined, masked, numbered, pick, strings
from simulation.world.typologies import TYPOLOGIES

CATEGORIES = ("食品安全", "产品质量", "预付消费", "虚假宣传", "欺诈", "价格", "合同", "售后服务", "卫生", "其他")
GRADES = ("服务", "质量或合同", "欺诈", "安全")
OUTCOMES = ("办理中", "属实", "已调解", "不属实", "拒绝调解", "撤诉")
CHANNELS = ("12315热线", "12315平台", "来访", "来信", "转办")
WITHOUT_CODE = 0.28
"""Share of complaints that give a name or an address instead of the code."""
ENTERED_LATE = 0.004
FOOD = ("14", "61", "62", "5212", "5213", "5223", "5225")
"""Industries whose complaints are mostly about food and hygiene."""
COMPLAINANT_KEY = 31


def make_complaints(rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, history: History) -> pd.DataFrame:
    """The complaints counted in the history, one row each; ``entity`` indexes the chunk, days are day numbers.

    ``named`` is 0 if the complaint gives the code of the entity.
    """
    month = np.repeat(np.arange(clock.months), history.complaints.sum(axis=1))
    who = np.concatenate([np.repeat(np.arange(len(entities)), counts) for counts in history.complaints]).astype(np.int64)
    size = len(who)
    lengths = np.array([clock.length(m) for m in range(clock.months)])
    received = clock.starts[month] + np.floor(rng.random(size) * lengths[month]).astype(np.int64)
    guilty = history.violates[month, who]
    grave = guilty * roles.signs["grave"][who]
    grade = 1 + (rng.random(size) < 0.42) + (rng.random(size) < 0.10 + 0.35 * grave) + (rng.random(size) < 0.05 + 0.2 * grave)
    stays_open = rng.random(size) < 0.05 + 0.40 * guilty * roles.signs["open"][who] + 0.3 * entities.troubled[who]
    duration = 1 + np.floor(rng.gamma(2.2, 9, size)).astype(np.int64) + np.where(stays_open & (rng.random(size) < 0.5), 90, 0)
    refused = stays_open & (rng.random(size) < 0.6)
    outcome = np.where(refused, 4, rng.choice([1, 2, 3, 5], size=size, p=[0.30, 0.42, 0.18, 0.10]))
    is_late = rng.random(size) < ENTERED_LATE
    return pd.DataFrame(
        {
            "entity": who,
            "received": received,
            "entered": received + np.where(is_late, 45 + np.arange(size) % 40, 0),
            "second": rng.integers(8 * 3600, 20 * 3600, size),
            "category": _categories(rng, entities, roles, who, guilty),
            "grade": np.minimum(grade, 4),
            "amount": np.round(np.exp(rng.normal(5.6 + 0.5 * (grade > 1), 1.2, size)) * 100).astype(np.int64),
            "resolved": received + np.where(stays_open & ~refused, 400, duration),
            "outcome": outcome,
            "channel": rng.choice(5, size=size, p=[0.45, 0.40, 0.05, 0.02, 0.08]),
            "complainant": rng.integers(0, 2**62, size),
            "named": np.where(rng.random(size) < WITHOUT_CODE, rng.integers(1, 5, size), 0),
            "is_late": is_late,
        }
    )


def _categories(rng: np.random.Generator, entities: Entities, roles: Roles, who: np.ndarray, guilty: np.ndarray) -> np.ndarray:
    trade = entities.trade[who]
    food = np.array([item.code.startswith(FOOD) for item in trades()])[trade]
    usual = rng.choice(10, size=len(who), p=[0.02, 0.26, 0.02, 0.12, 0.04, 0.10, 0.14, 0.24, 0.02, 0.04])
    usual = np.where(food & (rng.random(len(who)) < 0.45), rng.choice([0, 8], size=len(who), p=[0.7, 0.3]), usual)
    usual = np.where(trait("prepaid")[trade] & (rng.random(len(who)) < 0.4), 2, usual)
    runaway = np.array([kind.name == "prepaid_runaway" for kind in TYPOLOGIES] + [False])[roles.typology[who]]
    return np.where(guilty & runaway & (rng.random(len(who)) < 0.6), 2, usual)


def lines(clock: Clock, entities: Entities, complaints: pd.DataFrame, numbered_from: int) -> Lines:
    """Each complaint as received and, once resolved, again with its outcome."""
    rows = np.arange(len(complaints))
    entered_on = complaints["entered"].to_numpy()
    resolved_on = np.maximum(complaints["resolved"].to_numpy(), entered_on)
    entered, resolved = rows[entered_on <= clock.last], rows[resolved_on <= clock.last]
    row = np.concatenate([entered, resolved])
    is_resolved = np.repeat([False, True], [len(entered), len(resolved)])
    day = np.where(is_resolved, resolved_on[row], entered_on[row])
    delivered = clock.delivered(day)
    order = np.lexsort((day, row, delivered))
    row, is_resolved, day, delivered = row[order], is_resolved[order], day[order], delivered[order]
    return Lines(delivered, _json(entities, complaints, row, is_resolved, day, numbered_from))


def _json(
    entities: Entities, complaints: pd.DataFrame, row: np.ndarray, is_resolved: np.ndarray, day: np.ndarray, numbered_from: int
) -> pa.Array:
    values = {name: column.to_numpy() for name, column in complaints.iloc[row].items()}
    who, named = values["entity"], values["named"]
    second = np.where(is_resolved, values["second"] // 2 + 43200, values["second"])
    version = np.zeros(len(row), dtype=np.int64)
    registered, trading = names(entities, version, who)
    short = pc.replace_substring(registered, "有限公司", "")
    name = pc.if_else(pa.array(named == 2), trading, pc.if_else(pa.array(named == 3), short, registered))
    fields = {
        "投诉编号": numbered("TS", numbered_from + row, 10),
        "受理日期": dates(values["received"]),
        "被投诉主体代码": masked(strings(entities.code[who]), named == 0),
        "被投诉主体名称": masked(name, named != 4),
        "被投诉地址": masked(addresses(entities, version, who), (named > 0) | (row % 2 == 0)),
        "投诉类别": pick(CATEGORIES, values["category"]),
        "严重等级": pick(GRADES, values["grade"] - 1),
        "涉及金额": decimals(values["amount"], 2),
        "办结期限": dates(values["received"] + 60),
        "办结日期": dates(values["resolved"], is_resolved),
        "处理结果": pick(OUTCOMES, np.where(is_resolved, values["outcome"], 0)),
        "来源渠道": pick(CHANNELS, values["channel"]),
        "投诉人标识": strings(pseudonyms(values["complainant"], COMPLAINANT_KEY)),
        "更新时间": instants(day, second),
    }
    parts: list[pa.Array | str] = []
    for number, (label, texts) in enumerate(fields.items()):
        parts += [f'{", " if number else "{"}"{label}": ', joined('"', texts, '"')]
    return joined(*parts, "}", null="null")
