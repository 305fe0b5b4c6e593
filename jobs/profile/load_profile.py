"""Profiles by name or folder: found, checked as ``steelyard config check`` does, and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jobs.foundation.errors import ConfigError
from jobs.foundation.files import read_toml
from jobs.profile.profile import CONFIG_ROOT, Capacity, Certainty, Evaluation, Objective, Peers, Profile, Retention, Training
from jobs.profile.profile_check import profile_problems


def profile_folder(name_or_folder: str) -> Path:
    """The folder of a profile named or given as a path.

    Raises:
        ConfigError: when there is no such profile; the message lists those there are.
    """
    for folder in (Path(name_or_folder), CONFIG_ROOT / name_or_folder):
        if _is_profile(folder):
            return folder.resolve()
    known = ", ".join(sorted(path.parent.name for path in CONFIG_ROOT.glob("*/profile.toml")))
    raise ConfigError(
        what=f"there is no profile {name_or_folder!r}",
        where=str(CONFIG_ROOT),
        next_step=f"name one of {known}, or give a folder that holds a profile.toml",
    )


def _is_profile(folder: Path) -> bool:
    try:
        return (folder / "profile.toml").is_file()
    except OSError:  # a folder that nobody may look into; a name that is too long for one
        return False


def load_profile(name_or_folder: str) -> Profile:
    """Read a profile.

    Raises:
        ConfigError: when the profile is missing, is no TOML, or a setting cannot be used; all its mistakes are named at once.
    """
    folder = profile_folder(name_or_folder)
    path = folder / "profile.toml"
    raw = read_toml(path, "profile")
    if problems := profile_problems(raw):
        raise ConfigError(
            what="; ".join(problem.sentence() for problem in problems),
            where=str(path),
            next_step="; ".join(dict.fromkeys(problem.next_step for problem in problems)),
        )
    return _built(raw, folder)


def _built(raw: dict[str, Any], folder: Path) -> Profile:
    return Profile(
        name=raw["name"],
        folder=folder,
        time_zone=ZoneInfo(raw["time_zone"]),
        currency=raw["currency"],
        minor_units=raw["minor_units"],
        id_scheme=raw["id_scheme"],
        industry_scheme=raw["industry_scheme"],
        region_scheme=raw["region_scheme"],
        title=raw["title"],
        calendar=raw["calendar"],
        peers=Peers(raw["peers"]["minimum"], tuple(raw["peers"]["size_bands_minor"]), tuple(raw["peers"]["age_bands_years"])),
        capacity=Capacity(**raw["capacity"]),
        objective=Objective(raw["objective"]["kind"], tuple(raw["objective"]["statuses"])),
        classes=dict(raw["classes"]),
        certainty=Certainty(**raw["certainty"]),
        training=Training(**raw["training"]),
        scoring=dict(raw["scoring"]),
        retention=Retention(**raw["retention"]),
        evaluation=Evaluation(**raw.get("evaluation", {})),
        legal_bases=dict(raw.get("legal_bases", {})),
    )
