"""Writes the data dictionary: every table, column and rule, from the contracts themselves."""

from __future__ import annotations

from expectations.contracts.core import BatchRule, Column, Contract, RowRule, Zone
from expectations.contracts.indicators import DIMENSIONS, Indicator, catalogue
from expectations.contracts.tables import SOURCES, every_table

ZONES = {
    Zone.BRONZE: "Source records as delivered, in the contract's columns, with file and row.",
    Zone.QUARANTINE: "Rejected records, one table per source, until a rerun releases them.",
    Zone.SILVER: "Sound records in standard codes: every version, with the instant from which it was known.",
    Zone.STATE: "What a day builds on, per entity: whole numbers, written on the day on which they changed.",
    Zone.GOLD: "The results of a day: indicators, scores, reasons, the list.",
}
HEAD = """# Data dictionary

Written by `make docs` from `expectations/contracts`; a test compares this page with them. Types are Spark SQL's. Money is in minor
units of the profile's currency (`_minor`), dates (`_on`) are in the profile's time zone, instants (`_at`) are UTC.
*Sensitivity*: `public` for everybody, `internal` for staff, `personal` only masked.
A `critical` rule quarantines the row, or stops the delivery; a `warning` is reported.
A row rule whose answer is unknown (a missing optional value) passes."""


def render_data_dictionary() -> str:
    """The page as Markdown, the same bytes for the same contracts."""
    parts = [HEAD, _contents()]
    for zone, about in ZONES.items():
        parts += [f"## {zone.value.capitalize()}", about]
        parts += [_table(contract) for contract in every_table() if contract.zone is zone]
    parts += ["## Rules", "The rules for each source's records.", *[_rules(contract) for contract in SOURCES]]
    parts += ["## Indicators", _indicators()]
    return "\n\n".join(parts) + "\n"


def _contents() -> str:
    lines = ["| table | grain | owner |", "|---|---|---|"]
    for contract in every_table():
        lines.append(_row(f"[{_title(contract)}](#{_anchor(_title(contract))})", contract.grain, contract.owner))
    return "\n".join(lines)


def _title(contract: Contract) -> str:
    return contract.full_name.replace("<", "").replace(">", "")


def _anchor(title: str) -> str:
    """The address that a heading gets: lower case, dots dropped."""
    return title.lower().replace(".", "")


def _table(contract: Contract) -> str:
    facts = [f"Grain: {contract.grain}.", f"Key: {_names(contract.key)}."]
    if contract.event_on is not None:
        facts.append(f"Event date: `{contract.event_on}`.")
    if contract.partition_by:
        facts.append(f"Partitioned by {_names(contract.partition_by)}.")
    facts.append(f"Owner: {contract.owner}.")
    lines = ["| column | type | unit | needed | sensitivity | meaning |", "|---|---|---|---|---|---|"]
    lines += [_column(column, contract) for column in contract.columns]
    return f"### {_title(contract)}\n\n{contract.about} {' '.join(facts)}\n\n" + "\n".join(lines)


def _column(column: Column, contract: Contract) -> str:
    allowed = contract.values.get(column, ())
    meaning = column.about + (f": {_names(allowed)}" if allowed else "")
    return _row(f"`{column}`", column.type.value, column.unit, "yes" if column.required else "", column.sensitivity.value, meaning)


def _rules(contract: Contract) -> str:
    lines = ["| rule | severity | condition | computed by |", "|---|---|---|---|"]
    lines += [_rule(rule) for rule in contract.row_rules] + [_rule(rule) for rule in contract.batch_rules]
    return f"### Rules of {contract.name}\n\n" + "\n".join(lines)


def _rule(rule: RowRule | BatchRule) -> str:
    how = f"`{rule.predicate}`" if isinstance(rule, RowRule) else f"{rule.check.value}, limit {rule.limit:g}"
    return _row(f"`{rule.id}`", rule.severity.value, rule.about, how)


def _indicators() -> str:
    lines = [
        "| code | column in `gold.features` | unit | riskier when | against peers | definition | 定义 |",
        "|---|---|---|---|---|---|---|",
    ]
    for dimension in DIMENSIONS:
        lines += [_indicator(one) for one in catalogue() if one.dimension == dimension]
    return "\n".join(lines)


def _indicator(one: Indicator) -> str:
    riskier = {1: "more", -1: "less", 0: "neither"}[one.direction] if one.scored else "not scored"
    peers = f"`{one.peer_column}`" if one.peer else ""
    return _row(one.code, f"`{one.column}`", one.unit, riskier, peers, one.definition["en"], one.definition["zh-Hans"])


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
