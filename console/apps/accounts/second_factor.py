"""The second factor of an account: six digits from an authenticator app (TOTP, RFC 6238), asked for after the password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django_otp import verify_token
from django_otp.plugins.otp_totp.models import TOTPDevice

from console.apps.accounts.models import User
from console.apps.audit.chain import record_event
from console.apps.audit.models import Kind


def needs_second_factor(user: object) -> bool:
    """Whether the site requires a second factor for the user's role."""
    return getattr(user, "role", "") in settings.SECOND_FACTOR_FOR


def device_of(user: User) -> TOTPDevice | None:
    """The account's confirmed device; None without a second factor."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def new_device(user: User) -> TOTPDevice:
    """The device that the account is setting up; the same one until it is confirmed."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    return device


def verified_device(user: User, device: TOTPDevice | None, digits: str) -> Any:
    """The device if the digits are right, else None. After wrong digits the next attempt must wait, longer each time."""
    return verify_token(user, device.persistent_id, digits) if device is not None else None


def add_second_factor(user: User, device: TOTPDevice) -> None:
    """Confirm a device: from now on the account has a second factor. The audit records it."""
    with transaction.atomic():
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        User.objects.filter(pk=user.pk).update(has_second_factor=True)
        record_event(Kind.SECOND_FACTOR_ADDED, user, detail={"account": user.pk})
    device.confirmed = True


def remove_second_factor(user: User, by: Any) -> bool:
    """Remove an account's second factor; False if it has none. The audit records who did it."""
    with transaction.atomic():
        had = User.objects.filter(pk=user.pk, has_second_factor=True).update(has_second_factor=False)
        TOTPDevice.objects.filter(user=user).delete()
        user.has_second_factor = False
        if had:
            record_event(Kind.SECOND_FACTOR_REMOVED, by, detail={"account": user.pk})
    return bool(had)
