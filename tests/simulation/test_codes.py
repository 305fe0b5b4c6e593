"""Identifiers are valid and distinct; pilot codes have a wrong check character."""

from __future__ import annotations

import numpy as np
import pytest
from stdnum.cn import uscc

from simulation.world.codes import pseudonyms, social_credit_codes, with_wrong_check


def make(numbers: np.ndarray, key: int = 7) -> np.ndarray:
    size = len(numbers)
    return social_credit_codes(numbers, np.full(size, b"91"), np.full(size, b"330106"), key)


def test_codes_are_valid_and_distinct() -> None:
    codes = [code.decode() for code in make(np.arange(3000))]
    assert all(uscc.is_valid(code) for code in codes)
    assert len(set(codes)) == 3000


def test_codes_contain_kind_and_region() -> None:
    codes = social_credit_codes(np.array([5, 6]), np.array([b"91", b"92"]), np.array([b"330106", b"510104"]), 1)
    assert [code.decode()[:8] for code in codes] == ["91330106", "92510104"]


def test_organisation_part_has_its_own_check_character() -> None:
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    for code in make(np.arange(50)):
        part = code.decode()[8:17]
        total = sum(int(letter, 36) * weight for letter, weight in zip(part, weights, strict=False))
        assert part[8] == {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))


def test_another_key_gives_other_codes() -> None:
    assert set(make(np.arange(100), 1)).isdisjoint(set(make(np.arange(100), 2)))


def test_pilot_codes_fail_the_check_and_the_rest_stay() -> None:
    codes = make(np.arange(10))
    marked = np.arange(10) % 2 == 0
    changed = with_wrong_check(codes, marked)
    assert [uscc.is_valid(code.decode()) for code in changed] == [not mark for mark in marked]
    assert (changed[~marked] == codes[~marked]).all()


def test_a_number_out_of_range_is_an_error() -> None:
    with pytest.raises(ValueError, match="distinct codes"):
        make(np.array([31**6]))


def test_a_number_has_one_pseudonym() -> None:
    first, second, again = pseudonyms(np.array([1, 2, 1]), 3)
    assert first == again
    assert first != second
    assert len(first) == 16
