"""The SQL of a contract column from raw columns, and what a person must review in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from expectations.contracts import inspection, registration, tax_filing
from expectations.contracts.contract import Column, Contract, Type, sql_literal
from expectations.contracts.lineage import ENTITY_ID
from jobs.onboarding.column_values import PRIVATE, ColumnLook
from jobs.onboarding.match_columns import SURE, Guess, known_names, known_value, name_score, words
from jobs.profile.mapping_sql import quoted

# Units of money in headers, as how many hundredths one is.
_MONEY_UNITS = (("亿", 10_000_000_000), ("万", 1_000_000), ("千", 100_000), ("元", 100), ("分", 1))
_STREET_FIRST = {"strasse", "calle", "straat", "via"}
"""Words of headers in languages that write a house's number after the street."""
_POINT = r"(-?[0-9]+[.][0-9]+)[ ,]+(-?[0-9]+[.][0-9]+)"


@dataclass(frozen=True)
class Line:
    """A contract column in a draft: its SQL (empty if none is known) and what to review; a comment unless ``is_setting``.

    ``may_be_null`` says that the SQL gives NULL on purpose for some values.
    """

    sql: str
    doubt: str = ""
    is_setting: bool = True
    may_be_null: bool = False


@dataclass(frozen=True)
class Place:
    """What a profile decides for its drafts; empty where no profile is known."""

    id_scheme: str = ""
    time_zone: str = ""
    minor_units: int = 2


NO_PLACE = Place()
"""No profile is known."""


def text_of(look: ColumnLook) -> str:
    """A raw column as trimmed text; whole numbers of a floating type without their point."""
    raw = quoted(look.name)
    if look.raw_type == "double" and look.kind in ("whole", "boolean", "date", "month"):
        return f"cast(try_cast({raw} as bigint) as string)"
    return f"trim({raw})" if look.is_text else f"trim(cast({raw} as string))"


def expression(column: Column, look: ColumnLook, place: Place = NO_PLACE) -> Line:
    """The SQL of a contract column from one raw column."""
    match column.type:
        case Type.DATE:
            return _date(look)
        case Type.TIMESTAMP:
            zone = place.time_zone or "Area/City"
            value = f"try_to_timestamp({text_of(look)}, {sql_literal(look.pattern)})" if look.pattern else quoted(look.name)
            doubt = "" if place.time_zone else "name its time zone"
            return Line(f"to_utc_timestamp(try_cast({value} as timestamp), {sql_literal(zone)})", doubt, bool(place.time_zone))
        case Type.BOOLEAN:
            return _boolean(look)
        case Type.BIGINT if column.endswith("_minor"):
            unit = next((size for word, size in _MONEY_UNITS if word in look.name), None)
            whole = f"taken as whole currency units with {place.minor_units} decimals"
            return Line(_scaled(look, unit or 10**place.minor_units), "" if unit else whole)
        case Type.BIGINT if column == tax_filing.QUANTITY_MILLI:
            return Line(_scaled(look, 1000))
        case Type.STRING if column == registration.PHONE_HASH and (look.kind == "whole" or look.traits & PRIVATE):
            return Line(text_of(look), "personal data: let the agency deliver a keyed hash, and map that", is_setting=False)
        case Type.STRING if column == ENTITY_ID:
            return Line(f"upper({text_of(look)})" if look.is_text else text_of(look))
        case Type.STRING if column == registration.REGION_CODE:
            short = any("-" in value or len(value) > 5 for value in look.values or look.samples)
            is_us = "postcode" in look.traits and all(value[:5].isdigit() for value in look.samples) and short
            code = f"substr({text_of(look)}, 1, 5)" if is_us else text_of(look)
            return Line(f"coalesce(nullif({code}, ''), 'unknown')") if look.has_gaps else Line(code)
        case Type.STRING:
            return Line(text_of(look))
        case _:
            return Line(f"try_cast({_number(look)} as {column.type.value})")


def _date(look: ColumnLook) -> Line:
    if look.kind in ("date", "timestamp") and not look.pattern:
        return Line(f"try_cast({quoted(look.name)} as date)")
    pattern = look.pattern or "yyyy-MM-dd"
    doubt = (
        f"no date among its values: {pattern}?"
        if not look.pattern
        else "day and month may be exchanged"
        if look.is_ambiguous
        else ""
    )
    raw = quoted(look.name) if look.is_text else text_of(look)
    return Line(f"cast(try_to_timestamp({raw}, {sql_literal(pattern)}) as date)", doubt)


def _boolean(look: ColumnLook) -> Line:
    if look.raw_type == "boolean":
        return Line(quoted(look.name))
    yes = look.pattern if look.kind == "boolean" else "1"
    no = next((value for value in look.values if value != yes), "0")
    sql = f"CASE {text_of(look)} WHEN {sql_literal(yes)} THEN true WHEN {sql_literal(no)} THEN false END"
    return Line(sql, "" if look.kind == "boolean" else "which value is true")


def _number(look: ColumnLook) -> str:
    """A raw column that a cast reads as a number: without currency signs, separators of thousands and decimal commas."""
    if look.kind != "amount":
        return quoted(look.name)
    if look.pattern == ",":
        return f"replace(regexp_replace({quoted(look.name)}, '[^0-9,-]', ''), ',', '.')"
    return f"regexp_replace(replace({quoted(look.name)}, '(', '-'), '[^0-9.-]', '')"


def _scaled(look: ColumnLook, size: int) -> str:
    return f"try_cast(round(try_cast({_number(look)} as decimal(30,6)) * {size}) as bigint)"


def composed(
    contract: Contract, looks: Sequence[ColumnLook], found: Mapping[str, Guess], place: Place, title: str
) -> dict[str, Line]:
    """The columns that no single raw column gives: from several columns, from one that says two things, or constants."""
    names = {str(column) for column in contract.columns}
    lines = {**_address(looks, found), **_coordinates(looks, found)}
    lines = {name: line for name, line in lines.items() if name in names}
    if not found:
        return lines
    lines |= {name: line for name, line in _constants(looks, found, place, title).items() if name in names and name not in found}
    for name in (contract.key[0],):
        if name not in found:
            lines[str(name)] = _key(found)
    if contract.name == "inspection" and not _is_sure(found, inspection.FOUND_VIOLATION):
        lines |= _violation(found)
        result = lines.get(str(inspection.FOUND_VIOLATION), Line(""))
        if result.may_be_null and inspection.VISIT_STATUS not in found:
            status = f"CASE WHEN ({result.sql}) IS NULL THEN 'not_done' ELSE 'inspected' END"
            lines[str(inspection.VISIT_STATUS)] = Line(status, "a visit without a known result counts as not done")
    if contract.name == "inspection" and ENTITY_ID not in found:
        lines.pop(str(ENTITY_ID), None)
    return {name: line for name, line in lines.items() if line.sql}


def _is_sure(found: Mapping[str, Guess], name: str) -> bool:
    return name in found and found[name].score >= SURE


def _address(looks: Sequence[ColumnLook], found: Mapping[str, Guess]) -> dict[str, Line]:
    """An address from its parts, such as a street's name and a number."""
    parts: dict[str, str] = {}
    taken: set[str] = set()
    for part, known in known_names()["address_parts"].items():
        best = max(looks, key=lambda look: name_score(look.name, known) if look.name not in taken else 0.0, default=None)
        if best is not None and best.name not in taken and name_score(best.name, known) >= SURE and best.kind != "empty":
            parts[part] = text_of(best)
            taken.add(best.name)
    own = found.get(str(registration.ADDRESS))
    if "street" not in parts or len(parts) < 2 or (own is not None and own.look.name not in taken and own.score >= SURE):
        return {}
    if "number" in parts and taken & {look.name for look in looks if _STREET_FIRST & set(words(look.name))}:
        parts = {"street": parts["street"], **parts}
    return {str(registration.ADDRESS): Line(f"concat_ws(' ', {', '.join(parts.values())})")}


def _coordinates(looks: Sequence[ColumnLook], found: Mapping[str, Guess]) -> dict[str, Line]:
    """Latitude and longitude from one column that holds both."""
    both = next((look for look in looks if "point" in look.traits), None)
    names = (str(registration.LATITUDE), str(registration.LONGITUDE))
    if both is None or any(_is_sure(found, name) for name in names):
        return {}
    order = (2, 1) if both.samples[0].upper().startswith("POINT") else (1, 2)
    sql = f"try_cast(regexp_extract({quoted(both.name)}, {sql_literal(_POINT)}, {{}}) as double)"
    return {name: Line(sql.format(place), may_be_null=True) for name, place in zip(names, order, strict=True)}


def _constants(looks: Sequence[ColumnLook], found: Mapping[str, Guess], place: Place, title: str) -> dict[str, Line]:
    """What a file leaves out because it is the same for all of its records."""
    said = " ".join(words(title) + tuple(word for look in looks for word in words(look.name)))
    kind = next((target for word, target in known_names()["words"]["tax_type"].items() if word in said), None)
    kind = kind or ("excise" if tax_filing.QUANTITY_MILLI in found else "other")
    start, end = found.get(str(tax_filing.PERIOD_START)), found.get(str(tax_filing.PERIOD_END))
    trade = found.get(str(registration.TRADING_NAME)) or found.get(str(ENTITY_ID))
    lines = {
        str(registration.ID_SCHEME): Line(
            sql_literal(place.id_scheme or "local"), "" if place.id_scheme else "the profile's id_scheme"
        ),
        str(registration.NAME): Line(text_of(trade.look) if trade else "", "the file has no registered name"),
        str(registration.STATUS): Line("'active'", "the file has no status that is known: every record counts as active"),
        str(registration.REGION_CODE): Line("'all'", "the file has no region: all are one"),
        str(tax_filing.TAX_TYPE): Line(sql_literal(kind), "the same for every record"),
        str(tax_filing.PERIOD_START): Line(
            f"date_add(last_day(add_months({expression(end.column, end.look).sql}, -1)), 1)" if end else "", "taken as one month"
        ),
        str(tax_filing.PERIOD_END): Line(
            f"last_day({expression(start.column, start.look).sql})" if start else "", "taken as one month"
        ),
        str(inspection.SELECTED_BY): Line("'other'", "the file does not say how visits were selected"),
        str(inspection.VISIT_STATUS): Line("'inspected'", "every record counts as a visit that took place"),
    }
    quantity = found.get(str(tax_filing.QUANTITY_MILLI))
    units = known_names()["values"]["quantity_unit"]
    unit = next((units[word] for word in words(f"{quantity.look.name} {title}") if word in units), "") if quantity else ""
    if quantity:
        lines[str(tax_filing.QUANTITY_UNIT)] = Line(sql_literal(unit or "other"), "" if unit else "the unit")
    return lines


def _key(found: Mapping[str, Guess]) -> Line:
    """A key made of what identifies a record, where the file has no number for it."""
    parts = [
        expression(found[name].column, found[name].look).sql
        for name in ("entity_id", "entity_name", "name", "address", "inspected_on", "received_on", "selected_by", "category")
        if name in found
    ]
    if len(parts) < 2:
        return Line("")
    texts = ", ".join(f"cast({part} as string)" if "as date)" in part else part for part in parts)
    return Line(f"concat_ws('-', {texts})", "made of other columns, since the file has no number; equal ones are in conflict")


def _violation(found: Mapping[str, Guess]) -> dict[str, Line]:
    """Whether a violation was found, from the words of the result, or from a count."""
    name = str(inspection.FOUND_VIOLATION)
    result = next(
        (found[one].look for one in ("result", "severity") if one in found and found[one].look.kind in ("category", "text")), None
    )
    known = {value: known_value(name, value) for value in result.values} if result else {}
    if result and sum(meaning is not None for meaning in known.values()) >= max(len(known) / 3, 1):
        cases = "".join(
            f" WHEN {sql_literal(value)} THEN {sql_literal(meaning)}" for value, meaning in known.items() if meaning is not None
        )
        rest = [value for value, meaning in known.items() if meaning is None]
        doubt = f"unknown: {', '.join(rest[:5])}" if rest else "the meaning of each value"
        return {name: Line(f"CASE {text_of(result)}{cases} END", doubt, may_be_null=True)}
    if _is_sure(found, inspection.BREACHES):
        return {
            name: Line(f"try_cast({_number(found[inspection.BREACHES].look)} as double) > 0", "each breach counts as a violation")
        }
    score = found.get(str(inspection.RESULT))
    if score is not None and score.look.kind in ("whole", "number", "category"):
        bound = f"try_cast({quoted(score.look.name)} as double) < 0"
        return {name: Line(bound, "the bound from which a score is a violation; above or below it", is_setting=False)}
    return {}
