"""`steelyard publish`: put a finished day where the console shows it, and delete what has expired."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Annotated

import typer

from console.core.errors import Refused, explained
from console.publishing.open_site import FolderOption, HomeOption, open_site


@explained
def publish(
    as_of: Annotated[str, typer.Option("--as-of", help="The day, as YYYY-MM-DD, in the profile's time zone.")],
    home: HomeOption,
    folder: FolderOption = "",
    profile: Annotated[str, typer.Option("--profile", help="Taken and not needed: the day's manifest names its profile.")] = "",  # noqa: ARG001
) -> None:
    """Publish a day's ranking, reasons and evidence to the console; a day that is published already stays as it is.

    Sessions that are over are cleared, as are counts of wrong passwords that no longer count.
    """
    try:
        on = datetime.strptime(as_of, "%Y-%m-%d").date()
    except ValueError as error:
        raise Refused(what=f"{as_of!r} is no day", where="--as-of", then="write it as YYYY-MM-DD, such as 2026-06-30") from error
    from console.core.finished_run import finished_run

    run = finished_run(home, on)
    open_site(home, folder)
    from console.publishing.publish import publish as do_publish

    began = time.monotonic()
    done = do_publish(run)
    cleared = clear_up()
    facts = {"stage": "publish", "seconds": round(time.monotonic() - began, 3), "run_id": done.run_id, "is_new": done.is_new}
    facts |= {
        "entities": done.entities,
        "listed": done.listed,
        "deliveries": done.deliveries,
        "woken": done.woken,
        "cleared": cleared,
    }
    typer.echo(json.dumps(facts), err=True)


_FORGOTTEN = timedelta(days=1)
"""After so long no wrong password counts any more, whatever counted it."""


def clear_up() -> int:
    """Clear sessions that are over, and counts of wrong passwords that no longer count; give how many rows there were."""
    from axes.models import AccessAttempt
    from django.contrib.sessions.models import Session

    from console.apps.accounts.models import Tries
    from console.apps.accounts.sign_in_attempts import WINDOW
    from console.core import clock

    now = clock.now()
    over = (
        Session.objects.filter(expire_date__lt=now),
        Tries.objects.filter(window__lt=int(now.timestamp()) // WINDOW),
        AccessAttempt.objects.filter(attempt_time__lt=now - _FORGOTTEN),
    )
    return sum(rows.delete()[0] for rows in over)
