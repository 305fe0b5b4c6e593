"""Which versions of the tables a day's indicators were built from, from where they are built to where the day is closed.

Each step of a day takes the home's lock anew, so another day's deliveries may be taken in between two of them. What the day's
list is made of is then not what the tables hold when it is closed, so it is noted when it is read, and handed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from expectations.contracts import silver, state
from expectations.contracts.contract import Contract
from expectations.contracts.scoring import SCORES
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.foundation.files import read_json, write_json
from jobs.lake.manifests import note_path

READ: tuple[Contract, ...] = (*silver.OF.values(), silver.LINK, *state.STATE)
"""What indicators are built from."""


def current_versions(lake: Lake) -> dict[str, int | None]:
    """The version that each of those tables has now."""
    return {contract.full_name: lake.version(contract) for contract in READ}


def record_score_inputs(lake: Lake, as_of: date, classes_before: Mapping[str, Any], made_under: str) -> None:
    """Note that the day's scores are of the features that are there now, which day's classes they were held against, and how."""
    note = {
        "features": read_feature_inputs(lake.home, as_of),
        "classes_before": classes_before,
        "made_under": made_under,
        "table_version": lake.version(SCORES),
    }
    write_json(note_path(lake.home, "scores", as_of), note)


def scores_noted(home: Path, as_of: date) -> dict[str, Any]:
    """What the day's scores are of; nothing where the day was not scored."""
    noted: dict[str, Any] = read_json(note_path(home, "scores", as_of)) or {}
    return noted


def as_scored(lake: Lake, as_of: date) -> Lake:
    """The lake with the tables that the scored features were built from as they were then.

    Raises:
        InputMissing: when the day was not scored, or its features were built again since.
    """
    features = read_feature_inputs(lake.home, as_of)
    scored = scores_noted(lake.home, as_of).get("features")
    if not scored:
        raise InputMissing(
            what=f"the features of {as_of} were not scored yet, or it was not noted of what they are",
            where=str(lake.home),
            next_step="give the steps `features` and `score` of the day first, or the whole day with `steelyard run`",
        )
    if features != scored:
        raise InputMissing(
            what=f"the scores of {as_of} are not of the features that are there now",
            where=str(note_path(lake.home, "features", as_of)),
            next_step="give the steps `features`, `score` and `target` of the day again, in this order",
        )
    return lake.at(features["read"])


def read_feature_inputs(home: Path, as_of: date) -> dict[str, Any]:
    """What the day's features are of; nothing where a Steelyard built them that did not note it."""
    noted: dict[str, Any] = read_json(note_path(home, "features", as_of)) or {}
    return noted if "read" in noted else {}
