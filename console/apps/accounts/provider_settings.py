"""Settings for sign-in through a provider of OpenID Connect: code flow with PKCE, state and nonce.

The provider identifies the person. An administrator makes the account with its role and regions; sign-in makes no account.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

REQUIRED = (
    "issuer", "client_id", "client_secret", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
)  # fmt: skip
"""Required keys of the file that ``STEELYARD_CONSOLE_OIDC`` names, as in the provider's discovery document."""
OPTIONAL = {"scope": "openid profile", "algorithm": "RS256", "claim": "preferred_username", "is_only_way": False}
"""Optional keys with their defaults."""


def provider_settings(path: str) -> dict[str, Any]:
    """Django's settings for the provider that a file describes.

    Raises:
        ImproperlyConfigured: if the file cannot be used.
    """
    if not path:
        return {"OIDC_PROVIDER": None}
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ImproperlyConfigured(f"STEELYARD_CONSOLE_OIDC: {path} cannot be read: {error}") from error
    wrong = [*(f"{name} is missing" for name in REQUIRED if not values.get(name))]
    wrong += [f"{name} is no setting" for name in values if name not in (*REQUIRED, *OPTIONAL)]
    if not str(values.get("algorithm", "RS256")).startswith(("RS", "ES")):
        wrong.append("algorithm must be one of a key pair, such as RS256 or ES256")
    if wrong:
        raise ImproperlyConfigured(f"STEELYARD_CONSOLE_OIDC: {path}: {'; '.join(wrong)}; see docs/how-to/deploy-console.md")
    values = {**OPTIONAL, **values}
    return {
        "OIDC_PROVIDER": {"issuer": values["issuer"], "claim": values["claim"], "is_only_way": values["is_only_way"]},
        "OIDC_RP_CLIENT_ID": values["client_id"],
        "OIDC_RP_CLIENT_SECRET": values["client_secret"],
        "OIDC_OP_AUTHORIZATION_ENDPOINT": values["authorization_endpoint"],
        "OIDC_OP_TOKEN_ENDPOINT": values["token_endpoint"],
        "OIDC_OP_USER_ENDPOINT": values["userinfo_endpoint"],
        "OIDC_OP_JWKS_ENDPOINT": values["jwks_uri"],
        "OIDC_RP_SIGN_ALGO": values["algorithm"],
        "OIDC_RP_SCOPES": values["scope"],
        "OIDC_USE_PKCE": True,
        "OIDC_CREATE_USER": False,
        "OIDC_TIMEOUT": 10,
        "OIDC_AUTHENTICATION_CALLBACK_URL": "provider_back",
        "LOGIN_REDIRECT_URL_FAILURE": "/sign-in/?refused=provider",
    }
