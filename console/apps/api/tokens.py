"""Make and check tokens, and count their use."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Case as When
from django.db.models import F, QuerySet, Value
from django.db.models import When as If
from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer

from console.apps.accounts.roles import DECIDES
from console.apps.api.models import MUTABLE, Scope, Token
from console.apps.audit.chain import record_event
from console.apps.audit.content import CONTENT, content_digest
from console.apps.audit.models import Kind
from console.apps.ranking.current_policy import current_date
from console.core import clock

REQUESTS_PER_MINUTE = 120
"""The limit of each token."""
LONGEST_DAYS = 90
MOST_TOKENS = 10
"""Valid tokens of one user."""


def scopes_of(user: Any) -> list[Scope]:
    """What a token of this user may be used for."""
    if not user.may_read_list:
        return []
    return [scope for scope in Scope if scope != Scope.DECIDE or user.role in DECIDES]


def live_tokens(user: Any) -> QuerySet[Token]:
    """A user's tokens that are neither expired nor revoked."""
    return Token.objects.filter(user=user, is_revoked=False, expires_on__gte=current_date())


class TooManyTokens(Exception):
    """The user has :data:`MOST_TOKENS` valid tokens."""


def make_token(user: Any, name: str, scopes: list[str], expires_on: date) -> str:
    """Make a token and return its text, which is stored nowhere.

    Raises:
        TooManyTokens: the rate limit is per token, so their number is limited.
    """
    text = "sty_" + secrets.token_urlsafe(32)
    allowed = [str(scope) for scope in scopes_of(user) if scope in scopes]
    with transaction.atomic():
        user.lock()  # or parallel requests would all count the tokens before any of them is made
        if live_tokens(user).count() >= MOST_TOKENS:
            raise TooManyTokens
        token = Token.objects.create(
            user=user, name=name, digest=_digest(text), scopes=allowed, made_at=clock.now(), expires_on=expires_on
        )
        content = {CONTENT: content_digest(token, without=MUTABLE)}
        record_event(Kind.TOKEN_MADE, user, detail={"token": token.pk, "scopes": allowed, "expires_on": expires_on, **content})
    return text


class Bearer(HttpBearer):
    """``Authorization: Bearer TOKEN``, for one scope."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """The token if it is valid; the request then acts as its owner.

        It does not matter whether the owner must still choose a password: before that, only a session from the provider can make a
        token, and a new password revokes all earlier tokens.

        Raises:
            HttpError: 403 if the token lacks the scope, 429 if it was used too often within the minute.
        """
        found = Token.objects.select_related("user").filter(digest=_digest(token), is_revoked=False).first()
        if found is None or found.expires_on < current_date() or not found.user.is_open:
            return None
        if self.scope not in found.scopes or self.scope not in scopes_of(found.user):
            raise HttpError(403, f"this token is not for {self.scope}")
        if not _count(found):
            raise HttpError(429, f"at most {REQUESTS_PER_MINUTE} requests a minute")
        request.user = found.user
        return found


def _count(token: Token) -> bool:
    """Count one use in the database, so that all workers count together; False if the limit is exceeded."""
    minute = int(clock.now().timestamp()) // 60
    used = When(If(minute=minute, then=F("used_in_minute") + 1), default=Value(1))
    Token.objects.filter(pk=token.pk).update(used_in_minute=used, minute=minute)
    token.refresh_from_db(fields=["used_in_minute"])
    return token.used_in_minute <= REQUESTS_PER_MINUTE


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
