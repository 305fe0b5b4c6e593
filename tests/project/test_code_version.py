"""Mended code makes stale what it made: no module that decides what a step's rows are is left out of the step's hash."""

from __future__ import annotations

import pytest

from jobs.foundation.code_version import CONFORMING, FEATURES, JUDGING, READING, REGISTER_STATE, SCORING, TAX_STATE
from tests.imported import closure, named

EDGES = {
    f"jobs/runtime/{name}.py"
    for name in (
        "apache_spark", "batches", "code_version", "connect_address", "database_address", "delivery_days", "engine",
        "engine_path", "errors", "fault_points", "files", "home", "lake", "leftovers", "manifest", "scratch", "table_version",
        "toml_file", "unfinished", "unmappable", "versions_read", "vouched",
    )
}  # fmt: skip
"""Where rows are and are kept, what is noted of them, how a fault is told; none decides what a row says."""
_SILVER = (*READING, *JUDGING, *CONFORMING)
RESTS_ON = {
    "jobs/steps/ingest_source.py": READING,
    "jobs/steps/gate_source.py": (*READING, *JUDGING),
    "jobs/steps/conform_source.py": _SILVER,
    "jobs/incremental/sum_returns.py": (*_SILVER, *TAX_STATE),
    "jobs/incremental/keep_register.py": (*_SILVER, *REGISTER_STATE),
    "jobs/steps/feature_state.py": (*_SILVER, *TAX_STATE, *FEATURES),
    "jobs/steps/score_entities.py": (*_SILVER, *SCORING),
}


STATE = {
    "jobs/incremental/sum_returns.py": TAX_STATE,
    "jobs/incremental/keep_register.py": REGISTER_STATE,
    "jobs/steps/feature_state.py": FEATURES,
}
"""What is kept or made of silver has all in its own hash but how deliveries are read: silver's rows are vouched for by theirs."""
HASHED_BY_VALUE = {
    f"expectations/contracts/{name}.py"
    for name in ("complaint", "core", "inspection", "lineage", "quarantine", "registration", "tax_filing")
}
"""A delivery's hash holds its contract's columns where it is read and its rules where it is judged, not the files that say them."""
BRONZE = {"expectations/contracts/silver.py"}
"""Bronze, which it defines too, is a contract's columns with their lineage; what silver has besides is conforming's to say."""


@pytest.mark.parametrize("step", RESTS_ON)
def test_all_that_a_step_imports_is_in_the_hash_of_what_it_makes(step: str) -> None:
    by_value = HASHED_BY_VALUE if set(CONFORMING) <= set(RESTS_ON[step]) else HASHED_BY_VALUE | BRONZE
    assert closure(step, stops_at=EDGES.__contains__) - by_value - named(RESTS_ON[step]) == set()


@pytest.mark.parametrize("step", STATE)
def test_what_is_made_of_silver_is_hashed_with_all_but_how_deliveries_are_read(step: str) -> None:
    found = closure(step, stops_at=lambda path: path.startswith("jobs/runtime/"))
    assert found - named(STATE[step]) == set()


def test_every_pattern_names_a_file_and_every_edge_is_used() -> None:
    for pattern in {*_SILVER, *TAX_STATE, *REGISTER_STATE, *FEATURES, *SCORING}:
        assert named((pattern,)), pattern
    assert set().union(*map(closure, RESTS_ON)) >= EDGES
