"""All settings, read from the environment. docs/reference/settings.md describes every variable (a test checks)."""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.functional import lazy


def _env(name: str, default: str = "") -> str:
    return os.environ.get(f"DOORSTEP_{name}", default)


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in _env(name, default).split(",") if item.strip()]


def _number(name: str, text: str, most: float) -> float:
    """A number above 0; ends the process with a sentence otherwise."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= most:
        raise SystemExit(f"DOORSTEP_{name} must be a number above 0 and at most {most:g}, not {text!r}.")
    return value


def _port(name: str, text: str) -> int:
    return int(_number(name, text, 65535))


def _database(url: str, data: Path) -> dict[str, Any]:
    """The embedded file, or what DATABASE_URL names: ``postgresql://user:password@host:port/name?host=/socket``."""
    if not url:
        return {"ENGINE": "doorstep.db.sqlite", "NAME": data / "doorstep.sqlite3", "CONN_MAX_AGE": None}
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SystemExit(f"DATABASE_URL: only postgresql:// addresses are understood, not {parts.scheme}://")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or query.get("host", ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,  # after the server was restarted no visitor gets its broken connections
        "OPTIONS": {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3},
    }


BASE_DIR = Path(__file__).resolve().parent
DATA_DIR = Path(_env("DATA", "data")).resolve()
DEMO = _env("DEMO") == "1"
CLOCK = _env("CLOCK")
HOST_MAP = _env("HOST_MAP")
DKIM_KEYS = _env("DKIM_KEYS")  # public keys of the sandbox's senders, instead of DNS
ALLOW_HOSTS = _env("ALLOW_HOSTS")
HOST, PORT = _env("HOST", "127.0.0.1"), _port("PORT", _env("PORT", "8000"))
SMTP_HOST, SMTP_PORT = _env("SMTP_HOST", "127.0.0.1"), _port("SMTP_PORT", _env("SMTP_PORT", "8025"))
MAIL_DOMAIN = _env("MAIL_DOMAIN", "in.doorstep.localhost")  # domain of the forwarding addresses
PUBLIC_URL = _env("PUBLIC_URL", f"http://{HOST}:{PORT}").rstrip("/")
AUTHSERV_IDS = frozenset(_list("AUTHSERV_IDS"))  # Authentication-Results of these servers are believed
HTTP_TIMEOUT_S = _number("HTTP_TIMEOUT", _env("HTTP_TIMEOUT", "20"), 60)
METRICS_TOKEN = _env("METRICS_TOKEN")
API_PER_MINUTE = int(_number("API_PER_MINUTE", _env("API_PER_MINUTE", "1200"), 10_000_000))  # requests of one key
TRUSTED_PROXIES = _list("TRUSTED_PROXIES", "127.0.0.1")  # nobody else may say who the client is
UPGRADE_COPY = _env("UPGRADE_COPY", "1") == "1"
SHOPPER_APP = _env("SHOPPER_APP") == "1"  # shoppers may sign up for the app at /my/
FEEDBACK_TO = _env("FEEDBACK_TO")  # where what shoppers write to the operator is mailed
KEEP_BODIES_DAYS = _number("KEEP_BODIES", _env("KEEP_BODIES", "90"), 36500)  # raw answers and mails
for _name, _value in (("CLOCK", CLOCK), ("HOST_MAP", HOST_MAP), ("DKIM_KEYS", DKIM_KEYS)):
    if _value and not DEMO:
        raise SystemExit(f"DOORSTEP_{_name} works only with DOORSTEP_DEMO=1; it would falsify a real shop.")

DEBUG = False
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "*" if DEMO else f"{HOST},localhost,127.0.0.1,{urlsplit(PUBLIC_URL).hostname}")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "doorstep.web.lost.stale_form"
ROOT_URLCONF = "doorstep.urls"
WSGI_APPLICATION = "doorstep.wsgi.application"
AUTH_USER_MODEL = "doorstep.User"
DATABASES = {"default": _database(os.environ.get("DATABASE_URL", ""), DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.humanize",  # for pages of django-allauth
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "doorstep.db.apps.DoorstepConfig",
    "doorstep.web.apps.WebConfig",
]
MIDDLEWARE = [
    "doorstep.web.headers.SecurityHeaders",
    "doorstep.web.domain.OwnDomain",
    "doorstep.web.api.door.Api",  # before everything else: programs bring no cookies and send no forms
    "doorstep.web.compat.door.Compat",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "doorstep.web.by_token.ByToken",  # shoppers and suppliers with a link: no session, no account
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "web" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["doorstep.web.tags"],
        },
    }
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "doorstep.web.accounts.ClosedSignup"
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a mail when a password, a passkey or the second factor changes
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the other sessions end all the same: their hash does not fit any more
MFA_ADAPTER = "doorstep.web.accounts.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are an owner's word or an invitation's: allauth never saw them proven
MFA_TOTP_TOLERANCE = 1  # a code may be half a minute old: people type slowly
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PUBLIC_URL.startswith("https://")  # browsers do so on localhost only
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",  # all processes count logins together
        "LOCATION": "doorstep_cached",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "/accounts/login/"

EMAIL_HOST, EMAIL_PORT = _env("MAIL_HOST"), _port("MAIL_PORT", _env("MAIL_PORT", "587"))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _env("MAIL_USER"), _env("MAIL_PASSWORD")
EMAIL_USE_TLS = _env("MAIL_TLS", "1") == "1"
EMAIL_TIMEOUT = HTTP_TIMEOUT_S
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = _env("MAIL_FROM", "doorstep@localhost")

LANGUAGE_CODE, TIME_ZONE, USE_I18N, USE_TZ = "en", "UTC", True, True
STATIC_URL, STATIC_ROOT = "/static/", None  # whitenoise serves the files where they lie
WHITENOISE_USE_FINDERS, WHITENOISE_AUTOREFRESH = True, False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
if SESSION_COOKIE_SECURE:  # bound to this very host: no neighbour under the same domain can set them
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    SECURE_HSTS_SECONDS = 31_536_000  # a year
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # scripts take the token from the page
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 << 20
LOGGING_CONFIG = None  # structlog is set up in doorstep.app.log


@cache
def secrets_of_this() -> tuple[str, ...]:
    """The key of sessions, page links and credentials, then former ones: DOORSTEP_SECRET (apart by spaces), or the key
    file beside the data (mode 0600, one a line). Made when it is first needed: a command that keeps no data leaves
    nothing behind.
    """
    from doorstep.app.operate.keyfile import read_or_create  # noqa: PLC0415 - needs nothing but the path

    try:
        return tuple(_env("SECRET").split()) or read_or_create(DATA_DIR / "key")
    except OSError as problem:
        raise SystemExit(f"DOORSTEP_DATA: {DATA_DIR} cannot be used: {problem.strerror}") from None


SECRET_KEY = lazy(lambda: secrets_of_this()[0], str)()
FORMER_KEYS: Iterable[str] = lazy(
    lambda: secrets_of_this()[1:], tuple
)()  # they open what they once sealed, and no session
