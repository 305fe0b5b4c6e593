"""`steelyard audit verify`: is the audit as it was written?"""

from __future__ import annotations

from typing import Annotated

import typer

from console.errors import Damaged, Refused, explained
from console.verbs.site import FolderOption, HomeOption, open_site

app = typer.Typer(add_completion=False, help="The console's audit.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The console's audit: who did what, in a chain of hashes."""


@app.command()
@explained
def verify(
    home: HomeOption,
    folder: FolderOption = "",
    known: Annotated[
        list[str] | None,
        typer.Option("--known", help="NUMBER:HASH that an earlier verify printed; a chain cut short is told by it alone."),
    ] = None,
) -> None:
    """Reckon every hash of the audit again, from the first event on; exit with 9 where the chain is broken."""
    heads = [_head(text) for text in known or []]
    open_site(home, folder)
    from console.audit import spool
    from console.audit.chain import Head, breaks, read_head

    spool.flush()
    found = list(breaks(Head(number, digest) for number, digest in heads))
    head = read_head()
    if found:
        for one in found[:20]:
            typer.echo(f"event {one.number}: {one.why}", err=True)
        raise Damaged(
            what=f"the audit is not as it was written: it breaks at {len(found)} places, first at event {found[0].number}",
            where="the table audit_auditevent",
            then="keep the database as it is, compare it with its backups, and find out who could write it",
        )
    typer.echo(f"{head.number} events, unbroken; note this elsewhere: {head.number}:{head.hash}")


def _head(text: str) -> tuple[int, str]:
    number, sign, digest = text.partition(":")
    if not sign or not number.isdigit() or len(digest) != 64:
        raise Refused(what=f"{text!r} is no head of the audit", where="--known", then="write it as verify printed it, NUMBER:HASH")
    return int(number), digest
