"""The measured steps; each runs in its own process: ``python -m benchmarks.steps STEP --home …``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from jobs.foundation.log import stage
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile

PROFILE = "cn"


def generate(options: argparse.Namespace) -> None:
    """Generate a simulated world."""
    from simulation.generate import generate_world

    generate_world(entities=options.entities, months=options.months, seed=options.seed, out=options.out, as_of=options.as_of)


def intake(options: argparse.Namespace) -> None:
    """Ingest, gate and conform the deliveries up to the day, and link complaints."""
    from jobs.engine.lake import Lake
    from jobs.profile.mapping import load_mappings
    from jobs.sources.sources_of_day import in_order
    from jobs.steps.link_complaints import rebuild_links
    from jobs.take_in_source import take_in

    lake, profile = Lake(options.home), _profile()
    for mapping in in_order(load_mappings(profile.folder)):
        take_in(lake, profile, mapping, options.sources, options.as_of)
    with stage("link"):
        rebuild_links(lake, profile, options.as_of)


def features(options: argparse.Namespace) -> None:
    """Compute the state and the day's features from silver only."""
    from jobs.engine.lake import Lake
    from jobs.incremental.entity_state import REGISTER_STATE, TAX_STATE, update_state
    from jobs.steps.build_features import build_from_state

    lake, profile = Lake(options.home), _profile()
    for name, table in (("register", REGISTER_STATE), ("returns", TAX_STATE)):
        with stage(name):
            update_state(table, lake, profile, options.as_of, full_refresh=True)
    with stage("features"):
        build_from_state(lake, profile, options.as_of)


def features_duckdb(options: argparse.Namespace) -> None:
    """Compute the same features with DuckDB."""
    from benchmarks.features.duckdb_features import write_features
    from benchmarks.features.request import feature_request

    request = feature_request(options.home, _profile(), options.as_of)
    write_features(request, options.out, threads=options.cores, memory=options.memory, spill=options.out.parent / "spill")


def compare(options: argparse.Namespace) -> None:
    """Check that a program's features equal those in the home."""
    from benchmarks.features.compare import assert_same
    from benchmarks.features.request import LEFT_OUT

    assert_same(options.home, options.as_of, options.out)
    if LEFT_OUT:
        print(f"compared without {', '.join(LEFT_OUT)}: the hand-written program does not compute them", file=sys.stderr)


def day(options: argparse.Namespace) -> None:
    """Process a day's new deliveries: ingest, gate, conform, link, features."""
    from jobs.engine.lake import Lake
    from jobs.steps.build_features import rebuild_features

    intake(options)
    with stage("features"):
        rebuild_features(Lake(options.home), _profile(), options.as_of)


def rebuild(options: argparse.Namespace) -> None:
    """Rebuild silver, links and features from bronze."""
    from jobs.engine.lake import Lake
    from jobs.profile.mapping import load_mappings
    from jobs.sources.sources_of_day import in_order
    from jobs.steps.build_features import rebuild_features
    from jobs.steps.conform_source import conform_source
    from jobs.steps.gate_source import gate_new_days
    from jobs.steps.link_complaints import rebuild_links

    lake, profile = Lake(options.home), _profile()
    for mapping in in_order(load_mappings(profile.folder)):
        with stage("gate", source=mapping.name):
            gate_new_days(lake, profile, mapping, options.sources, options.as_of)
        with stage("conform", source=mapping.name):
            conform_source(lake, profile, mapping, options.as_of)
    with stage("link"):
        rebuild_links(lake, profile, options.as_of)
    with stage("features"):
        rebuild_features(lake, profile, options.as_of)  # there is no state of an earlier day


def score(options: argparse.Namespace) -> None:
    """Score every entity."""
    from jobs.engine.lake import Lake
    from jobs.steps.score_entities import score_day

    with stage("score") as current:
        current.note(entities=score_day(Lake(options.home), _profile(), options.as_of))


def target(options: argparse.Namespace) -> None:
    """Make the day's list, with reasons for every listed entity."""
    from jobs.engine.lake import Lake
    from jobs.steps.target_list import target_day

    with stage("target") as current:
        current.note(listed=target_day(Lake(options.home), _profile(), options.as_of))


STEPS: dict[str, Callable[[argparse.Namespace], None]] = {
    "generate": generate,
    "intake": intake,
    "features": features,
    "features-duckdb": features_duckdb,
    "compare": compare,
    "day": day,
    "rebuild": rebuild,
    "score": score,
    "target": target,
}


def _profile() -> Profile:
    return load_profile(PROFILE)


def main() -> None:
    """Run the step given on the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.steps")
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--sources", type=Path)
    parser.add_argument("--out", type=Path, help="output: folder of a world or file of features")
    parser.add_argument("--entities", type=int)
    parser.add_argument("--months", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--memory", default="8GB", help="memory limit of DuckDB")
    options = parser.parse_args()
    STEPS[options.step](options)


if __name__ == "__main__":
    main()
