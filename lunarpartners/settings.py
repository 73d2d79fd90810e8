"""Settings, all read from the environment; production is the default and refuses to start without its secrets."""

import logging
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env
from psycopg.conninfo import conninfo_to_dict

from lunarpartners import logs, refusals
from lunarpartners.celery import app as celery_app  # noqa: F401  # tasks find their app as soon as Django is set up

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

MODE = env.str("LUNARPARTNERS_MODE", "production")
if MODE not in {"production", "development", "test"}:
    raise ImproperlyConfigured(f"LUNARPARTNERS_MODE is {MODE!r}; it may be production, development or test.")
PRODUCTION = MODE == "production"
PROCESS = env.str("LUNARPARTNERS_PROCESS", "command")
if PRODUCTION:
    refusals.missing_secrets(env)

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", "" if PRODUCTION else "only-for-development-and-tests-" + "x" * 40)
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
SITE_URL = env.str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [SITE_URL])
SITE_NAME = "Lunar Partners"
SITE_OPERATOR = env.str("SITE_OPERATOR", "")
SITE_IS_DEMONSTRATION = env.bool("SITE_IS_DEMONSTRATION", not PRODUCTION)
SECRETARIAT_EMAIL = env.str("SECRETARIAT_EMAIL", "secretariat@lunar-partners.example")

INSTALLED_APPS = [
    "proposals.apps.ProposalsConfig",
    "proposals.apps.StaffSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_countries",
    "django_structlog",
    "pgtrigger",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "proposals.web.policy.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "proposals.web.middleware.RowSecurityMiddleware",
    "proposals.web.middleware.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "lunarpartners.urls"
WSGI_APPLICATION = "lunarpartners.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "proposals.web.context.site",
            ],
            "builtins": [f"proposals.web.templatetags.{name}" for name in ("lunar", "triage", "fields", "still", "ranking")],
        },
    },
]
FORM_RENDERER = "proposals.web.widgets.PlainRenderer"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["bootstrap5"]
CRISPY_TEMPLATE_PACK = "bootstrap5"


def database(url: str, *, role: str | None) -> dict[str, Any]:
    """Django's settings for one PostgreSQL URL; `role` is taken on at connection. Each thread keeps its own."""
    parts = conninfo_to_dict(url)
    # Bound by the server and prepared after three times: the database parses and plans a statement once, not each time.
    # (Row security already rules out a pooler that deals connections out by transaction.)
    options: dict[str, Any] = {"connect_timeout": 5, "server_side_binding": True, "prepare_threshold": 3}
    given = [f"-c role={role}"] if role else []
    if PROCESS != "web":
        # a worker lives long: a plan that it made while a table was nearly empty would be the wrong one for a full table
        given.append("-c plan_cache_mode=force_custom_plan")
    options["options"] = " ".join(given)
    for key in ("sslmode", "sslrootcert"):
        if parts.get(key):
            options[key] = parts[key]
    return {
        "ENGINE": "lunarpartners.postgresql",
        "NAME": parts.get("dbname", ""),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 600,
    }


# Migrations change the schema, so they run as its owner; everything else runs as a role that cannot.
_SCHEMA_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "flush", "pgtrigger"}
AS_OWNER = MODE == "test" or (len(sys.argv) > 1 and sys.argv[1] in _SCHEMA_COMMANDS)
_url = env.str("MIGRATION_DATABASE_URL", "") if AS_OWNER else ""
_url = _url or env.str("DATABASE_URL", "postgresql:///lunarpartners")
_role = None if AS_OWNER else ("lp_partner" if PROCESS == "web" else "lp_staff")
DATABASES = {"default": database(_url, role=_role)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_LOCK_TIMEOUT_S = 5

REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "proposals.web.cache.Cache", "LOCATION": "proposals_cache"}}
SESSION_ENGINE = "proposals.web.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
MESSAGE_STORAGE = "proposals.web.notes.Storage"

AUTH_USER_MODEL = "proposals.User"
AUTHENTICATION_BACKENDS = ["proposals.web.sessions.Backend"]
PASSWORD_HASHERS = [
    "proposals.partners.gateways.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:dashboard"
LOGOUT_REDIRECT_URL = "portal:home"
ACCOUNT_ADAPTER = "proposals.portal.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "proposals.portal.forms.account.SignupForm",
    "login": "proposals.portal.forms.entrance.LoginForm",
    "add_email": "proposals.portal.forms.entrance.AddEmailForm",
    "change_password": "proposals.portal.forms.entrance.ChangePasswordForm",
    "set_password": "proposals.portal.forms.entrance.SetPasswordForm",
    "reset_password": "proposals.portal.forms.entrance.ResetPasswordForm",
    "reset_password_from_key": "proposals.portal.forms.entrance.ResetPasswordKeyForm",
    "reauthenticate": "proposals.portal.forms.entrance.ReauthenticateForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "proposals.portal.adapters.MfaAdapter"
MFA_FORMS = {
    "authenticate": "proposals.portal.forms.entrance.FactorForm",
    "reauthenticate": "proposals.portal.forms.entrance.FactorAgainForm",
    "activate_totp": "proposals.portal.forms.entrance.AddAppForm",
    "add_webauthn": "proposals.portal.forms.entrance.AddKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_TOTP_ISSUER = SITE_NAME
STAFF_MUST_USE_MFA = env.bool("STAFF_MUST_USE_MFA", PRODUCTION)

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("zh-hans", _("Simplified Chinese")),
    ("fr", _("French")),
    ("ru", _("Russian")),
    ("es", _("Spanish")),
    ("ar", _("Arabic")),
]
LOCALE_PATHS = [BASE_DIR / "proposals" / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
COUNTRIES_OVERRIDE = {"HK": _("Hong Kong, China"), "MO": _("Macao, China"), "TW": _("Taiwan, China")}

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "static-build")
STATICFILES_DIRS: list[Path] = []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False
STATE_DIR = env.path("STATE_DIR", BASE_DIR / ".dev")
MEDIA_ROOT = env.path("MEDIA_ROOT", STATE_DIR / "media")
FILE_UPLOAD_TEMP_DIR = env.str("FILE_UPLOAD_TEMP_DIR", "") or None
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", 20 * 1024 * 1024)
FILE_UPLOAD_HANDLERS = ["proposals.web.uploads.BoundedUploadHandler"]
CLAMAV_URL = env.str("CLAMAV_URL", "")  # tcp://clamav:3310 or unix:///run/clamd.sock; empty: no scanner
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000
FILE_UPLOAD_PERMISSIONS = 0o640

_relay = urlsplit(env.str("EMAIL_URL", "smtp://127.0.0.1:8025"))
if _relay.scheme not in {"smtp", "smtp+tls", "smtps"}:
    raise ImproperlyConfigured(f"EMAIL_URL begins with {_relay.scheme!r}; use smtp://, smtp+tls:// or smtps://.")
EMAIL_BACKEND = env.str("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST, EMAIL_PORT = _relay.hostname or "127.0.0.1", _relay.port or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_relay.username or ""), unquote(_relay.password or "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _relay.scheme == "smtp+tls", _relay.scheme == "smtps"
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", 20)
OUTBOX_LEASE_S = env.int("OUTBOX_LEASE_S", 120)
OUTBOX_BATCH = env.int("OUTBOX_BATCH", 500)
OUTBOX_RATE: float | None = env.float("OUTBOX_RATE", None)  # mails a second
OUTBOX_DOMAIN_RATES: dict[str, float] = env.dict("OUTBOX_DOMAIN_RATES", {}, subcast_values=float)
OUTBOX_ALARM_AFTER_S = env.int("OUTBOX_ALARM_AFTER_S", 300)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <{SECRETARIAT_EMAIL}>")
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", "")
# A mail provider's own settings under anymail's names, and WEBHOOK_SECRET, which its reports must show
ANYMAIL = {name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")}
refusals.what_loses_mail(globals())
if PRODUCTION:
    refusals.open_reports(globals())
MESSAGE_ID_DOMAIN = env.str("MESSAGE_ID_DOMAIN", "lunar-partners.example")

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "proposals.web.errors.csrf_failure"
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)  # its own word for a socket
LOGGING_CONFIG = None
LOG_LEVEL = env.str("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING")
logs.configure(level=LOG_LEVEL, for_machines=PRODUCTION)
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # who is reading is no one's business, the log's least of all
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line a request: the last one says all that the first would
SILENCED_SYSTEM_CHECKS: list[str] = []
