"""The settings of that site."""

from tests.settings import *  # noqa: F403

if "sqlite3" not in DATABASES["default"]["ENGINE"]:  # noqa: F405 # pragma: no cover
    # Its tables are others: a database of its own, beside that of the run that starts this one.
    DATABASES["default"]["NAME"] += "_custom_user"  # noqa: F405

AUTH_USER_MODEL = "custom_user.User"
INSTALLED_APPS = [
    "django_jwt_cookie",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "tests.custom_user",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_jwt_cookie.middleware.JWTCookieMiddleware",
]
ROOT_URLCONF = "tests.custom_user.urls"
