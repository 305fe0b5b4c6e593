"""Django's settings. Site-specific values come from environment variables, which docs/reference/console.md lists."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from jinja2 import StrictUndefined

from console.apps.accounts.provider_settings import provider_settings
from console.apps.accounts.roles import roles_named
from console.core.client_address import networks
from console.core.environment import HTTPS_SWITCH, folder_from_environment, is_on
from console.core.texts import load_texts
from jobs.foundation.files import umask_of
from jobs.texts import languages

HERE = Path(__file__).resolve().parent
FOLDER = folder_from_environment()
os.umask(umask_of(FOLDER.path))


def _secret_key() -> str:
    """The key from the environment, or a generated one that is stored beside the databases."""
    key = os.environ.get("STEELYARD_CONSOLE_SECRET_KEY")
    if key:
        return key
    FOLDER.make()
    if not FOLDER.secret.exists():
        # Written under another name and then linked, which only one process can do: two processes that start together read the same
        # key, and a killed process leaves no partial key.
        draft = FOLDER.secret.with_name(f"{FOLDER.secret.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, FOLDER.secret)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return FOLDER.secret.read_text()


try:
    HTTPS = is_on(HTTPS_SWITCH, by_default=True)
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = [name.strip() for name in os.environ.get("STEELYARD_CONSOLE_HOSTS", "localhost,127.0.0.1,[::1]").split(",")]
_OTHER_NAMES = [host for host in ALLOWED_HOSTS if host not in {"localhost", "127.0.0.1", "[::1]"}]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in _OTHER_NAMES if HTTPS]
# Demo accounts are only for a site that no other machine can reach: without HTTPS and without another host name.
DEMO_ACCOUNTS = not HTTPS and not _OTHER_NAMES

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "csp",
    "django_htmx",
    "console.apps.accounts",
    "console.apps.audit",
    "console.apps.ranking",
    "console.apps.evidence",
    "console.apps.decisions",
    "console.apps.campaigns",
    "console.apps.appeals",
    "console.apps.desk",
    "console.apps.api",
    "console.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "console.web.middleware.SecurityHeaders",
    # Before everything that reads the newest run: all parts of a page use the same run.
    "console.apps.ranking.runs.OneRun",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "console.web.middleware.ShowInvisibleCharacters",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "console.web.middleware.EndIdleSessions",
    "console.web.middleware.ChooseLanguage",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "console.web.middleware.RequireFirstStep",
    "console.web.middleware.EndDueDeferrals",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.web.context_processors.every_page",
            ],
            "builtins": ["console.web.templatetags.words"],
        },
    },
    # For the many rows of a page; see console/web/templatetags/entities.py.
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True},
    },
]


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # Each transaction takes the write lock when it begins, so that none fails half-way because another one wrote.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # recursive_triggers: without it INSERT OR REPLACE deletes a row without firing the triggers that forbid it.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
            ),
        },
    }


def _postgresql(address: str, schema: str) -> dict[str, Any]:
    parts = urlsplit(address)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # A thread keeps its connection between requests and checks it before use.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Options in the address's query, such as sslmode=verify-full, are kept.
        "OPTIONS": {**dict(parse_qsl(parts.query)), "options": f"-c search_path={schema}"},
    }


ADDRESS = os.environ.get("STEELYARD_CONSOLE_DATABASE", "")
DATABASES = {
    "default": _postgresql(ADDRESS, "console") if ADDRESS else _sqlite(FOLDER.decisions),
    "evidence": _postgresql(ADDRESS, "evidence") if ADDRESS else _sqlite(FOLDER.evidence),
}
DATABASE_ROUTERS = ["console.core.router.ByApp"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "console.apps.accounts.backends.ByPassword"]
# Sign-in through a provider of OpenID Connect, if the environment names the provider's file.
OIDC_PROVIDER: dict[str, Any] | None = None
globals().update(provider_settings(os.environ.get("STEELYARD_CONSOLE_OIDC", "")))
if OIDC_PROVIDER is not None:
    AUTHENTICATION_BACKENDS.append("console.apps.accounts.backends.Provider")
# Roles that must have a second factor. For other roles it is optional.
SECOND_FACTOR_FOR = roles_named(os.environ.get("STEELYARD_CONSOLE_SECOND_FACTOR", ""))
OTP_TOTP_ISSUER = "Steelyard"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
# Proxies whose X-Forwarded-For header is trusted; by default none.
TRUSTED_PROXIES = networks(os.environ.get("STEELYARD_CONSOLE_PROXIES", ""))
# Five wrong passwords lock an account for that address, for as long as the policy says. The audit has the name, logs do not.
# console.apps.accounts.sign_in_attempts counts over all accounts, over all addresses, and for known devices.
AXES_WHITELIST_CALLABLE = "console.apps.accounts.sign_in_attempts.is_known"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = "console.apps.ranking.current_policy.lock_time"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "console.apps.accounts.sign_in_attempts.stored_name"
AXES_CLIENT_IP_CALLABLE = "console.core.client_address.client_address"
AXES_LOCKOUT_CALLABLE = "console.web.views.accounts.locked_out"
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "password"]
AXES_DISABLE_ACCESS_LOG = True

# The address of Airflow's pages, for a link to a day's tasks; empty for no link.
AIRFLOW_ADDRESS = os.environ.get("STEELYARD_CONSOLE_AIRFLOW", "").rstrip("/")

LANGUAGE_CODE = languages.DEFAULT
LANGUAGES = [(code.lower(), load_texts(code)("language.name")) for code in languages.LANGUAGES]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = FOLDER.path / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Forms are small; larger requests are refused before they are read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 128 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 600
FILE_UPLOAD_HANDLERS = ["console.web.middleware.RefuseUploads"]

SESSION_COOKIE_AGE = 10 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_FAILURE_VIEW = "console.web.failures.forged"
LANGUAGE_COOKIE_NAME = "language"
SEEN_COOKIE_NAME = "__Host-seen" if HTTPS else "seen"
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# Views and searches go into the audit's chain after the response. Tests can turn it off and flush themselves.
FLUSHES_AFTER_RESPONSE = True

# Logs contain nothing that a person typed and no entity: a request is logged by status and route only.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "console.core.log.OneLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
