"""A small simulated world for several tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from simulation.generate import generate_world

AS_OF = date(2026, 6, 30)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 500 entities over 8 months, seed 5."""
    folder = tmp_path_factory.mktemp("world") / "out"
    generate_world(entities=2500, months=8, seed=5, out=folder, as_of=AS_OF)
    return folder
