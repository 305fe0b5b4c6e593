"""Reading ahead gives what reading gives, and fails where it fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from jobs.runtime.raw_ahead import read_ahead


def test_pieces_come_in_their_order_and_one_is_read_ahead() -> None:
    is_read, is_worked_on = threading.Event(), threading.Event()

    def pieces() -> Iterator[int]:
        yield 0
        assert is_worked_on.wait(10)
        is_read.set()
        yield 1
        yield 2

    found = []
    for piece in read_ahead(pieces()):
        if piece == 0:
            is_worked_on.set()
            assert is_read.wait(10), "the next piece was not read while the first was worked on"
        found.append(piece)
    assert found == [0, 1, 2]
    assert list(read_ahead([])) == []


def test_what_reading_raises_is_raised_in_its_turn() -> None:
    def pieces() -> Iterator[int]:
        yield 0
        raise OSError("the share is gone")

    given = read_ahead(pieces())
    assert next(given) == 0
    with pytest.raises(OSError, match="the share is gone"):
        next(given)


def test_nothing_is_read_any_more_when_nobody_wants_it() -> None:
    before = set(threading.enumerate())
    given = read_ahead(iter(range(1_000)))
    assert next(given) == 0
    given.close()
    assert set(threading.enumerate()) <= before
