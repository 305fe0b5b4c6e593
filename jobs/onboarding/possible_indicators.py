"""What the mappings of a profile make possible: for each indicator, whether it is computed, constant or null, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from expectations.contracts.indicators import Indicator, catalogue
from jobs.profile.mapping import SourceMapping, load_usable_mappings

COMPUTED, CONSTANT, NULL = "computed", "constant", "null"
OUTCOMES = (COMPUTED, CONSTANT, NULL)


@dataclass(frozen=True)
class Possible:
    """One indicator and what the mappings give for it.

    Attributes:
        outcome: one of :data:`OUTCOMES`; constant if every value that it needs is a constant of the mapping.
        sources: the contracts without a mapping.
        columns: the columns that no mapping has, as ``contract.column``.
        values: the values that it counts and no mapping can give, as ``contract.column = value, value``.
        partly: the columns that some mapping of the contract leaves out, as ``source.column``.
        always: on a sample, the only value of a constant indicator.
        unseen: on a sample, the contracts without a record.
        empty: on a sample, the needed columns without a value, as ``contract.column``.
        single: on a sample, the needed columns with a single value, as ``contract.column = value``.
        uncounted: on a sample, the values that it counts and no record has, as ``contract.column = value, value``.
    """

    indicator: Indicator
    outcome: str
    sources: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    always: str = ""
    unseen: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()


def possible_indicators(folder: Path) -> list[Possible]:
    """What the usable mappings of a profile's folder make possible, in the catalogue's order."""
    mappings = list(load_usable_mappings(folder)[0].values())
    return [_possible(indicator, mappings) for indicator in catalogue()]


def _possible(one: Indicator, mappings: Iterable[SourceMapping]) -> Possible:
    by_contract = {name: [mapping for mapping in mappings if mapping.contract.name == name] for name in one.delivered_by}
    sources = tuple(name for name, found in by_contract.items() if not found)
    needs = [(name, column) for name, column in one.needed if name not in sources]
    maps = {need: [mapping for mapping in by_contract[need[0]] if mapping.expression(need[1]) is not None] for need in needs}
    columns = tuple(".".join(need) for need in needs if not maps[need])
    values = tuple(f"{where} = {', '.join(wanted)}" for where, wanted in one.counted if not _gives(where, wanted, by_contract))
    partly = tuple(
        f"{mapping.name}.{need[1]}"
        for need in needs
        for mapping in by_contract[need[0]]
        if maps[need] and mapping not in maps[need]
    )
    if sources or columns or values:
        return Possible(one, NULL, sources, columns, values, partly)
    is_constant = bool(needs) and all(_is_constant(mapping, need[1]) for need in needs for mapping in maps[need])
    return Possible(one, CONSTANT if is_constant else COMPUTED, partly=partly)


def _gives(where: str, wanted: Iterable[str], by_contract: dict[str, list[SourceMapping]]) -> bool:
    """Whether a mapping may give one of the values; true where its contract has no mapping, which is said otherwise."""
    contract, _, column = where.partition(".")
    found = [possible_values(mapping, column) for mapping in by_contract.get(contract, [])]
    return not found or any(values is None or not values.isdisjoint(wanted) for values in found)


def _is_constant(mapping: SourceMapping, column: str) -> bool:
    return column in mapping.columns and not mapping.raw_inputs(column)


def possible_values(mapping: SourceMapping, column: str) -> frozenset[str] | None:
    """The texts that a mapping can give in a column; None where its expression does not show them."""
    if column in mapping.translate:
        return frozenset(map(str, mapping.translate[column].values.values()))
    from sqlglot import exp, parse_one

    tree = parse_one(mapping.columns.get(column, "NULL"), read="spark")
    results = [tree]
    if isinstance(tree, exp.Case):
        results = [*(branch.args["true"] for branch in tree.args["ifs"]), *filter(None, [tree.args.get("default")])]
    if not all(isinstance(result, exp.Literal | exp.Null) for result in results):
        return None
    return frozenset(result.name for result in results if isinstance(result, exp.Literal))
