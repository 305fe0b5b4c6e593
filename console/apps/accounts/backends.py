"""Authentication backends: by name and password, and by a provider of OpenID Connect.

The account must exist and be open. Sessions store the path of the backend class: when it changes, everybody must sign in again.
"""

from __future__ import annotations

import logging
from typing import Any

import jwt
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from requests.exceptions import RequestException

from console.apps.accounts import sign_in_attempts
from console.apps.accounts.models import User
from console.apps.audit.models import Kind

LOGGER = logging.getLogger(__name__)


class ByPassword(ModelBackend):
    """Django's backend, for open accounts and within the limits on password attempts."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The account; None if name or password is wrong.

        Raises:
            PermissionDenied: after too many attempts. The password is not checked, even if it is right.
        """
        if request is None or username is None or password is None:
            return None
        counted = sign_in_attempts.count_attempt(request, username)
        if (exceeded := sign_in_attempts.exceeded_limit(counted)) is not None:
            if sign_in_attempts.is_first_over_limit(exceeded):
                sign_in_attempts.record_failure(Kind.LOCKED_OUT, username, request, by=exceeded.about)
            request.axes_locked_out = True  # Axes' middleware shows its page
            raise PermissionDenied
        user: User | None = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            sign_in_attempts.uncount(counted)
        return user

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is open. A session of an account that is not open has no user."""
        return bool(user.is_open)


class Provider(OIDCAuthenticationBackend):
    """The library's backend, with further checks of OpenID Connect Core 1.0 (3.1.3.7: issuer, audience; 5.3.2: subject)."""

    def authenticate(self, request: Any, **kwargs: Any) -> User | None:
        """The account; None if the provider's answer is wrong, late or missing."""
        if "nonce" not in kwargs:  # a sign-in by password, whose URL may have any query
            return None
        try:
            user: User | None = super().authenticate(request, **kwargs)
        except (RequestException, SuspiciousOperation, jwt.PyJWTError, KeyError, ValueError) as error:
            LOGGER.warning("the provider's answer is refused: %s", type(error).__name__)
            return None
        return user if user is not None and self.user_can_authenticate(user) else None

    def verify_token(self, token: Any, **kwargs: Any) -> Any:
        """The token's claims.

        Raises:
            SuspiciousOperation: for another issuer or client, or without an expiry.
        """
        payload = super().verify_token(token, **kwargs)
        audience = payload.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != settings.OIDC_PROVIDER["issuer"]:
            raise SuspiciousOperation("the token is from another issuer")
        if self.OIDC_RP_CLIENT_ID not in audiences or payload.get("azp", self.OIDC_RP_CLIENT_ID) != self.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("the token is for another client")
        if "exp" not in payload:
            raise SuspiciousOperation("the token has no expiry")
        return payload

    def get_userinfo(self, access_token: Any, id_token: Any, payload: Any) -> Any:
        """The provider's claims about the person of the token.

        Raises:
            SuspiciousOperation: if they are about another person.
        """
        found = super().get_userinfo(access_token, id_token, payload)
        if not payload.get("sub") or found.get("sub") != payload["sub"]:
            raise SuspiciousOperation("the claims are about another person than the token")
        return found

    def verify_claims(self, claims: Any) -> bool:
        """Whether the claims include the one that names the account."""
        return bool(claims.get(settings.OIDC_PROVIDER["claim"]))

    def filter_users_by_claims(self, claims: Any) -> QuerySet[User]:
        """The account of that name."""
        return User.objects.filter(username=str(claims[settings.OIDC_PROVIDER["claim"]])[:150])

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is open."""
        return bool(user.is_open)

    def get_user(self, user_id: Any) -> User | None:
        """The account of a session; None once the account is deactivated."""
        user: User | None = super().get_user(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
