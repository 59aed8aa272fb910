"""Settings of a site that has the package's own pages, in every language, under a strict policy."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as APPS
from tests.settings import MIDDLEWARE as PLAIN

# The admin's own pages about passwords would come first.
INSTALLED_APPS = [app for app in APPS if app != "django.contrib.admin"]

ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.pages.urls"
LOGIN_REDIRECT_URL = "login_sessions"

MIDDLEWARE = [
    "tests.pages.urls.with_strict_policy",
    *PLAIN[:2],
    "django.middleware.locale.LocaleMiddleware",
    *PLAIN[2:],
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
