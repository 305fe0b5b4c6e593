"""A trace as a tree on the terminal, or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from expectations.contracts import scoring
from expectations.contracts.lineage import LINEAGE
from jobs.analysis.trace_entity import SourceRow, Trace

_TABLE_OF = {"registration": "entity", "tax_filing": "filing", "complaint": "complaint", "inspection": "inspection"}
_HIDDEN = {str(column) for column in LINEAGE} | {"entity_id", "id_scheme"}


def as_json(trace: Trace) -> str:
    """The whole trace, dates as text."""
    return json.dumps(asdict(trace), ensure_ascii=False, indent=1, default=str)


def show_trace(trace: Trace, console: Console, rows: int) -> None:
    """Show reason → feature → silver rows → file and row; at most ``rows`` newest rows a table."""
    standing = trace.standing
    tree = Tree(
        f"[bold]{trace.entity_id}[/] on {trace.as_of}: class {standing[scoring.RISK_CLASS]}, "
        f"{standing[scoring.CREDIT_POINTS]} points, margin {standing[scoring.MARGIN]:.3f}, "
        f"{_probability(standing)}rank {standing.get(scoring.LIST_RANK, 'not listed')}, model {standing[scoring.MODEL_ID]}"
    )
    if standing.get(scoring.HELD_CLASS):
        source = standing[scoring.HELD_SOURCE] or "one source without a name"
        tree.add(f"class {standing[scoring.HELD_CLASS]} is held back: without {source} it would not hold")
    if standing.get(scoring.BETTER_EN):
        tree.add(Text(standing[scoring.BETTER_EN]))
    if not trace.features:
        tree.add("its indicators and links of that day are not kept any more; those of the listed are")
    by_table = {name: [row for row in trace.rows if row.contract == name] for name in _TABLE_OF.values()}
    shown: set[str] = set()
    for reason in trace.reasons:
        column = reason[scoring.INDICATOR]
        branch = tree.add(
            f"{reason[scoring.REASON_RANK]}. {reason[scoring.SENTENCE_EN]} [dim]({reason[scoring.CONTRIBUTION]:+.3f})[/]"
        )
        for said in (reason[scoring.BASIS_EN], reason[scoring.CHANGE_EN]):
            if said:
                branch.add(Text(said, style="dim"))
        leaf = branch.add(f"feature {column} = {trace.features[column]}")
        for source in trace.made_of[column]:
            if source not in _TABLE_OF:
                continue  # a link is behind the complaint that it brought, which stands here
            name = _TABLE_OF[source]
            where = f"silver.{name}: {len(by_table[name])} rows known that day"
            leaf.add(where + (" (above)" if name in shown else ""))
            if name not in shown:
                shown.add(name)
                for row in by_table[name][-rows:] if rows else []:
                    leaf.add(_line(row))
    for name, found in by_table.items():
        if name not in shown and found:
            branch = tree.add(f"silver.{name}: {len(found)} rows known that day, behind no listed reason")
            for row in found[-rows:] if rows else []:
                branch.add(_line(row))
    console.print(tree, highlight=False)


def _probability(standing: dict[str, Any]) -> str:
    low, high = standing.get(scoring.PROBABILITY_LOW), standing.get(scoring.PROBABILITY_HIGH)
    if low is None or high is None:
        return ""
    return f"probability {standing[scoring.PROBABILITY]:.3f} ({low:.3f} to {high:.3f}, evidence {standing[scoring.EVIDENCE]:.2f}), "


def _line(row: SourceRow) -> str:
    says = ", ".join(f"{key}={value}" for key, value in row.says.items() if key not in _HIDDEN)
    return f"[dim]{row.source_file} row {row.source_row}, known {row.known_at}[/] {says}".replace("[/] ", "[/] ", 1)
