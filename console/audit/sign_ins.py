"""Who signed in and out, and who could not, goes into the chain."""

from __future__ import annotations

from typing import Any

from console.audit.chain import append
from console.audit.facts import NOBODY, facts_of
from console.audit.models import Kind


def connect() -> None:
    """Listen to Django's and Axes' signals."""
    from axes.signals import user_locked_out
    from django.contrib.auth import signals

    signals.user_logged_in.connect(_signed_in, dispatch_uid="audit in")
    signals.user_logged_out.connect(_signed_out, dispatch_uid="audit out")
    signals.user_login_failed.connect(_failed, dispatch_uid="audit failed")
    user_locked_out.connect(_locked_out, dispatch_uid="audit locked")


def _signed_in(user: Any, **_facts: Any) -> None:
    append([facts_of(Kind.SIGNED_IN, user)])


def _signed_out(user: Any, **_facts: Any) -> None:
    if user is not None:
        append([facts_of(Kind.SIGNED_OUT, user)])


def _failed(credentials: dict[str, Any], **_facts: Any) -> None:
    append([facts_of(Kind.SIGN_IN_FAILED, NOBODY, detail={"username": str(credentials.get("username") or "-")[:150]})])


def _locked_out(username: str, **_facts: Any) -> None:
    append([facts_of(Kind.LOCKED_OUT, NOBODY, detail={"username": str(username)[:150], "by": "account and address"})])
