"""Record the inputs of a day's links, features and scores, and check whether a table is still current.

Each step of a day takes the home's lock again, so another day's deliveries may be taken in between two steps. The tables may then
hold other rows when the day is closed than when its features were built. So a step notes the table versions that it read, in
``home/manifests/{links,features,scores}/<day>.json``, and later steps read those versions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from expectations.contracts import silver, state
from expectations.contracts.contract import Contract
from expectations.contracts.indicators import catalogue
from expectations.contracts.registry import SILVER
from expectations.contracts.scoring import SCORES
from jobs.engine.lake import Lake
from jobs.foundation.code_version import code_version
from jobs.foundation.errors import InputMissing
from jobs.foundation.files import delete_file, read_json, write_json
from jobs.incremental.consistency import consistent_deliveries
from jobs.incremental.coverage import coverage_of_day
from jobs.incremental.previous_classes import previous_classes
from jobs.lake.batches import in_use_digest
from jobs.lake.manifests import note_path
from jobs.profile.mapping import mapped_sources, unmapped_columns
from jobs.profile.profile import Profile
from jobs.transforms.coverage import Coverage

READ: tuple[Contract, ...] = (*SILVER.values(), silver.LINK, *state.STATE)
"""The tables that features are built from."""


def inputs_fingerprint(lake: Lake, profile: Profile, as_of: date) -> str | None:
    """A hash of the inputs of a day's links and features; None when a batch book does not match silver.

    It covers every delivery with a row known by then, up to which day each source has delivered, the catalogue, the policies that
    features read, and their code.
    """
    deliveries = consistent_deliveries(lake, mapped_sources(profile.folder))
    if deliveries is None:
        return None
    cutoff = profile.end_of(as_of).isoformat(sep=" ")
    coverage = coverage_of_day(lake.home, profile, as_of)
    digest = hashlib.sha256(f"{features_fingerprint(profile)}\n{coverage.plain}\n".encode())
    for contract, batches in deliveries.items():
        for name, batch in batches.items():
            if batch.known_from < cutoff:
                digest.update(f"{contract} {name} {batch.conformed}\n".encode())
    return digest.hexdigest()


def features_fingerprint(profile: Profile) -> str:
    """A hash of the catalogue, the needed columns that mappings leave out, the policies that features read, and their code."""
    needed = {need for indicator in catalogue() for need in indicator.needed}
    left_out = [
        f"{contract} {source} {column}"
        for contract, sources in unmapped_columns(profile.folder).items()
        for source, columns in sources.items()
        for column in sorted(columns)
        if (contract, column) in needed
    ]
    return hashlib.sha256(f"{definitions(profile)}\n{left_out}\n{code_version('features')}\n".encode()).hexdigest()


def definitions(profile: Profile) -> str:
    """The catalogue and the policies that features read, as text."""
    return f"{catalogue()}\n{profile.settings_of('features')}"


def training_inputs(lake: Lake, profile: Profile, as_of: date) -> dict[str, str | None]:
    """What a model of a day is made of: hashes of its data, of the definitions of its features, and of the code of both."""
    code = "\n".join(code_version(step) for step in ("ingest", "gate", "conform", "features"))
    hashes = {"definitions": definitions(profile), "code": code}
    named = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in hashes.items()}
    return {"rests_on": inputs_fingerprint(lake, profile, as_of), **named}


def scores_fingerprint(profile: Profile) -> str:
    """A hash of the policies that scoring reads, and of its code."""
    return hashlib.sha256(f"{profile.settings_of('score')}\n{code_version('score')}\n".encode()).hexdigest()


def has_links(lake: Lake, profile: Profile, as_of: date) -> bool:
    """Whether a day's links exist and are current."""
    return _is_current(lake, profile, as_of, "links")


def has_features(lake: Lake, profile: Profile, as_of: date) -> bool:
    """Whether a day's features exist and are current."""
    return _is_current(lake, profile, as_of, "features")


def _is_current(lake: Lake, profile: Profile, as_of: date, step: str) -> bool:
    wanted, noted = inputs_fingerprint(lake, profile, as_of), read_json(note_path(lake.home, step, as_of)) or {}
    return wanted is not None and bool(noted.get("rests_on") == wanted)


@contextmanager
def record_link_inputs(lake: Lake, profile: Profile, as_of: date) -> Iterator[None]:
    """Note the inputs of a day's links when the block has written them."""
    with _recording(lake, profile, as_of, "links"):
        yield


@contextmanager
def record_feature_inputs(lake: Lake, profile: Profile, as_of: date) -> Iterator[None]:
    """Note the inputs of a day's features when the block has written them."""
    facts = {
        "made_under": features_fingerprint(profile),
        "deliveries": in_use_digest(lake.home, as_of),
        "coverage": coverage_of_day(lake.home, profile, as_of).plain,
    }
    with _recording(lake, profile, as_of, "features", **facts):
        yield


@contextmanager
def record_score_inputs(
    lake: Lake,
    profile: Profile,
    as_of: date,
    classes_before: Mapping[str, Any],
    bounds: Mapping[str, Any] | None,
    moves: Mapping[str, Any] | None,
) -> Iterator[None]:
    """Note the inputs of a day's scores when the block has written them.

    Args:
        classes_before: the day and the hash of the previous classes, see :class:`~jobs.incremental.previous_classes.ClassesBefore`.
        bounds: of the classes, see :meth:`~models.targeting.class_bounds.ClassBounds.facts`; None where all stayed in their class.
        moves: how many entities moved between classes, and the day before; None on a first day.
    """
    with _noting(lake.home, as_of, "scores") as note:
        yield
        note |= {
            "features": _read_note(lake.home, "features", as_of),
            "classes_before": classes_before,
            "class_bounds": bounds,
            "class_moves": moves,
            "made_under": scores_fingerprint(profile),
            "table_version": lake.version(SCORES),
        }


@contextmanager
def _recording(lake: Lake, profile: Profile, as_of: date, step: str, **facts: Any) -> Iterator[None]:
    with _noting(lake.home, as_of, step) as note:
        note |= {"rests_on": inputs_fingerprint(lake, profile, as_of), "read": current_versions(lake), **facts}
        yield


@contextmanager
def _noting(home: Path, as_of: date, step: str) -> Iterator[dict[str, Any]]:
    path = note_path(home, step, as_of)
    # Deleted first: a crash between table and note must not leave a note about other rows.
    delete_file(path)
    note: dict[str, Any] = {}
    yield note
    write_json(path, note)


def current_versions(lake: Lake) -> dict[str, int | None]:
    """The current version of each table that features are built from."""
    return {contract.full_name: lake.version(contract) for contract in READ}


def _read_note(home: Path, step: str, as_of: date) -> dict[str, Any]:
    """The note of a step; empty where there is none, or one of features that names no table versions."""
    note: dict[str, Any] = read_json(note_path(home, step, as_of)) or {}
    return {} if step == "features" and "read" not in note else note


def noted_coverage(home: Path, as_of: date) -> Coverage:
    """The coverage that a day's features were built with."""
    return Coverage.stored(as_of, _read_note(home, "features", as_of).get("coverage"))


@dataclass(frozen=True)
class ScoredDay:
    """A day with current scores.

    Attributes:
        lake: the lake at the table versions that the scored features were built from.
        deliveries: the hash of the deliveries in use, for the run's manifest.
        coverage: up to which day each source had delivered, for the run's manifest.
        classes_before: the day and the hash of the previous classes, for the run's manifest.
        class_bounds: where the classes begin, for the run's manifest.
        class_moves: how many entities moved between classes, for the run's manifest.
    """

    lake: Lake
    deliveries: str
    coverage: dict[str, Any]
    classes_before: dict[str, Any]
    class_bounds: dict[str, Any] | None
    class_moves: dict[str, Any] | None


def scored_day(lake: Lake, profile: Profile, as_of: date) -> ScoredDay:
    """Read the notes of a day's features and scores, and check that both are current.

    A manifest records the profile and the code of the step that writes it. Each step reads them again, so they may have changed
    since the features were built; a replay of the day would then give other rows.

    Raises:
        InputMissing: when the day was not scored, its scores are not from its current features, either was made under other
            policies or by other code, or the previous classes have changed.
    """
    features, scores = (_read_note(lake.home, step, as_of) for step in ("features", "scores"))
    note = str(note_path(lake.home, "scores", as_of))
    again = "run the steps `features`, `score` and `target` of the day again, in this order"
    if not scores.get("features"):
        raise InputMissing(
            what=f"the features of {as_of} were not scored yet, or the inputs of the scores were not noted",
            where=note,
            next_step="run the steps `features` and `score` of the day first, or the whole day with `steelyard run`",
        )
    if features != scores["features"]:
        raise InputMissing(what=f"the scores of {as_of} are not from its current features", where=note, next_step=again)
    made_under = {"features": features_fingerprint(profile), "scores": scores_fingerprint(profile)}
    for step, noted in (("features", features), ("scores", scores)):
        if noted.get("made_under") != made_under[step]:
            what = f"the {step} of {as_of} were made under other policies, or by another version of Steelyard"
            raise InputMissing(what=what, where=note, next_step=again)
    if lake.version(SCORES) != scores.get("table_version") and previous_classes(lake, as_of).facts != scores["classes_before"]:
        what = f"the previous classes that the scores of {as_of} were compared with have changed"
        raise InputMissing(what=what, where=note, next_step=again)
    return ScoredDay(
        lake.at(features["read"]),
        features["deliveries"],
        features["coverage"],
        scores["classes_before"],
        scores.get("class_bounds"),
        scores.get("class_moves"),
    )
