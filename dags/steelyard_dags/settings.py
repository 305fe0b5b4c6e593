"""Settings of a deployment, from environment variables, and the profile's sources. They are read whenever the DAGs are parsed."""

from __future__ import annotations

import os
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
CONSOLE = "console"
"""The console's folder in the configuration."""
DELIVERED_BY = {"console_results": "outcomes"}
"""The command that delivers a source before it is ingested, by source."""
DELIVERED_ON = "{delivered_on}"
"""The place of the day in the path pattern of a source's files."""
CUT_OFF, LIST_DEADLINE = time(6), time(8)
"""When the wait for a day's delivery ends, and when the day's list must be there: the defaults, as times of the next day."""
MASTERS = ("local", "spark://", "yarn", "k8s://")


class SettingsError(Exception):
    """The settings are invalid; Airflow shows the message as the DAG's import error."""


@dataclass(frozen=True)
class Source:
    """The parts of a source mapping that scheduling needs."""

    name: str
    owner: str
    contract: str
    trouble: str = ""
    """Why the mapping cannot be read. The DAG exists anyway, so that the day is not blocked."""
    delivered_by: str = ""
    """The command that delivers it, if any."""
    files: str = ""
    """The path pattern of its files."""
    every_days: int = 1
    """How often a delivery is expected."""
    cut_off: time = CUT_OFF
    """When the wait for a day's delivery ends on the next day."""

    @property
    def is_waited_for(self) -> bool:
        """Whether a day waits for its delivery: files in the sources folder name the day, and no task of the day delivers them."""
        return DELIVERED_ON in self.files and not Path(self.files).is_absolute() and not self.delivered_by


class Mode(StrEnum):
    """Where steps that need an engine run."""

    WORKER = "worker"
    """In the worker, on its ``STEELYARD_ENGINE`` or the embedded engine."""
    SPARK_SUBMIT = "spark-submit"
    """As a Spark application with its driver in the worker."""
    CONNECT = "connect"
    """In the worker, on a Spark Connect service."""


@dataclass(frozen=True)
class Submit:
    """How steps with an engine run. The engine is a master, a Connect URL (it may contain a token) or empty."""

    mode: Mode = Mode.WORKER
    engine: str = field(default="", repr=False)
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Folders, schedule, retries and sources of a deployment."""

    profile: str
    folder: Path
    time_zone: str
    home: Path
    sources_folder: Path
    cron: str
    retries: int
    retry_delay: timedelta
    list_deadline: time
    """When a day's list must be there on the next day."""
    sources: tuple[Source, ...]


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a variable is missing or invalid, or the profile is missing, invalid TOML or without sources.
    """
    read_submit(environment)  # tasks read it on their worker; here an error shows before any task fails
    config = Path(environment.get("STEELYARD_CONFIG") or REPOSITORY / "config")
    profile = environment.get("STEELYARD_PROFILE") or "cn"
    folder = config / profile
    return Settings(
        profile=profile,
        folder=folder,
        time_zone=_time_zone(folder / "profile.toml"),
        home=_folder("STEELYARD_HOME", "the folder of the lake and the manifests", environment),
        sources_folder=_folder("STEELYARD_SOURCES", "the folder where deliveries arrive", environment),
        cron=environment.get("STEELYARD_CRON") or "0 0 * * *",
        retries=_whole_number("STEELYARD_RETRIES", 2, environment),
        retry_delay=timedelta(seconds=_whole_number("STEELYARD_RETRY_SECONDS", 300, environment)),
        list_deadline=_time("STEELYARD_LIST_DEADLINE", LIST_DEADLINE, environment),
        sources=_sources(folder / "sources", config),
    )


def read_submit(environment: Mapping[str, str] = os.environ) -> Submit:
    """Read how steps run, from ``STEELYARD_SUBMIT``, ``STEELYARD_ENGINE`` and ``STEELYARD_SUBMIT_OPTIONS``.

    Raises:
        SettingsError: they are invalid or do not fit together.
    """
    name, engine = environment.get("STEELYARD_SUBMIT") or Mode.WORKER, environment.get("STEELYARD_ENGINE") or ""
    try:
        mode = Mode(name)
    except ValueError:
        raise SettingsError(f"STEELYARD_SUBMIT is {name!r}: set it to {', '.join(Mode)}, or unset it for {Mode.WORKER}") from None
    if mode is Mode.CONNECT and not engine.startswith("sc://"):
        raise SettingsError("STEELYARD_SUBMIT is connect: set STEELYARD_ENGINE to the service's URL, as in sc://host:15002")
    if mode is Mode.SPARK_SUBMIT and not engine.startswith(MASTERS):
        raise SettingsError("STEELYARD_SUBMIT is spark-submit: set STEELYARD_ENGINE to a master, as in spark://host:7077")
    return Submit(mode, engine, _submit_options(environment))


def _submit_options(environment: Mapping[str, str]) -> tuple[str, ...]:
    try:
        options = tuple(shlex.split(environment.get("STEELYARD_SUBMIT_OPTIONS") or ""))
    except ValueError as error:
        raise SettingsError(f"STEELYARD_SUBMIT_OPTIONS cannot be parsed as shell words: {error}") from error
    if any(option.startswith(("--master", "--deploy-mode")) for option in options):
        raise SettingsError(
            "STEELYARD_SUBMIT_OPTIONS has a master or a deploy mode: set the master in STEELYARD_ENGINE; the driver runs in the "
            "worker, since it reads the home and returns the exit code"
        )
    return options


def _folder(variable: str, meaning: str, environment: Mapping[str, str]) -> Path:
    if value := environment.get(variable):
        return Path(value)
    raise SettingsError(f"{variable} is not set: set it to {meaning}, for the DAG processor and the workers")


def _whole_number(variable: str, default: int, environment: Mapping[str, str]) -> int:
    value = environment.get(variable) or str(default)
    if value.isdecimal():
        return int(value)
    raise SettingsError(f"{variable} is {value!r}: set it to a whole number, or unset it for {default}")


def _time(variable: str, default: time, environment: Mapping[str, str]) -> time:
    value = environment.get(variable)
    try:
        return _time_of_day(value) if value else default
    except ValueError:
        raise SettingsError(f"{variable} is {value!r}: set it to a time of day, or unset it for {default:%H:%M}") from None


def _time_of_day(text: str) -> time:
    """The time ``HH:MM``, without an offset: it is in the profile's time zone."""
    return datetime.strptime(text, "%H:%M").time()


def _time_zone(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["time_zone"])
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path} does not exist: set STEELYARD_CONFIG and STEELYARD_PROFILE to a folder that contains it"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}; correct that line") from error
    except KeyError as error:
        raise SettingsError(f'{path} has no time_zone: add one, as in time_zone = "Asia/Shanghai"') from error


def _sources(folder: Path, config: Path) -> tuple[Source, ...]:
    """The profile's sources and the console's, which are there before anything is published: a schedule never changes by itself."""
    own = {path.stem: path for path in folder.glob("*.toml")}
    if not own:
        raise SettingsError(f"there is no source mapping in {folder}: add one file per source, <source>.toml")
    folders = [each / CONSOLE / "sources" for each in (REPOSITORY / "config", config)]
    console = {path.stem: path for each in folders for path in each.glob("*.toml")}
    return tuple(_source(path) for _, path in sorted({**console, **own}.items()))


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
        **_expected(mapping),
    )


def _expected(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """What a mapping says about when its files come. A wrong setting gives the defaults, and the steps explain it."""
    try:
        cut_off = _time_of_day(mapping["cut_off"]) if "cut_off" in mapping else CUT_OFF
        return {"files": str(mapping.get("files", "")), "every_days": int(mapping.get("every_days", 1)), "cut_off": cut_off}
    except (TypeError, ValueError):
        return {}
