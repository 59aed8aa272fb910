"""Django REST framework with its own defaults: `SessionAuthentication` before all."""

from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS += ["rest_framework"]  # noqa: F405
ROOT_URLCONF = "tests.ecosystem.rest_framework.urls"
