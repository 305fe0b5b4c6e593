"""The roles, and what each may do in its regions."""

from __future__ import annotations

from enum import StrEnum

from django.core.exceptions import ImproperlyConfigured


class Role(StrEnum):
    """A person's role; each person has one."""

    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ADMIN = "admin"


READS_LIST = frozenset({Role.INSPECTOR, Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR})
DECIDES = frozenset({Role.INSPECTOR, Role.SUPERVISOR})
APPROVES = frozenset({Role.SUPERVISOR})
SEES_WHO_DECIDED = frozenset({Role.INSPECTOR, Role.SUPERVISOR, Role.AUDITOR})
"""Roles that see the name of the person who decided; other roles see that person's role."""
READS_AUDIT = frozenset({Role.AUDITOR})
READS_FEEDBACK = frozenset({Role.ANALYST, Role.SUPERVISOR, Role.AUDITOR})
DEALS_WITH_QUEUES = frozenset({Role.ANALYST, Role.SUPERVISOR})
"""Roles that close what a dismissal reported about data or rules."""
KEEPS_ACCOUNTS = frozenset({Role.ADMIN})
SEES_EVERY_REGION = frozenset({Role.AUDITOR})
"""An auditor reads all regions and changes nothing."""


def roles_named(text: str) -> frozenset[Role]:
    """The roles in a comma-separated setting; ``all`` means every role.

    Raises:
        ImproperlyConfigured: if a name is not a role.
    """
    if text.strip() == "all":
        return frozenset(Role)
    try:
        return frozenset(Role(name.strip()) for name in text.split(",") if name.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"STEELYARD_CONSOLE_SECOND_FACTOR: {error}; write {', '.join(Role)}, or all") from error
