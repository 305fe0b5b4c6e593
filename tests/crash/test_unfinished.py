"""A step that died is done again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from jobs.lake.write_intents import WriteIntent

FIRST, SECOND, THIRD = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)


class Died(BaseException):
    """As if the process had been killed: nothing of ours catches it."""


@pytest.fixture
def note(tmp_path: Path) -> WriteIntent:
    """The note of a step."""
    return WriteIntent(tmp_path, "tax", "ingest")


def die_writing(note: WriteIntent, first: date, last: date) -> None:
    with pytest.raises(Died), note.writing(first, last):
        raise Died


def test_what_ended_well_leaves_no_note(note: WriteIntent, tmp_path: Path) -> None:
    with note.writing(FIRST, THIRD):
        assert note.first(THIRD) == FIRST
    assert note.first(THIRD) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_died_is_to_be_done_again_from_its_first_day(note: WriteIntent) -> None:
    die_writing(note, SECOND, THIRD)
    assert (note.first(FIRST), note.first(SECOND), note.first(THIRD)) == (None, SECOND, SECOND)


def test_doing_a_part_again_leaves_the_rest(note: WriteIntent) -> None:
    die_writing(note, FIRST, THIRD)
    with note.writing(FIRST, SECOND):
        pass
    assert (note.first(SECOND), note.first(THIRD)) == (None, THIRD)


def test_dying_twice_adds_up(note: WriteIntent) -> None:
    die_writing(note, THIRD, THIRD)
    die_writing(note, FIRST, FIRST)
    assert note.first(FIRST) == FIRST
    with note.writing(FIRST, FIRST):
        pass
    assert note.first(THIRD) == SECOND
