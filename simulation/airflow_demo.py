"""Run the daily risk list of a simulated city with Airflow: ``python -m simulation.airflow_demo``.

Everything is written to one folder: ``world/`` (deliveries and truth), ``home/`` (lake, models, reports), ``airflow/``
(Airflow's database) and ``airflow.log``. The same command again keeps the world and runs the day again.
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

from rich.console import Console
from rich.status import Status

from simulation.airflow_runner import airflow_environment, in_demo_order, load_dags, prepare_database, run_dag

ROOT = Path(__file__).resolve().parents[1]
DAGS = ROOT / "dags"
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
        self.folder = folder
        self.profile = profile
        self.as_of = as_of
        self.terminal = terminal
        self.failure = ""
        self._status: Status | None = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def world(self) -> Path:
        return self.folder / "world"

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
        os.environ.update(airflow_environment(self.folder / "airflow", DAGS))
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
            try:
                dags = load_dags(DAGS)
            except RuntimeError as error:
                raise DemoError(str(error)) from error
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
            say(f"  {what:<18}{path}", soft_wrap=True, highlight=False)
        say("Next:")
        home, truth = _from_here(self.home), _from_here(self.world / "truth")
        steelyard = _from_here(Path(sys.executable).with_name("steelyard"))
        for what, command in (
            ("open the console", "make serve"),
            ("read the list", f"open {_from_here(report)} in a browser"),
            ("compare with truth", f"{steelyard} assess-demo --home {home} --truth {truth} --as-of {self.as_of}"),
            ("see the DAGs", "make airflow"),
        ):
            say(f"  {what:<18}{command}", soft_wrap=True, highlight=False)

    def _verdict(self, source: str) -> str:
        path = self.home / "manifests" / "sources" / source / f"{self.as_of}.json"
        if not path.is_file():
            return "no manifest"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        kept = sum(batch["kept"] for batch in manifest["batches"])
        quarantined = sum(batch["quarantined"] for batch in manifest["batches"])
        return f"{manifest['verdict']}: {kept} rows kept, {quarantined} quarantined"

    def _line(self, what: str, seconds: float, word: str) -> None:
        self.terminal.print(f"{what:<32}{seconds:7.1f} s  {word}", markup=False, highlight=False, soft_wrap=True)


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
