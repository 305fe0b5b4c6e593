"""Fixtures: the example day in a home of its own, and the profile it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from jobs.texts import names, reasons
from jobs.texts.languages import Texts
from tests.report.example_day import INDICATOR_TEXTS, INDICATORS, write_lake, write_manifests


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one finished day, which tests only read."""
    folder = tmp_path_factory.mktemp("home")
    write_lake(folder)
    write_manifests(folder)
    return folder


@pytest.fixture(scope="session")
def profile() -> Profile:
    """The cn profile."""
    return load_profile("cn")


@pytest.fixture(autouse=True)
def small_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two indicators, so that the page does not depend on the real catalogue."""
    for module in (names, reasons):
        monkeypatch.setattr(module, "indicators", lambda: {indicator.column: indicator for indicator in INDICATORS})
        monkeypatch.setattr(module, "indicator_texts", lambda language: Texts(language, INDICATOR_TEXTS[language]))
