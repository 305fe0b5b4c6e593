"""Fill a console as if it had run for months: points of earlier days, decisions, looks and campaigns."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from benchmarks.console.people import published_list, published_run

CHANGES = 0.3
"""Share of the listed entities' points that differ from the day before."""
CAMPAIGNS, MEMBERS = 4, 500
"""Number of campaigns, and of entities in each."""
LOOKS = 0.3
"""Share of the listed entities that each user has opened."""
_BATCH = 5_000


def make_history(before: date, users: Sequence[str], days: int) -> None:
    """Insert the rows that ``days`` published days before ``before`` leave; ``users`` open and decide. Always the same rows."""
    rng = random.Random(0)
    _insert(_points(rng, before, days))
    _insert(_looks(rng, users))
    _insert(_decisions(users))
    _insert(_members(_campaigns(users)))


def _insert(rows: Iterator[Any]) -> None:
    for first in rows:
        part: Iterable[Any] = [first, *islice(rows, _BATCH - 1)]
        type(first).objects.bulk_create(part, ignore_conflicts=True)


def _points(rng: random.Random, before: date, days: int) -> Iterator[Any]:
    from console.apps.evidence.models import TrendPoint

    first = TrendPoint.objects.order_by("as_of").values_list("as_of", flat=True).first() or before
    for name, points, letter in _listed("entity_id", "credit_points", "risk_class"):
        for since in (first - timedelta(days=back) for back in range(1, days + 1) if rng.random() < CHANGES):
            moved = min(max(points + rng.randrange(-50, 51), 0), 1000)
            yield TrendPoint(entity_id=name, as_of=since, credit_points=moved, risk_class=letter)


def _looks(rng: random.Random, users: Sequence[str]) -> Iterator[Any]:
    from console.apps.accounts.models import User
    from console.apps.desk.models import Look

    listed = list(_listed("entity_id", "credit_points", "risk_class"))
    for user in User.objects.filter(username__in=users).order_by("pk"):
        for name, points, letter in rng.sample(listed, round(LOOKS * len(listed))):
            # One in five has changed since.
            seen = points if rng.random() < 0.8 else points + 1
            yield Look(user=user, entity_id=name, at="2026-06-30T01:00:00.000000+00:00", credit_points=seen, risk_class=letter)


def _decisions(users: Sequence[str]) -> Iterator[Any]:
    """For each case a visit half a year ago, its return to review, and a newly planned visit."""
    from console.apps.accounts.models import User
    from console.apps.decisions.models import Case, Decision
    from console.apps.decisions.states import Action, State

    run = published_run()
    actor = User.objects.filter(username__in=users).order_by("pk").first()
    now = datetime(2026, 7, 1, tzinfo=UTC)
    steps = (
        (Action.VISIT, State.TO_REVIEW, State.VISIT_PLANNED, 200),
        (Action.RECORD, State.VISIT_PLANNED, State.VISITED, 190),
        (Action.RETURN, State.VISITED, State.TO_REVIEW, 10),
        (Action.VISIT, State.TO_REVIEW, State.VISIT_PLANNED, 1),
    )
    for case in Case.objects.order_by("pk").iterator(_BATCH):
        for at, (action, state, after, back) in enumerate(steps):
            yield Decision(
                case=case, at=now - timedelta(days=back), actor=actor, action=action, state_before=state, state_after=after,
                reason="reasons_hold" if action == Action.VISIT else "", run_id=run.run_id, risk_class=case.risk_class,
                position=case.position, form_token=f"made-{case.pk}-{at}",
            )  # fmt: skip


def _campaigns(users: Sequence[str]) -> list[Any]:
    from console.apps.accounts.models import User
    from console.apps.campaigns.models import Campaign

    actor = User.objects.filter(username__in=users).order_by("pk").first()
    now = datetime(2026, 7, 1, tzinfo=UTC)
    fields = {"run_id": "made", "capacity": MEMBERS, "checklist": "licence\nlabels", "made_by": actor, "made_at": now}
    fields |= {"starts_on": now.date(), "ends_on": now.date() + timedelta(days=90)}
    return [Campaign.objects.create(name=f"Campaign {at}", form_token=f"made-{at}", **fields) for at in range(CAMPAIGNS)]


def _members(campaigns: Sequence[Any]) -> Iterator[Any]:
    from console.apps.campaigns.models import Member

    columns = ("entity_id", "name", "position", "risk_class", "region_code", "region_middle", "region_top")
    listed = list(_listed(*columns))
    step = max(len(listed) // MEMBERS, 1)
    for at, campaign in enumerate(campaigns):
        for row in listed[at::step]:
            yield Member(campaign=campaign, **dict(zip(columns, row, strict=True)))


def _listed(*columns: str) -> Iterator[tuple[Any, ...]]:
    rows = published_list().filter(is_listed=True).order_by("position")
    yield from rows.values_list(*columns).iterator(chunk_size=_BATCH)
