"""The settings of that site."""

from tests.settings import *  # noqa: F403

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
