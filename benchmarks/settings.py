"""Settings of the site that ``BENCH_SITE`` names: what its contender needs, and nothing else.

``BENCH_FOLDER`` is where its database is. No other middleware is in any site: what a request costs
beyond the one without authentication is the contender's.
"""

import os
from pathlib import Path

from .sites import BY_NAME

SITE = BY_NAME[os.environ["BENCH_SITE"]]
FOLDER = Path(os.environ["BENCH_FOLDER"])

SECRET_KEY = "benchmarks-only-and-long-enough-not-to-be-called-weak-by-anyone"  # noqa: S105
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
DEBUG = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "benchmarks.urls"
LOGIN_REDIRECT_URL = "/untouched/"

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", *SITE.apps]
# `contender.py` takes away what only a login needs; allauth looks here when it is set up.
MIDDLEWARE = [*(SITE.login_middleware or SITE.middleware)]
# Every table is made from its model, at once: sixteen sites are begun in each run.
MIGRATION_MODULES = {app.rpartition(".")[2]: None for app in INSTALLED_APPS}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / f"{SITE.name}.sqlite3",
        "CONN_MAX_AGE": None,
        # As SQLite is used for sites: no commit waits for the disk.
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"},
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# A real one takes longer than all the rest of a login, and the same in every site.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

globals().update(SITE.settings)
