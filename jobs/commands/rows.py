"""Print rows of facts: a table on a terminal, aligned text elsewhere, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

_NUMBERS = (int, float)


def show(rows: Sequence[Any], *, as_json: bool, empty: str) -> None:
    """Print dataclasses of one type, one row each, with their fields as columns.

    Args:
        empty: the text to print when there are no rows.
    """
    facts = [asdict(row) for row in rows]
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
    elif not facts:
        typer.echo(empty)
    elif sys.stdout.isatty():
        _show_table(facts)
    else:
        _show_text(facts)


def _show_table(facts: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name in facts[0]:
        is_number = any(_is_number(row[name]) for row in facts)
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left", overflow="fold")
    for row in facts:
        # Text, not str: brackets in data are no markup.
        table.add_row(*(Text(_words(value)) for value in row.values()))
    Console().print(table)


def _show_text(facts: list[dict[str, Any]]) -> None:
    names = list(facts[0])
    cells = [[name.replace("_", " ") for name in names], *([_words(row[name]) for name in names] for row in facts)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(names))]
    is_right = [any(_is_number(row[name]) for row in facts) for name in names]
    for line in cells:
        padded = (
            cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(line, widths, is_right, strict=True)
        )
        typer.echo("  ".join(padded).rstrip())


def _is_number(value: object) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _words(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
