"""Pieces that are read ahead come in their order, and what reading raises comes where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from jobs.runtime.raw_ahead import one_ahead
from jobs.runtime.raw_piece import RawPiece, no_rows

PIECES = [RawPiece(no_rows(()), warnings=(f"{number}",)) for number in range(5)]


@pytest.mark.parametrize("count", range(len(PIECES) + 1))
def test_the_pieces_are_the_same_in_the_same_order(count: int) -> None:
    assert [piece.warnings for piece in one_ahead(iter(PIECES[:count]))] == [piece.warnings for piece in PIECES[:count]]


def test_the_next_piece_is_read_while_the_caller_has_the_one_before() -> None:
    is_second_read = Event()

    def reading() -> Iterator[RawPiece]:
        yield PIECES[0]
        is_second_read.set()
        yield PIECES[1]

    pieces = one_ahead(reading())
    assert next(pieces) is PIECES[0]
    assert is_second_read.wait(timeout=60)
    assert list(pieces) == [PIECES[1]]


def test_an_error_comes_after_the_pieces_that_were_read_before_it() -> None:
    def reading() -> Iterator[RawPiece]:
        yield from PIECES[:2]
        raise OSError("the disk is gone")

    pieces = one_ahead(reading())
    assert [next(pieces), next(pieces)] == PIECES[:2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(pieces)


def test_a_caller_that_stops_has_reading_stop_too() -> None:
    read = []

    def reading() -> Iterator[RawPiece]:
        for piece in PIECES:
            read.append(piece)
            yield piece

    pieces = one_ahead(reading())
    next(pieces)
    pieces.close()
    assert len(read) == 2, "the one that was given, and the one ahead"
