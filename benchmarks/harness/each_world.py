"""Generate worlds one at a time, for measurements against their truth."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness.worlds import LAST
from simulation.generate import generate_world

RESULTS = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True)
class SimulatedWorld:
    """A generated world in a folder with ``sources`` and ``truth``, and the path for its home; both are removed afterwards."""

    seed: int
    folder: Path
    home: Path


def world_options(program: str, about: str | None, *, worlds: int, first_seed: int = 1) -> argparse.ArgumentParser:
    """The options of such a measurement: output folder, number, seeds and size of worlds, and profile."""
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("--out", type=Path, required=True, help="folder for worlds and homes")
    parser.add_argument("--worlds", type=int, default=worlds)
    parser.add_argument("--first-seed", type=int, default=first_seed)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--profile", default="cn")
    return parser


def seeds(options: argparse.Namespace) -> range:
    """The seeds of the worlds."""
    return range(options.first_seed, options.first_seed + options.worlds)


def simulated_worlds(options: argparse.Namespace) -> Iterator[SimulatedWorld]:
    """Yield one world after the other, and remove each afterwards. If the caller fails, the world is kept for inspection."""
    for seed in seeds(options):
        folder = options.out / f"seed{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        world = SimulatedWorld(seed, folder / "world", folder / "home")
        generate_world(entities=options.entities, months=options.months, seed=seed, out=world.folder, as_of=LAST)
        yield world
        shutil.rmtree(folder)


def write_result(result: Path, facts: Mapping[str, Any], summary: Mapping[str, Any], worlds: Mapping[int, Any]) -> None:
    """Print the summary, and write it with the options and the figures of each world by seed."""
    print(json.dumps(summary, indent=1))
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps({**facts, "summary": summary, "worlds": worlds}, indent=1) + "\n", encoding="utf-8")
