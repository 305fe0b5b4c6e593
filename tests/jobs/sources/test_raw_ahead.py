"""Reading ahead gives what reading gives, fails where it fails, and leaves nothing open."""

from __future__ import annotations

import threading
from collections.abc import Generator
from datetime import date
from pathlib import Path

import pytest

from jobs.profile.mapping import load_mappings
from jobs.sources import landing
from jobs.sources.deliveries import Delivery
from jobs.sources.landing import read_ahead
from tests.day.town import PROFILE


def test_pieces_come_in_their_order_and_one_is_read_ahead() -> None:
    is_read, is_worked_on = threading.Event(), threading.Event()

    def pieces() -> Generator[int, None, None]:
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


def test_what_reading_raises_is_raised_in_its_turn() -> None:
    def pieces() -> Generator[int, None, None]:
        yield 0
        raise OSError("the share is gone")

    given = read_ahead(pieces())
    assert next(given) == 0
    with pytest.raises(OSError, match="the share is gone"):
        next(given)


def test_no_more_than_one_piece_is_read_ahead_and_what_is_read_is_closed() -> None:
    taken: list[int] = []
    closed = threading.Event()

    def pieces() -> Generator[int, None, None]:
        try:
            for number in range(1_000):
                taken.append(number)
                yield number
        finally:
            closed.set()

    read = pieces()
    given = read_ahead(read)
    assert next(given) == 0
    given.close()
    assert taken == [0, 1]
    assert closed.is_set()


def test_nothing_goes_on_reading_a_file_whose_records_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(landing.Landing, "_write", full)
    mapping = load_mappings(PROFILE)["complaints"]
    path = tmp_path / "day.jsonl"
    path.write_text('{"no": "C1"}\n' * 400_000, encoding="utf-8")
    with pytest.raises(OSError, match="no space left") as raised:
        landing.land(mapping, [Delivery(date(2026, 6, 30), (path,))], tmp_path, tmp_path / "landed")
    assert raised.tb is not None  # what was under way is still referred to
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("reading")] == []
