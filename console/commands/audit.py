"""`steelyard audit verify` and `export`: is the audit as it was written, and how can others see that?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.core.environment import HOME_VARIABLE
from console.publishing.open_site import FolderOption, HomeOption, open_site
from jobs.foundation.errors import ConfigError, Damaged, InputMissing

app = typer.Typer(add_completion=False, help="The console's audit.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The console's audit: who did what, in a chain of hashes."""


KnownOption = Annotated[
    list[str] | None,
    typer.Option("--known", help="NUMBER:HASH that an earlier verify printed; a chain cut short is told by it alone."),
]


@app.command()
def verify(
    home: Annotated[
        Path | None, typer.Option("--home", envvar=HOME_VARIABLE, help="The folder that holds lake, models, manifests and reports.")
    ] = None,
    folder: FolderOption = "",
    known: KnownOption = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Check this file instead, which export wrote; no home and no database is needed."),
    ] = None,
) -> None:
    """Reckon every hash of the audit again, from the first event on; exit with 9 where the chain is broken."""
    heads = dict(_head(text) for text in known or [])
    if file is not None:
        _verify_file(file, heads)
        return
    if home is None:
        raise ConfigError(
            what="nothing is named to verify", where="--home", next_step="give --home, or --file with a file that export wrote"
        )
    open_site(home, folder)
    from console.apps.audit import spool
    from console.apps.audit.chain import Head, find_breaks, read_head

    spool.flush()
    head = read_head()  # first: what comes while the chain is reckoned is not vouched for
    found = list(find_breaks(Head(number, digest) for number, digest in heads.items()))
    _refuse_broken([(one.number, one.why) for one in found], "the table audit_auditevent", "the database")
    typer.echo(f"{head.number} events, unbroken; note this elsewhere: {head.number}:{head.hash}")


def _verify_file(path: Path, known: dict[int, str]) -> None:
    from console.apps.audit.chain_file import check

    try:
        with path.open(encoding="utf-8") as lines:
            found = check(lines, known)
    except FileNotFoundError as error:
        raise InputMissing(
            what="there is no such file", where=str(path), next_step="name a file that audit export wrote"
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            what=f"the file cannot be read: {error}", where=str(path), next_step="name a file that audit export wrote"
        ) from error
    _refuse_broken(found.breaks, str(path), "the file")
    taken = f", of which {found.stated} from before what is kept back could be covered are linked alone" if found.stated else ""
    typer.echo(f"{found.events} events, unbroken{taken}; hold this against what was noted: {found.head[0]}:{found.head[1]}")


def _refuse_broken(breaks: list[tuple[int, str]], where: str, what: str) -> None:
    if breaks:
        for number, why in breaks[:20]:
            typer.echo(f"event {number}: {why}", err=True)
        raise Damaged(
            what=f"the audit is not as it was written: it breaks at {len(breaks)} places, first at event {breaks[0][0]}",
            where=where,
            next_step=f"keep {what} as it is, compare it with its backups, and find out who could write it",
        )


@app.command()
def export(
    home: HomeOption,
    file: Annotated[Path, typer.Option("--file", help="The file to write; one that is there is not written over.")],
    folder: FolderOption = "",
    is_whole: Annotated[
        bool, typer.Option("--with-persons", help="Keep nothing back: who did it, about whom, and what else each event says.")
    ] = False,
) -> None:
    """Write the chain to a file that anybody can check, what tells of a person kept back; that it was taken is on record."""
    open_site(home, folder)
    from console.apps.audit.chain_export import chain_lines
    from console.apps.audit.events import SYSTEM

    try:
        with file.open("x", encoding="utf-8") as into:
            into.writelines(chain_lines(SYSTEM, is_whole=is_whole))
    except FileExistsError as error:
        raise ConfigError(
            what="the file is there already", where=str(file), next_step="name another, or take that one away"
        ) from error
    except OSError as error:
        raise ConfigError(
            what=f"the file cannot be written: {error}", where=str(file), next_step="name one in a folder that is there"
        ) from error
    typer.echo(f"written: {file}; check it with `steelyard audit verify --file {file}`")


def _head(text: str) -> tuple[int, str]:
    number, sign, digest = text.partition(":")
    if not sign or not number.isdecimal() or len(digest) != 64:
        raise ConfigError(
            what=f"{text!r} is no head of the audit", where="--known", next_step="write it as verify printed it, NUMBER:HASH"
        )
    return int(number), digest
