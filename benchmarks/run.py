"""Measure everything that a plan names: ``python -m benchmarks.run small``.

Each step is a process of its own. Rounds are interleaved: every step is measured once before any is measured again, so that what
else the machine does falls on all alike. Results are written after each measurement; what fails or is left out says why.
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

from benchmarks.harness.machine import machine_facts, origin_of, origin_of_both
from benchmarks.harness.measure import Measured, measure, one_after_the_other
from benchmarks.harness.plans import PLANS, Plan
from benchmarks.harness.worlds import LAST, MORROW, World, Worlds, unmake_silver
from jobs.engine.apache_spark import require_java
from jobs.foundation.errors import ConfigError, SteelyardError
from jobs.foundation.locks import hold_home_lock

ROOT = Path(__file__).resolve().parents[1]
CODE = ("expectations", "models", "jobs", "simulation", "config", "benchmarks")
RESULTS = Path(__file__).parent / "results"
CACHE = ROOT / "build" / "bench"
PROGRAMS = ("duckdb", "polars")
WHOLE_DAY = "whole day"
DAY = ("day", "score", "target", "rebuild")
SPARK = ("features-spark", "target-spark")
CHAINS = {chain[0]: chain for chain in (DAY, SPARK)}
"""Steps that go one after the other on one home, by their first: kept together or not at all."""
FIRST = ("generate", "intake", WHOLE_DAY)
"""What comes once, before all rounds."""
MAY_STAY = (*FIRST, *(f"features-{program}" for program in PROGRAMS), *CHAINS)
"""Our own features are always made: what others give is compared with them, and a day's news is built on them."""

KEEP_HELP = f"steps that are not measured again where the results tell of them; with {' and '.join(CHAINS)} what follows each"


class StepFailed(Exception):
    """A measured step ended with a failure."""


class Bench:
    """A plan under way and what it measured so far."""

    def __init__(self, plan: Plan, cache: Path, results: Path, *, keep: Collection[str] = ()) -> None:
        """A plan to measure; what its results' file tells of the steps ``keep`` stays, and they are not measured again.

        With the first of a chain stays what follows it, where the results tell of all of it. Of a size without a round stays
        what rounds gave.
        """
        keep = {step for first in keep for step in CHAINS.get(first, (first,))}
        self.plan, self.cache = plan, cache
        self.path = results / f"{plan.name}.json"
        self.console = Console(stderr=True)
        self.code = _copy_code(cache / "code")
        self.memory_gib = max(2, int(psutil.virtual_memory().total / 1024**3 / 2))
        measured = _measured(self.path)
        self.kept = _whole_chains({(found["step"], found["entities"]) for found in measured if found["step"] in keep})
        rounds = dict(zip(plan.sizes, plan.rounds, strict=True))
        self.found = [
            found
            for found in measured
            if found["entities"] not in rounds
            or (found["step"], found["entities"]) in self.kept
            or (found["step"] not in FIRST and not rounds[found["entities"]])
        ]
        self.machine = machine_facts()
        self.worlds = Worlds(cache, self.machine)

    def do(self) -> None:
        """Measure the plan, size by size."""
        for entities, rounds in zip(self.plan.sizes, self.plan.rounds, strict=True):
            self.say(f"{entities:,} entities × {self.plan.months} months: world and home, made unless kept from an earlier run")
            world = self.worlds.world(entities, self.plan.months, self.step)
            for step, took in (("generate", world.generated), ("intake", world.taken_in)):
                if not self.is_kept(step, world):
                    self.note(step, world, 1, took, rows=world.records, origin=world.origins[step])
            self.whole_day(world)
            for round_ in range(1, rounds + 1):
                self.one_round(world, round_)

    def whole_day(self, world: World) -> None:
        """A home's first day, to its list; its model is kept, to score the other sizes with.

        What was delivered has been taken in once and measured, perhaps at an earlier revision that takes in alike:
        ``steelyard run`` goes on from there, and the two are one day.
        """
        if self.is_kept(WHOLE_DAY, world):
            return None
        if world.entities > self.plan.whole_up_to:
            return self.leave_out((WHOLE_DAY,), world, "it takes too long at this size")
        with self.worlds.fork(world.home) as home:
            options = ("--profile", "cn", "--sources", world.sources, "--home", home, "--as-of", LAST, "--top", 0)
            try:
                took = self.command(WHOLE_DAY, [sys.executable, "-m", "jobs.cli", "run", *map(str, options)])
            except StepFailed as error:
                return self.leave_out((WHOLE_DAY,), world, str(error))
            shutil.rmtree(self.models, ignore_errors=True)
            shutil.copytree(home / "models", self.models)
        origin = origin_of_both(world.origins["intake"], origin_of(self.machine))
        self.note(WHOLE_DAY, world, 1, one_after_the_other(world.taken_in, took), rows=world.records, origin=origin)
        return None

    @property
    def models(self) -> Path:
        """Where the model of the last whole day is kept."""
        return self.cache / "models"

    def one_round(self, world: World, round_: int) -> None:
        """Features by every program, then the morrow's news, in the first round scores and list, then all again from bronze."""
        with self.worlds.fork(world.home) as home:
            self.features(world, round_, home)
            self.morrow(world, round_, home)
        if round_ <= self.plan.spark_rounds:
            self.spark(world, round_)

    def morrow(self, world: World, round_: int, home: Path) -> None:
        """The morrow's news, in the first round scores and list, then all again from bronze."""
        if self.is_kept("day", world):
            return
        self.bring_model(home)
        news, told = sum(world.news.values()), ("--home", home, "--sources", world.sources, "--as-of", MORROW)
        *news_to_list, rebuild = DAY
        for step in news_to_list:
            # Scores and list are the same whatever came before, and compared with nothing: measured once.
            if step == "day" or round_ == 1:
                self.measured(step, world, round_, news if step == "day" else world.entities, *told)
        unmake_silver(home)
        self.measured(rebuild, world, round_, world.records + news, *told)

    def features(self, world: World, round_: int, home: Path) -> None:
        """The same features by Steelyard and by the hand-written programs, from the same files of silver."""
        asked = ("--home", home, "--as-of", LAST)
        self.measured("features", world, round_, world.records, *asked)
        for program in PROGRAMS:
            out = home.parent / f"{program}.parquet"
            step = f"features-{program}"
            if self.is_kept(step, world):
                continue
            done = self.measured(step, world, round_, world.records, *asked, "--out", out)
            if done and round_ == 1:
                self.compare(world, step, home, out)
            out.unlink(missing_ok=True)

    def compare(self, world: World, step: str, home: Path, out: Path) -> None:
        """See that a program's features are ours; where they are not, its time stands beside the reason why it says little."""
        try:
            self.step("compare", "--home", home, "--as-of", LAST, "--out", out)
            self.say(f"{step}: the same features as ours")
        except StepFailed as error:
            self.leave_out((step,), world, f"its features are not ours: {error}")

    def spark(self, world: World, round_: int) -> None:
        """The same features by Apache Spark on this machine, on a home of its own, then that day's list."""
        features, listing = SPARK
        if self.is_kept(features, world):
            return None
        if world.entities > self.plan.spark_up_to:
            return self.leave_out(SPARK, world, f"this plan asks it of at most {self.plan.spark_up_to:,} entities")
        try:
            require_java()
        except ConfigError as error:
            return self.leave_out(SPARK, world, error.what)
        engine = {"STEELYARD_ENGINE": f"local[{self.plan.cores}]", "SPARK_DRIVER_MEMORY": f"{self.memory_gib}g"}
        with self.worlds.fork(world.home) as home:
            told = ("--home", home, "--as-of", LAST)
            self.bring_model(home)
            if not self.measured(features, world, round_, world.records, *told, environment=engine):
                return self.leave_out((listing,), world, "there are no features to score")
            try:
                self.step("score", *told, environment=engine)  # asks no engine: measured once, in the day of the news
            except StepFailed as error:
                return self.leave_out((listing,), world, f"there are no scores: {error}")
            self.measured(listing, world, round_, world.entities, *told, environment=engine)
        return None

    def bring_model(self, home: Path) -> None:
        """Give a home the model of the last whole day, where one was measured."""
        if self.models.exists():
            shutil.copytree(self.models, home / "models")

    def measured(
        self, step: str, world: World, round_: int, rows: int, *options: object, environment: dict[str, str] | None = None
    ) -> bool:
        """Measure a step and note it; a failure is noted too, and nothing else stops for it."""
        try:
            took = self.step(step, *options, environment=environment)
        except StepFailed as error:
            self.leave_out((step,), world, str(error))
            return False
        self.note(step, world, round_, took, rows)
        return True

    def step(self, step: str, *options: object, environment: dict[str, str] | None = None) -> Measured:
        """Run a step of :mod:`benchmarks.steps` and give what it took.

        Raises:
            StepFailed: when it failed; the message ends as its output did.
        """
        name = step.removesuffix("-spark")
        limits = ("--cores", self.plan.cores, "--memory", f"{self.memory_gib}GiB")
        command = [sys.executable, "-m", "benchmarks.steps", name, *map(str, (*options, *limits))]
        return self.command(step, command, environment)

    def command(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> Measured:
        """Run a command, live on a terminal."""
        log = self.cache / "logs" / f"{name.replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        threads = {"POLARS_MAX_THREADS": str(self.plan.cores), "PYTHONPATH": str(self.code)}
        with self.console.status(name) if self.console.is_terminal else nullcontext():
            took = measure(
                command, log=log, environment={**threads, **(environment or {})}, cores=self.plan.cores, folder=self.code
            )
        if took.exit_code != 0:
            raise StepFailed(f"it failed with exit code {took.exit_code}: {_last_line(log)}")
        return took

    def note(self, step: str, world: World, round_: int, took: Measured, rows: int, origin: dict[str, Any] | None = None) -> None:
        """Keep a measurement, made here and now unless it comes from elsewhere, and write all that there are."""
        facts = {"step": step, "entities": world.entities, "round": round_, "rows": rows}
        self.found.append({**facts, **(origin or origin_of(self.machine)), **asdict(took)})
        self.write()
        self.say(f"{step:16} round {round_}  {took.wall_seconds:8.1f} s  {took.cpu_seconds:8.1f} CPU s  {took.peak_mib:8,.0f} MiB")

    def leave_out(self, steps: Iterable[str], world: World, why: str) -> None:
        """Keep why there is no measurement of some steps."""
        for step in steps:
            self.found.append({"step": step, "entities": world.entities, "left_out": why})
            self.say(f"{step:16} left out: {why}")
        self.write()

    def is_kept(self, step: str, world: World) -> bool:
        """Whether a step stays as it was measured at that size."""
        is_kept = (step, world.entities) in self.kept
        if is_kept:
            self.say(f"{step:16} stays as it was measured")
        return is_kept

    def write(self) -> None:
        """Write the results so far."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        found = sorted(self.found, key=lambda found: int(found["entities"]))
        facts = {"name": self.plan.name, "machine": self.machine, "memory_limit_gib": self.memory_gib, "measurements": found}
        text = json.dumps(facts, indent=1, ensure_ascii=False)
        self.path.write_text(text + "\n", encoding="utf-8")

    def say(self, text: str) -> None:
        """Tell a person how far it is."""
        self.console.print(text, highlight=False, markup=False)


def _copy_code(to: Path) -> Path:
    """The code as it is now, compiled: an edit while hours of measuring go on would make what was taken in look stale."""
    shutil.rmtree(to, ignore_errors=True)
    for part in CODE:
        shutil.copytree(ROOT / part, to / part, ignore=shutil.ignore_patterns("__pycache__", "results"))
    compileall.compile_dir(to, quiet=1)
    return to


def _measured(path: Path) -> list[dict[str, Any]]:
    """What a results file holds: hours of measuring need not be had in one go."""
    if not path.exists():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["measurements"]
    return found


def _whole_chains(kept: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Steps and sizes without those of a chain of which another step is not among them: all of it is measured again."""
    chains = [{(step, size) for step in chain} for chain in CHAINS.values() for size in {size for _, size in kept}]
    return kept - set().union(*(chain for chain in chains if not chain <= kept))


def _last_line(log: Path) -> str:
    """The last line of an output, without paths, which differ from machine to machine."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return re.sub(r"(?<!\w)/[\w./-]+", "…", lines[-1])[:300] if lines else "it said nothing"


def main() -> None:
    """Measure the plan that the command line names."""
    parser = argparse.ArgumentParser(prog="benchmarks.run", description="Measure Steelyard against hand-written programs.")
    parser.add_argument("plan", choices=PLANS)
    parser.add_argument("--sizes", help="numbers of entities, with commas between, instead of the plan's; what others gave stays")
    parser.add_argument("--rounds", type=int, help="rounds instead of the plan's; with 0 a whole day alone is measured")
    parser.add_argument("--keep", nargs="*", default=[], choices=MAY_STAY, help=KEEP_HELP)
    parser.add_argument("--name", help="of the results' file, instead of the plan's")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where worlds and homes are kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder that the results are written to")
    options = parser.parse_args()
    plan = PLANS[options.plan]
    sizes = tuple(sorted(int(size) for size in options.sizes.split(","))) if options.sizes else plan.sizes
    changed = replace(plan.at(sizes, options.rounds), name=options.name or plan.name)
    try:
        with hold_home_lock(options.cache):
            bench = Bench(changed, options.cache.resolve(), options.results, keep=options.keep)
            bench.do()
    except SteelyardError as error:
        sys.exit(f"{error.what}\n  where: {error.where}\n  next: {error.next_step}")
    bench.say(f"written: {bench.path.name}. Next: python -m benchmarks.page")


if __name__ == "__main__":
    main()
