"""Measure the steps of a plan: ``python -m benchmarks.run small``.

Each step runs in its own process. Rounds are interleaved: all steps are measured once before any is measured again, so other load
on the machine affects all steps alike. Results are written after each measurement, with the reason for each step left out.
"""

from __future__ import annotations

import argparse
import compileall
import json
import re
import shutil
import sys
from collections.abc import Collection, Iterable
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from benchmarks.harness.machine import machine_facts, merged_origin, origin_of
from benchmarks.harness.measure import Measurement, add_sequential, measure
from benchmarks.harness.plans import PLANS, Plan
from benchmarks.harness.worlds import LAST, NEXT_DAY, World, Worlds, drop_silver
from jobs.engine.apache_spark import require_java
from jobs.foundation.errors import ConfigError, SteelyardError
from jobs.foundation.locks import hold_home_lock

ROOT = Path(__file__).resolve().parents[1]
CODE = ("expectations", "models", "jobs", "simulation", "config", "benchmarks")
RESULTS = Path(__file__).parent / "results"
CACHE = ROOT / "build" / "bench"
WHOLE_DAY = "whole day"
DAY = ("day", "score", "target", "rebuild")
SPARK = ("features-spark", "target-spark")
SEQUENCES = {chain[0]: chain for chain in (DAY, SPARK)}
"""Steps that run in sequence on one home, by their first step. Their results are reused together or not at all."""
FIRST = ("generate", "intake", WHOLE_DAY)
"""Steps that run once, before the rounds."""
REUSABLE = (*FIRST, "features-duckdb", *SEQUENCES)
"""All steps but ``features``, which is always run: the other program is compared with it, and the next day starts from it."""
KEEP_HELP = f"steps whose results are reused if there are any; with {' and '.join(SEQUENCES)} also the steps that follow"


class StepFailed(Exception):
    """A measured step failed."""


class Bench:
    """Runs a plan and collects its measurements."""

    def __init__(self, plan: Plan, cache: Path, results: Path, *, keep: Collection[str] = ()) -> None:
        """Reuse the results of the steps ``keep`` in the results file; do not measure them again.

        The first step of a sequence stands for the whole sequence, which is reused only if complete. At a size without rounds the
        earlier results of rounds stay.
        """
        keep = {step for first in keep for step in SEQUENCES.get(first, (first,))}
        self.plan, self.cache = plan, cache
        self.path = results / f"{plan.name}.json"
        self.console = Console(stderr=True)
        self.code = _copy_code(cache / "code")
        self.memory_gib = max(2, int(psutil.virtual_memory().total / 1024**3 / 2))
        earlier = _read_measurements(self.path)
        self.reused = _complete_sequences({(one["step"], one["entities"]) for one in earlier if one["step"] in keep})
        rounds = dict(zip(plan.sizes, plan.rounds, strict=True))
        self.measurements = [
            one
            for one in earlier
            if one["entities"] not in rounds
            or (one["step"], one["entities"]) in self.reused
            or (one["step"] not in FIRST and not rounds[one["entities"]])
        ]
        self.machine = machine_facts()
        self.worlds = Worlds(cache, self.machine)

    def run(self) -> None:
        """Measure the plan, size by size."""
        for entities, rounds in zip(self.plan.sizes, self.plan.rounds, strict=True):
            self.log(f"{entities:,} entities × {self.plan.months} months: world and home, made unless cached")
            world = self.worlds.world(entities, self.plan.months, self.run_step)
            for step, took in (("generate", world.generated), ("intake", world.intake)):
                if not self.is_reused(step, world):
                    self.record(step, world, 1, took, rows=world.records, origin=world.origins[step])
            self.measure_whole_day(world)
            for round_ in range(1, rounds + 1):
                self.measure_round(world, round_)

    def measure_whole_day(self, world: World) -> None:
        """Measure the first day of a home, up to its list, and keep its model for scoring.

        The home is a cached result of ``intake``, so a whole day is the sum of ``intake`` and the rest of ``steelyard run``.
        """
        if self.is_reused(WHOLE_DAY, world):
            return None
        if world.entities > self.plan.whole_up_to:
            return self.record_left_out((WHOLE_DAY,), world, "it takes too long at this size")
        with self.worlds.fork(world.home) as home:
            options = ("--profile", "cn", "--sources", world.sources, "--home", home, "--as-of", LAST, "--top", 0)
            try:
                took = self.run_command(WHOLE_DAY, [sys.executable, "-m", "jobs.cli", "run", *map(str, options)])
            except StepFailed as error:
                return self.record_left_out((WHOLE_DAY,), world, str(error))
            shutil.rmtree(self.models, ignore_errors=True)
            shutil.copytree(home / "models", self.models)
        origin = merged_origin(world.origins["intake"], origin_of(self.machine))
        self.record(WHOLE_DAY, world, 1, add_sequential(world.intake, took), rows=world.records, origin=origin)
        return None

    @property
    def models(self) -> Path:
        """Folder of the model of the last whole day."""
        return self.cache / "models"

    def measure_round(self, world: World, round_: int) -> None:
        """Measure features by every program, then the next day, a rebuild, and Apache Spark."""
        with self.worlds.fork(world.home) as home:
            self.measure_features(world, round_, home)
            self.measure_next_day(world, round_, home)
        if round_ <= self.plan.spark_rounds:
            self.measure_spark(world, round_)

    def measure_next_day(self, world: World, round_: int, home: Path) -> None:
        """Measure the next day, in the first round scores and list, then a rebuild from bronze."""
        if self.is_reused("day", world):
            return
        self.copy_model(home)
        news, options = sum(world.news.values()), ("--home", home, "--sources", world.sources, "--as-of", NEXT_DAY)
        *day_to_list, rebuild = DAY
        for step in day_to_list:
            # Scores and list are not compared with anything, so one round is enough.
            if step == "day" or round_ == 1:
                self.measure_step(step, world, round_, news if step == "day" else world.entities, *options)
        drop_silver(home)
        self.measure_step(rebuild, world, round_, world.records + news, *options)

    def measure_features(self, world: World, round_: int, home: Path) -> None:
        """Measure features by Steelyard and by the hand-written program, from the same silver files."""
        options = ("--home", home, "--as-of", LAST)
        self.measure_step("features", world, round_, world.records, *options)
        out, step = home.parent / "duckdb.parquet", "features-duckdb"
        if self.is_reused(step, world):
            return
        done = self.measure_step(step, world, round_, world.records, *options, "--out", out)
        if done and round_ == 1:
            self.check_features(world, step, home, out)
        out.unlink(missing_ok=True)

    def check_features(self, world: World, step: str, home: Path, out: Path) -> None:
        """Check that a program gives the same features as Steelyard; if not, record the reason beside its time."""
        try:
            self.run_step("compare", "--home", home, "--as-of", LAST, "--out", out)
            self.log(f"{step}: same features as Steelyard")
        except StepFailed as error:
            self.record_left_out((step,), world, f"its features differ: {error}")

    def measure_spark(self, world: World, round_: int) -> None:
        """Measure features and that day's list by Apache Spark on this machine, on a separate home."""
        features, listing = SPARK
        if self.is_reused(features, world):
            return None
        if world.entities > self.plan.spark_up_to:
            return self.record_left_out(SPARK, world, f"this plan measures it up to {self.plan.spark_up_to:,} entities")
        try:
            require_java()
        except ConfigError as error:
            return self.record_left_out(SPARK, world, error.what)
        engine = {"STEELYARD_ENGINE": f"local[{self.plan.cores}]", "SPARK_DRIVER_MEMORY": f"{self.memory_gib}g"}
        with self.worlds.fork(world.home) as home:
            options = ("--home", home, "--as-of", LAST)
            self.copy_model(home)
            if not self.measure_step(features, world, round_, world.records, *options, environment=engine):
                return self.record_left_out((listing,), world, "there are no features to score")
            try:
                self.run_step("score", *options, environment=engine)  # needs no engine, so it is measured only on the next day
            except StepFailed as error:
                return self.record_left_out((listing,), world, f"there are no scores: {error}")
            self.measure_step(listing, world, round_, world.entities, *options, environment=engine)
        return None

    def copy_model(self, home: Path) -> None:
        """Copy the model of the last whole day to a home, if there is one."""
        if self.models.exists():
            shutil.copytree(self.models, home / "models")

    def measure_step(
        self, step: str, world: World, round_: int, rows: int, *options: object, environment: dict[str, str] | None = None
    ) -> bool:
        """Measure and record a step. A failure is recorded too and stops nothing else."""
        try:
            took = self.run_step(step, *options, environment=environment)
        except StepFailed as error:
            self.record_left_out((step,), world, str(error))
            return False
        self.record(step, world, round_, took, rows)
        return True

    def run_step(self, step: str, *options: object, environment: dict[str, str] | None = None) -> Measurement:
        """Run a step of :mod:`benchmarks.steps` and measure it.

        Raises:
            StepFailed: the step failed; the message has the last line of its output.
        """
        name = step.removesuffix("-spark")
        limits = ("--cores", self.plan.cores, "--memory", f"{self.memory_gib}GiB")
        command = [sys.executable, "-m", "benchmarks.steps", name, *map(str, (*options, *limits))]
        return self.run_command(step, command, environment)

    def run_command(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> Measurement:
        """Run a command and measure it; on a terminal, show that it runs."""
        log = self.cache / "logs" / f"{name.replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        threads = {"PYTHONPATH": str(self.code)}
        with self.console.status(name) if self.console.is_terminal else nullcontext():
            took = measure(
                command, log=log, environment={**threads, **(environment or {})}, cores=self.plan.cores, folder=self.code
            )
        if took.exit_code != 0:
            raise StepFailed(f"it failed with exit code {took.exit_code}: {_last_line(log)}")
        return took

    def record(
        self, step: str, world: World, round_: int, took: Measurement, rows: int, origin: dict[str, Any] | None = None
    ) -> None:
        """Add a measurement, by default with the origin of this run, and write the results."""
        facts = {"step": step, "entities": world.entities, "round": round_, "rows": rows}
        self.measurements.append({**facts, **(origin or origin_of(self.machine)), **asdict(took)})
        self.write()
        self.log(f"{step:16} round {round_}  {took.wall_seconds:8.1f} s  {took.cpu_seconds:8.1f} CPU s  {took.peak_mib:8,.0f} MiB")

    def record_left_out(self, steps: Iterable[str], world: World, why: str) -> None:
        """Add the reason why some steps have no measurement."""
        for step in steps:
            self.measurements.append({"step": step, "entities": world.entities, "left_out": why})
            self.log(f"{step:16} left out: {why}")
        self.write()

    def is_reused(self, step: str, world: World) -> bool:
        """Whether the earlier result of a step at this size is reused."""
        is_reused = (step, world.entities) in self.reused
        if is_reused:
            self.log(f"{step:16} reused")
        return is_reused

    def write(self) -> None:
        """Write all results so far."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        ordered = sorted(self.measurements, key=lambda one: int(one["entities"]))
        facts = {"name": self.plan.name, "machine": self.machine, "memory_limit_gib": self.memory_gib, "measurements": ordered}
        text = json.dumps(facts, indent=1, ensure_ascii=False)
        self.path.write_text(text + "\n", encoding="utf-8")

    def log(self, text: str) -> None:
        """Print progress."""
        self.console.print(text, highlight=False, markup=False)


def _copy_code(to: Path) -> Path:
    """Copy and compile the code, so that edits during a long run do not make cached homes stale."""
    shutil.rmtree(to, ignore_errors=True)
    for part in CODE:
        shutil.copytree(ROOT / part, to / part, ignore=shutil.ignore_patterns("__pycache__", "results"))
    compileall.compile_dir(to, quiet=1)
    return to


def _read_measurements(path: Path) -> list[dict[str, Any]]:
    """The measurements in a results file; none if there is no file."""
    measurements: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["measurements"] if path.exists() else []
    return measurements


def _complete_sequences(steps: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Remove the steps (with sizes) of sequences that are incomplete at a size; all of them are measured again."""
    sequences = [{(step, size) for step in names} for names in SEQUENCES.values() for size in {size for _, size in steps}]
    return steps - set().union(*(sequence for sequence in sequences if not sequence <= steps))


def _last_line(log: Path) -> str:
    """The last line of an output, without paths, which depend on the machine."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return re.sub(r"(?<!\w)/[\w./-]+", "…", lines[-1])[:300] if lines else "no output"


def main() -> None:
    """Measure the plan given on the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description="Measure Steelyard against a hand-written program.")
    parser.add_argument("plan", choices=PLANS)
    parser.add_argument(
        "--sizes", help="numbers of entities, separated by commas, instead of the plan's; results of other sizes stay"
    )
    parser.add_argument("--rounds", type=int, help="rounds instead of the plan's; with 0 only a whole day is measured")
    parser.add_argument("--keep", nargs="*", default=[], choices=REUSABLE, help=KEEP_HELP)
    parser.add_argument("--name", help="name of the results file, instead of the plan's")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of cached worlds and homes")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the results")
    options = parser.parse_args()
    plan = PLANS[options.plan]
    sizes = tuple(sorted(int(size) for size in options.sizes.split(","))) if options.sizes else plan.sizes
    changed = replace(plan.at(sizes, options.rounds), name=options.name or plan.name)
    try:
        with hold_home_lock(options.cache):
            bench = Bench(changed, options.cache.resolve(), options.results, keep=options.keep)
            bench.run()
    except SteelyardError as error:
        sys.exit(f"{error.what}\n  where: {error.where}\n  next: {error.next_step}")
    bench.log(f"written: {bench.path.name}. Next: python -m benchmarks.page")


if __name__ == "__main__":
    main()
