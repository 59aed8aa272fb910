"""django-htmx, as its documentation sets it up."""

from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS += ["django_htmx"]  # noqa: F405
MIDDLEWARE += ["django_htmx.middleware.HtmxMiddleware"]  # noqa: F405
ROOT_URLCONF = "tests.ecosystem.django_htmx.urls"
