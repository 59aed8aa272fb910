"""The settings of that site: a second database, and one of several user models."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, env

AUTH_USER_MODEL = f"every_field.{env.str('USER_MODEL')}"

IS_SQLITE = "sqlite3" in DATABASES["default"]["ENGINE"]

# Its tables are others: databases of its own, beside that of the run that starts this one.
NAME = ":memory:" if IS_SQLITE else DATABASES["default"]["NAME"] + "_every_field"
DATABASES["default"]["NAME"] = NAME
DATABASES["other"] = DATABASES["default"] | {"NAME": NAME if IS_SQLITE else f"{NAME}_other"}

INSTALLED_APPS = [
    "django_jwt_cookie",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "tests.every_field",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django_jwt_cookie.middleware.JWTCookieMiddleware",
]
ROOT_URLCONF = "tests.every_field.urls"
