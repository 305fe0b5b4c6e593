"""Close a day: write the run's manifest, which records the inputs of the list. A day without it is not finished."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from typing import Any

from expectations.contracts import scoring
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.registry import MADE, SILVER
from expectations.contracts.state import STATE
from jobs.engine.lake import Lake
from jobs.foundation.code_version import code_version
from jobs.foundation.environment import keep_environment
from jobs.foundation.files import write_json
from jobs.foundation.log import warn
from jobs.incremental.staleness import scored_day
from jobs.lake.maintenance.orphaned_sources import NOT_MAPPED, count_orphaned_rows
from jobs.lake.manifests import digest_of, json_hash, read_source_manifest, run_id_of, run_manifest_path, run_manifest_path_by_id
from jobs.lake.model_store import ModelStore
from jobs.profile.mapping import mapped_sources
from jobs.profile.profile import CONFIG_ROOT, Profile
from jobs.sources.sources_of_day import mappings_of_day
from jobs.steps.target_list import TIE_KEY_VARIABLE, has_tie_key
from jobs.texts.languages import load_texts
from jobs.texts.model_card import warning_lines


def close_day(lake: Lake, profile: Profile, as_of: date) -> dict[str, Any]:
    """Write the run's manifest and return it.

    Raises:
        InputMissing: as for :func:`jobs.incremental.staleness.scored_day`.
    """
    day = scored_day(lake, profile, as_of)
    lake = day.lake
    today = f"{AS_OF} = '{as_of}'"
    listed = lake.arrow(scoring.RISK_LIST, columns=[str(ENTITY_ID), str(scoring.LIST_RANK)], where=today)
    scored = lake.arrow(scoring.SCORES, columns=[str(scoring.MODEL_ID)], where=today)
    model_id = scored[0][0].as_py() if scored.num_rows else None
    mapped = sorted({*mapped_sources(profile.folder), *mappings_of_day(profile.folder, lake.home, as_of)})
    sources = {name: read_source_manifest(lake.home, name, as_of) for name in mapped}
    unmapped = count_orphaned_rows(lake, sources)
    model = ModelStore(lake.home).facts(model_id) if model_id else {}
    _warn(unmapped, model)
    ranked = listed.sort_by(str(scoring.LIST_RANK))[str(ENTITY_ID)].to_pylist()
    facts = {
        "as_of": as_of,
        "profile": profile.name,
        # The folder of a profile outside this project, which its name alone does not give.
        "profile_folder": None if profile.folder.parent == CONFIG_ROOT else str(profile.folder),
        "config_hash": profile.fingerprint(),
        "version": version("steelyard"),
        "code_version": code_version(),
        "deliveries": day.deliveries,
        "list": json_hash(ranked),
        "engine": lake.engine,
        # Names the version of Delta's JAR too, which is in no Python package.
        "delta": lake.writer_of(features_contract(), today),
        "packages": keep_environment(lake.home),
        "coverage": day.coverage,
        "classes_before": day.classes_before,
        "class_bounds": day.class_bounds,
        "class_moves": day.class_moves,
        "tie_key": "set" if has_tie_key() else "default",
        "model_id": model_id,
        "seed": profile.training.seed,
        "tables": {table.full_name: lake.version(table) for table in (*SILVER.values(), *STATE, *MADE)},
        "sources": {name: manifest["verdict"] if manifest else "not settled" for name, manifest in sources.items()}
        | dict.fromkeys(unmapped, NOT_MAPPED),
        "unmapped": unmapped,
        "model": model,
        "listed": listed.num_rows,
        "entities": scored.num_rows,
    }
    manifest = {"run_id": run_id_of(facts), **facts}
    manifest["digest"] = digest_of(manifest)
    # By its id first, since a day may be run again; the day's own manifest is written last.
    write_json(run_manifest_path_by_id(lake.home, str(manifest["run_id"])), manifest)
    write_json(run_manifest_path(lake.home, as_of), manifest)
    return manifest


def _warn(unmapped: Mapping[str, int], model: Mapping[str, Any]) -> None:
    """Warn of rows from sources without a mapping, of what the model's facts warn of, and of a public tie-break."""
    for name, rows in unmapped.items():
        warn(
            f"{name}: silver, and so the list, has {rows} rows of a source that the profile no longer maps; map it again, or"
            f" delete them with `steelyard lake forget {name}`",
            source=name,
        )
    for line in warning_lines(model, load_texts("en")):
        warn(line, model=model["model_id"])
    if not has_tie_key():
        warn(
            f"{TIE_KEY_VARIABLE} is not set, so equal objectives are ordered by a public word and anyone can compute the order;"
            " set it to a secret"
        )
