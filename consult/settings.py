"""Django's settings, from the environment as `consult.env` reads it."""

import sys
from pathlib import Path
from typing import Any

from consult import addresses, env
from consult.secret import local_secret_key
from consult.web.headers import POLICY
from consult.web.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent

try:
    VALUES: dict[str, Any] = {name: env.read(name) for name in env.SETTINGS}
    PRODUCTION = not VALUES["DEBUG"]
    if PRODUCTION:
        env.refuse_unsafe_production(VALUES)
except env.BadSetting as problem:
    sys.exit(f"Cannot start: {problem}")

# Never on: Django's debug pages show settings and answers to anyone who causes an error.
DEBUG = False

VAR_DIR = (BASE_DIR / VALUES["VAR_DIR"]).resolve()
SITE_URL: str = VALUES["SITE_URL"]
CONTACT_EMAIL: str = VALUES["CONTACT_EMAIL"]
OPERATOR: str = VALUES["OPERATOR"]
SITE_NAME, SITE_COLOUR = VALUES["SITE_NAME"], VALUES["SITE_COLOUR"]
DISCLAIMER: str = VALUES["DISCLAIMER"]
ACCESSIBILITY_CONTACT: str = VALUES["ACCESSIBILITY_CONTACT"] or CONTACT_EMAIL
SECURITY_CONTACT: str = VALUES["SECURITY_CONTACT"]
SECRET_KEY: str = VALUES["SECRET_KEY"] or local_secret_key(VAR_DIR)
SECRET_KEY_FALLBACKS: list[str] = VALUES["SECRET_KEY_FALLBACKS"]
ALLOWED_HOSTS: list[str] = VALUES["ALLOWED_HOSTS"] or ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "consult",
    "responses",
    "crispy_forms",
    "crispy_forms_gds",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
]

MIDDLEWARE = [
    "consult.web.logs.request_log",
    # Around all others, so that their refusals carry the headers too.
    "csp.middleware.CSPMiddleware",
    "consult.web.headers.security_headers",
    # Before anything checks the host name or https: a health check knows neither.
    "consult.web.health.health_first",
    "consult.web.languages.speak_the_language",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "consult.web.compression.CompressPages",
    "consult.web.controls.show_controls",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "consult.staff.idle_sessions.end_idle_sessions",
    "consult.web.limits.refuse_what_no_form_sends",
    "django.contrib.messages.middleware.MessageMiddleware",
    "consult.staff.keeping_typed.keep_what_staff_type",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "consult.urls"
WEB_PROCESSES: int = VALUES["WEB_PROCESSES"]
WEB_THREADS: int = VALUES["WEB_THREADS"]
WORKER_PROCESSES: int = VALUES["WORKER_PROCESSES"]
WSGI_APPLICATION = "consult.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "consult.views.site.site",
            ],
        },
    },
]
CRISPY_TEMPLATE_PACK, CRISPY_ALLOWED_TEMPLATE_PACKS = "gds", ["gds"]

DATABASES = {
    "default": addresses.database(
        VALUES["DATABASE_URL"] or addresses.own_database_url(VAR_DIR),
        password=VALUES["DATABASE_PASSWORD"],
    )
}
REDIS_URL: str = VALUES["REDIS_URL"] or addresses.own_redis_url(VAR_DIR)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "consult.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "review-list"
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = True
LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True

STATIC_URL = "/static/"
# No page elsewhere has a use for our style sheets.
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATIC_ROOT = VALUES["STATIC_DIR"] or VAR_DIR / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "consult.web.static_files.StaticFiles"},
    "exports": {
        "BACKEND": VALUES["EXPORTS_STORAGE"],
        "OPTIONS": {
            "location": VALUES["EXPORTS_DIR"] or VAR_DIR / "exports",
            "allow_overwrite": True,
        }
        if VALUES["EXPORTS_STORAGE"] == env.SETTINGS["EXPORTS_STORAGE"].default
        else {},
    },
}

if to_deliver := addresses.delivery(VALUES["DELIVERY_URL"]):
    STORAGES["delivery"] = to_deliver
DELIVERY_NOTICES: list[str] = VALUES["DELIVERY_NOTICES"]
DELIVERY_AGE_RECIPIENTS: list[str] = VALUES["DELIVERY_AGE_RECIPIENTS"]
SIGNING_KEY_FILE = VALUES["SIGNING_KEY_FILE"] or VAR_DIR / "signing-key.pem"
EMAIL_CONFIG = addresses.mail(
    VALUES["EMAIL_URL"], mail_dir=VAR_DIR / "mail", password=VALUES["EMAIL_PASSWORD"]
)
EMAIL_BACKEND = EMAIL_CONFIG["BACKEND"]
EMAIL_FILE_PATH = EMAIL_CONFIG.get("FILE_PATH")
EMAIL_HOST = EMAIL_CONFIG.get("HOST", "localhost")
EMAIL_PORT = EMAIL_CONFIG.get("PORT", 25)
EMAIL_HOST_USER = EMAIL_CONFIG.get("USER", "")
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("PASSWORD", "")
EMAIL_USE_TLS = EMAIL_CONFIG.get("USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("USE_SSL", False)
EMAIL_TIMEOUT: int = VALUES["EMAIL_TIMEOUT"]
DEFAULT_FROM_EMAIL = VALUES["EMAIL_FROM"]
SERVER_EMAIL = VALUES["EMAIL_FROM"]
BOUNCE_ADDRESS: str = VALUES["BOUNCE_ADDRESS"]
BOUNCE_MAILBOX_URL: str = VALUES["BOUNCE_MAILBOX_URL"]

# A submission with every answer at its limit is about 100 KB; the rest is for scripts with
# four-byte letters.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# Django's own limits do not count files: these are for everything that comes.
MOST_BODY_BYTES = 2_200_000
MOST_STAFF_BODY_BYTES = 55_000_000

# How many in how many seconds, by what is limited.
LIMITS: dict[str, tuple[int, int]] = {
    name.removeprefix("LIMIT_").lower(): value
    for name, value in VALUES.items()
    if name.startswith("LIMIT_")
}
# How many days after closing and the grace period, by what is kept: see
# responses/governance/retention.py.
KEEP: dict[str, int] = {
    name.removeprefix("KEEP_").removesuffix("_DAYS").lower(): value
    for name, value in VALUES.items()
    if name.startswith("KEEP_")
}
# Fewer equality answers would tell whose they are: see responses/responding/equality.py.
EQUALITY_TOGETHER: int = VALUES["EQUALITY_TOGETHER"]
CLAMD_URL: str = VALUES["CLAMD_URL"]
METRICS_TOKEN: str = VALUES["METRICS_TOKEN"]
TRUSTED_PROXIES: int = VALUES["TRUSTED_PROXY"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if VALUES["TRUSTED_PROXY"] else None
SECURE_SSL_REDIRECT = PRODUCTION
# The metrics scraper uses plain http from inside.
SECURE_REDIRECT_EXEMPT = [r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
# Cookies of the public pages take the same prefix: no other host and no plain page can plant them.
COOKIE_PREFIX = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
# Three hours of writing, or three weeks, must not end with an expired token.
CSRF_COOKIE_AGE = 31_449_600
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_IDLE_SECONDS: int = VALUES["SESSION_IDLE_MINUTES"] * 60
INBOUND_MAILBOX_URL: str = VALUES["INBOUND_MAILBOX_URL"]
INBOUND_MAILBOX_CONSULTATION: str = VALUES["INBOUND_MAILBOX_CONSULTATION"]
SECOND_PERSON: bool = VALUES["SECOND_PERSON"]
# Staff sign in with a phone too, except in a rehearsal, where they may.
SECOND_FACTOR_NEEDED = PRODUCTION
# Only staff see messages, so they need no cookie of their own.
MESSAGE_STORAGE = "consult.staff.keeping_typed.NotingMessages"
CSRF_FAILURE_VIEW = "consult.views.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": POLICY}

LOGGING = logging_settings(production=PRODUCTION)
