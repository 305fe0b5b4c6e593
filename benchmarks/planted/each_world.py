"""Worlds of seeds 1, 2, …, each invented, judged and gone before the next: what the measurements against planted truth share."""

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
class Asked:
    """What was asked on the command line: where worlds go, how many, how large, and by which profile they are judged."""

    out: Path
    worlds: int
    entities: int
    months: int
    profile: str


@dataclass(frozen=True)
class JudgedWorld:
    """A world of the moment; its folder goes when the next is asked for.

    Attributes:
        seed: that it was invented of.
        folder: with ``sources`` and ``truth``.
        home: a home beside it, not yet there.
    """

    seed: int
    folder: Path
    home: Path


def read_words(program: str, about: str | None, words: list[str] | None, *, worlds: int) -> Asked:
    """Read a command line; ``worlds`` is how many are invented unless it says otherwise."""
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("--out", type=Path, required=True, help="a folder for worlds and homes; each goes when it was judged")
    parser.add_argument("--worlds", type=int, default=worlds)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--profile", default="cn")
    return Asked(**vars(parser.parse_args(words)))


def each_world(asked: Asked) -> Iterator[JudgedWorld]:
    """Invent one world after the other; where judging one fails, it stays to be looked at."""
    for seed in range(1, asked.worlds + 1):
        folder = asked.out / f"seed{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        world = JudgedWorld(seed, folder / "world", folder / "home")
        generate_world(entities=asked.entities, months=asked.months, seed=seed, out=world.folder, as_of=LAST)
        yield world
        shutil.rmtree(folder)


def write_down(result: Path, facts: Mapping[str, Any], summary: Mapping[str, Any], worlds: Mapping[int, Any]) -> None:
    """Print the summary of all worlds, and write it down with what was asked and each world's figures by its seed."""
    print(json.dumps(summary, indent=1))
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps({**facts, "summary": summary, "worlds": worlds}, indent=1) + "\n", encoding="utf-8")
