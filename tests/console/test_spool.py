"""The spool of views and searches: a partial line or a line of another version costs no other line."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from console.apps.audit import spool
from console.apps.audit.events import SYSTEM, event_facts
from console.apps.audit.models import AuditEvent, Kind
from tests.console.conftest import Site


def put(at: int) -> None:
    spool.put(event_facts(Kind.VIEWED, SYSTEM, detail={"at": at}))


def taken_in() -> list[int]:
    spool.flush()
    return [json.loads(event.detail)["at"] for event in AuditEvent.objects.filter(kind=Kind.VIEWED)]


@pytest.mark.parametrize("keep", [1, 40, -1])
def test_a_partial_line_of_a_killed_writer_costs_no_other_line(site: Site, keep: int) -> None:
    put(1)
    put(2)
    waiting = site.folder.spool / spool.WAITING
    first, second = waiting.read_bytes().splitlines(keepends=True)
    waiting.write_bytes(first + second.rstrip(b"\n")[:keep])

    put(3)

    assert taken_in() == [1, 3]


def test_a_line_that_is_no_event_is_moved_to_a_file_for_people(site: Site) -> None:
    other = b'{"kind": "viewed", "of_a_later_version": 1}'
    put(1)
    with (site.folder.spool / spool.WAITING).open("ab") as file:
        file.write(other + b"\n")
    put(2)

    assert taken_in() == [1, 2]
    assert (site.folder.spool / spool.UNREAD).read_bytes() == other + b"\n"
    assert taken_in() == [1, 2]
    assert (site.folder.spool / spool.UNREAD).read_bytes() == other + b"\n"


def test_lines_are_due_when_the_first_has_waited_long_enough(site: Site) -> None:
    assert not spool.is_due()
    for at in range(5):
        put(at)
        assert not spool.is_due()
        site.now[0] += timedelta(seconds=spool.SECONDS / 5)

    assert spool.is_due()
    assert taken_in() == [0, 1, 2, 3, 4]
    put(5)
    assert not spool.is_due()


def test_a_partial_first_line_is_due(site: Site) -> None:
    put(1)
    waiting = site.folder.spool / spool.WAITING
    waiting.write_bytes(waiting.read_bytes()[:40])

    assert spool.is_due()
