"""Build the command of a step: a call in the worker, or spark-submit, which starts it as a Spark application."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steelyard_dags.command import CommandMissingError, find_command
from steelyard_dags.settings import Mode, Submit

LAUNCHER = Path(__file__).with_name("submitted.py")
SETTING_OPTIONS = ("--conf", "-c", "--driver-java-options")
"""Options of spark-submit whose values are settings, ``name=value``, or JVM options."""
QUIET = ("--conf", "spark.log.level=WARN")
"""Without this, Spark's log lines would push the command's last lines out of the failure message."""


@dataclass(frozen=True)
class Call:
    """A command and its additional environment variables."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)

    def shown(self) -> str:
        """The command for a log. Values of spark-submit's settings are masked, since they may be secrets."""
        return shlex.join(_masked(self.command))


def call_for(
    words: Sequence[str],
    *,
    name: str,
    needs_engine: bool,
    submit: Submit,
    environment: Mapping[str, str] = os.environ,
    interpreter: str = sys.executable,
) -> Call:
    """Return the call of a step: ``words`` are the verb and its options, ``name`` is shown on the cluster's pages.

    A step that needs no engine always runs in the worker.

    Raises:
        CommandMissingError: `steelyard` or `spark-submit` is missing on this worker.
    """
    command = find_command(environment, interpreter)
    if not needs_engine or submit.mode is not Mode.SPARK_SUBMIT:
        return Call([*command, *words])
    beside = _folder_of(command[0], environment)
    about = ["--master", submit.engine, "--deploy-mode", "client", "--name", name]
    return Call(
        [*_find_spark_submit(beside, environment), *about, *QUIET, *submit.options, str(LAUNCHER), *words],
        _python_beside(beside, environment),
    )


def _masked(words: Sequence[str]) -> Iterator[str]:
    before = ""
    for word in words:
        if before in SETTING_OPTIONS:
            yield _without_value(word)
        elif word.startswith(tuple(f"{option}=" for option in SETTING_OPTIONS)):
            option, _, setting = word.partition("=")
            yield f"{option}={_without_value(setting)}"
        else:
            yield word
        before = word


def _without_value(setting: str) -> str:
    name, sign, _ = setting.partition("=")
    return f"{name}=***" if sign and not name.startswith("-") else "***"


def _find_spark_submit(beside: Path, environment: Mapping[str, str]) -> list[str]:
    """``STEELYARD_SPARK_SUBMIT``, else ``spark-submit`` beside the command, else the one on PATH."""
    if command := environment.get("STEELYARD_SPARK_SUBMIT"):
        return shlex.split(command)
    found = shutil.which("spark-submit", path=os.pathsep.join([str(beside), environment.get("PATH", os.defpath)]))
    if found is None:
        raise CommandMissingError(
            f"there is no spark-submit in {beside} or on PATH: set STEELYARD_SPARK_SUBMIT to the command on this worker, "
            "or STEELYARD_SUBMIT to worker"
        )
    return [found]


def _python_beside(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Set PYSPARK_PYTHON to the Python beside the command, since Spark would use any Python it finds."""
    is_needed = not environment.get("PYSPARK_PYTHON") and (folder / "python").is_file()
    return {"PYSPARK_PYTHON": str(folder / "python")} if is_needed else {}


def _folder_of(program: str, environment: Mapping[str, str]) -> Path:
    return Path(shutil.which(program, path=environment.get("PATH", os.defpath)) or program).absolute().parent
