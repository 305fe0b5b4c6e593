"""`steelyard audit verify` and `export`: check that the audit is unchanged, and export it so that others can check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.publishing.open_site import HOME_OPTION, FolderOption, HomeOption, open_existing_site
from jobs.foundation.errors import ConfigError, Damaged, InputMissing

MOST_DIGITS = 18
"""Digits of an event's number; the database holds no greater one."""
app = typer.Typer(add_completion=False, help="The console's audit.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The console's audit: who did what, in a chain of hashes."""


@app.command()
def verify(
    home: Annotated[Path | None, HOME_OPTION] = None,
    folder: FolderOption = "",
    known: Annotated[
        list[str] | None,
        typer.Option("--known", help="NUMBER:HASH that an earlier verify printed; only this reveals a chain that was cut short."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Check this file, which export wrote; neither home nor database is needed."),
    ] = None,
    stated_until: Annotated[
        int,
        typer.Option(
            "--stated-until",
            help="With --file: accept events up to this number that only state their hash, as the first events of an old console.",
        ),
    ] = 0,
) -> None:
    """Compute every hash of the audit again, compare the tables with the events; exit with 9 if something was changed."""
    heads = _heads(known or [])
    if file is not None:
        _verify_file(file, heads, stated_until)
        return
    if home is None:
        raise ConfigError(
            what="there is nothing to verify", where="--home", next_step="give --home, or --file with a file that export wrote"
        )
    open_existing_site(home, folder)
    from console.apps.audit import spool
    from console.apps.audit.chain import Head, find_breaks, noted_head, read_head
    from console.commands.audit_comparison import compare_tables

    note = noted_head()  # before the flush, which may write it again
    spool.flush()
    head = read_head()  # before verification: later events are not verified
    found = list(find_breaks([*([note] if note else []), *(Head(number, digest) for number, digest in heads.items())]))
    compared = compare_tables()
    _refuse_broken([(one.number, one.why) for one in [*found, *compared.breaks]], "the console's database", "the database")
    old = f" ({compared.without_digest} of them from before events covered every column)" if compared.without_digest else ""
    typer.echo(f"{head.number} events, unbroken; {compared.rows} rows as their events say{old}")
    if note is None and head.number:
        typer.echo(
            "the console's folder has no note of an earlier event (audit_head): only --known shows a chain that was cut short"
        )
    typer.echo(f"store this elsewhere: {head.number}:{head.hash}")


def _verify_file(path: Path, known: dict[int, str], stated_until: int) -> None:
    from console.apps.audit.chain_file import check

    try:
        with path.open(encoding="utf-8") as lines:
            found = check(lines, known, stated_until)
    except FileNotFoundError as error:
        raise InputMissing(
            what="there is no such file", where=str(path), next_step="name a file that audit export wrote"
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            what=f"the file cannot be read: {error}", where=str(path), next_step="name a file that audit export wrote"
        ) from error
    _refuse_broken(found.breaks, str(path), "the file")
    stated = f"; nothing proves what events 1 to {found.stated} say: they only state their hash" if found.stated else ""
    typer.echo(f"{found.events} events, unbroken{stated}; compare this with stored hashes: {found.head[0]}:{found.head[1]}")


def _refuse_broken(breaks: list[tuple[int, str]], where: str, what: str) -> None:
    if breaks:
        for number, why in breaks[:20]:
            typer.echo(f"event {number}: {why}" if number else why, err=True)
        first = next((f", first at event {number}" for number, _ in breaks if number), "")
        raise Damaged(
            what=f"the audit is broken at {len(breaks)} places{first}",
            where=where,
            next_step=f"keep {what} unchanged, compare it with its backups, and find out who could write to it",
        )


@app.command()
def export(
    home: HomeOption,
    file: Annotated[Path, typer.Option("--file", help="The file to write; an existing file is not overwritten.")],
    folder: FolderOption = "",
    is_whole: Annotated[
        bool, typer.Option("--with-persons", help="Include the personal fields: actor, entity and details of each event.")
    ] = False,
) -> None:
    """Write the chain to a file that anybody can check, without personal fields. The audit records the export."""
    open_existing_site(home, folder)
    from console.apps.audit.chain_export import chain_lines
    from console.apps.audit.events import SYSTEM

    try:
        with file.open("x", encoding="utf-8") as into:
            into.writelines(chain_lines(SYSTEM, is_whole=is_whole))
    except FileExistsError as error:
        what, next_step = "the file exists already", "name another file, or remove this one"
        raise ConfigError(what=what, where=str(file), next_step=next_step) from error
    except OSError as error:
        what, next_step = f"the file cannot be written: {error}", "name a file in an existing folder"
        raise ConfigError(what=what, where=str(file), next_step=next_step) from error
    typer.echo(f"written: {file}; check it with `steelyard audit verify --file {file}`")


def _heads(texts: list[str]) -> dict[int, str]:
    heads: dict[int, str] = {}
    for text in texts:
        number, _, digest = text.partition(":")
        is_head = number.isdecimal() and len(number) <= MOST_DIGITS and len(digest) == 64
        if not is_head or heads.setdefault(int(number), digest) != digest:
            what = f"event {number} is given with two hashes" if is_head else f"{text[:100]!r} is not a head of the audit"
            raise ConfigError(what=what, where="--known", next_step="write NUMBER:HASH as verify printed it")
    return heads
