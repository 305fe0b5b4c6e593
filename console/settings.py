"""Django's settings. What differs between sites is read from the environment; docs/console.md lists each variable."""

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

HERE = Path(__file__).resolve().parent
FOLDER = folder_from_environment()


def _secret_key() -> str:
    """The key that the environment gives, else one that is made once and kept beside the databases."""
    given = os.environ.get("STEELYARD_CONSOLE_SECRET_KEY")
    if given:
        return given
    FOLDER.make()
    if not FOLDER.secret.exists():
        # Whole before it has its name, which one alone gets: of two processes that start at once both read the one key, and one
        # that is killed meanwhile leaves no half of one.
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
# Accounts for looking around are for a site that this machine alone reaches: without HTTPS in front, under no other name. Settings
# of another module that say nothing of it have none.
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
    # Before whatever asks for the newest run: a page is of one, from what comes before its view to its frame.
    "console.apps.ranking.runs.OneRun",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "console.web.middleware.ShowInvisibleCharacters",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
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
    # For what a page has many of; see console/web/templatetags/entities.py.
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
        # Each transaction takes the one writer's lock when it begins, so that none fails half-way since another wrote meanwhile.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # The last: INSERT OR REPLACE deletes a row in silence unless its triggers fire for that too.
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
        # A thread keeps its connection from request to request, and sees that it is good before it uses it again.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # What the address asks for after its "?", such as sslmode=verify-full, is kept.
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
# Sign-in through a provider of OpenID Connect, where the environment names the file that describes one.
OIDC_PROVIDER: dict[str, Any] | None = None
globals().update(provider_settings(os.environ.get("STEELYARD_CONSOLE_OIDC", "")))
if OIDC_PROVIDER is not None:
    AUTHENTICATION_BACKENDS.append("console.apps.accounts.backends.Provider")
# Roles that must have a second factor; others may.
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
# Whose word is believed on where a request came from; by default nobody's but the connection's.
TRUSTED_PROXIES = networks(os.environ.get("STEELYARD_CONSOLE_PROXIES", ""))
# Five wrong passwords shut an account to that address for a quarter of an hour; the name is known to the audit, not to a log. Over
# all accounts, and over all addresses, console.apps.accounts.sign_in_attempts counts, as it does for devices that are known.
AXES_WHITELIST_CALLABLE = "console.apps.accounts.sign_in_attempts.is_known"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "console.core.client_address.client_address"
AXES_LOCKOUT_CALLABLE = "console.web.views.accounts.locked_out"
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "password"]
AXES_DISABLE_ACCESS_LOG = True

# Where Airflow's pages are, for whoever wants to see a day's tasks; no link where it is not said.
AIRFLOW_ADDRESS = os.environ.get("STEELYARD_CONSOLE_AIRFLOW", "").rstrip("/")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = FOLDER.path / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Forms here are small; anything larger is refused before it is read.
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

# Views and searches go into the audit's chain after the response; a test may want to do it itself.
FLUSHES_AFTER_RESPONSE = True

# Nothing that a person typed or that names an entity goes to a log: requests are told by status and route alone.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "console.core.log.OneLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
