"""``steelyard model``: list, show, use and compare a home's models."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from jobs.commands.options import AsOfOption, HomeOption, ProfileOfRunOption, day, existing_home, profile_of_run
from jobs.foundation.errors import InputMissing
from jobs.foundation.locks import hold_home_lock

JsonOption = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List, show, use and compare a home's models.")


@app.command(name="list")
def list_models(home: HomeOption, as_json: JsonOption = False) -> None:
    """List the models, newest first: what each was trained on, and for which days it was in use."""
    from jobs.commands.rows import show
    from jobs.lake.model_store import ModelStore

    show(ModelStore(existing_home(home)).kept(), as_json=as_json, empty="no model was trained yet")


@app.command(name="show")
def show_model(
    home: HomeOption,
    model_id: Annotated[str, typer.Argument(metavar="[ID]", help="A model's id; the newest model by default.")] = "",
) -> None:
    """Show a model's card: training data, quality, limits, and the importance of indicators."""
    from jobs.lake.model_store import ModelStore
    from jobs.texts.model_card import card_markdown

    store = ModelStore(existing_home(home))
    kept = [one.model_id for one in store.kept()]
    wanted = model_id or (kept[0] if kept else "")
    if wanted not in kept:
        raise InputMissing(
            what=f"there is no model {model_id}" if model_id else "no model was trained yet",
            where=str(home / "models"),
            next_step="name one that `steelyard model list` shows" if kept else "train one with `steelyard train`",
        )
    typer.echo(card_markdown(store.card(wanted)), nl=False)


@app.command(name="use")
def use_model(
    home: HomeOption, model_id: Annotated[str, typer.Argument(metavar="ID", help="A model's id.")], as_of: AsOfOption
) -> None:
    """Use a model from a day on, until a model is trained for a later day."""
    from jobs.lake.model_store import ModelStore

    with hold_home_lock(existing_home(home)):
        ModelStore(home).use(model_id, day(as_of))
    typer.echo(f"{model_id} is in use from {as_of} on")


@app.command()
def compare(
    home: HomeOption,
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A model's id.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="Another model's id.")],
    as_of: AsOfOption,
    profile: ProfileOfRunOption = "",
    as_json: JsonOption = False,
) -> None:
    """Score a finished day with two models: which entities each would list, and which indicators make the difference."""
    from dataclasses import asdict

    from jobs.commands.rows import show
    from jobs.engine.lake import Lake
    from jobs.training.compare_models import compare_models

    on = day(as_of)
    there = existing_home(home)
    found = compare_models(Lake(there), profile_of_run(there, on, profile), on, first, second)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2, default=str))
        return
    for title, rows, empty in (
        (f"first {first}, second {second}, on {on}", found.standings, ""),
        ("entities that only one of them would list", found.movers, "both would list the same entities"),
        ("the most important indicators among these entities, in log-odds", found.weights, "no indicator"),
    ):
        typer.echo(f"\n{title}")
        show(rows, as_json=False, empty=empty)
