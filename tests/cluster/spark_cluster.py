"""Run a Spark standalone cluster with two workers and a Connect server on loopback, from the installed PySpark."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

from jobs.engine.apache_spark import DELTA_SETTINGS, POSTGRESQL_JAR, jar_settings, require_java

SPARK_HOME = Path(pyspark.__file__).parent
START_SECONDS = 180
"""The first start downloads Delta's JARs."""
WORKERS = 2
# The Connect server, the shared driver and a submitted one run at once, each with a core and an executor per worker.
WORKER = ["--cores", "3", "--memory", "4g"]
# Tests compile much and repeat little, so the C1 compiler and the serial collector take a third of the time. C1 alone has a small
# code cache, which Spark's classes would fill again and again.
_JVM = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
APPLICATION = {
    "spark.driver.extraJavaOptions": _JVM,
    "spark.executor.extraJavaOptions": _JVM,
    "spark.executor.cores": "1",
    "spark.cores.max": "2",
    "spark.executor.memory": "1g",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "4",
}
# Spark gives the same results with and without code generation. Classic drivers generate code and the server does not, so both are
# tested; with few rows, compiling takes most of the time.
CONNECT_ONLY = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
_MASTER_IS_UP = re.compile(r"Starting Spark master at (spark://\S+)")
_WORKER_IS_UP = re.compile(r"Successfully registered with master")
_CONNECT_IS_UP = re.compile(r"Spark Connect server started at: \S*?:(\d+)")


@dataclass(frozen=True)
class Cluster:
    """A running cluster: addresses for ``STEELYARD_ENGINE`` and the environment of programs."""

    master: str
    connect: str
    environment: Mapping[str, str]

    def address(self, way: str) -> str:
        """The engine's address for ``classic`` or ``connect``."""
        return {"classic": self.master, "connect": self.connect}[way]


@contextmanager
def run_cluster(folder: Path, fetching: Path) -> Iterator[Cluster]:
    """Run a cluster for the duration of the block.

    Args:
        folder: folder for files and logs.
        fetching: lock file for the download of JARs, which must not run twice at once.

    Raises:
        ConfigError: Java is missing.
        RuntimeError: a process does not start; the message has the end of its log.
    """
    require_java()
    environment = _environment(folder)
    with ExitStack() as stack:

        def start(name: str, *command: str, until: re.Pattern[str]) -> re.Match[str]:
            return stack.enter_context(_running(folder / f"{name}.log", command, environment, until))

        master = start("master", *_class("master.Master"), "--port", "0", until=_MASTER_IS_UP)[1]
        for number in range(1, WORKERS + 1):
            work = ["--port", "0", *WORKER, "--work-dir", str(folder / f"work-{number}")]
            start(f"worker-{number}", *_class("worker.Worker"), *work, master, until=_WORKER_IS_UP)
        with fetching.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            port = start("connect", *_connect_server(master), until=_CONNECT_IS_UP)[1]
        yield Cluster(master, f"sc://127.0.0.1:{port}", environment)


def _environment(folder: Path) -> dict[str, str]:
    """The environment without variables that redirect PySpark, and with everything on loopback."""
    kept = {name: value for name, value in os.environ.items() if name not in {"SPARK_REMOTE", "SPARK_CONF_DIR", "STEELYARD_ENGINE"}}
    confs = " ".join(f"--conf {shlex.quote(f'{key}={value}')}" for key, value in APPLICATION.items())
    return kept | {
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_NO_DAEMONIZE": "1",
        "PYSPARK_SUBMIT_ARGS": f"{confs} pyspark-shell",
    }


def _class(name: str) -> list[str]:
    command = [str(SPARK_HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}"]
    return [*command, "--host", "127.0.0.1", "--webui-port", "0"]


def _connect_server(master: str) -> list[str]:
    settings = {
        **DELTA_SETTINGS,
        **jar_settings(POSTGRESQL_JAR),
        **APPLICATION,
        **CONNECT_ONLY,
        "spark.ui.enabled": "false",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.session.manager.defaultSessionTimeout": "24h",  # as docs/how-to/deploy-spark-cluster.md has it
        "spark.connect.grpc.binding.port": "0",
    }
    confs = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    return [str(SPARK_HOME / "bin" / "spark-submit"), "--class", server, "--master", master, *confs]


@contextmanager
def _running(
    log: Path, command: tuple[str, ...], environment: Mapping[str, str], until: re.Pattern[str]
) -> Iterator[re.Match[str]]:
    """Run a process for the duration of the block; yield when its log matches ``until``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=dict(environment))
    try:
        yield _wait(process, log, until)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], log: Path, until: re.Pattern[str]) -> re.Match[str]:
    deadline = time.monotonic() + START_SECONDS
    while True:
        output = log.read_text(encoding="utf-8", errors="replace")
        if match := until.search(output):
            return match
        if process.poll() is not None:
            raise RuntimeError(f"{log.stem} ended with {process.returncode} while starting:\n{output[-3000:]}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{log.stem} did not start in {START_SECONDS} s:\n{output[-3000:]}")
        time.sleep(0.2)
