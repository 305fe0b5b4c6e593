"""Where a figure comes from that two measurements were added up to."""

from __future__ import annotations

from benchmarks.harness.machine import ORIGIN, origin_of, origin_of_both

ONE = {"revision": "a", "measured_on": "2026-01-01", "processor": "quick"}


def test_what_is_alike_is_told_once_and_what_differs_or_is_unknown_of_both() -> None:
    assert set(ONE) == set(ORIGIN)
    assert origin_of_both(ONE, ONE) == ONE
    assert origin_of_both(ONE, {**ONE, "measured_on": "2026-01-02"}) == {**ONE, "measured_on": "2026-01-01 and 2026-01-02"}
    assert origin_of_both(origin_of({}), ONE)["revision"] == "unknown and a"
    assert origin_of_both(origin_of({}), origin_of({}))["revision"] is None
