"""`steelyard publish`: show a finished day in the console."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from console.publishing.open_site import AsOfOption, FolderOption, HomeOption, open_site, parse_day


def publish(
    as_of: AsOfOption,
    home: HomeOption,
    folder: FolderOption = "",
    profile: Annotated[str, typer.Option("--profile", help="Accepted and not needed: the day's manifest names it.")] = "",  # noqa: ARG001
) -> None:
    """Publish a day's ranking, reasons and evidence to the console; a day that is published already stays as it is.

    Expired sessions and counts of wrong passwords are deleted.
    """
    on = parse_day(as_of)
    from jobs.lake.finished_run import finished_run

    run = finished_run(home, on)
    open_site(home, folder)
    from console.apps.accounts.sign_in_attempts import delete_expired
    from console.publishing.publish import publish as publish_run

    began = time.monotonic()
    done = publish_run(run)
    deleted = delete_expired()
    facts = {
        "stage": "publish",
        "seconds": round(time.monotonic() - began, 3),
        "run_id": done.run_id,
        "is_new": done.is_new,
        "entities": done.entities,
        "listed": done.listed,
        "deliveries": done.deliveries,
        "woken": done.woken,
        "cleared": deleted,
    }
    typer.echo(json.dumps(facts), err=True)
