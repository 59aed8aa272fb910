"""django-hijack as its documentation sets it up, with its buttons in the admin."""

from tests.ecosystem.settings import *  # noqa: F403
from tests.ecosystem.settings import KEPT_IN_SESSIONS

INSTALLED_APPS += ["hijack", "hijack.contrib.admin"]  # noqa: F405
MIDDLEWARE += ["hijack.middleware.HijackUserMiddleware"]  # noqa: F405
ROOT_URLCONF = "tests.ecosystem.hijack.urls"
KEPT_IN_SESSIONS = KEPT_IN_SESSIONS | {"cart", "hijack_history"}
