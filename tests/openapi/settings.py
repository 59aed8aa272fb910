"""Settings of the site that schemathesis asks: on plain http, so that it sends the cookie back."""

from ..settings import *  # noqa: F403

ALLOWED_HOSTS = ["127.0.0.1"]
JWT_COOKIE = {"COOKIE_SECURE": False}
