"""The town after days that many tests begin with, made once for all of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.day.town import Town, found_town, public_tie_key
from tests.made_once import made_once


def town_after(*days: date, session: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The town with these days run, one after the other, and no other; for copying, not for changing."""

    def make(folder: Path) -> None:
        *before, last = days
        with public_tie_key():
            if before:
                town_after(*before, session=session, tmp_path_factory=tmp_path_factory).copy(folder).run(last)
            else:
                found_town(folder, session, last)

    folder = made_once("town_" + "_".join(map(str, days)), make, tmp_path_factory)
    return Town(folder / "home", folder / "sources", session)
