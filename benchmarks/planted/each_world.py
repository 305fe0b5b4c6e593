"""Generate worlds with seeds 1, 2, …, one at a time, for measurements against the planted truth."""

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


def read_options(program: str, about: str | None, arguments: list[str] | None, *, worlds: int) -> argparse.Namespace:
    """Parse a command line: output folder, number (by default ``worlds``) and size of worlds, and profile."""
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("--out", type=Path, required=True, help="folder for worlds and homes, which are removed afterwards")
    parser.add_argument("--worlds", type=int, default=worlds)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--profile", default="cn")
    return parser.parse_args(arguments)


def simulated_worlds(options: argparse.Namespace) -> Iterator[SimulatedWorld]:
    """Yield one world after the other. If the caller fails, the world is kept for inspection."""
    for seed in range(1, options.worlds + 1):
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
