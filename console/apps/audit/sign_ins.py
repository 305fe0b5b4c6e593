"""Record sign-ins, sign-outs, failures and lockouts in the chain, with the address."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from console.apps.audit.chain import record_event
from console.apps.audit.events import NOBODY
from console.apps.audit.models import Kind
from console.core.client_address import client_address


@receiver(user_logged_in)
def _signed_in(user: Any, request: Any = None, **_facts: Any) -> None:
    record_event(Kind.SIGNED_IN, user, detail=_from(request))


@receiver(user_logged_out)
def _signed_out(user: Any, **_facts: Any) -> None:
    if user is not None:
        record_event(Kind.SIGNED_OUT, user)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: Any = None, **_facts: Any) -> None:
    detail = {"username": str(credentials.get("username") or "-")[:150], **_from(request)}
    record_event(Kind.SIGN_IN_FAILED, NOBODY, detail=detail)


@receiver(user_locked_out)
def _locked_out(username: str, request: Any = None, **_facts: Any) -> None:
    detail = {"username": str(username)[:150], "by": "account and address", **_from(request)}
    record_event(Kind.LOCKED_OUT, NOBODY, detail=detail)


def _from(request: Any) -> dict[str, str]:
    """The address of the sign-in, if it is known."""
    address = client_address(request) if request is not None else ""
    return {"address": address} if address else {}
