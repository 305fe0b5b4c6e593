"""A median of zeros of both signs is one number, whatever the order of rows."""

from __future__ import annotations

import math

import pytest

from jobs.transforms.features.peers import EVERYONE, describe_groups


@pytest.mark.parametrize("values", [(-0.0,) * 30 + (0.0,) * 3, (0.0,) * 3 + (-0.0,) * 30])
def test_zeros_of_both_signs_have_a_median_without_a_sign(spark, values):
    entities = spark.createDataFrame([("c", True, value) for value in values], "cell string, is_active boolean, x double")
    cells = spark.sql(f"SELECT 'c' AS cell, '{EVERYONE}' AS peer_group, array('{EVERYONE}') AS within")
    (row,) = describe_groups(entities, cells, ["x"], lambda frame: frame).collect()
    assert (row["n_x"], row["m_x"], math.copysign(1, row["m_x"])) == (33, 0.0, 1.0)
