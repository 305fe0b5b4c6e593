"""Run the daily risk list of a simulated city with Airflow: ``python -m simulation.airflow_demo``.

Everything is written to one folder: ``world/`` (deliveries and truth), ``home/`` (lake, models, reports), ``airflow/``
(Airflow's database) and ``airflow.log``. The same command again keeps the world and runs the day again. The DAGs run one after
another in this process. Airflow reads its settings when it is imported, so the functions import it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

ROOT = Path(__file__).resolve().parents[1]
DAGS = ROOT / "dags"
POOL = "lake_writes"
FAILED = 1


def main(arguments: list[str] | None = None) -> int:
    """Generate the world if it is missing, then run every DAG for the day. Returns the exit code."""
    options = _parser().parse_args(arguments)
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with _output_to_log(folder / "airflow.log") as terminal:
        demo = Demo(folder, options.profile, options.as_of, terminal)
        try:
            demo.make_world(entities=options.entities, months=options.months, seed=options.seed)
            demo.run_dags()
        except DemoError as error:
            terminal.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
            terminal.print(f"Full log: {folder / 'airflow.log'}", highlight=False, soft_wrap=True)
            terminal.print("Next: run `steelyard doctor`, then this command again")
            return FAILED
        demo.print_summary(time.monotonic() - began)
    return 0


class DemoError(Exception):
    """The demo cannot continue; the message is shown on the terminal."""


class Demo:
    """One demo in one folder. It watches every task and prints its progress."""

    def __init__(self, folder: Path, profile: str, as_of: str, terminal: Console) -> None:
        self.folder, self.home, self.world = folder, folder / "home", folder / "world"
        self.profile, self.as_of, self.terminal = profile, as_of, terminal
        self.failure = ""
        self._status: Status | None = None

    def make_world(self, *, entities: int, months: int, seed: int) -> None:
        """Generate the deliveries, unless a world with the same settings exists.

        Raises:
            DemoError: the generator failed.
        """
        settings = {"entities": entities, "months": months, "seed": seed, "as_of": self.as_of}
        label = self.folder / "world.json"
        if label.is_file() and json.loads(label.read_text(encoding="utf-8")) == settings:
            self.terminal.print(f"the world exists: {entities} entities, {months} months to {self.as_of}", highlight=False)
            return
        label.unlink(missing_ok=True)
        for stale in (self.world, self.home):  # results of an earlier world do not belong to this one
            shutil.rmtree(stale, ignore_errors=True)
        options = {"--entities": entities, "--months": months, "--seed": seed, "--as-of": self.as_of, "--out": self.world}
        command = [sys.executable, "-m", "jobs.cli", "generate", *(str(word) for option in options.items() for word in option)]
        began = time.monotonic()
        with self.terminal.status(f"generating {entities} entities over {months} months"):
            done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr, flush=True)
        if done.returncode != 0:
            raise DemoError(f"the world could not be generated (exit code {done.returncode}):\n{done.stderr.strip()[-2000:]}")
        label.write_text(json.dumps(settings), encoding="utf-8")
        self._line("generate", time.monotonic() - began, f"{entities} entities, {months} months to {self.as_of}")

    def run_dags(self) -> None:
        """Run the ingest DAGs, then training, then the day's list.

        Raises:
            DemoError: a run failed or a DAG cannot be parsed.
        """
        os.environ.update(airflow_environment(self.folder / "airflow"))
        os.environ.update(
            STEELYARD_PROFILE=self.profile,
            STEELYARD_HOME=str(self.home),
            STEELYARD_SOURCES=str(self.world / "sources"),
            STEELYARD_RETRIES="0",
        )
        if "STEELYARD_COMMAND" not in os.environ and not Path(sys.executable).with_name("steelyard").exists():
            os.environ["STEELYARD_COMMAND"] = f"{sys.executable} -m jobs.cli"
        began = time.monotonic()
        with self.terminal.status("starting Airflow"):
            prepare_database()
            dags = load_dags()
        self._line("airflow", time.monotonic() - began, f"database, pool and {len(dags)} DAGs")
        for dag_id in in_demo_order(dags):
            if run_dag(dags[dag_id], self.as_of, self) != "success":
                raise DemoError(f"{dag_id} failed for {self.as_of}. {self.failure}")

    def began(self, dag_id: str, task_id: str) -> None:
        """Show that a task is running."""
        self._status = self.terminal.status(f"{dag_id}.{task_id}")
        self._status.start()

    def ended(self, dag_id: str, task_id: str, state: str, seconds: float, error: str) -> None:
        """Print one line for a finished task; for a ``settle`` task with the source's verdict."""
        if self._status is not None:
            self._status.stop()
        if state == "failed":
            self.failure = f"{task_id}: {error.strip()}"
        word = self._verdict(dag_id.removeprefix("ingest_")) if task_id == "settle" else "done" if state == "success" else state
        self._line(f"{dag_id}.{task_id}", seconds, word)

    def print_summary(self, seconds: float) -> None:
        """Print where the results are and what to do next."""
        report = self.home / "reports" / f"risk_list_{self.as_of}.html"
        say = self.terminal.print
        say(f"\nAirflow made the risk list of {self.as_of} in {seconds:.0f} s.", highlight=False)
        for what, path in (
            ("risk list (page)", report),
            ("lake", self.home / "lake"),
            ("Airflow's log", self.folder / "airflow.log"),
        ):
            say(f"  {what:<20}{path}", soft_wrap=True, highlight=False)
        say("Next:")
        home, truth = _from_here(self.home), _from_here(self.world / "truth")
        steelyard = _from_here(Path(sys.executable).with_name("steelyard"))
        for what, command in (
            ("open the console", "make serve"),
            ("read the list", f"open {_from_here(report)} in a browser"),
            ("compare with truth", f"{steelyard} assess-demo --home {home} --truth {truth} --as-of {self.as_of}"),
            ("see the DAGs", "make airflow"),
        ):
            say(f"  {what:<20}{command}", soft_wrap=True, highlight=False)

    def _verdict(self, source: str) -> str:
        path = self.home / "manifests" / "sources" / source / f"{self.as_of}.json"
        if not path.is_file():
            return "nothing to settle"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        kept = sum(batch["kept"] for batch in manifest["batches"])
        quarantined = sum(batch["quarantined"] for batch in manifest["batches"])
        return f"{manifest['verdict']}: {kept} rows kept, {quarantined} quarantined"

    def _line(self, what: str, seconds: float, word: str) -> None:
        self.terminal.print(f"{what:<32}{seconds:7.1f} s  {word}", markup=False, highlight=False, soft_wrap=True)


def airflow_environment(folder: Path) -> dict[str, str]:
    """Environment of a separate Airflow in ``folder``: it reads no user settings and sends no metrics."""
    return {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__METRICS__STATSD_ON": "False",
        "AIRFLOW__TRACES__OTEL_ON": "False",
    }


def prepare_database() -> None:
    """Create or migrate Airflow's tables, and the pool that lets one task at a time write the lake."""
    from airflow.models.pool import Pool
    from airflow.utils import db

    db.initdb()
    Pool.create_or_update_pool(POOL, slots=1, description="one writer of the lake at a time", include_deferred=False)


def load_dags() -> dict[str, Any]:
    """Return the DAGs by id.

    Raises:
        DemoError: a DAG cannot be parsed; the message gives the reason.
    """
    from airflow.dag_processing.dagbag import BundleDagBag

    bag = BundleDagBag(DAGS, bundle_path=DAGS, bundle_name="dags-folder")
    if bag.import_errors:
        raise DemoError("\n".join(message.strip().splitlines()[-1] for message in bag.import_errors.values()))
    return dict(bag.dags)


def in_demo_order(dags: dict[str, Any]) -> list[str]:
    """DAG ids in order: registrations (other sources are checked against them), other sources, training, daily list."""
    sources = sorted(
        (dag for dag in dags.values() if "ingest" in dag.tags), key=lambda dag: ("registration" not in dag.tags, dag.dag_id)
    )
    return [*(dag.dag_id for dag in sources), "train_model", "daily_risk"]


def run_dag(dag: Any, as_of: str, watcher: Demo) -> str:
    """Run a DAG for a day and return the state of the run: success or failed."""
    from airflow.sdk.listener import get_listener_manager

    plugins, listener = get_listener_manager().pm, _listener(watcher)
    plugins.register(listener)
    try:
        return str(dag.test(run_conf={"as_of": as_of}).state)
    finally:
        plugins.unregister(listener)


def _listener(watcher: Demo) -> object:
    """A listener for Airflow, which finds hooks by the names of methods and parameters."""
    from airflow.listeners import hookimpl

    began_at: dict[tuple[str, str], float] = {}

    def report_end(task: Any, state: str, error: object = "") -> None:
        seconds = time.monotonic() - began_at.get((task.dag_id, task.task_id), time.monotonic())
        watcher.ended(task.dag_id, task.task_id, state, seconds, str(error or ""))

    class Listener:
        @hookimpl
        def on_task_instance_running(self, task_instance: Any) -> None:
            began_at[task_instance.dag_id, task_instance.task_id] = time.monotonic()
            watcher.began(task_instance.dag_id, task_instance.task_id)

        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            report_end(task_instance, "success")

        @hookimpl
        def on_task_instance_skipped(self, task_instance: Any) -> None:
            report_end(task_instance, "skipped")

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
            report_end(task_instance, "failed", error)

    return Listener()


def _from_here(path: Path) -> str:
    """The path relative to the working folder, where it is below it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@contextmanager
def _output_to_log(log: Path) -> Iterator[Console]:
    """Yield a console on the terminal; all other output of this process and its children goes to the log."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    with log.open("ab", buffering=0) as file, os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield Console(file=terminal)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for target, source in enumerate(saved, start=1):
                os.dup2(source, target)
                os.close(source)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulation.airflow_demo", description="Run a day of a simulated city with Airflow."
    )
    parser.add_argument("--entities", type=int, default=20_000, help="market entities (default %(default)s)")
    parser.add_argument("--months", type=int, default=24, help="months of history (default %(default)s)")
    parser.add_argument("--seed", type=int, default=20260101, help="the same seed gives the same world (default %(default)s)")
    parser.add_argument("--as-of", default="2026-06-30", help="the day (default %(default)s)")
    parser.add_argument("--profile", default="cn", help="folder of config/ (default %(default)s)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="output folder (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
