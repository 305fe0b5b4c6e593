"""Profiles by name or folder: found, checked as ``steelyard config check`` does, and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jobs.runtime.errors import ConfigError
from jobs.runtime.mapping import read_toml
from jobs.runtime.profile_check import profile_problems
from jobs.runtime.settings import CONFIG_ROOT, Capacity, Certainty, Evaluation, Objective, Peers, Profile, Retention, Training


def profile_folder(name_or_folder: str) -> Path:
    """The folder of a profile named or given as a path.

    Raises:
        ConfigError: when there is no such profile; the message lists those there are.
    """
    for folder in (Path(name_or_folder), CONFIG_ROOT / name_or_folder):
        if (folder / "profile.toml").is_file():
            return folder.resolve()
    known = ", ".join(sorted(path.parent.name for path in CONFIG_ROOT.glob("*/profile.toml")))
    raise ConfigError(
        what=f"there is no profile {name_or_folder!r}",
        where=str(CONFIG_ROOT),
        then=f"name one of {known}, or give a folder that holds a profile.toml",
    )


def load_profile(name_or_folder: str) -> Profile:
    """Read a profile.

    Raises:
        ConfigError: when the profile is missing, is no TOML, or a setting cannot be used; all its mistakes are named at once.
    """
    folder = profile_folder(name_or_folder)
    path = folder / "profile.toml"
    raw = read_toml(path)
    if problems := profile_problems(raw):
        raise ConfigError(
            what="; ".join(problem.sentence() for problem in problems),
            where=str(path),
            then="; ".join(dict.fromkeys(problem.then for problem in problems)),
        )
    try:
        return _built(raw, folder)
    except (ValueError, OSError) as error:
        raise ConfigError(
            what=f"a setting cannot be used: {error}", where=str(path), then="compare it with config/cn/profile.toml"
        ) from error


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
