"""Tax returns: monthly VAT and, for companies, quarterly income tax.

They are delivered as Parquet with the tax authority's short column names, money as decimals of yuan, and days as text.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.sources.inspections import History
from simulation.world.clock import Clock
from simulation.world.entities import COMPANY, NEVER, SOLE_TRADER, Entities
from simulation.world.industries import season_table, trait
from simulation.world.population import Roles
from simulation.world.text import dates, masked, pick, strings

VAT, CIT = 0, 1
DUE_DAY = 15
CORRECTED = 0.004
"""Share of returns that are corrected a month or two later."""
DELAYED = 0.001
"""Share of returns that the agency delivers months late."""
TAXES = ("增值税", "企业所得税")
MONEY = pa.decimal128(18, 2)


COLUMNS = (
    "entity", "tax", "start", "end", "due", "filed", "sales", "output", "input", "payable", "paid", "arrears", "invoices", "voided",
    "staff", "delivered", "is_correction", "is_delayed",
)  # fmt: skip
"""Returns have one row per version. Money is in fen, days are day numbers; ``filed`` is NEVER if the return was not filed."""


def _new_returns(**columns: np.ndarray) -> pd.DataFrame:
    """New rows; columns that are not given are 0 or false."""
    rows = pd.DataFrame(columns).reindex(columns=list(COLUMNS), fill_value=0)
    return rows.astype({"is_correction": bool, "is_delayed": bool})


def make_returns(rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, history: History) -> pd.DataFrame:
    """All returns delivered in the world, sorted by delivery, entity, tax and period."""
    sales, staff, is_zero = _activity(rng, clock, entities, roles, history)
    vat = _vat(rng, clock, entities, roles, history, sales, staff, is_zero)
    cit = _cit(rng, clock, entities, roles, history, sales, staff)
    rows = _add_deliveries(rng, clock, pd.concat([vat, *cit], ignore_index=True))
    rows = rows[rows.delivered <= clock.last]
    return rows.sort_values(["delivered", "entity", "tax", "start", "filed"], kind="stable", ignore_index=True)


def _activity(
    rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, history: History
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Monthly sales in yuan, employees, and whether nothing was sold, each of shape (months, entities)."""
    n, months, signs = len(entities), clock.months, roles.signs
    middle = trait("sales")[entities.trade] * 10_000 * np.exp(0.95 * entities.size - 0.75 * (entities.kind == SOLE_TRADER))
    season = season_table()[entities.trade][:, clock.calendar_months].T
    age = (clock.starts[:-1, None] - entities.established) / 30.4
    growth = np.exp(rng.normal(0.002, 0.012, n) * np.arange(months)[:, None])
    wander = np.cumsum(rng.normal(0, 0.07, (months, n)).astype(np.float32), axis=0)
    noise = rng.normal(0, 0.22, (months, n)).astype(np.float32)
    since = (clock.starts[:-1, None] + 15 - roles.began) / 30.4
    surge = (
        1 + 3.5 * signs["surge"] * np.where(roles.is_violator, np.clip(since / 2, 0, 1), np.clip(since / 6, 0, 1)) * history.active
    )
    sales = middle * season * growth * surge * np.clip(age / 6, 0.15, 1) * np.exp(wander + noise)
    people = np.maximum(np.round(middle / 10_000 * trait("staff")[entities.trade] * np.exp(rng.normal(0, 0.35, n))), 1)
    people = people * np.exp(-0.8 * signs["few_staff"] * roles.is_violator)
    grows = np.where(roles.is_violator, 1.0, surge)
    staff = np.maximum(np.round(people * grows * np.exp(rng.normal(0, 0.06, (months, n)).astype(np.float32))), 0).astype(np.int64)
    is_zero = _months_without_sales(rng, entities, roles, history, since)
    return np.where(is_zero, 0.0, sales), staff, is_zero


def _months_without_sales(
    rng: np.random.Generator, entities: Entities, roles: Roles, history: History, since: np.ndarray
) -> np.ndarray:
    """Months without sales, shape (months, entities): of small and dormant entities, sleepers, seasonal traders and shells."""
    months, n = since.shape
    rarely = rng.beta(0.25, 9, n) * np.where(entities.kind == SOLE_TRADER, 1.6, 1.0)
    spell_start, spell_length = rng.integers(-18, months, n), rng.integers(3, 20, n)
    has_spell = rng.random(n) < 0.07
    at = np.arange(months)[:, None]
    spell = has_spell & (at >= spell_start) & (at < spell_start + spell_length)
    asleep = (roles.signs["asleep"] > 0.3) & (since < 0) & (since > -np.clip(9 * roles.signs["asleep"], 6, 14))
    idle = history.active & (rng.random((months, n)) < np.minimum(0.75 * roles.signs["idle"], 0.95))
    surging = (roles.signs["surge"] > 0) & (since > -1)
    return ((rng.random((months, n)) < rarely) | spell) & ~surging | asleep | idle


def _filing_days(
    rng: np.random.Generator, entities: Entities, roles: Roles, ongoing: np.ndarray, due: np.ndarray, who: np.ndarray
) -> np.ndarray:
    """The day each return is filed: mostly in the two weeks before the due day, sometimes weeks later, rarely never."""
    failing = entities.troubled[who] & (due > entities.closed[who] - 270)
    late = entities.tardiness[who] + 0.32 * roles.signs["late"][who] * ongoing + 0.35 * failing
    is_late = rng.random(len(who)) < late
    early = due - np.floor(14 * rng.random(len(who)) ** 2).astype(np.int64)
    after = due + 1 + np.floor(rng.exponential(20, len(who))).astype(np.int64)
    never = is_late & (rng.random(len(who)) < 0.08)
    return np.where(never, NEVER, np.where(is_late, after, early))


def _vat(
    rng: np.random.Generator,
    clock: Clock,
    entities: Entities,
    roles: Roles,
    history: History,
    sales: np.ndarray,
    staff: np.ndarray,
    is_zero: np.ndarray,
) -> pd.DataFrame:
    trading = (entities.established < clock.starts[:-1, None]) & (entities.closed >= clock.starts[1:, None])
    month, who = np.nonzero(trading & (clock.starts[1:, None] <= clock.last))
    signs, size = roles.signs, len(who)
    ongoing = history.active[month, who]
    yuan, zero = sales[month, who], is_zero[month, who]
    usual = trait("burden")[entities.trade[who]] / 100 * entities.burden[who] * np.exp(rng.normal(0, 0.22, size))
    shown = np.where(roles.is_violator[who], ongoing, signs["low_burden"][who] > 0)
    burden = usual * np.exp(-0.75 * signs["low_burden"][who] * shown)
    declared = np.where(ongoing & roles.is_violator[who] & (signs["low_burden"][who] > 0), yuan * 0.85, yuan)
    fen = np.round(declared * 100).astype(np.int64)
    payable = np.round(fen * np.minimum(burden, 0.12)).astype(np.int64)
    rate = np.where(entities.kind[who] == SOLE_TRADER, 0.03, np.where(trait("consumer")[entities.trade[who]], 0.06, 0.13))
    output = np.maximum(np.round(fen * rate).astype(np.int64), payable)
    ticket = np.where(trait("consumer")[entities.trade[who]], 900.0, 18_000.0)
    invoices = rng.poisson(np.minimum(yuan / ticket, 5_000))
    invoices = np.where(zero, 0, np.maximum(invoices, 1))
    void_rate = entities.voiding[who] * (1 + 3.5 * signs["void"][who] * ongoing) + 0.02 * signs["void"][who] * ongoing
    due = clock.starts[month + 1] + DUE_DAY - 1
    owes = rng.random(size) < 0.008 + 0.12 * np.minimum(signs["late"][who], 2) * ongoing + 0.4 * (
        entities.troubled[who] & (entities.closed[who] - clock.starts[month] < 200)
    )
    paid = np.where(owes, np.round(payable * rng.random(size)).astype(np.int64), payable)
    return _new_returns(
        entity=who,
        tax=np.full(size, VAT),
        start=clock.starts[month],
        end=clock.starts[month + 1] - 1,
        due=due,
        filed=_filing_days(rng, entities, roles, ongoing, due, who),
        sales=fen,
        output=output,
        input=output - payable,
        payable=payable,
        paid=paid,
        arrears=payable - paid,
        invoices=invoices,
        voided=rng.binomial(invoices, np.minimum(void_rate, 0.6)),
        staff=staff[month, who],
    )


def _cit(
    rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, history: History, sales: np.ndarray, staff: np.ndarray
) -> list[pd.DataFrame]:
    """Quarterly returns of companies. Sales equal those for VAT, apart from rounding, small legal differences and the sign."""
    ends = [m for m in range(2, clock.months) if clock.calendar_months[m] % 3 == 2 and clock.starts[m + 1] <= clock.last]
    parts = []
    for last in ends:
        trading = (entities.established < clock.starts[last - 2]) & (entities.closed >= clock.starts[last + 1])
        who = np.flatnonzero((entities.kind == COMPANY) & trading)
        size = len(who)
        ongoing = history.violates[last, who]
        quarter = sales[last - 2 : last + 1, who].sum(axis=0)
        differs = np.where(rng.random(size) < 0.12, rng.normal(0, 0.12, size), rng.normal(0, 0.012, size))
        fen = np.round(quarter * 100 * np.maximum(1 + differs + 0.22 * roles.signs["cit_gap"][who] * ongoing, 0)).astype(np.int64)
        payable = np.round(fen * 0.05 * np.exp(rng.normal(-0.6, 0.5, size)) * 0.25).astype(np.int64)
        due = np.full(size, clock.starts[last + 1] + DUE_DAY - 1)
        parts.append(
            _new_returns(
                entity=who,
                tax=np.full(size, CIT),
                start=np.full(size, clock.starts[last - 2]),
                end=np.full(size, clock.starts[last + 1] - 1),
                due=due,
                filed=_filing_days(rng, entities, roles, ongoing, due, who),
                sales=fen,
                payable=payable,
                paid=payable,
                staff=staff[last, who],
            )
        )
    return parts


def _add_deliveries(rng: np.random.Generator, clock: Clock, rows: pd.DataFrame) -> pd.DataFrame:
    """Each return by delivery: as not filed, when filed, and when corrected."""
    size = len(rows)
    first = clock.tax_delivered(rows.due.to_numpy())
    filed = np.where(rows.filed < NEVER, clock.tax_delivered(rows.filed.to_numpy()), clock.last + 1)
    is_delayed = rng.random(size) < DELAYED
    filed = np.where(is_delayed, clock.tax_delivered(np.minimum(filed + rng.integers(50, 160, size), clock.last + 1)), filed)
    open_now = (filed > first) & ~is_delayed
    missing = rows.loc[open_now, ["entity", "tax", "start", "end", "due"]]
    unfiled = _new_returns(**missing, filed=np.full(len(missing), NEVER), delivered=first[open_now])
    known = rows.assign(delivered=np.maximum(filed, first), is_delayed=is_delayed)[rows.filed < NEVER]
    wrong = known[(rng.random(len(known)) < CORRECTED) & (known.sales > 0)]
    factor = 1 + rng.normal(0.02, 0.06, len(wrong))
    corrected = wrong.assign(
        sales=np.round(wrong.sales * np.maximum(factor, 0.5)).astype(np.int64),
        delivered=clock.tax_delivered(wrong.delivered.to_numpy() + rng.integers(1, 60, len(wrong))),
        is_correction=True,
    )
    return pd.concat([unfiled, known, corrected])


def fen_as_yuan(fen: np.ndarray) -> pa.Array:
    """Whole fen as decimals of yuan with two places, exact: the same integers with another type."""
    words = np.empty((len(fen), 2), dtype="<i8")
    words[:, 0] = fen
    words[:, 1] = np.where(fen < 0, -1, 0)
    return pa.Array.from_buffers(MONEY, len(fen), [None, pa.py_buffer(words.tobytes())])


def returns_table(entities: Entities, returns: pd.DataFrame) -> pa.Table:
    """The returns as a table; unfiled returns have no amounts."""
    rows = {name: column.to_numpy() for name, column in returns.items()}
    is_filed = rows["filed"] < NEVER

    def money(fen: np.ndarray) -> pa.Array:
        return masked(fen_as_yuan(fen), is_filed)

    def count(values: np.ndarray) -> pa.Array:
        return pa.array(values, pa.int64(), mask=~is_filed)

    return pa.table(
        {
            "nsrsbh": strings(entities.code[rows["entity"]]),
            "zsxm": pick(TAXES, rows["tax"]),
            "skssqq": dates(rows["start"]),
            "skssqz": dates(rows["end"]),
            "sbqx": dates(rows["due"]),
            "sbrq": dates(np.where(is_filed, rows["filed"], 0), is_filed),
            "xse": money(rows["sales"]),
            "xxse": money(rows["output"]),
            "jxse": money(rows["input"]),
            "ynse": money(rows["payable"]),
            "yjse": money(rows["paid"]),
            "qjse": money(rows["arrears"]),
            "kpfs": count(rows["invoices"]),
            "zffs": count(rows["voided"]),
            "cyrs": count(rows["staff"]),
        }
    )
