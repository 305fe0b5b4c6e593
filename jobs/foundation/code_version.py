"""Return a hash of the code that makes a table, so that changed code makes the table stale.

The hash covers the definitions that a step reaches from its roots (:mod:`jobs.foundation.definitions`) and the data files that
these read. It does not cover what only stores, computes or reports (:data:`STOPS`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jobs.foundation.definitions import Tree

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("expectations", "models", "jobs")
STEP_ROOTS = {
    "ingest": (
        "jobs.steps.ingest_source:ingest_source",
        "jobs.profile.profile",
        "jobs.profile.mapping",
        "jobs.profile.mapping_schema",
        "jobs.profile.validation",
        "jobs.profile.mapping_sql",
    ),
    "gate": ("jobs.steps.gate_source:gate_new_days",),
    "conform": ("jobs.steps.conform_source:conform_source",),
    "tax_state": ("jobs.incremental.entity_state:update_state", "jobs.incremental.entity_state:TAX_STATE"),
    "register_state": ("jobs.incremental.entity_state:update_state", "jobs.incremental.entity_state:REGISTER_STATE"),
    "features": ("jobs.steps.build_features:rebuild_features",),
    "score": ("jobs.steps.score_entities:score_day", "models.storage", "jobs.lake.model_store", "jobs.profile.profile"),
}
"""Where each step starts: ``module:name`` is one definition, ``module`` is all of a module, even of one that ``STOPS`` names."""
STOPS = {
    "jobs.foundation": "Errors, log, files and paths do not decide what a row says.",
    "jobs.lake": "It stores tables, manifests and models, and does not decide what a row says.",
    "jobs.engine": "It computes frames. A run's manifest names the engine and its packages.",
    "jobs.profile": "Its values are hashed where a step reads them. Ingest counts this code, and scoring the settings.",
}
"""Packages that the hash does not follow, and why."""

OURS = Tree(ROOT)


@cache
def code_version(step: str | None = None) -> str:
    """The hash, 16 hexadecimal digits, of a step's code; without a step, of all code of :data:`PRODUCT`."""
    return OURS.hash_of(STEP_ROOTS[step], STOPS) if step else hash_all(OURS)


def hash_of(roots: Iterable[str], files: Iterable[Path] = ()) -> str:
    """The hash of all code that roots reach, without any stop, and of files."""
    return OURS.hash_of(roots, (), files)


def hash_all(tree: Tree, without: str = __name__) -> str:
    """The hash of all definitions and data files of :data:`PRODUCT`.

    Args:
        without: a module that is left out, by default this one, which names other modules by their paths.
    """
    found = (path for package in PRODUCT for path in (tree.root / package).rglob("*") if path.is_file())
    files = [path for path in found if path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts]
    return tree.hash_of([name for name in tree.modules_of(PRODUCT) if name != without], (without,), files)
