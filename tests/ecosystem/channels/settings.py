"""Channels, as its documentation sets it up, with a layer that is in memory."""

from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS = ["daphne", *INSTALLED_APPS]  # noqa: F405
ROOT_URLCONF = "tests.ecosystem.channels.urls"
ASGI_APPLICATION = "tests.ecosystem.channels.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
