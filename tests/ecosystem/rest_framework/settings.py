"""Django REST framework as docs/ecosystem.md sets it up."""

from tests.ecosystem.documented import run_documented
from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS += ["rest_framework"]  # noqa: F405
ROOT_URLCONF = "tests.ecosystem.rest_framework.urls"

REST_FRAMEWORK = run_documented("rest_framework/settings.py")["REST_FRAMEWORK"]
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"user": "2/min"}
