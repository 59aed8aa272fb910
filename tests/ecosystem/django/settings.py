"""What Django itself brings along."""

from tests.ecosystem.settings import *  # noqa: F403
from tests.ecosystem.settings import KEPT_IN_SESSIONS

ROOT_URLCONF = "tests.ecosystem.django.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
KEPT_IN_SESSIONS = KEPT_IN_SESSIONS | {"cart"}
