"""Record sign-ins, sign-outs, failures and lockouts in the chain, with the address."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from console.apps.accounts.sign_in_attempts import origin_of, record_failure
from console.apps.audit.chain import record_event
from console.apps.audit.models import Kind
from console.core import clock

BEGAN_AT = "began_at"
"""When a session began, in seconds since 1970."""


@receiver(user_logged_in)
def _signed_in(user: Any, request: Any = None, **_facts: Any) -> None:
    record_event(Kind.SIGNED_IN, user, detail=origin_of(request))
    if request is not None:
        request.session[BEGAN_AT] = int(clock.now().timestamp())


@receiver(user_logged_out)
def _signed_out(user: Any, **_facts: Any) -> None:
    if user is not None:
        record_event(Kind.SIGNED_OUT, user)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: Any = None, **_facts: Any) -> None:
    record_failure(Kind.SIGN_IN_FAILED, str(credentials.get("username") or ""), request)


@receiver(user_locked_out)
def _locked_out(username: str, request: Any = None, **_facts: Any) -> None:
    record_failure(Kind.LOCKED_OUT, str(username), request, by="account and address")
