"""Accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.roles import READS_LIST, SEES_EVERY_REGION, Role

# The salt of stored session hashes, not a module name: another text ends all sessions that were ended before.
SESSION_SALT = "console.accounts.sessions"


class User(AbstractUser):
    """A person with one role and some regions. Accounts are deactivated, never deleted: the audit names them."""

    role = models.CharField(max_length=16, choices=[(item, item) for item in Role], default=Role.INSPECTOR)
    language = models.CharField(max_length=8, default="", blank=True)
    uses_keys = models.BooleanField(default=True)
    has_second_factor = models.BooleanField(default=False)
    goes_on = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    sessions_ended = models.IntegerField(default=0)

    class Meta(AbstractUser.Meta):
        ordering = ("username",)

    def __str__(self) -> str:
        return self.username

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """The hash that each session of the account stores. It changes when all of the account's sessions are ended."""
        own: str = super()._get_session_auth_hash(secret=secret)
        if not self.sessions_ended:
            return own
        return salted_hmac(SESSION_SALT, f"{own}:{self.sessions_ended}", secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_open(self) -> bool:
        """Whether sign-in is allowed: the account is active, and demo accounts only where the settings allow them."""
        return self.is_active and (not self.is_demo or bool(getattr(settings, "DEMO_ACCOUNTS", False)))

    @property
    def may_read_list(self) -> bool:
        """Whether the role may read entities."""
        return self.role in READS_LIST

    @property
    def sees_every_region(self) -> bool:
        """Whether the role reads all regions."""
        return self.role in SEES_EVERY_REGION

    def end_access(self) -> int:
        """End all sessions and tokens, also for a later reactivation; return the number of tokens. The caller saves the account."""
        self.sessions_ended += 1
        return self.revoke_tokens()

    def lock(self) -> None:
        """Lock the account's row until the transaction ends, so that its tokens are made and revoked one after the other."""
        User.objects.select_for_update().filter(pk=self.pk).first()

    def revoke_tokens(self) -> int:
        """Revoke the account's tokens; return their number. The caller has a transaction."""
        self.lock()
        return int(self.tokens.filter(is_revoked=False).update(is_revoked=True))

    def regions(self) -> Sequence[Jurisdiction]:
        """The account's jurisdictions, read once per request."""
        if not hasattr(self, "_regions"):
            self._regions = list(self.jurisdictions.all())
        return self._regions


class Tries(models.Model):
    """The number of password attempts in one window of time of one device, from one address or for one account.

    A keyed hash stands for the device, address or account: people sometimes type their password into the name field.
    """

    about = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    window = models.BigIntegerField()
    count = models.IntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("about", "digest", "window"), name="one_count_a_window"),)
        indexes = (models.Index(fields=("window",), name="tries_by_window"),)


class Jurisdiction(models.Model):
    """A region that a user is responsible for, with all regions below it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="jurisdictions")
    level = models.CharField(max_length=8, choices=[(item, item) for item in Level])
    code = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "level", "code"), name="one_jurisdiction_a_region"),)
        ordering = ("level", "code")
