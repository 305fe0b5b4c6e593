"""Render the data dictionary and the indicator catalogue from the contracts, as Markdown."""

from __future__ import annotations

from expectations.contracts.contract import BatchRule, Column, Contract, RowRule, Zone
from expectations.contracts.indicators import DIMENSIONS, Indicator, catalogue, deny_list, indicator_texts
from expectations.contracts.registry import SOURCES, every_table

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
_TITLES = {
    "basic": "Basic", "tax": "Tax behaviour", "complaint": "Complaints", "supervision": "Supervision record",
    "association": "Associations",
}  # fmt: skip
_DIRECTIONS = {1: "more is riskier", -1: "less is riskier", 0: "neither"}
_HEADS = ("code", "column", "definition", "定义", "unit", "sources", "direction", "peers", "what would change it")

_INTRODUCTION = """# Indicators

Written by `make docs` from `expectations/contracts/indicators.toml`. Each indicator is computed for every entity and day. If a
source is missing, or leaves out a column that an indicator [needs](mapping.md#what-a-mapping-leaves-out), the indicator is unknown
(null), never zero. If the source has records of others and none of this entity, the
value is zero. A value of a day uses only what happened by that day and was known by its end.

An indicator marked *peers* is also compared with the entity's peer group, as `<column>_vs_peers`: (x - median) / scale, within
±20. The group is industry × size × age × region; it is broadened until it has as many active entities as the profile requires.
The scale is 1.4826 times the median absolute deviation. If more than half of the peers are equal, it is the 90th percentile of
the deviations ÷ 1.6449; if that is 0 too, the same over all entities. Months are counted back from the last closed month, the
month of the day less 45 days. `_12m` means 12 months, `_36m` 36. Windows end with the source's newest delivery in use
([coverage](../explanation/time.md#coverage)); ages in days count up to the day.

An indicator that is *not scored* enters no model. It helps people to judge what they read.

The last column says what would change the indicator, or why the business itself cannot change it lawfully. Suggestions for a better
class use only what a business can change.
"""


def render_data_dictionary() -> str:
    """The page as Markdown, the same bytes for the same contracts."""
    parts = [HEAD, _contents()]
    for zone, about in ZONES.items():
        parts += [f"## {zone.value.capitalize()}", about]
        parts += [_table(contract) for contract in every_table() if contract.zone is zone]
    parts += ["## Rules", "The rules for each source's records.", *[_rules(contract) for contract in SOURCES.values()]]
    parts += ["## Indicators", _indicators()]
    return "\n\n".join(parts) + "\n"


def _contents() -> str:
    rows = [_row(f"[{_title(one)}](#{_anchor(_title(one))})", one.grain, one.owner) for one in every_table()]
    return "\n".join(["| table | grain | owner |", "|---|---|---|", *rows])


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
    return _row(one.code, f"`{one.column}`", one.unit, riskier, peers, *_definitions(one))


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def render_indicator_docs() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION]
    for dimension in DIMENSIONS:
        indicators = [indicator for indicator in catalogue() if indicator.dimension == dimension]
        parts.append(f"## {_TITLES[dimension]}\n")
        parts.append(_row(*_HEADS) + "\n" + "|---" * len(_HEADS) + "|")
        parts.append("\n".join(_indicator_row(indicator) for indicator in indicators) + "\n")
    parts.append("## What is never an indicator\n")
    parts.append("\n".join(f"- **{denied.name}**: {denied.why}" for denied in deny_list()) + "\n")
    return "\n".join(parts)


def _definitions(indicator: Indicator) -> tuple[str, ...]:
    return tuple(indicator_texts(language)[indicator.column]["definition"] for language in ("en", "zh-Hans"))


def _indicator_row(indicator: Indicator) -> str:
    change = indicator_texts("en")[indicator.column]["change"]
    cells = (
        indicator.code,
        f"`{indicator.column}`",
        *_definitions(indicator),
        indicator.unit,
        ", ".join(indicator.sources),
        _DIRECTIONS[indicator.direction] if indicator.scored else "not scored",
        "yes" if indicator.peer else "",
        change if indicator.changeable else f"*Not the business itself.* {change}",
    )
    return _row(*cells)
