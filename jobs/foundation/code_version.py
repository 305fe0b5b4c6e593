"""Which code made a table: a hash of the sources that it rests on, so that mended code makes stale what it made."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READING = (
    "jobs/steps/ingest_source.py",
    "jobs/steps/ingest_source.py",
    "jobs/runtime/raw_*.py",
    "jobs/runtime/mapping*.py",
    "jobs/runtime/land*.py",
    "jobs/runtime/arrivals*.py",
    "jobs/sources/deliveries.py",
    "jobs/profile/profile.py",
    "jobs/transforms/frames.py",
    "jobs/transforms/latest_known.py",
    "jobs/transforms/mapped.py",
    "jobs/transforms/frames.py",
    "jobs/transforms/frames.py",
    "jobs/transforms/versions.py",
)
JUDGING = ("expectations/*.py", "jobs/transforms/batch_metrics.py", "jobs/steps/gate_source.py")
CONFORMING = (
    "expectations/contracts/silver.py",
    "expectations/row_rules.py",
    "expectations/standards/*",
    "jobs/transforms/conform.py",
    "jobs/steps/conform_source.py",
)
_STATE = (
    "expectations/contracts/complaint.py",
    "expectations/contracts/contract.py",
    "expectations/contracts/inspection.py",
    "expectations/contracts/lineage.py",
    "expectations/contracts/registration.py",
    "expectations/contracts/silver.py",
    "expectations/contracts/state.py",
    "expectations/contracts/tax_filing.py",
    "jobs/transforms/frames.py",
    "jobs/transforms/latest_known.py",
    "jobs/transforms/frames.py",
    "jobs/incremental/entity_state.py",
    "jobs/transforms/frames.py",
    "jobs/transforms/tax_sums.py",
    "jobs/incremental/entity_state.py",
)
TAX_STATE = (*_STATE, "jobs/incremental/state_tables.py")
REGISTER_STATE = (
    *_STATE,
    "expectations/standards/hierarchies.py",
    "jobs/transforms/conform.py",
    "jobs/transforms/register_state.py",
    "jobs/incremental/state_tables.py",
)
FEATURES = (
    "expectations/contracts/*",
    "expectations/standards/hierarchies.py",
    "jobs/transforms/*.py",
    "jobs/steps/build_features.py",
    "jobs/incremental/entity_state.py",
    "jobs/incremental/staleness.py",
    "jobs/incremental/state_tables.py",
    "jobs/steps/link_complaints.py",
)
SCORING = (
    "expectations/contracts/*",
    "models/*.py",
    "jobs/incremental/previous_classes.py",
    "jobs/lake/model_store.py",
    "jobs/profile/profile.py",
    "jobs/steps/score_entities.py",
    "jobs/incremental/previous_classes.py",
)
EVERYTHING = ("expectations/**/*", "models/**/*", "jobs/**/*")
"""Patterns of files, by what rests on them. A verdict rests on what was read too, silver on both, and all the rest on silver."""


@cache
def code_version(patterns: tuple[str, ...] = EVERYTHING) -> str:
    """The hash, 16 hexadecimal digits, of the files that the patterns name, whatever folder Steelyard is in."""
    digest = hashlib.sha256()
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file() and "__pycache__" not in path.parts}
    for path in sorted(found):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
