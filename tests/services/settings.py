"""The two Django sites of docs/services.md, as servers that a test starts.

SITE says which of them; CHANGES is what is another here than in the document, such as the key.
"""

from importlib import import_module

from tests.settings import *  # noqa: F403

SITE = env.str("SITE")  # noqa: F405
ALLOWED_HOSTS = [".example.com", "127.0.0.1"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
JWT_COOKIE = import_module(f"{SITE}.settings").JWT_COOKIE | env.json("CHANGES")  # noqa: F405
ROOT_URLCONF = f"{SITE}.urls"
