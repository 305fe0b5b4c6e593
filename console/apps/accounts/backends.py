"""Who somebody is who gives a name and a password.

Who somebody is whom the provider sends: its word is checked, and the account must be there and open.
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
from console.apps.audit.chain import append
from console.apps.audit.events import NOBODY, event_facts
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
        counted = sign_in_attempts.count(request, username)
        if (beyond := sign_in_attempts.beyond(counted)) is not None:
            if sign_in_attempts.is_first_beyond(beyond):
                detail = {"username": username[:150], "by": beyond.about, "address": client_address(request)}
                append([event_facts(Kind.LOCKED_OUT, NOBODY, detail=detail)])
            request.axes_locked_out = True  # Axes' middleware shows its page
            raise PermissionDenied
        user: User | None = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            sign_in_attempts.take_back(counted)
        return user

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is open; a session of one that is not is nobody's."""
        return bool(user.is_open)


LOGGER = logging.getLogger(__name__)


class Provider(OIDCAuthenticationBackend):
    """The library's backend, with what OpenID Connect Core 1.0 asks beyond it (3.1.3.7: issuer, audience; 5.3.2: subject)."""

    def authenticate(self, request: Any, **kwargs: Any) -> User | None:
        """The account; None where the provider's answer is wrong, late or does not come."""
        if "nonce" not in kwargs:  # somebody signs in by password: the address of that page may say anything
            return None
        try:
            user: User | None = super().authenticate(request, **kwargs)
        except (RequestException, SuspiciousOperation, jwt.PyJWTError, KeyError, ValueError) as error:
            LOGGER.warning("the provider's answer cannot be taken: %s", type(error).__name__)
            return None
        return user if user is not None and self.user_can_authenticate(user) else None

    def verify_token(self, token: Any, **kwargs: Any) -> Any:
        """The token's claims.

        Raises:
            SuspiciousOperation: when it is another issuer's, or for another client, or has no end.
        """
        payload = super().verify_token(token, **kwargs)
        audience = payload.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != settings.OIDC_PROVIDER["issuer"]:
            raise SuspiciousOperation("the token is another issuer's")
        if self.OIDC_RP_CLIENT_ID not in audiences or payload.get("azp", self.OIDC_RP_CLIENT_ID) != self.OIDC_RP_CLIENT_ID:
            raise SuspiciousOperation("the token is for another client")
        if "exp" not in payload:
            raise SuspiciousOperation("the token has no end")
        return payload

    def get_userinfo(self, access_token: Any, id_token: Any, payload: Any) -> Any:
        """What the provider tells of the person that the token is about, and of nobody else.

        Raises:
            SuspiciousOperation: when it tells of another.
        """
        found = super().get_userinfo(access_token, id_token, payload)
        if not payload.get("sub") or found.get("sub") != payload["sub"]:
            raise SuspiciousOperation("the provider tells of another person than the token's")
        return found

    def verify_claims(self, claims: Any) -> bool:
        """Whether the claim that names the account is there."""
        return bool(claims.get(settings.OIDC_PROVIDER["claim"]))

    def filter_users_by_claims(self, claims: Any) -> QuerySet[User]:
        """The account of that name."""
        return User.objects.filter(username=str(claims[settings.OIDC_PROVIDER["claim"]])[:150])

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is open."""
        return bool(user.is_open)

    def get_user(self, user_id: Any) -> User | None:
        """The account of a session; none once it is shut."""
        user: User | None = super().get_user(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
