"""A site that moves away from djangorestframework-simplejwt, as docs/moving.md says."""

from datetime import UTC, datetime, timedelta

from tests.ecosystem.documented import run_documented
from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS += [  # noqa: F405
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
]
ROOT_URLCONF = "tests.ecosystem.rest_framework_simplejwt.urls"

DOCUMENTED = run_documented("rest_framework_simplejwt/settings.py")
# The date of the document is one like those that sites write, and will be over.
JWT_COOKIE = DOCUMENTED["JWT_COOKIE"] | {"ADOPT_UNTIL": datetime.now(UTC) + timedelta(days=30)}
REST_FRAMEWORK = DOCUMENTED["REST_FRAMEWORK"]
