"""drf-spectacular, as its documentation sets it up."""

from tests.ecosystem.rest_framework.settings import *  # noqa: F403
from tests.ecosystem.rest_framework.settings import REST_FRAMEWORK

INSTALLED_APPS += ["drf_spectacular"]  # noqa: F405
ROOT_URLCONF = "tests.ecosystem.drf_spectacular.urls"

REST_FRAMEWORK |= {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
SPECTACULAR_SETTINGS = {"TITLE": "Who is it?", "SERVE_INCLUDE_SCHEMA": False}
