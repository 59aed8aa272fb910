"""A site that moves away from djangorestframework-simplejwt, as docs/moving.md says."""

from tests.ecosystem.documented import NOT_OVER, run_documented
from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS += [  # noqa: F405
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
]
ROOT_URLCONF = "tests.ecosystem.rest_framework_simplejwt.urls"

DOCUMENTED = run_documented("rest_framework_simplejwt/settings.py")
MOVING = {"MOVE_FROM": ["tests.ecosystem.rest_framework_simplejwt.moving.move"]}
JWT_COOKIE = DOCUMENTED["JWT_COOKIE"] | NOT_OVER | MOVING
REST_FRAMEWORK = DOCUMENTED["REST_FRAMEWORK"]
SIMPLE_JWT = DOCUMENTED["SIMPLE_JWT"]
