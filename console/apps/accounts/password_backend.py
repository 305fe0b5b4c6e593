"""Who somebody is who gives a name and a password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from console.apps.accounts import tries
from console.apps.accounts.models import User
from console.apps.audit.chain import append
from console.apps.audit.events import NOBODY, facts_of
from console.apps.audit.models import Kind
from console.core.client_address import client_address


class ByPassword(ModelBackend):
    """Django's own, for accounts that are open here, which looks at no more passwords than may be tried."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The account; None where name or password is wrong.

        Raises:
            PermissionDenied: too many were tried. No password is looked at, not even the right one.
        """
        if request is None or username is None or password is None:
            return None
        counted = tries.count(request, username)
        if (beyond := tries.beyond(counted)) is not None:
            if tries.is_first_beyond(beyond):
                detail = {"username": username[:150], "by": beyond.about, "address": client_address(request)}
                append([facts_of(Kind.LOCKED_OUT, NOBODY, detail=detail)])
            request.axes_locked_out = True  # Axes' middleware shows its page
            raise PermissionDenied
        user: User | None = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            tries.take_back(counted)
        return user

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is open; a session of one that is not is nobody's."""
        return bool(user.is_open)
