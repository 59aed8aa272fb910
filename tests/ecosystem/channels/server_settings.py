"""The same site for servers of its own, and for commands beside them."""

from datetime import timedelta

from tests.ecosystem.channels.settings import *  # noqa: F403

DATABASES = {"default": env.db("DATABASE_URL")}  # noqa: F405
CHANNEL_LAYERS = env.json("CHANNEL_LAYERS")  # noqa: F405
JWT_COOKIE = {
    "TOKEN_LIFETIME": timedelta(seconds=env.int("TOKEN_LIFETIME")),  # noqa: F405
    "LEEWAY": timedelta(0),
}
