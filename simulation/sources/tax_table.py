"""Tax returns as the tax authority's Parquet: its own short column names, money as decimals of yuan, days as text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from simulation.sources.filings import Returns
from simulation.world.entities import NEVER, Entities
from simulation.world.text import dates, pick, strings

TAXES = ("增值税", "企业所得税")
MONEY = pa.decimal128(18, 2)


def fen_as_yuan(fen: np.ndarray) -> pa.Array:
    """Whole fen as decimals of yuan with two places, without a loss: the same integer under another type."""
    words = np.empty((len(fen), 2), dtype="<i8")
    words[:, 0] = fen
    words[:, 1] = np.where(fen < 0, -1, 0)
    return pa.Array.from_buffers(MONEY, len(fen), [None, pa.py_buffer(words.tobytes())])


def table_of(entities: Entities, rows: Returns) -> pa.Table:
    """The returns; what was not filed has no amounts."""
    is_filed = rows.filed < NEVER
    hidden = ~is_filed

    def money(fen: np.ndarray) -> pa.Array:
        column = fen_as_yuan(fen)
        return column if not hidden.any() else pa.compute.if_else(pa.array(is_filed), column, pa.scalar(None, MONEY))

    def count(values: np.ndarray) -> pa.Array:
        return pa.array(values, pa.int64(), mask=hidden)

    return pa.table(
        {
            "nsrsbh": strings(entities.code[rows.entity]),
            "zsxm": pick(TAXES, rows.tax),
            "skssqq": dates(rows.start),
            "skssqz": dates(rows.end),
            "sbqx": dates(rows.due),
            "sbrq": dates(np.where(is_filed, rows.filed, 0), is_filed),
            "xse": money(rows.sales),
            "xxse": money(rows.output),
            "jxse": money(rows.input),
            "ynse": money(rows.payable),
            "yjse": money(rows.paid),
            "qjse": money(rows.arrears),
            "kpfs": count(rows.invoices),
            "zffs": count(rows.voided),
            "cyrs": count(rows.staff),
        }
    )
