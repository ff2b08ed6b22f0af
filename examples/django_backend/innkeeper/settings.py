"""Settings, all from the environment.

DATABASE_URL  sqlite:///path (the default: hotel.sqlite3 beside manage.py) or postgresql://user:password@host/name
FRONTENDS     origins of frontends that may call from a browser, separated by commas
PUSHER_URL    pusher://KEY:SECRET@HOST:PORT/apps/ID, or pushers:// for TLS; without it events wait in the outbox
SECRET_KEY    needed where DEBUG is off and JUDGING is not set
JUDGING       1 installs the app that arranges and shows states for a conformance run; never set it in production
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
JUDGING = os.environ.get("JUDGING") == "1"
DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost").split(",")
SECRET_KEY = os.environ.get("SECRET_KEY") or ("only-for-a-hotel-that-is-judged" if JUDGING else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY, or JUDGING=1 for a hotel that exists to be judged.")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "corsheaders",
    "rest_framework",
    "rest_framework.authtoken",
    "hotel",
    *(["judging"] if JUDGING else []),
]
MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware"]
CORS_ALLOWED_ORIGINS = os.environ.get("FRONTENDS", "http://localhost:5173").split(",")
CORS_ALLOW_HEADERS = [
    *default_headers,
    "x-hotel-id",
    "x-hotel-slug",
    "x-guest-chat-session",
    "idempotency-key",
]
ROOT_URLCONF = "innkeeper.urls"
WSGI_APPLICATION = "innkeeper.wsgi.application"

DATABASES = {
    "default": dj_database_url.config(default=f"sqlite:///{BASE_DIR / 'hotel.sqlite3'}", conn_max_age=600)
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that reads before it writes must hold the write lock from the start: SQLite has no row locks.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["hotel.access.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "EXCEPTION_HANDLER": "hotel.errors.render",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}

EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "hotel.mail.DemoBackend")
DEFAULT_FROM_EMAIL = "frontdesk@innkeeper.example"

_pusher = urlsplit(os.environ.get("PUSHER_URL", ""))
PUSHER = (
    {
        "app_id": _pusher.path.rpartition("/")[2],
        "key": _pusher.username,
        "secret": _pusher.password,
        "host": _pusher.hostname,
        "port": _pusher.port,
        "ssl": _pusher.scheme == "pushers",
        "timeout": 5,
    }
    if _pusher.hostname
    else None
)
# Channel authentication signs with the same key also where nothing is published.
PUSHER_KEY = _pusher.username or "innkeeper"
PUSHER_SECRET = _pusher.password or SECRET_KEY

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
