"""``steelyard replay``: run a finished day again and compare with what was published."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.commands.options import HomeOption, ProfileOfRunOption, day, profile_of
from jobs.foundation.errors import ConfigError, ReplayMismatch

if TYPE_CHECKING:
    from jobs.lake.table_comparison import Comparison, Difference
    from jobs.replay import Replay

SHOWN = 3
"""The most differences of a table that the text shows; JSON has all."""


def replay(
    home: HomeOption,
    as_of: Annotated[str, typer.Option("--as-of", help="The day, as YYYY-MM-DD; its newest finished run is replayed.")] = "",
    run: Annotated[str, typer.Option("--run", metavar="ID", help="The id of a run, also of one that was replaced since.")] = "",
    profile: ProfileOfRunOption = "",
    even_so: Annotated[
        bool, typer.Option("--even-so", help="Replay although code, profile, engine or packages have changed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
) -> None:
    """Run a finished day again in a temporary home and compare. Exit with 7 if it differs, 8 if it cannot be replayed."""

    from jobs.engine.lake import Lake
    from jobs.lake.manifests import find_run
    from jobs.replay import replay_run

    if bool(as_of) == bool(run):
        raise ConfigError(
            what="exactly one run must be named", where="--as-of and --run", next_step="give --as-of DAY, or --run ID"
        )
    manifest = find_run(home, day(as_of) if as_of else run)
    found = replay_run(Lake(home), profile_of(manifest, profile), manifest, even_so=even_so)
    if as_json:
        typer.echo(json.dumps(_plain(found), ensure_ascii=False, indent=2, default=str))
    else:
        _show(found)
    if not found.is_same:
        worst = next(table for table in found.tables if not table.is_same)
        raise ReplayMismatch(
            what=f"the replay of the run {found.run_id} differs, first in {worst.table}: {_words(worst.differences[0])}",
            where=str(home),
            next_step="keep the manifest and this output; find out whether somebody changed a table, a model or a package"
            if not found.ignored
            else "the changes named above may be the reason",
        )


def _show(found: Replay) -> None:
    for blocker in found.ignored:
        typer.echo(f"ignored: {blocker.what}")
    for table in found.tables:
        typer.echo(f"{table.table:<16} {table.rows:>9,} rows  {'the same' if table.is_same else 'DIFFERS'}")
        for difference in table.differences[:SHOWN]:
            typer.echo(f"{'':<16} {_words(difference)}")
        if len(table.differences) > SHOWN:
            typer.echo(f"{'':<16} and in {len(table.differences) - SHOWN} more columns")
    if found.is_same:
        typer.echo(f"{found.run_id}: the same, to the last bit")


def _words(difference: Difference) -> str:
    rows = "1 row" if difference.rows == 1 else f"{difference.rows:,} rows"
    key = ", ".join(f"{name} {value}" for name, value in difference.key.items())
    if not difference.column:
        return f"{rows} without a match, first {key}: published {difference.published}, replayed {difference.made}"
    return f"{difference.column} in {rows}, first {key}: published {difference.published!r}, replayed {difference.made!r}"


def _plain(found: Replay) -> dict[str, Any]:
    return {
        "run_id": found.run_id,
        "as_of": found.as_of,
        "same": found.is_same,
        "gone_past": [blocker.what for blocker in found.ignored],
        "tables": [_plain_table(table) for table in found.tables],
    }


def _plain_table(table: Comparison) -> dict[str, Any]:
    differences = [{name: _json(value) for name, value in vars(part).items()} for part in table.differences]
    return {"table": table.table, "rows": table.rows, "same": table.is_same, "differences": differences}


def _json(value: Any) -> Any:
    """A value for JSON: a number that JSON lacks becomes text, so that NaN does not look like null."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
