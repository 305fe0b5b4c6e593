"""`steelyard serve`: run the console with a production server."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from console.core.environment import HTTPS_SWITCH, is_on
from console.publishing.open_site import FolderOption, HomeOption, open_site
from jobs.foundation.errors import ConfigError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    home: HomeOption,
    folder: FolderOption = "",
    host: Annotated[str, typer.Option("--host", help="The address to listen on; by default only this machine's.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, help="The number of worker processes.")] = 2,
) -> None:
    """Serve the console. On a site that only this machine can reach, an empty database gets a demo account for each role."""
    # There is no HTTPS without a proxy in front. Then only this machine may connect, and cookies do not require HTTPS.
    if HTTPS_SWITCH not in os.environ and host in LOOPBACK:
        os.environ[HTTPS_SWITCH] = "off"
    try:
        speaks_https = is_on(HTTPS_SWITCH, by_default=True)
    except ValueError as error:
        raise ConfigError(what=str(error), where="the environment", next_step="set it to on or off, or unset it") from error
    if not speaks_https and host not in LOOPBACK:
        raise ConfigError(
            what="passwords would cross the network unencrypted",
            where=f"--host {host} with {HTTPS_SWITCH}={os.environ[HTTPS_SWITCH]}",
            next_step=f"listen on 127.0.0.1 behind a proxy with HTTPS (docs/how-to/deploy-console.md), and unset {HTTPS_SWITCH}",
        )
    open_site(home, folder)
    from django.conf import settings
    from django.core.management import call_command

    from console.apps.accounts.demo_accounts import are_allowed, check_production_accounts, make_demo_accounts
    from console.apps.audit import spool
    from console.apps.ranking.runs import current_run

    call_command("collectstatic", interactive=False, verbosity=0)
    spool.flush()
    if not are_allowed():
        check_production_accounts()
    elif made := make_demo_accounts():
        typer.echo("Demo accounts, one for each role. Passwords are shown only now and must be changed at the first sign-in:")
        for name, password in made:
            typer.echo(f"  {name:<12} {password}")
    if current_run() is None:
        typer.echo("Nothing is published yet. Next: steelyard publish --as-of DAY")
    typer.echo(f"The console is at {'https' if settings.HTTPS else 'http'}://{host}:{port}/ (stop with Ctrl-C)")
    from console.server import Server

    Server({"bind": f"{host}:{port}", "workers": workers}).run()
