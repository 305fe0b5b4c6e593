"""Accounts for looking around: one for each role, on a database that has none."""

from __future__ import annotations

import secrets

from django.db import transaction

from console.accounts.jurisdiction import Level
from console.accounts.models import Jurisdiction, User
from console.accounts.roles import Role
from console.audit.chain import append
from console.audit.facts import SYSTEM, facts_of
from console.audit.models import Kind


def make_demo_accounts() -> list[tuple[str, str]]:
    """Names and passwords of the accounts made; none where there is any account."""
    made = []
    with transaction.atomic():
        if User.objects.exists():
            return []
        for role in Role:
            password = secrets.token_urlsafe(12)
            user = User.objects.create_user(username=str(role), password=password, role=role)
            if user.may_read_list and not user.sees_every_region:
                Jurisdiction.objects.create(user=user, level=Level.ALL)
            append([facts_of(Kind.ACCOUNT_MADE, SYSTEM, detail={"account": user.pk, "role": str(role)})])
            made.append((user.username, password))
    return made
