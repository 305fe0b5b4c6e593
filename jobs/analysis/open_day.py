"""Open the day of a notebook, as its environment names it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jobs.analysis.open_lake import OpenLake, open_lake
from jobs.foundation.errors import InputMissing
from jobs.lake.manifests import finished_days
from jobs.lake.source_results import read_run
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from jobs.texts.languages import DEFAULT
from jobs.texts.names import Names

ROOT = Path(__file__).resolve().parents[2]
DEMO_HOME = ROOT / ".demo" / "home"


@dataclass(frozen=True)
class OpenDay:
    """A finished day: its lake with its run's table versions, its profile, its run's manifest, and English names of codes."""

    lake: OpenLake
    profile: Profile
    as_of: date
    run: dict[str, Any]
    names: Names

    @property
    def only(self) -> str:
        """The SQL condition for the day's rows of a gold table."""
        return f"as_of = '{self.as_of}'"

    def region_label(self, code: str) -> str:
        """A region in Latin letters, for the fonts of figures: its name, or the region above it and its code."""
        name = self.names.region(code)
        if name.isascii():
            return name
        above = [part for part in self.names.region_path(code).split(", ") if part.isascii()]
        return " ".join([*above[:1], code])


def open_day(environment: Mapping[str, str] = os.environ) -> OpenDay:
    """Open the day that the environment names.

    ``STEELYARD_HOME`` is the home, by default the demo's; a relative path counts from here or from the project's folder.
    ``STEELYARD_AS_OF`` is the day, by default the home's newest finished day. ``STEELYARD_PROFILE`` is the profile, by default the
    run's own.

    Raises:
        InputMissing: when there is no lake, or the day is not finished.
        ConfigError: when the day is no date, or the profile cannot be read.
    """
    home = _home(environment.get("STEELYARD_HOME", ""))
    open_lake(home)
    days = [str(day) for day in finished_days(home)]
    wanted = environment.get("STEELYARD_AS_OF", "") or max(days, default="")
    if wanted not in days:
        raise InputMissing(
            what=f"{wanted} was not finished" if wanted else "no day was finished yet",
            where=str(home),
            next_step=f"run it with `steelyard run`, or set STEELYARD_AS_OF to one of {', '.join(days[-10:]) or 'its days then'}",
        )
    as_of = date.fromisoformat(wanted)
    run = read_run(home, as_of) or {}
    profile = load_profile(environment.get("STEELYARD_PROFILE", "") or str(run.get("profile_folder") or run.get("profile", "")))
    return OpenDay(open_lake(home, as_of=as_of), profile, as_of, run, Names.of(profile, DEFAULT))


def _home(named: str) -> Path:
    if not named:
        if not DEMO_HOME.is_dir():
            raise InputMissing(
                what="no home is named and there is no demo",
                where=str(DEMO_HOME),
                next_step="set STEELYARD_HOME, or make the demo with `make demo`",
            )
        return DEMO_HOME
    # A notebook's kernel runs in the notebook's folder, but the user sets the variable in another folder.
    return next((path for path in (Path(named), ROOT / named) if path.is_dir()), Path(named))
