"""What is a label, from a lake whose visits are changed."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.contracts import inspection, silver
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.training.gather_training_set import known_visits
from tests.conftest import FinishedDay


@pytest.mark.parametrize("found", [True, False])
def test_a_follow_up_is_no_label_whatever_it_found(
    found: bool, finished_day: FinishedDay, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, profile = Lake(finished_day.home, spark), load_profile(finished_day.profile)
    before = known_visits(lake, profile, finished_day.as_of)
    followed = sorted(before["entity_id"])[:5]
    read = Lake.read
    is_followed = F.col("entity_id").isin(followed)

    def with_follow_ups(self: Lake, contract: object) -> DataFrame:
        assert contract is silver.INSPECTION
        rows = read(self, silver.INSPECTION)
        return rows.withColumns(
            {
                str(inspection.SELECTED_BY): F.when(is_followed, inspection.FOLLOW_UP).otherwise(F.col(inspection.SELECTED_BY)),
                str(inspection.FOUND_VIOLATION): F.when(is_followed, found).otherwise(F.col(inspection.FOUND_VIOLATION)),
            }
        )

    monkeypatch.setattr(Lake, "read", with_follow_ups)
    after = known_visits(lake, profile, finished_day.as_of)
    assert set(before["entity_id"]) - set(after["entity_id"]) == set(followed)
    alone = known_visits(lake, profile, finished_day.as_of, follow_ups=True)
    assert set(followed) <= set(alone["entity_id"])
    assert not set(alone.loc[alone["entity_id"].isin(followed), "found_violation"]) - {found}
