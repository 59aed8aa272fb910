"""django-debug-toolbar, as its documentation sets it up."""

from tests.ecosystem.documented import run_documented
from tests.ecosystem.settings import *  # noqa: F403

DEBUG = True
INTERNAL_IPS = ["127.0.0.1"]
INSTALLED_APPS += ["debug_toolbar"]  # noqa: F405
MIDDLEWARE.insert(1, "debug_toolbar.middleware.DebugToolbarMiddleware")  # noqa: F405
ROOT_URLCONF = "tests.ecosystem.debug_toolbar.urls"
DEBUG_TOOLBAR_CONFIG = {"IS_RUNNING_TESTS": False}
JWT_COOKIE = {"SECRET": "a-secret-that-no-panel-shows-to-anybody"}

globals().update(run_documented("debug_toolbar/settings.py"))
