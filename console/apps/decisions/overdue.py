"""What waits longer than the policy lets it: visits without a result, proposals without a second person's word."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from console.apps.decisions.models import Case
from console.apps.decisions.states import WITH_DEADLINE
from console.core.policy import Policy
from console.core.working_days import working_days_between


def overdue(cases: QuerySet[Case], today: date) -> QuerySet[Case]:
    """Those of the cases whose deadline is past, the longest first. On its last day nothing is overdue yet."""
    return cases.filter(state__in=WITH_DEADLINE, due_on__lt=today).order_by("due_on", "pk")


def days_overdue(case: Case, today: date, policy: Policy) -> int:
    """For how many working days a case has been overdue; 0 where it is not, or only since days on which nobody works."""
    if case.state not in WITH_DEADLINE or case.due_on is None:
        return 0
    return working_days_between(case.due_on, today, policy)
