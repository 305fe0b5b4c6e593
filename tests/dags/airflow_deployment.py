"""An Airflow deployment in a temporary folder, with a profile of two sources and a command that records its calls."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import socket
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"
AIRFLOW = Path(sys.executable).with_name("airflow")
SOURCES = ("complaint", "registration")
"""The sources of the profile; the console's is there in every deployment."""

RECORDER = """\
#!/bin/sh
# Replaces steelyard: records its arguments, one call per line, and fails as FAIL_VERB and FAIL_CODE say. As publish does, it makes
# the console's folder in the home.
printf '%s\\n' "$*" >> "{calls}"
echo "worked on $1"
[ "$1" = publish ] && mkdir -p "$STEELYARD_HOME/console"
[ "$1" = "$FAIL_VERB" ] && exit "$FAIL_CODE"
exit 0
"""


@dataclass(frozen=True)
class Deployment:
    """A separate Airflow: folder, environment and recorded calls."""

    folder: Path
    environment: dict[str, str]

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def calls(self) -> list[list[str]]:
        path = self.folder / "calls.txt"
        return [shlex.split(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def run(self, *command: str, seconds: int = 300, **more: str) -> str:
        """Run a command in the deployment's environment and return its standard output."""
        done = subprocess.run(
            command, env={**self.environment, **more}, cwd=self.folder, capture_output=True, text=True, timeout=seconds, check=False
        )
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def airflow(self, *words: str) -> str:
        return self.run(str(AIRFLOW), *words)


def option(call: list[str], name: str) -> str:
    """The value of an option in a recorded call."""
    return call[call.index(name) + 1]


def verbs_for(calls: list[list[str]], as_of: str) -> list[str]:
    """The verbs called for a day, in order."""
    return [call[0] for call in calls if option(call, "--as-of") == as_of]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_deployment(folder: Path, database: Path | None = None) -> Deployment:
    """Create a profile, the recording command and the settings, and copy the database if given."""
    sources = folder / "config" / "town" / "sources"
    sources.mkdir(parents=True)
    (sources.parent / "profile.toml").write_text('name = "town"\ntime_zone = "Asia/Shanghai"\n', encoding="utf-8")
    for source in SOURCES:
        files = f'files = "{source}/{{delivered_on}}/*.csv"'
        (sources / f"{source}.toml").write_text(f'contract = "{source}"\nowner = "市场监督管理局"\n{files}\n', encoding="utf-8")
    command = folder / "steelyard"
    command.write_text(RECORDER.format(calls=folder / "calls.txt"), encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    if database is not None:
        (folder / "airflow").mkdir()
        shutil.copyfile(database, folder / "airflow" / "airflow.db")
    port = free_port()
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return Deployment(
        folder,
        {
            **inherited,
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
            "STEELYARD_COMMAND": str(command),
            "STEELYARD_CONFIG": str(folder / "config"),
            "STEELYARD_PROFILE": "town",
            "STEELYARD_HOME": str(folder / "home"),
            "STEELYARD_SOURCES": str(folder / "deliveries"),
            "STEELYARD_RETRIES": "0",
            "no_proxy": "127.0.0.1",
        },
    )


def run_script(deployment: Deployment, script: str, *words: str, **more: str) -> dict[str, object]:
    """Run a script of this folder in a separate process and return the JSON that it writes."""
    answer = deployment.folder / f"{Path(script).stem}.json"
    deployment.run(sys.executable, str(Path(__file__).with_name(script)), str(answer), *words, **more)
    return dict(json.loads(answer.read_text(encoding="utf-8")))
