"""What a deployment decides, from the environment, and the profile's sources, from its TOML. Read whenever the DAGs are parsed."""

from __future__ import annotations

import os
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

BESIDE_DAGS = Path(__file__).resolve().parents[2]
CONSOLE = "console"
"""The folder of the console's settings in the configuration, and of its own files in a home."""
DELIVERED_BY = {"console_results": "outcomes"}
"""Sources that a verb of ours delivers, before they are taken in."""
MASTERS = ("local", "spark://", "yarn", "k8s://")


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
    delivered_by: str = ""
    """The verb that delivers it, where one does."""


class Mode(StrEnum):
    """Where steps that need an engine run."""

    WORKER = "worker"
    """In the worker, on the engine that ``STEELYARD_ENGINE`` names there, or the embedded one."""
    SPARK_SUBMIT = "spark-submit"
    """As a Spark application of their own, whose driver is in the worker."""
    CONNECT = "connect"
    """In the worker, which hands the work to a Spark Connect service."""


@dataclass(frozen=True)
class Submit:
    """How steps that need an engine are run; the engine is a master, a Connect URL (which may hold a token), or not said."""

    mode: Mode = Mode.WORKER
    engine: str = field(default="", repr=False)
    options: tuple[str, ...] = ()


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
        SettingsError: a variable is missing or cannot be used, or the profile is missing, no TOML or without sources.
    """
    read_submit(environment)  # each task reads it on its worker; here a mistake in it shows before any task fails
    config = Path(environment.get("STEELYARD_CONFIG") or BESIDE_DAGS / "config")
    profile = environment.get("STEELYARD_PROFILE") or "cn"
    folder = config / profile
    home = _folder_named_by("STEELYARD_HOME", "the folder of the lake and the manifests", environment)
    console = Path(environment.get("STEELYARD_CONSOLE_FOLDER") or home / CONSOLE)
    return Settings(
        profile=profile,
        folder=folder,
        time_zone=_time_zone(folder / "profile.toml"),
        home=home,
        sources_folder=_folder_named_by("STEELYARD_SOURCES", "the folder where deliveries arrive", environment),
        cron=environment.get("STEELYARD_CRON") or "0 0 * * *",
        retries=_number("STEELYARD_RETRIES", 2, environment),
        retry_delay=timedelta(seconds=_number("STEELYARD_RETRY_SECONDS", 300, environment)),
        sources=_sources(folder / "sources", config if console.is_dir() else None),
    )


def read_submit(environment: Mapping[str, str] = os.environ) -> Submit:
    """Read how steps are run, from ``STEELYARD_SUBMIT``, ``STEELYARD_ENGINE`` and ``STEELYARD_SUBMIT_OPTIONS``.

    Raises:
        SettingsError: they cannot be used, or not together.
    """
    named, engine = environment.get("STEELYARD_SUBMIT") or Mode.WORKER, environment.get("STEELYARD_ENGINE") or ""
    try:
        mode = Mode(named)
    except ValueError:
        raise SettingsError(f"STEELYARD_SUBMIT is {named!r}: let it be {', '.join(Mode)}, or unset it for {Mode.WORKER}") from None
    if mode is Mode.CONNECT and not engine.startswith("sc://"):
        raise SettingsError("STEELYARD_SUBMIT is connect: let STEELYARD_ENGINE be the service's URL, as in sc://host:15002")
    if mode is Mode.SPARK_SUBMIT and not engine.startswith(MASTERS):
        raise SettingsError("STEELYARD_SUBMIT is spark-submit: let STEELYARD_ENGINE be a master, as in spark://host:7077")
    return Submit(mode, engine, _submit_options(environment))


def _submit_options(environment: Mapping[str, str]) -> tuple[str, ...]:
    try:
        options = tuple(shlex.split(environment.get("STEELYARD_SUBMIT_OPTIONS") or ""))
    except ValueError as error:
        raise SettingsError(f"STEELYARD_SUBMIT_OPTIONS cannot be read as words of a shell: {error}") from error
    if any(option.startswith(("--master", "--deploy-mode")) for option in options):
        raise SettingsError(
            "STEELYARD_SUBMIT_OPTIONS names a master or a deploy mode: the master is STEELYARD_ENGINE, and the driver stays in the "
            "worker, since it reads the home and its exit code says how the step ended"
        )
    return options


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


def _sources(folder: Path, of_console: Path | None) -> tuple[Source, ...]:
    """The profile's sources, and what the console delivers where a day was published to one: its mapping need not be copied."""
    own = {path.stem: path for path in folder.glob("*.toml")}
    if not own:
        raise SettingsError(f"there is no source mapping in {folder}: add one file a source, <source>.toml")
    came = {}
    if of_console is not None:
        folders = [config / CONSOLE / "sources" for config in (BESIDE_DAGS / "config", of_console)]
        came = {path.stem: path for folder in folders for path in folder.glob("*.toml")}
    return tuple(_source(path) for _, path in sorted({**came, **own}.items()))


def _source(path: Path) -> Source:
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return Source(path.stem, owner="steelyard", contract="unknown", trouble=f"{path.name} is not valid TOML: {error}")
    except OSError as error:
        return Source(path.stem, owner="steelyard", contract="unknown", trouble=f"{path.name} cannot be read: {error.strerror}")
    return Source(
        path.stem,
        owner=str(mapping.get("owner", "steelyard")),
        contract=str(mapping.get("contract", "unknown")),
        delivered_by=DELIVERED_BY.get(path.stem, ""),
    )
