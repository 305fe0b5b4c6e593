"""Turn bronze rows into silver rows: standard codes, keys for comparing names and addresses, and the check of the identifier."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts import complaint, lineage, registration, silver
from expectations.contracts.contract import Contract
from expectations.contracts.registry import SILVER
from expectations.standards.hierarchies import Hierarchy

FULL_WIDTH = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F)) + "\u3000"
HALF_WIDTH = "".join(chr(code) for code in range(0x21, 0x7F)) + " "
# Characters that people write differently in the same name, with the Chinese full stop and brackets.
NOISE = r"[\s\-_.,;:'\"#()\[\]{}/\\&+*!?·、，。；：（）【】《》“”‘’—]+"


def conform(
    rows: DataFrame, contract: Contract, *, industries: Hierarchy | None, regions: Hierarchy | None, id_scheme: str
) -> DataFrame:
    """The contract's valid bronze rows as rows of its silver table; each column that the silver table adds is computed here.

    Each silver row depends on its bronze row alone, so a day's rows can be conformed without reading any other day.
    """
    table = SILVER[contract.name]
    if silver.INDUSTRY_SECTION in table.columns:
        rows = rows.transform(add_industry_levels, industries)
    if silver.REGION_TOP in table.columns:
        rows = rows.transform(add_region_levels, regions)
    if silver.NAME_KEY in table.columns:
        name = registration.NAME if registration.NAME in contract.columns else complaint.ENTITY_NAME
        rows = rows.transform(add_compare_keys, name=name)
    if silver.ID_IS_VALID in table.columns:
        rows = rows.withColumn(silver.ID_IS_VALID, is_valid_id(id_scheme))
    return rows.select(*[str(column) for column in table.columns])


def add_industry_levels(rows: DataFrame, industries: Hierarchy | None) -> DataFrame:
    """Add section, division and group; without a hierarchy each is the code itself. An unlisted code gets none."""
    code = F.col(registration.INDUSTRY_CODE)
    if industries is None:
        levels = [code, code, code]
    else:
        # A code may be written with its section letter before the digits (C1311).
        digits = F.regexp_replace(F.upper(F.trim(code)), "^[A-T]", "")
        section = _lookup(
            F.substring(digits, 1, 2), {division: industries.ancestors(division)[-1] for division in industries.codes(2)}
        )
        is_listed = section.isNotNull()
        levels = [
            section,
            F.when(is_listed, F.substring(digits, 1, 2)),
            F.when(is_listed & (F.length(digits) >= 3), F.substring(digits, 1, 3)),
        ]
    names = (silver.INDUSTRY_SECTION, silver.INDUSTRY_DIVISION, silver.INDUSTRY_GROUP)
    return rows.withColumns({str(name): level for name, level in zip(names, levels, strict=True)})


def add_region_levels(rows: DataFrame, regions: Hierarchy | None) -> DataFrame:
    """Add the broadest and the second region; without a hierarchy each is the code itself. An unlisted code gets none.

    A county directly under its province, and a district of a city with the rank of a province, has the province as both.
    """
    code = F.col(registration.REGION_CODE)
    top, middle = code, code
    if regions is not None:
        top, middle = F.concat(F.substring(code, 1, 2), F.lit("0000")), F.concat(F.substring(code, 1, 4), F.lit("00"))
        top = F.when(top.isin(list(regions.codes(1))), top)
        middle = F.when(top.isNotNull(), F.when(middle.isin(list(regions.codes(2))), middle).otherwise(top))
    return rows.withColumns({str(silver.REGION_TOP): top, str(silver.REGION_MIDDLE): middle})


def add_compare_keys(rows: DataFrame, *, name: str) -> DataFrame:
    """Add keys for comparing names and addresses: half-width, upper case, without spaces and punctuation."""
    return rows.withColumns(
        {str(silver.NAME_KEY): compare_key(F.col(name)), str(silver.ADDRESS_KEY): compare_key(F.col(registration.ADDRESS))}
    )


def compare_key(text: Column) -> Column:
    """The comparison key of a text; NULL when it is empty."""
    key = F.regexp_replace(F.upper(F.translate(text, FULL_WIDTH, HALF_WIDTH)), NOISE, "")
    return F.when(key != "", key)


def is_valid_id(id_scheme: str) -> Column:
    """Whether ``entity_id`` passes the check of its scheme; a scheme without a check accepts every value."""
    if id_scheme != registration.USCC:
        return F.col(lineage.ENTITY_ID).isNotNull()
    return F.coalesce(F.expr(registration.USCC_IS_VALID), F.lit(False))


def _lookup(code: Column, table: dict[str, str]) -> Column:
    pairs = [F.lit(part) for pair in sorted(table.items()) for part in pair]
    return F.element_at(F.create_map(*pairs), code)
