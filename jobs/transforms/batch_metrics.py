"""Metrics of each delivered day of a source: its volume, age, scope and label rate, against the source's own past.

**Expected volume.** A delivery is compared with earlier ones after a similar gap (at least half and at most twice as many days
since the delivery before), since monthly deliveries may become daily ones and a Monday delivers a weekend. The first, often a
backlog, is left out; with fewer than three there is no ratio (NaN). The expected volume is the smallest of the medians of the last
12, of the last 60, and of the last 12 on the same weekday: the second covers the low after a monthly peak, the first follows a
source that has become smaller for good. When daily deliveries follow a history by the month, the first one holds the rows of a few
days only and is not compared.

**Shares.** A share of a delivery is compared with that of the last 12 deliveries together. Four standard errors of the difference
are chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from math import nan, sqrt
from statistics import median

import pandas as pd
from pyspark.sql import Column as SqlColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.batch_metrics import (
    ABSENT_SHARE,
    AGE_DAYS,
    BREACHES_GAP,
    COLUMNS,
    CONFLICT_SHARE,
    GARBLED_SHARE,
    LABEL_SHIFT,
    LOWEST_RATIO,
    OUT_OF_SCOPE_SHARE,
    QUARANTINED_SHARE,
    ROWS,
    SCOPE_SHIFT,
    UNKNOWN_ENTITY_SHARE,
    VOLUME_RATIO,
)
from expectations.contracts.contract import Contract
from expectations.contracts.inspection import BREACHES, FOLLOW_UP, FOUND_VIOLATION, SELECTED_BY
from expectations.contracts.lineage import DELIVERED_ON, ENTITY_ID, IS_ABSENT
from expectations.row_rules import add_missing_columns, is_sound_sql

BROKEN = "broken"
"""Rows of the day that break a critical row rule."""
NEWEST_EVENT_ON = "newest_event_on"
NAMED = "named"
"""Rows of the day with an entity_id."""
UNKNOWN = "unknown"
"""Rows of the day with an entity_id that no registration has."""
BEYOND_ASCII, GARBLED = "beyond_ascii", "garbled"
"""Rows of the day whose texts have characters beyond ASCII, and those whose texts look as if read with a wrong encoding."""
LABELLED, FOUND = "labelled", "found"
"""Visits of the day with a label, and those that found a violation. Follow-ups have no label."""
GAP = "gap"
COUNT_COLUMNS = (DELIVERED_ON, ROWS, BROKEN, NEWEST_EVENT_ON, NAMED, UNKNOWN, BEYOND_ASCII, GARBLED, LABELLED, FOUND, GAP)

READ, QUARANTINED, OUT_OF_SCOPE, ABSENT = "read", "quarantined", "out_of_scope", "absent"
UNDECODABLE, CONFLICTS = "undecodable", "conflicts"
"""Records of the day that were rejected because their bytes are invalid in the source's encoding."""
READ_COLUMNS = (DELIVERED_ON, READ, QUARANTINED, OUT_OF_SCOPE, ABSENT, UNDECODABLE, LABELLED, FOUND, CONFLICTS)
"""What is known of each batch besides its rows; the labels are those of batches whose rows are not counted again."""

_CONTINUED = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
"""The bytes 0x80 to 0xBF as Latin-1 and Windows-1252 show them: in UTF-8 each of them continues a character."""
LOOKS_GARBLED = f"[ÂÃ]{_CONTINUED}|[à-ï]{_CONTINUED}{{2}}|\ufffd|锟斤|鏈夐檺|鍏徃"
"""Texts that a wrong encoding gives: ``É`` as ``Ã‰``, ``中`` as ``ä¸\xad``, 有限 and 公司 in UTF-8 as GBK, replaced characters."""

LIKE_GAP = 2
RECENT_DELIVERIES = 12
LONG_DELIVERIES = 60
FEWEST_DELIVERIES = 3
FEWEST_EVENTS = 10
"""With fewer rows the age is NaN: all of them may be late, or about old events. Fewer expected rows may be none by chance."""
LOWEST_ROWS = 100
"""Below this smallest delivery a quarter fewer rows may be chance."""
FEWEST_LABELS, FEWEST_LABELS_BEFORE = 5, 30
CHANCE = 4
"""Standard errors."""


def count_days(rows: DataFrame, contract: Contract, entity_ids: DataFrame | None = None) -> DataFrame:
    """Count a source's bronze rows by delivered day; one row per day, columns :data:`COUNT_COLUMNS`.

    Rows that record an absence from a snapshot were not delivered and are left out. ``newest_event_on`` uses only events up to the
    delivery, so that one date in the future cannot make an old delivery look new; it is NULL where there is none, as for a file
    without a delivery date.

    Args:
        rows: bronze rows: the contract's columns with their lineage.
        entity_ids: the known ``entity_id``s, repeated or not; without it no row is looked up, and ``named`` is 0.
    """
    delivered = add_missing_columns(rows, contract).filter(~F.col(IS_ABSENT)).withColumn(BROKEN, ~F.expr(is_sound_sql(contract)))
    has_entities = entity_ids is not None and ENTITY_ID in contract.columns
    if entity_ids is not None and has_entities:
        known = entity_ids.select(ENTITY_ID).distinct().withColumn(UNKNOWN, F.lit(False))
        delivered = delivered.join(known, on=ENTITY_ID, how="left")
    event_on = F.col(contract.event_on) if contract.event_on else F.lit(None).cast("date")
    is_named = F.col(ENTITY_ID).isNotNull() if has_entities else F.lit(False)
    is_unknown = is_named & F.col(UNKNOWN).isNull() if has_entities else F.lit(False)
    text = F.concat_ws(" ", *contract.texts)
    has_labels = FOUND_VIOLATION in contract.columns
    is_labelled = F.col(FOUND_VIOLATION).isNotNull() & (F.col(SELECTED_BY) != FOLLOW_UP) if has_labels else F.lit(False)
    is_found = is_labelled & F.col(FOUND_VIOLATION) if has_labels else F.lit(False)
    return delivered.groupBy(DELIVERED_ON).agg(
        F.count(F.lit(1)).alias(ROWS),
        F.count_if(F.col(BROKEN)).alias(BROKEN),
        F.max(F.when(event_on <= F.col(DELIVERED_ON), event_on)).alias(NEWEST_EVENT_ON),
        F.count_if(is_named).alias(NAMED),
        F.count_if(is_unknown).alias(UNKNOWN),
        F.count_if(text.rlike("[^\u0001-\u007f]") if contract.texts else F.lit(False)).alias(BEYOND_ASCII),
        F.count_if(text.rlike(LOOKS_GARBLED) if contract.texts else F.lit(False)).alias(GARBLED),
        F.count_if(is_labelled).alias(LABELLED),
        F.count_if(is_found).alias(FOUND),
        (_breaches_gap(is_labelled, is_found) if has_labels else F.lit(None).cast("double")).alias(GAP),
    )


def _breaches_gap(is_labelled: SqlColumn, is_found: SqlColumn) -> SqlColumn:
    """The mean breaches of visits that found a violation minus that of the others; NULL with too few of either to compare."""
    means, enough = [], F.lit(True)
    for group in (is_found, is_labelled & ~is_found):
        breaches = F.when(group, F.col(BREACHES))
        means.append(F.avg(breaches))
        enough = enough & (F.count(breaches) >= FEWEST_EVENTS)
    return F.when(enough, means[0] - means[1])


def day_facts(
    counts: pd.DataFrame, reads: pd.DataFrame, every_days: int | None = None, *, are_snapshots: bool = False
) -> pd.DataFrame:
    """The metrics that batch rules check, one row per delivered day in order, columns of :mod:`expectations.batch_metrics`.

    Args:
        counts: the result of :func:`count_days`, in pandas.
        reads: what is known of each batch, columns :data:`READ_COLUMNS`, one row per batch. A day that was counted but not read (an
            older lake) is taken as read without loss; a day that was read but not counted delivered nothing usable.
        every_days: how often a delivery is expected; None when it is not known.
        are_snapshots: whether each delivery holds all records, so that it is compared with the one before.
    """
    read = reads.loc[:, list(READ_COLUMNS)].groupby(DELIVERED_ON, as_index=False).sum()
    days = counts.loc[:, list(COUNT_COLUMNS)].merge(read, on=DELIVERED_ON, how="outer", suffixes=("", "_before"))
    days = days.sort_values(DELIVERED_ON, ignore_index=True)
    in_scope = (days[READ] - days[OUT_OF_SCOPE]).fillna(days[ROWS]).astype(float)
    out_of_scope = days[OUT_OF_SCOPE].fillna(0).astype(float)
    undecodable = days[UNDECODABLE].fillna(0).astype(float)
    unusable = days[QUARANTINED].fillna(0) + days[BROKEN].fillna(0)
    labelled, found = (days[name].fillna(days[f"{name}_before"]).fillna(0).astype(float) for name in (LABELLED, FOUND))
    ages = pd.Series([_days_between(*day) for day in zip(days[NEWEST_EVENT_ON], days[DELIVERED_ON], strict=True)], dtype=float)
    volumes, lowest = volume_ratios(list(days[DELIVERED_ON]), list(in_scope), every_days)
    of_previous = in_scope / in_scope.shift().where(lambda rows: rows >= FEWEST_EVENTS)
    read_so_far = (in_scope + out_of_scope).cumsum()
    return pd.DataFrame(
        {
            DELIVERED_ON: days[DELIVERED_ON],
            ROWS: in_scope,
            VOLUME_RATIO: volumes,
            LOWEST_RATIO: of_previous if are_snapshots else lowest,
            AGE_DAYS: ages.where(days[ROWS] >= FEWEST_EVENTS),
            QUARANTINED_SHARE: _share(unusable, in_scope),
            CONFLICT_SHARE: _share(days[CONFLICTS].fillna(0), in_scope),
            UNKNOWN_ENTITY_SHARE: _share(days[UNKNOWN], days[NAMED]),
            OUT_OF_SCOPE_SHARE: _share(out_of_scope.cumsum(), read_so_far.where(read_so_far >= FEWEST_EVENTS)),
            SCOPE_SHIFT: share_shifts(list(out_of_scope), list(in_scope + out_of_scope)),
            ABSENT_SHARE: _share(days[ABSENT].fillna(0), (in_scope + days[ABSENT]).where(in_scope + days[ABSENT] >= FEWEST_EVENTS)),
            GARBLED_SHARE: _share(days[GARBLED].fillna(0) + undecodable, days[BEYOND_ASCII].fillna(0) + undecodable),
            LABEL_SHIFT: share_shifts(list(found), list(labelled)),
            BREACHES_GAP: days[GAP].astype(float),
        },
        columns=list(COLUMNS),
    )


def volume_ratios(days: Sequence[date], rows: Sequence[float], every_days: int | None = None) -> tuple[list[float], list[float]]:
    """Each day's rows divided by its expected volume, and by the fewest of recent comparable days; NaN where none can be expected.

    Args:
        days: delivered days, ascending.
        rows: rows delivered on each.
        every_days: how often a delivery is expected; None when it is not known.
    """
    gaps = [0, *((later - earlier).days for earlier, later in pairwise(days))][: len(days)]
    ratios, of_lowest = [], []
    for at, gap in enumerate(gaps):
        alike = [i for i in range(1, at) if gap <= LIKE_GAP * gaps[i] and gaps[i] <= LIKE_GAP * gap]
        past = [rows[i] for i in alike]
        ratio, lowest = nan, nan
        if len(past) >= FEWEST_DELIVERIES:
            same = [rows[i] for i in alike if days[i].weekday() == days[at].weekday()]
            windows = [past[-RECENT_DELIVERIES:], past[-LONG_DELIVERIES:], same[-RECENT_DELIVERIES:]]
            expected = min(median(window) for window in windows if len(window) >= FEWEST_DELIVERIES)
            if expected >= FEWEST_EVENTS and not _is_of_a_few_days(rows[at] / expected, gap, every_days):
                # The last two months at least, or a source with monthly peaks would fail after each.
                recent = {*alike[-RECENT_DELIVERIES:], *(i for i in alike if (days[at] - days[i]).days <= LONG_DELIVERIES)}
                fewest = min(rows[i] for i in recent)
                ratio, lowest = rows[at] / expected, rows[at] / fewest if fewest >= LOWEST_ROWS else nan
        elif not any(rows[: at + 1]):
            ratio = 0.0  # nothing has ever been delivered
        ratios.append(ratio)
        of_lowest.append(lowest)
    return ratios, of_lowest


def _is_of_a_few_days(ratio: float, gap: int, every_days: int | None) -> bool:
    """Whether a delivery long after the last one holds about as many rows as a source with frequent deliveries gives at a time."""
    return every_days is not None and gap > LIKE_GAP * every_days and 0 < ratio * gap <= FEWEST_DELIVERIES * every_days


def share_shifts(part: Sequence[float], whole: Sequence[float]) -> list[float]:
    """How much each share differs from that of the last deliveries together, beyond chance; NaN with too few to compare."""
    shifts: list[float] = []
    for at, (some, size) in enumerate(zip(part, whole, strict=True)):
        before = [i for i in range(at) if whole[i]][-RECENT_DELIVERIES:]
        past_some, past_size = sum(part[i] for i in before), sum(whole[i] for i in before)
        if size < FEWEST_LABELS or past_size < FEWEST_LABELS_BEFORE:
            shifts.append(nan)
            continue
        # Two more of each kind, as of Agresti and Coull: a share of none or all is not certain.
        rate = (past_some + 2) / (past_size + 4)
        chance = CHANCE * sqrt(rate * (1 - rate) * (1 / size + 1 / past_size))
        shifts.append(max(0.0, abs(some / size - past_some / past_size) - chance))
    return shifts


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """``part / whole``, NaN where ``whole`` is 0."""
    whole = whole.astype(float)
    return part.astype(float) / whole.where(whole > 0)


def _days_between(earlier: date | None, later: date) -> float:
    return float("nan") if earlier is None or pd.isna(earlier) else float((later - earlier).days)
