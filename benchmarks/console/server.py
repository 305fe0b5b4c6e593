"""Publish to and serve a console with its own commands in separate processes, on SQLite or PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import psutil

from benchmarks.harness.measure import Measurement, measure
from benchmarks.harness.postgresql_server import find_programs, free_port, run_postgresql

ROOT = Path(__file__).resolve().parents[2]
DATABASE_VARIABLE = "STEELYARD_CONSOLE_DATABASE"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
START_SECONDS = 120
POSTGRESQL_SETTINGS = {"shared_buffers": "1GB", "effective_cache_size": "4GB", "random_page_cost": "1.1"}
"""Settings for a site with a million entities. All others, including durability, are the defaults."""


@dataclass(frozen=True)
class Served:
    """A running console."""

    address: str
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time of its processes so far, without a database server."""
        head = psutil.Process(self.pid)
        taken = [process.cpu_times() for process in (head, *head.children(recursive=True))]
        return float(sum(times.user + times.system for times in taken))


@dataclass(frozen=True)
class Site:
    """A console that is not running yet: its home, the folder of its files, and the environment of its commands."""

    home: Path
    folder: Path
    environment: Mapping[str, str]

    def publish(self, day: date) -> Measurement:
        """Publish a day with the command line on two processors and measure it.

        Raises:
            RuntimeError: it failed; the message has the end of its output.
        """
        log = self.folder / f"publish-{day}.log"
        command = [sys.executable, "-m", "jobs.cli", "publish", "--home", str(self.home), "--as-of", str(day)]
        took = measure(command, log=log, environment=self.environment, cores=2, folder=ROOT)
        if took.exit_code:
            raise RuntimeError(f"publishing {day} ended with {took.exit_code}: {log.read_text(errors='replace')[-2000:]}")
        return took

    @contextmanager
    def serving(self, workers: int) -> Iterator[Served]:
        """Serve the console with the command line."""
        port = free_port()
        log = self.folder / "serve.log"
        options = ["--home", str(self.home), "--port", str(port), "--workers", str(workers)]
        with log.open("wb") as file:
            command = [sys.executable, "-m", "jobs.cli", "serve", *options]
            server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **self.environment}, stdout=file, stderr=file)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address, server, log)
            yield Served(address, server.pid)
        finally:
            server.terminate()
            server.wait(timeout=60)


@contextmanager
def site(database: str, home: Path, folder: Path) -> Iterator[Site]:
    """Yield an empty console on a kind of database.

    Raises:
        RuntimeError: no PostgreSQL server is installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = {"STEELYARD_CONSOLE_FOLDER": str(folder), "STEELYARD_CONSOLE_HTTPS": "off", "PYTHONPATH": str(ROOT)}
    if database == SQLITE:
        yield Site(home, folder, own)
        return
    programs = find_programs()
    if programs is None:
        raise RuntimeError("there is no PostgreSQL server here: on Debian or Ubuntu run `apt-get install -y postgresql`")
    with run_postgresql(programs, POSTGRESQL_SETTINGS) as address:
        yield Site(home, folder, {**own, DATABASE_VARIABLE: address})


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(f"{address}/sign-in/").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the console did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)
