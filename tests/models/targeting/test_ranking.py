"""The list: within capacity, by the objective, ties broken by a keyed hash."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.targeting.ranking import drop_without_reasons, rank_list, tie_break

KEY = b"secret"


def candidates(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["entity_id", "capacity_region", "objective"])


def ranks(listed: pd.DataFrame) -> list[tuple[int, int, str]]:
    return list(zip(listed["list_rank"], listed["region_rank"], listed["entity_id"], strict=True))


def test_each_region_lists_its_best_up_to_its_capacity() -> None:
    frame = candidates(("a", "N", 3), ("b", "N", 2), ("c", "N", 1), ("d", "S", 2.5), ("e", "S", 0))
    listed = rank_list(frame, {"N": 2, "S": 1}.__getitem__, KEY)
    assert ranks(listed) == [(1, 1, "a"), (2, 1, "d"), (3, 2, "b")]


def test_ties_break_by_keyed_hash() -> None:
    frame = candidates(*[(str(number), "N", 1.0) for number in range(50)])
    listed = rank_list(frame, lambda _region: 10, KEY)
    assert list(listed["entity_id"]) == sorted(frame["entity_id"], key=lambda entity: tie_break(entity, KEY))[:10]
    other = rank_list(frame, lambda _region: 10, b"another")
    assert list(other["entity_id"]) != list(listed["entity_id"])


def test_the_order_of_rows_does_not_matter_and_ranks_have_no_gaps() -> None:
    random = np.random.default_rng(7)
    frame = candidates(*[(str(number), "NSE"[number % 3], float(random.integers(0, 9))) for number in range(300)])
    listed = rank_list(frame, lambda _region: 20, KEY)
    shuffled = rank_list(frame.sample(frac=1, random_state=3), lambda _region: 20, KEY)
    pd.testing.assert_frame_equal(listed, shuffled)
    assert sorted(listed["list_rank"]) == list(range(1, 61))
    assert listed.groupby("capacity_region")["region_rank"].apply(lambda ranks: sorted(ranks) == list(range(1, 21))).all()


def test_entities_without_a_reason_are_dropped_and_ranks_close_up() -> None:
    frame = candidates(("a", "N", 3), ("b", "N", 2), ("c", "S", 1))
    listed = drop_without_reasons(rank_list(frame, lambda _region: 5, KEY), {"b", "c"})
    assert ranks(listed) == [(1, 1, "b"), (2, 1, "c")]


def test_a_region_without_capacity_lists_no_entity() -> None:
    assert rank_list(candidates(("a", "N", 1.0)), lambda _region: 0, KEY).empty


def test_an_objective_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        rank_list(candidates(("a", "N", float("nan"))), lambda _region: 1, KEY)
