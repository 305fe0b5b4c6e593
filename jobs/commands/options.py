"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.foundation.errors import ConfigError
from jobs.foundation.paths import FOLDERS

if TYPE_CHECKING:
    from jobs.profile.profile import Profile

HOME_VARIABLE = "STEELYARD_HOME"
"""The environment variable with the home, for commands without ``--home``."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)

ProfileOption = Annotated[str, typer.Option("--profile", help="A profile's name, or a folder that holds a profile.toml.")]
SourcesOption = Annotated[Path, typer.Option("--sources", help="The folder that sources deliver into.")]
HomeOption = Annotated[
    Path, typer.Option("--home", envvar=HOME_VARIABLE, help="The home folder: it holds lake, models, manifests and reports.")
]
AsOfOption = Annotated[str, typer.Option("--as-of", help="The day, as YYYY-MM-DD, in the profile's time zone.")]
SourceOption = Annotated[str, typer.Option("--source", help="The source's name: its mapping's file name without .toml.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 3 if the source does not pass.")]
IfDueOption = Annotated[
    bool, typer.Option("--if-due", help="Train only if there is no model, it is a week old, or its data changed.")
]
FullRefreshOption = Annotated[
    bool, typer.Option("--full-refresh", help="Compute the state of every entity again, not only of entities with news.")
]
FormerFullRefreshOption = Annotated[bool, typer.Option("--afresh", hidden=True)]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
ProfileOfRunOption = Annotated[
    str, typer.Option("--profile", help="A profile's name or folder; by default the profile of the day's run.")
]


def day(text: str, option: str = "--as-of") -> date:
    """The day that an option names.

    Raises:
        ConfigError: when it is no date, or outside the supported years.
    """
    try:
        found = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise ConfigError(
            what=f"{text!r} is not a day", where=option, next_step="write it as YYYY-MM-DD, such as 2026-06-30"
        ) from error
    if not FIRST_DAY <= found <= LAST_DAY:
        raise ConfigError(
            what=f"{text} is outside the supported years", where=option, next_step=f"give a day from {FIRST_DAY} to {LAST_DAY}"
        )
    return found


def sources_folder(path: Path, home: Path) -> Path:
    """The sources folder, made absolute.

    Raises:
        ConfigError: when it does not exist, or is in a folder that the home writes.
    """
    if not path.is_dir():
        raise ConfigError(
            what="the sources folder does not exist",
            where=str(path),
            next_step="give the folder that holds the deliveries with --sources",
        )
    folder = path.resolve()
    if any(folder.is_relative_to((home / own).resolve()) for own in FOLDERS):
        raise ConfigError(
            what="the sources folder is in a folder that Steelyard writes",
            where=str(path),
            next_step="use a folder outside the home for deliveries, and give it with --sources",
        )
    return folder


def existing_home(path: Path) -> Path:
    """The home, if it holds a lake.

    Raises:
        ConfigError: when it holds none.
    """
    if not (path / "lake").is_dir():
        raise ConfigError(
            what="there is no lake in this home",
            where=str(path),
            next_step="give the home of a run with --home, or run a day first",
        )
    return path


def profile_of_run(home: Path, as_of: date, given: str) -> Profile:
    """The given profile, else the profile of the day's run.

    Raises:
        ConfigError: when it cannot be found. For a day without a run the command itself explains.
    """
    from jobs.foundation.files import read_json
    from jobs.lake.manifests import run_manifest_path

    return profile_of(read_json(run_manifest_path(home, as_of)) or {"profile": "cn"}, given)


def profile_of_last_run(home: Path, as_of: date, given: str) -> Profile:
    """The given profile, else the profile of the newest finished day up to ``as_of``.

    Raises:
        ConfigError: when it cannot be found, or no such day is finished.
    """
    from jobs.foundation.files import read_json
    from jobs.lake.manifests import finished_days, run_manifest_path

    days = [run_on for run_on in finished_days(home) if run_on <= as_of]
    return profile_of(read_json(run_manifest_path(home, days[-1])) if days else {}, given)


def check_profile_of_home(home: Path, profile: Profile) -> None:
    """Check that the newest finished day of a home is of this profile.

    Raises:
        ConfigError: if it is of another: that profile's settings would delete what this home's runs need.
    """
    from jobs.foundation.files import read_json
    from jobs.lake.manifests import finished_days, run_manifest_path

    days = finished_days(home)
    found = read_json(run_manifest_path(home, max(days)))["profile"] if days else profile.name
    if found != profile.name:
        what = f"the runs of this home are of the profile {found}, not {profile.name}"
        raise ConfigError(what=what, where=str(home), next_step=f"give --profile {found}, or another --home")


def profile_of(run: Mapping[str, Any], given: str) -> Profile:
    """The given profile, else the profile that a run's manifest names.

    Raises:
        ConfigError: when it cannot be found, or no profile is named.
    """
    from jobs.profile.load_profile import load_profile

    name = given or run.get("profile_folder") or run.get("profile")
    if not name:
        raise ConfigError(
            what="no run names its profile", where="the manifests of the home's runs", next_step="name it with --profile"
        )
    return load_profile(name)


def confirm(question: str, yes: bool) -> None:
    """Go on only with ``--yes``, or if a person at a terminal confirms.

    Raises:
        ConfigError: when there is no terminal.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            what="this needs a confirmation, and there is no terminal",
            where="standard input",
            next_step="read the lines above, then add --yes",
        )
    typer.confirm(question, abort=True)
