"""Which code made a table: a hash of the sources that it rests on, so that mended code makes stale what it made."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READING = (
    "jobs/ingest_source.py",
    "jobs/bronze_intake.py",
    "jobs/runtime/raw_*.py",
    "jobs/runtime/mapping*.py",
    "jobs/runtime/land*.py",
    "jobs/runtime/arrivals*.py",
    "jobs/runtime/deliveries.py",
    "jobs/runtime/settings.py",
    "jobs/transforms/joins.py",
    "jobs/transforms/latest_known.py",
    "jobs/transforms/mapped.py",
    "jobs/transforms/materialise.py",
    "jobs/transforms/selected.py",
    "jobs/transforms/versions.py",
)
JUDGING = ("expectations/*.py", "jobs/transforms/batch_facts.py", "jobs/gate_source.py")
CONFORMING = (
    "expectations/contracts/silver.py",
    "expectations/row_marks.py",
    "expectations/standards/*",
    "jobs/transforms/conformed.py",
    "jobs/conform_source.py",
)
_STATE = (
    "expectations/contracts/complaint.py",
    "expectations/contracts/core.py",
    "expectations/contracts/inspection.py",
    "expectations/contracts/lineage.py",
    "expectations/contracts/registration.py",
    "expectations/contracts/silver.py",
    "expectations/contracts/state.py",
    "expectations/contracts/tax_filing.py",
    "jobs/transforms/joins.py",
    "jobs/transforms/latest_known.py",
    "jobs/transforms/materialise.py",
    "jobs/transforms/newest_state.py",
    "jobs/transforms/selected.py",
    "jobs/transforms/tax_sums.py",
    "jobs/bring_state.py",
)
TAX_STATE = (*_STATE, "jobs/sum_returns.py")
REGISTER_STATE = (
    *_STATE,
    "expectations/standards/hierarchies.py",
    "jobs/transforms/conformed.py",
    "jobs/transforms/register_state.py",
    "jobs/keep_register.py",
)
FEATURES = (
    "expectations/contracts/*",
    "expectations/standards/hierarchies.py",
    "jobs/transforms/*.py",
    "jobs/build_features.py",
    "jobs/feature_state.py",
    "jobs/bring_state.py",
    "jobs/keep_register.py",
    "jobs/link_complaints.py",
    "jobs/sum_returns.py",
)
SCORING = (
    "expectations/contracts/*",
    "models/*.py",
    "jobs/classes_before.py",
    "jobs/runtime/model_store.py",
    "jobs/runtime/settings.py",
    "jobs/score_entities.py",
    "jobs/scored_whole.py",
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
