"""``steelyard VERB --as-of DATE``: the only entry point.

Verbs come from the entry-point group ``steelyard.verbs`` and are imported when they are called. So the simulation adds its own
verbs, and ``jobs`` does not import it.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from jobs.foundation.errors import ConfigError, SteelyardError, damage_from_error, full_disk
from jobs.foundation.log import install_library_log_buffer, keep_traceback

GROUP = "steelyard.verbs"
NOT_OURS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}
NOT_OURS |= {errno.ENOENT, errno.EIO, errno.ESTALE}
"""Errors of the machine that are not errors of the program."""


class Verbs(TyperGroup):
    """The verbs of every installed part of Steelyard, each loaded when it is called."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """Names of all verbs, in alphabetical order."""
        return sorted(_installed())

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """The verb of that name; None when no part provides it."""
        found = _installed().get(cmd_name)
        return None if found is None else _command(found)


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _command(point: EntryPoint) -> Any:
    """The command of a verb, which is a function or a typer application with its own verbs."""
    try:
        loaded: Any = point.load()
    except ImportError as error:
        # One incomplete part must not break the help and all other verbs.
        loaded = _unavailable(point, error)
    verb = loaded
    if not isinstance(loaded, typer.Typer):
        verb = typer.Typer(add_completion=False)
        verb.command(name=point.name)(loaded)
    command = get_command(verb)
    command.name = point.name
    return command


def _unavailable(point: EntryPoint, error: ImportError) -> Callable[[], None]:
    def verb() -> None:
        raise ConfigError(
            what=f"the verb {point.name} cannot be loaded: {error}",
            where=point.value,
            next_step="install Steelyard again with `make setup`",
        )

    verb.__doc__ = f"(cannot be loaded: {error})"
    return verb


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("steelyard"))
        raise typer.Exit


@app.callback()
def steelyard(
    _version: bool = typer.Option(False, "--version", help="Show the version.", callback=_show_version, is_eager=True),
) -> None:
    """Steelyard (衡鉴): from raw registration, tax and complaint files to a daily, explained risk list.

    Start with `steelyard doctor`; a whole day is `steelyard run --profile cn --sources DIR --home DIR --as-of DATE`.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run a verb; explain a failure on standard error and exit with the code of its kind."""
    before = signal.signal(signal.SIGINT, _stop)
    install_library_log_buffer()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not have every sign
    try:
        app(args=arguments, prog_name="steelyard")
    except SteelyardError as error:
        _explain(error)
        sys.exit(error.exit_code)
    except SystemExit:
        raise
    except BaseException as failure:  # a panic of the engine is not an Exception
        found = full_disk(failure) or failure
        if explained := damage_from_error(found) or _unusable_words(found):
            _explain(explained)
            sys.exit(explained.exit_code)
        if not isinstance(found, OSError) or found.errno not in NOT_OURS:
            _exit_with_traceback()
        _explain(
            ConfigError(
                what=f"a file could not be read or written: {found.strerror}",
                where=str(found.filename or "the home"),
                next_step="free space, check the disk, or choose a folder with write permission; what was committed stays",
            )
        )
        sys.exit(ConfigError.exit_code)
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(_signal: int, _frame: object) -> NoReturn:
    """Exit at once: the engine's client would wait at exit for an answer that a stopped engine never gives.

    No cleanup is needed: commits are atomic, the lock ends with the process, and the next run deletes unfinished files.
    """
    os.write(2, b"\nstopped by the user; what was committed stays, and the same command continues from there\n")
    os._exit(130)


def _exit_with_traceback() -> NoReturn:
    """Report an internal error and the file with its details, and exit."""
    path = keep_traceback()
    typer.echo(f"steelyard: internal error, not caused by your data; details are in {path}", err=True)
    typer.echo("  next: run `steelyard doctor`; if it finds nothing, report the file above", err=True)
    sys.exit(SteelyardError.exit_code)


def _unusable_words(error: BaseException) -> ConfigError | None:
    """The explanation of a file of indicators' words that cannot be used; None for every other error."""
    from expectations.contracts.indicators import WordsError

    return ConfigError(**error.explanation) if isinstance(error, WordsError) else None


def _explain(error: SteelyardError) -> None:
    typer.echo(f"steelyard: {error.what}", err=True)
    typer.echo(f"  where: {error.where}", err=True)
    typer.echo(f"  next: {error.next_step}", err=True)


if __name__ == "__main__":
    main()
