"""A site over http, over https, or behind a proxy that ends https; a test says how."""

from tests.settings import *  # noqa: F403

DEBUG = env.bool("DEBUG")  # noqa: F405
ALLOWED_HOSTS = ["localhost", "app.test"]
ROOT_URLCONF = "tests.transport.urls"
LOGIN_URL, LOGIN_REDIRECT_URL = "/accounts/login/", "/"
CSRF_TRUSTED_ORIGINS = env.list("TRUSTED_ORIGINS")  # noqa: F405
if env.bool("HEEDS_PROXY"):  # noqa: F405
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
