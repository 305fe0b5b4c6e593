"""The origin of a sum of two measurements."""

from __future__ import annotations

from benchmarks.harness.machine import ORIGIN, merged_origin, origin_of

ONE = {"revision": "a", "measured_on": "2026-01-01", "processor": "quick"}


def test_equal_facts_stay_and_different_or_unknown_facts_are_joined() -> None:
    assert set(ONE) == set(ORIGIN)
    assert merged_origin(ONE, ONE) == ONE
    assert merged_origin(ONE, {**ONE, "measured_on": "2026-01-02"}) == {**ONE, "measured_on": "2026-01-01 and 2026-01-02"}
    assert merged_origin(origin_of({}), ONE)["revision"] == "unknown and a"
    assert merged_origin(origin_of({}), origin_of({}))["revision"] is None
