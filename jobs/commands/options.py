"""The options that verbs share."""

from __future__ import annotations

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
"""The home of every verb, where ``--home`` is not given."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)

ProfileOption = Annotated[str, typer.Option("--profile", help="A profile's name, or a folder that holds a profile.toml.")]
SourcesOption = Annotated[Path, typer.Option("--sources", help="The folder that the sources deliver into.")]
HomeOption = Annotated[
    Path, typer.Option("--home", envvar=HOME_VARIABLE, help="The folder that holds lake, models, manifests and reports.")
]
AsOfOption = Annotated[str, typer.Option("--as-of", help="The day, as YYYY-MM-DD, in the profile's time zone.")]
SourceOption = Annotated[str, typer.Option("--source", help="The source's name: the stem of its mapping's file.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 3 when the source did not pass.")]
IfDueOption = Annotated[
    bool, typer.Option("--if-due", help="Only where no model is there, or it is a week old, or its data changed.")
]
FullRefreshOption = Annotated[
    bool, typer.Option("--full-refresh", help="Compute the state of every entity again, not only of those with news.")
]
FormerFullRefreshOption = Annotated[bool, typer.Option("--afresh", hidden=True)]
ProfileOfRunOption = Annotated[
    str, typer.Option("--profile", help="A profile's name or folder; by default the one that the day was run with.")
]


def day(text: str, option: str = "--as-of") -> date:
    """The day that an option names.

    Raises:
        ConfigError: when it is no date, or one from which years cannot be counted back and on.
    """
    try:
        found = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise ConfigError(
            what=f"{text!r} is no day", where=option, next_step="write it as YYYY-MM-DD, such as 2026-06-30"
        ) from error
    if not FIRST_DAY <= found <= LAST_DAY:
        raise ConfigError(what=f"{text} is out of reach", where=option, next_step=f"give a day from {FIRST_DAY} to {LAST_DAY}")
    return found


def sources_folder(path: Path, home: Path) -> Path:
    """The sources folder, made absolute.

    Raises:
        ConfigError: when it is not there, or is in a folder that the home writes.
    """
    if not path.is_dir():
        raise ConfigError(
            what="the sources folder is not there",
            where=str(path),
            next_step="give the folder that holds the deliveries with --sources",
        )
    folder = path.resolve()
    if any(folder.is_relative_to((home / own).resolve()) for own in FOLDERS):
        raise ConfigError(
            what="the sources folder is in one that Steelyard writes",
            where=str(path),
            next_step="let deliveries arrive outside the home, and give that folder with --sources",
        )
    return folder


def existing_home(path: Path) -> Path:
    """The home, which must be there and hold a lake.

    Raises:
        ConfigError: when it does not.
    """
    if not (path / "lake").is_dir():
        raise ConfigError(
            what="there is no lake in this home",
            where=str(path),
            next_step="give the home of a run with --home, or run a day first",
        )
    return path


def profile_of_run(home: Path, as_of: date, given: str) -> Profile:
    """The profile given, else the one that the day was run with.

    Raises:
        ConfigError: when it cannot be found; a day that was never run is left to the verb to explain.
    """
    from jobs.foundation.files import read_json
    from jobs.lake.manifests import run_manifest_path

    return profile_of(read_json(run_manifest_path(home, as_of)) or {"profile": "cn"}, given)


def profile_of_last_run(home: Path, as_of: date, given: str) -> Profile:
    """The profile given, else the one that the newest finished day up to a day was run with.

    Raises:
        ConfigError: when it cannot be found, or no such day was finished.
    """
    from jobs.foundation.files import read_json
    from jobs.lake.manifests import finished_days, run_manifest_path

    days = [run_on for run_on in finished_days(home) if run_on <= as_of]
    return profile_of(read_json(run_manifest_path(home, days[-1])) if days else {}, given)


def profile_of(run: Mapping[str, Any], given: str) -> Profile:
    """The profile given, else the one that a run's manifest names.

    Raises:
        ConfigError: when it cannot be found, or none is named.
    """
    from jobs.profile.load_profile import load_profile

    name = given or run.get("profile_folder") or run.get("profile")
    if not name:
        raise ConfigError(
            what="no run says which profile holds", where="the manifests of the home's runs", next_step="name it with --profile"
        )
    return load_profile(name)
