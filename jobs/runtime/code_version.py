"""Return a hash of the code that makes a table, so that changed code makes the table stale.

The hash covers the definitions that a step reaches from its roots, wherever they are, see :mod:`jobs.runtime.definitions`, and the
data files that these read. It does not cover what only stores, computes or reports (:data:`STOPS`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jobs.runtime.definitions import Tree

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("expectations", "models", "jobs")
STEP_ROOTS = {
    "ingest": (
        "jobs.ingest_source:ingest_source",
        "jobs.runtime.settings",
        "jobs.runtime.mapping",
        "jobs.runtime.mapping_database",
        "jobs.runtime.mapping_settings",
        "jobs.runtime.mapping_shape",
        "jobs.runtime.mapping_sql",
    ),
    "gate": ("jobs.gate_source:judge_source",),
    "conform": ("jobs.conform_source:conform_source",),
    "tax_state": ("jobs.sum_returns:bring_tax_sums",),
    "register_state": ("jobs.keep_register:bring_register",),
    "features": ("jobs.feature_state:rebuild_features",),
    "score": ("jobs.score_entities:score_day", "models.storage", "jobs.runtime.model_store", "jobs.runtime.settings"),
}
"""Where each step starts: ``module:name`` is one definition, ``module`` is all of a module, even of one that ``STOPS`` names."""

_FOUNDATION = "foundation: errors, log, files and paths. They do not decide what a row says."
_LAKE = "lake: where tables, manifests and models are kept. It does not decide what a row says."
_ENGINE = "engine: how frames are computed. A run's manifest names the engine and its packages."
_PROFILE = "profile: its values are hashed where a step reads them. Ingest counts this code, and scoring the settings."
STOPS = {
    "jobs.runtime.code_version": _FOUNDATION,
    "jobs.runtime.errors": _FOUNDATION,
    "jobs.runtime.fault_points": _FOUNDATION,
    "jobs.runtime.files": _FOUNDATION,
    "jobs.runtime.home": _FOUNDATION,
    "jobs.runtime.toml_file": _FOUNDATION,
    "jobs.runtime.batches": _LAKE,
    "jobs.runtime.delivery_days": _LAKE,
    "jobs.runtime.lake": _LAKE,
    "jobs.runtime.manifest": _LAKE,
    "jobs.runtime.model_store": _LAKE,
    "jobs.runtime.unfinished": _LAKE,
    "jobs.runtime.apache_spark": _ENGINE,
    "jobs.runtime.engine": _ENGINE,
    "jobs.runtime.scratch": _ENGINE,
    "jobs.runtime.mapping": _PROFILE,
    "jobs.runtime.mapping_database": _PROFILE,
    "jobs.runtime.mapping_settings": _PROFILE,
    "jobs.runtime.mapping_shape": _PROFILE,
    "jobs.runtime.mapping_sql": _PROFILE,
    "jobs.runtime.settings": _PROFILE,
}
"""Modules and packages that the hash does not follow, and why."""

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
