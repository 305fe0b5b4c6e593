"""The roles, and what each may do whatever the region."""

from __future__ import annotations

from enum import StrEnum

from django.core.exceptions import ImproperlyConfigured


class Role(StrEnum):
    """What a person is here for; each person has one."""

    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ADMIN = "admin"


READS_LIST = frozenset({Role.INSPECTOR, Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR})
DECIDES = frozenset({Role.INSPECTOR, Role.SUPERVISOR})
APPROVES = frozenset({Role.SUPERVISOR})
SEES_WHO_DECIDED = frozenset({Role.INSPECTOR, Role.SUPERVISOR, Role.AUDITOR})
"""To whom a decision tells the person; others who read it are told the person's role."""
READS_AUDIT = frozenset({Role.AUDITOR})
READS_FEEDBACK = frozenset({Role.ANALYST, Role.SUPERVISOR, Role.AUDITOR})
DEALS_WITH_QUEUES = frozenset({Role.ANALYST, Role.SUPERVISOR})
"""Who says that what a dismissal told of data or rules is dealt with."""
KEEPS_ACCOUNTS = frozenset({Role.ADMIN})
SEES_EVERY_REGION = frozenset({Role.AUDITOR})
"""An auditor answers for all regions, and changes nothing in any."""


def roles_named(text: str) -> frozenset[Role]:
    """The roles that a setting names, by commas; ``all`` is every role.

    Raises:
        ImproperlyConfigured: when one is no role.
    """
    if text.strip() == "all":
        return frozenset(Role)
    try:
        return frozenset(Role(name.strip()) for name in text.split(",") if name.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"STEELYARD_CONSOLE_SECOND_FACTOR: {error}; write {', '.join(Role)}, or all") from error
