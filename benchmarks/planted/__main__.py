"""Print the table and write it down: ``python -m benchmarks.planted --out DIR``; three minutes a world of 20,000."""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path

from benchmarks.planted.bars import HEAD, line, summarise
from jobs.run_day import run_day
from jobs.runtime.lake import Lake
from jobs.runtime.settings import load_profile
from simulation.assess import assess_home
from simulation.generate import generate_world

RESULT = Path(__file__).resolve().parents[1] / "results" / "planted.json"
LAST = date(2026, 6, 30)


def main(words: list[str] | None = None, *, result: Path = RESULT) -> None:
    """Invent worlds of seeds 1, 2, …, run each one's last day, and hold its scores against the truth."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planted", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="a folder for worlds and homes; each goes when it was judged")
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--profile", default="cn")
    asked = parser.parse_args(words)
    profile, worlds = load_profile(asked.profile), {}
    print(HEAD, flush=True)
    for seed in range(1, asked.worlds + 1):
        folder = asked.out / f"seed{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        generate_world(entities=asked.entities, months=asked.months, seed=seed, out=folder / "world", as_of=LAST)
        run_day(Lake(folder / "home"), profile, folder / "world" / "sources", LAST)
        found = assess_home(
            home=folder / "home", truth_folder=folder / "world" / "truth", profile_name=asked.profile, as_of=LAST, seed=seed
        )
        worlds[seed] = {key: value for key, value in asdict(found).items() if key != "indicators"}
        shutil.rmtree(folder)
        print(line(seed, worlds[seed]), flush=True)
    summary = summarise(list(worlds.values()))
    print(json.dumps(summary, indent=1))
    result.parent.mkdir(parents=True, exist_ok=True)
    facts = {"entities": asked.entities, "months": asked.months, "as_of": str(LAST), "profile": asked.profile}
    result.write_text(json.dumps({**facts, "summary": summary, "worlds": worlds}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
