"""Who somebody is who gives a name and a password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend


class ByPassword(ModelBackend):
    """Django's own, for accounts that are open here; a session of one that is not is nobody's."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is open."""
        return bool(user.is_open)
