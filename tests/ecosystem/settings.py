"""What the sites have in common."""

from tests.settings import *  # noqa: F403

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
MIDDLEWARE = [
    "tests.ecosystem.sessions.session_watch",
    *MIDDLEWARE,  # noqa: F405
]

KEPT_IN_SESSIONS: set[str] = set()
"""What the package of a site keeps in the session for itself; nothing else may be found there."""
