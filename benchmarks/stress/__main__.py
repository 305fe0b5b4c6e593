"""Measure scenarios on simulated worlds and write the page: ``python -m benchmarks.stress --out DIR``.

A world of 20,000 entities takes two minutes to make and about five to measure. Worlds stay in ``--out`` for the next run; delete
them after a change of the simulator. Figures of earlier runs with the same code and size stay in the results, so runs can be split
by world or by scenario. A trial with fewer ``--entities`` writes results and page into ``--out``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.harness.each_world import RESULTS, seeds, world_options
from benchmarks.harness.machine import machine_facts
from benchmarks.page import ROOT
from benchmarks.stress.measures import Figures, measure, with_few_labels
from benchmarks.stress.page import FEW_LABELS, LIST, cells_of, render
from benchmarks.stress.scenarios import PLAIN, SCENARIOS
from benchmarks.stress.worlds import Making, prepare
from jobs.foundation.code_version import hash_of
from jobs.foundation.log import progress_of
from jobs.profile.load_profile import load_profile

RESULT = RESULTS / "stress.json"
PAGE = ROOT / "docs" / "reference" / "stress.md"
CODE = ("benchmarks.stress.scenarios", "benchmarks.stress.measures:measure", "benchmarks.stress.measures:with_few_labels")
"""Results of other code than this and all that it reaches are not mixed."""
Measured = dict[str, dict[str, dict[str, Figures]]]
"""For each seed the figures of scenarios, and those with few labels."""


def main(arguments: list[str] | None = None, *, result: Path = RESULT, page: Path = PAGE) -> None:
    """Measure each scenario on each world beside the plain world, and write results and page after each."""
    parser = world_options("python -m benchmarks.stress", __doc__, worlds=10, first_seed=11)
    choices = [*SCENARIOS, FEW_LABELS]
    parser.add_argument("--only", nargs="+", choices=choices, default=choices, metavar="SCENARIO", help=", ".join(choices))
    options = parser.parse_args(arguments)
    profile = load_profile(options.profile)
    facts = {"entities": options.entities, "months": options.months, "profile": options.profile, "code": hash_of(CODE)}
    if options.entities != parser.get_default("entities"):
        result, page = (options.out / path.name for path in (result, page))
    worlds = stored_worlds(result, facts)
    names = [name for name in choices if name in (PLAIN, *options.only)]
    print("", *LIST, "", sep=" | ")
    with progress_of("stress", len(names) * options.worlds) as advance:
        for seed in seeds(options):
            making = Making(options.out / f"seed{seed}", seed, options.entities, options.months)
            plain = prepare(making, profile)
            measured = worlds.setdefault(str(seed), {"scenarios": {}, FEW_LABELS: {}})
            for name in names:
                advance(f"{name}, world {seed}")
                if name == FEW_LABELS:
                    measured[name] = {str(number): figures for number, figures in with_few_labels(plain).items()}
                else:
                    measured["scenarios"][name] = figures = measure(SCENARIOS[name][1](plain), plain)
                    print("", f"{seed} {name}", *cells_of(figures, LIST), "", sep=" | ", flush=True)
                write(result, page, facts, worlds)


def stored_worlds(result: Path, facts: Mapping[str, Any]) -> Measured:
    """The figures of earlier runs, if they have the same facts."""
    stored = json.loads(result.read_text(encoding="utf-8")) if result.exists() else {}
    worlds: Measured = stored["worlds"] if facts.items() <= stored.items() else {}
    return worlds


def write(result: Path, page: Path, facts: Mapping[str, Any], worlds: Measured) -> None:
    """Write the results and the page."""
    content = {**facts, "machine": machine_facts(), "worlds": dict(sorted(worlds.items(), key=lambda one: int(one[0])))}
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    page.write_text(render(content), encoding="utf-8")


if __name__ == "__main__":
    main()
