"""Sign in through a provider of OpenID Connect, where the site names one: code flow with PKCE, state and nonce.

The provider says who somebody is; the account, with its role and regions, is one that an administrator made here. None is made by
signing in.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

NEEDED = (
    "issuer", "client_id", "client_secret", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri",
)  # fmt: skip
"""What the file that ``STEELYARD_CONSOLE_OIDC`` names must say; the names are those of the provider's own discovery document."""
MAY = {"scope": "openid profile", "algorithm": "RS256", "claim": "preferred_username", "is_only_way": False}
"""What it may say, and what holds where it does not."""


def provider_settings(path: str) -> dict[str, Any]:
    """Django's settings for the provider that a file describes; none where no file is named.

    Raises:
        ImproperlyConfigured: when the file cannot be used.
    """
    if not path:
        return {"OIDC_PROVIDER": None}
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ImproperlyConfigured(f"STEELYARD_CONSOLE_OIDC: {path} cannot be read: {error}") from error
    wrong = [*(f"{name} is missing" for name in NEEDED if not said.get(name))]
    wrong += [f"{name} is no setting" for name in said if name not in (*NEEDED, *MAY)]
    if not str(said.get("algorithm", "RS256")).startswith(("RS", "ES")):
        wrong.append("algorithm must be one of a key pair, such as RS256 or ES256")
    if wrong:
        raise ImproperlyConfigured(f"STEELYARD_CONSOLE_OIDC: {path}: {'; '.join(wrong)}; see docs/how-to/deploy-console.md")
    said = {**MAY, **said}
    return {
        "OIDC_PROVIDER": {"issuer": said["issuer"], "claim": said["claim"], "is_only_way": said["is_only_way"]},
        "OIDC_RP_CLIENT_ID": said["client_id"],
        "OIDC_RP_CLIENT_SECRET": said["client_secret"],
        "OIDC_OP_AUTHORIZATION_ENDPOINT": said["authorization_endpoint"],
        "OIDC_OP_TOKEN_ENDPOINT": said["token_endpoint"],
        "OIDC_OP_USER_ENDPOINT": said["userinfo_endpoint"],
        "OIDC_OP_JWKS_ENDPOINT": said["jwks_uri"],
        "OIDC_RP_SIGN_ALGO": said["algorithm"],
        "OIDC_RP_SCOPES": said["scope"],
        "OIDC_USE_PKCE": True,
        "OIDC_CREATE_USER": False,
        "OIDC_TIMEOUT": 10,
        "OIDC_AUTHENTICATION_CALLBACK_URL": "provider_back",
        "LOGIN_REDIRECT_URL_FAILURE": "/sign-in/?refused=provider",
    }
