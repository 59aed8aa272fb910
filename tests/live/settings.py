"""A site whose tokens are over within seconds, so that a stream outlives several of them."""

from datetime import timedelta

from tests.settings import *  # noqa: F403

ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.live.urls"
JWT_COOKIE = {
    "TOKEN_LIFETIME": timedelta(seconds=4),
    "LEEWAY": timedelta(seconds=1),
    "USER_SOURCE": env.str("USER_SOURCE", default="database"),  # noqa: F405
}
