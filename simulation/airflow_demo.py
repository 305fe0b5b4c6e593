"""``python -m simulation.airflow_demo``: an invented city, and its daily risk list made by Airflow from end to end.

All it writes is in one folder: ``world/`` (the deliveries and the truth), ``home/`` (lake, models, reports), ``airflow/``
(Airflow's database) and ``airflow.log``. Giving the same command again keeps the world and does the day again.
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


def main(words: list[str] | None = None) -> int:
    """Make the world if it is not there, then run every DAG for the day; the exit code."""
    options = _parser().parse_args(words)
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with _airflows_words_in(folder / "airflow.log") as terminal:
        demo = Demo(folder, options.profile, options.as_of, terminal)
        try:
            demo.make_world(entities=options.entities, months=options.months, seed=options.seed)
            demo.run_dags()
        except DemoError as error:
            terminal.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
            terminal.print(f"The whole log: {folder / 'airflow.log'}", highlight=False, soft_wrap=True)
            terminal.print("Next: steelyard doctor; then give this command again")
            return FAILED
        demo.say_what_is_made(time.monotonic() - began)
    return 0


class DemoError(Exception):
    """Why the demo cannot go on, in words for the person before the terminal."""


class Demo:
    """One demo in one folder; it is told of every task and shows it."""

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
        """Generate the deliveries, unless the same ones are there.

        Raises:
            DemoError: the generator failed.
        """
        asked = {"entities": entities, "months": months, "seed": seed, "as_of": self.as_of}
        label = self.folder / "world.json"
        if label.is_file() and json.loads(label.read_text(encoding="utf-8")) == asked:
            self.terminal.print(f"the world is there: {entities} entities, {months} months to {self.as_of}", highlight=False)
            return
        label.unlink(missing_ok=True)
        for stale in (self.world, self.home):  # what an earlier world led to is no part of this one
            shutil.rmtree(stale, ignore_errors=True)
        options = {"--entities": entities, "--months": months, "--seed": seed, "--as-of": self.as_of, "--out": self.world}
        command = [sys.executable, "-m", "jobs.cli", "generate", *(str(word) for option in options.items() for word in option)]
        began = time.monotonic()
        with self.terminal.status(f"inventing {entities} entities over {months} months"):
            done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr, flush=True)
        if done.returncode != 0:
            raise DemoError(f"the world could not be made (exit code {done.returncode}):\n{done.stderr.strip()[-2000:]}")
        label.write_text(json.dumps(asked), encoding="utf-8")
        self._line("generate", time.monotonic() - began, f"{entities} entities, {months} months to {self.as_of}")

    def run_dags(self) -> None:
        """Run the ingest DAGs, then training, then the day's list.

        Raises:
            DemoError: a run failed, or a DAG cannot be parsed.
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
        self._line("airflow", time.monotonic() - began, f"its database, the pool and {len(dags)} DAGs")
        for dag_id in in_demo_order(dags):
            if run_dag(dags[dag_id], self.as_of, self) != "success":
                raise DemoError(f"{dag_id} failed for {self.as_of}. {self.failure}")

    def began(self, dag_id: str, task_id: str) -> None:
        """A task began: show that it is being worked on."""
        self._status = self.terminal.status(f"{dag_id}.{task_id}")
        self._status.start()

    def ended(self, dag_id: str, task_id: str, state: str, seconds: float, error: str) -> None:
        """A task ended: one line, with the verdict where the task settles a source."""
        if self._status is not None:
            self._status.stop()
        if state == "failed":
            self.failure = f"{task_id}: {error.strip()}"
        word = self._verdict(dag_id.removeprefix("ingest_")) if task_id == "settle" else "done" if state == "success" else state
        self._line(f"{dag_id}.{task_id}", seconds, word)

    def say_what_is_made(self, seconds: float) -> None:
        """What there is now, and what to do next."""
        report = self.home / "reports" / f"risk_list_{self.as_of}.html"
        say = self.terminal.print
        say(f"\nThe risk list of {self.as_of} is made, in {seconds:.0f} s, by Airflow's own runner.", highlight=False)
        for what, path in (
            ("the list, a page", report),
            ("lake", self.home / "lake"),
            ("Airflow's log", self.folder / "airflow.log"),
        ):
            say(f"  {what:<18}{path}", soft_wrap=True, highlight=False)
        say("Next:")
        home, truth = _from_here(self.home), _from_here(self.world / "truth")
        steelyard = _from_here(Path(sys.executable).with_name("steelyard"))
        for what, command in (
            ("see the console", "make serve"),
            ("see the list", f"open {_from_here(report)} in a browser"),
            ("against the truth", f"{steelyard} assess-demo --home {home} --truth {truth} --as-of {self.as_of}"),
            ("see the DAGs", "make airflow"),
        ):
            say(f"  {what:<18}{command}", soft_wrap=True, highlight=False)

    def _verdict(self, source: str) -> str:
        path = self.home / "manifests" / "sources" / source / f"{self.as_of}.json"
        if not path.is_file():
            return "no manifest"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        kept = sum(batch["kept"] for batch in manifest["batches"])
        aside = sum(batch["quarantined"] for batch in manifest["batches"])
        return f"{manifest['verdict']}: {kept} rows kept, {aside} set aside"

    def _line(self, what: str, seconds: float, word: str) -> None:
        self.terminal.print(f"{what:<32}{seconds:7.1f} s  {word}", markup=False, highlight=False, soft_wrap=True)


def _from_here(path: Path) -> str:
    """A path as one would type it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@contextmanager
def _airflows_words_in(log: Path) -> Iterator[Console]:
    """Give a console on the terminal, while all else that this process and its children say goes to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    with log.open("ab", buffering=0) as file, os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield Console(file=terminal)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for target, source in enumerate(kept, start=1):
                os.dup2(source, target)
                os.close(source)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulation.airflow_demo", description="A day of an invented city, run by Airflow."
    )
    parser.add_argument("--entities", type=int, default=20_000, help="market entities (default %(default)s)")
    parser.add_argument("--months", type=int, default=24, help="months of history (default %(default)s)")
    parser.add_argument("--seed", type=int, default=20260101, help="the same seed gives the same world (default %(default)s)")
    parser.add_argument("--as-of", default="2026-06-30", help="the day (default %(default)s)")
    parser.add_argument("--profile", default="cn", help="a folder of config/ (default %(default)s)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where all is written (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
