"""The job: a day's partitions are replaced, others stay, and no traces are left."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from expectations.contracts import silver
from expectations.contracts.indicators import features_contract
from expectations.contracts.scoring import PEERS
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.errors import InputMissing
from jobs.foundation.paths import SCRATCH
from jobs.incremental.entity_state import REGISTER_STATE, TAX_STATE, compute_state
from jobs.profile.load_profile import load_profile
from jobs.steps.build_features import build_features_day
from jobs.transforms.coverage import Coverage
from tests.jobs.transforms.tables import AS_OF, frame


@pytest.fixture
def lake(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    shops = [{"entity_id": f"E{number}", "established_on": date(2020, 1, 1)} for number in range(8)]
    lake.replace(frame(spark, "entity", shops), silver.ENTITY, "true")
    return lake


def _build(lake, as_of):
    profile = load_profile("cn")
    with Scratch(lake.home, "state", is_packed=False) as scratch:
        register = scratch.materialise(compute_state(REGISTER_STATE, lake, profile, as_of))
        return build_features_day(lake, profile, Coverage(as_of), register, compute_state(TAX_STATE, lake, profile, as_of))


def test_a_day_writes_its_partitions_and_leaves_the_others(lake):
    assert _build(lake, AS_OF) == 8
    assert _build(lake, AS_OF + timedelta(days=1)) == 8
    before = lake.arrow(features_contract(), where=f"as_of = '{AS_OF}'")
    assert _build(lake, AS_OF) == 8
    assert lake.arrow(features_contract(), where=f"as_of = '{AS_OF}'").equals(before)
    ages = lake.arrow(features_contract(), columns=["entity_id", "age_days", "as_of"]).to_pylist()
    assert len(ages) == 16
    assert {row["age_days"] for row in ages} == {2222, 2223}
    assert lake.arrow(PEERS, where=f"as_of = '{AS_OF}' AND indicator = 'same_phone'").num_rows == 0
    assert list((lake.home / SCRATCH).glob("**/*.parquet")) == []


def test_a_day_before_any_entity_was_known_is_explained(lake):
    with pytest.raises(InputMissing, match="no entity was known by the end of 2019-06-01"):
        _build(lake, date(2019, 6, 1))
