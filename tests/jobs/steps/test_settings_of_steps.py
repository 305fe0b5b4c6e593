"""A change of a setting makes the tables of the steps that read it stale: the profile names these steps, and no other list does."""

from __future__ import annotations

import ast
from dataclasses import fields, replace
from typing import Annotated

import pytest
from pydantic.dataclasses import dataclass

from jobs.foundation.code_version import OURS, STEP_ROOTS, STOPS
from jobs.incremental.staleness import features_fingerprint, scores_fingerprint
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile, ReadBy
from jobs.profile.validation import SETTINGS

STEPS = ("ingest", "conform", "features", "score")
NOT_IN_ROWS = {"folder", "name"}
"""Settings that say where a profile is."""


@pytest.mark.parametrize("step", STEPS)
def test_the_profile_names_every_step_that_reads_a_setting(step: str) -> None:
    profile = load_profile("cn")
    assert settings_read_by(step) - NOT_IN_ROWS <= {*profile.settings_of(step)}


def settings_read_by(step: str) -> set[str]:
    """The settings of the profile in the code that a step reaches, such as ``self.profile.peers``."""
    roots = [root for root in STEP_ROOTS[step] if not root.startswith("jobs.profile")]
    names = {row.name for row in fields(Profile)}
    found = set()
    for key in OURS.reached(roots, STOPS):
        statements = OURS._module(key.module).definitions.get(key.name, [])
        for node in (node for statement in statements for node in ast.walk(statement)):
            if isinstance(node, ast.Attribute) and node.attr in names and ast.unparse(node.value).endswith("profile"):
                found.add(node.attr)
    return found


@dataclass(frozen=True, config=SETTINGS)
class Longer(Profile):
    """A profile with one more setting."""

    quarantined: Annotated[int, ReadBy("features")] = 3


def test_a_new_setting_that_features_read_makes_features_stale() -> None:
    known = load_profile("cn")
    given = Longer(**{row.name: getattr(known, row.name) for row in fields(known)})
    assert features_fingerprint(given) != features_fingerprint(replace(given, quarantined=4))
    assert scores_fingerprint(given) == scores_fingerprint(replace(given, quarantined=4))
