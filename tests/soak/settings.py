"""A site whose tokens are over within seconds, as several servers run it side by side."""

from datetime import timedelta

from tests.settings import *  # noqa: F403

ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.soak.site"

OURS = "django_jwt_cookie.middleware.JWTCookieMiddleware"
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"
IS_DJANGOS = env.bool("SOAK_DJANGO", default=False)  # noqa: F405
"""Whether the one line is Django's: what fails with that too is no fault of the package."""

if IS_DJANGOS:
    MIDDLEWARE = [DJANGOS if name == OURS else name for name in MIDDLEWARE]  # noqa: F405

TOKEN_LIFETIME = timedelta(seconds=4)
REUSE_GRACE = timedelta(seconds=90)
"""More than a clock is off by and the slowest request takes, and short enough to notice thieves."""

JWT_COOKIE = {
    "TOKEN_LIFETIME": TOKEN_LIFETIME,
    "LEEWAY": timedelta(seconds=1),
    "REUSE_GRACE": REUSE_GRACE,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"log": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["log"], "level": "ERROR"}},
}
