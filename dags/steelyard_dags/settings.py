"""What a deployment decides, from the environment, and the profile's sources, from its TOML. Read whenever the DAGs are parsed."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

BESIDE_DAGS = Path(__file__).resolve().parents[2]


class SettingsError(Exception):
    """A deployment that cannot be scheduled; Airflow shows the message as the DAG's import error."""


@dataclass(frozen=True)
class Source:
    """One source mapping: only what scheduling needs of it."""

    name: str
    owner: str
    contract: str
    trouble: str = ""
    """Why its mapping cannot be read; the DAG is there all the same, so that the day is not held."""


@dataclass(frozen=True)
class Settings:
    """Where things are and how patient Airflow is."""

    profile: str
    folder: Path
    time_zone: str
    home: Path
    sources_folder: Path
    cron: str
    retries: int
    retry_delay: timedelta
    sources: tuple[Source, ...]


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a variable is missing or no number, or the profile is missing, no TOML or without sources.
    """
    config = Path(environment.get("STEELYARD_CONFIG") or BESIDE_DAGS / "config")
    profile = environment.get("STEELYARD_PROFILE") or "cn"
    folder = config / profile
    return Settings(
        profile=profile,
        folder=folder,
        time_zone=_time_zone(folder / "profile.toml"),
        home=_folder_named_by("STEELYARD_HOME", "the folder of the lake and the manifests", environment),
        sources_folder=_folder_named_by("STEELYARD_SOURCES", "the folder where deliveries arrive", environment),
        cron=environment.get("STEELYARD_CRON") or "0 0 * * *",
        retries=_number("STEELYARD_RETRIES", 2, environment),
        retry_delay=timedelta(seconds=_number("STEELYARD_RETRY_SECONDS", 300, environment)),
        sources=_sources(folder / "sources"),
    )


def _folder_named_by(variable: str, meaning: str, environment: Mapping[str, str]) -> Path:
    if value := environment.get(variable):
        return Path(value)
    raise SettingsError(f"{variable} is not set: let it name {meaning}, for the DAG processor and for the workers alike")


def _number(variable: str, default: int, environment: Mapping[str, str]) -> int:
    value = environment.get(variable) or str(default)
    if value.isdecimal():
        return int(value)
    raise SettingsError(f"{variable} is {value!r}: let it be a whole number, or unset it for {default}")


def _time_zone(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["time_zone"])
    except FileNotFoundError as error:
        raise SettingsError(f"there is no {path}: set STEELYARD_CONFIG and STEELYARD_PROFILE to a folder that holds it") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}; mend the line named") from error
    except KeyError as error:
        raise SettingsError(f'{path} has no time_zone: add one, as in time_zone = "Asia/Shanghai"') from error


def _sources(folder: Path) -> tuple[Source, ...]:
    sources = tuple(_source(path) for path in sorted(folder.glob("*.toml")))
    if not sources:
        raise SettingsError(f"there is no source mapping in {folder}: add one file a source, <source>.toml")
    return sources


def _source(path: Path) -> Source:
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return Source(path.stem, owner="steelyard", contract="unknown", trouble=f"{path.name} is not valid TOML: {error}")
    return Source(path.stem, owner=str(mapping.get("owner", "steelyard")), contract=str(mapping.get("contract", "unknown")))
