"""Django's settings. Everything an operator may turn comes from the environment and is listed in
docs/reference/settings.md; secrets come from a key file outside the database."""

import os
from pathlib import Path

from forain.config.database import database_settings
from forain.config.home import VaultKeys, django_secret_key, forain_home
from forain.net.addresses import named, networks
from forain.net.mail import server

HOME: Path = forain_home()
SECRET_KEY = django_secret_key(HOME)
VAULT_KEYS = VaultKeys(HOME)
CLOCK_FILE = os.environ.get("FORAIN_CLOCK_FILE", "")
LOCAL_URL = os.environ.get("FORAIN_LOCAL_URL", "http://127.0.0.1:8787")
ALLOW_PRIVATE = networks(os.environ.get("FORAIN_ALLOW_PRIVATE", ""))
RETIRED_ADDRESSES = named(os.environ.get("FORAIN_RETIRED_ADDRESSES", ""))
PING_URL = os.environ.get("FORAIN_PING_URL", "")
MAIL = server(os.environ.get("FORAIN_MAIL_URL", ""), os.environ.get("FORAIN_MAIL_FROM", ""))
# The words are the pages', which stand above the flows: named here, as Django names its middleware.
REMINDERS_WRITER = "forain.web.letters.write"
DEBUG = False
ALLOWED_HOSTS = [host for host in os.environ.get("FORAIN_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if host]
PUBLIC_URL = os.environ.get("FORAIN_PUBLIC_URL", "")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "procrastinate.contrib.django",
    "forain.store",
    "forain.web",
]
MIDDLEWARE = [
    "forain.web.middleware.Guards",
    "forain.web.middleware.PlainText",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "forain.web.gate.Gate",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "forain.config.urls"
WSGI_APPLICATION = "forain.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "forain.web.context.page",
            ],
        },
    },
]
DATABASES = {"default": database_settings(os.environ.get("DATABASE_URL", ""))}

# Argon2 needs memory as well as time to guess. A password kept with Django's former choice is hashed anew at login.
PASSWORD_HASHERS = [
    "forain.web.hashing.Argon2",
    "forain.web.hashing.PBKDF2",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "forain.web.session_store"
# A session ends this long after the last page that a person opened, and in any case this long after the login.
SESSION_COOKIE_AGE = 3600 * int(os.environ.get("FORAIN_SESSION_IDLE_HOURS") or 12)
SESSION_LIFE = 24 * 3600 * int(os.environ.get("FORAIN_SESSION_DAYS") or 14)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "forain_session"
CSRF_COOKIE_NAME = "forain_csrf"
# Behind https the cookies are for https only; on loopback there is no TLS to insist on.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PUBLIC_URL.startswith("https://")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "forain_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
DISPLAY_TIME_ZONE = os.environ.get("FORAIN_TIME_ZONE") or "Europe/Paris"

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
WHITENOISE_USE_FINDERS = True
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_AUTOREFRESH = False

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PROCRASTINATE_ON_APP_READY = "forain.engine.jobs.register"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "forain.config.logs.OneLine", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("FORAIN_LOG_LEVEL") or "WARNING"},
    # What these say at debug level holds headers and arguments.
    "loggers": {name: {"level": "WARNING"} for name in ("procrastinate", "httpx2", "httpcore2")},
}
