"""A site that moves away from dj-rest-auth with its cookies, as docs/moving.md says."""

from tests.ecosystem.documented import NOT_OVER, run_documented
from tests.ecosystem.settings import *  # noqa: F403

INSTALLED_APPS += [  # noqa: F405
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "dj_rest_auth",
]
ROOT_URLCONF = "tests.ecosystem.dj_rest_auth.urls"

DOCUMENTED = run_documented("dj_rest_auth/settings.py")
JWT_COOKIE = DOCUMENTED["JWT_COOKIE"] | NOT_OVER
REST_FRAMEWORK = DOCUMENTED["REST_FRAMEWORK"]
REST_AUTH = {
    "USE_JWT": True,
    "JWT_AUTH_COOKIE": "access",
    "JWT_AUTH_REFRESH_COOKIE": "refresh",
    "SESSION_LOGIN": False,
    "TOKEN_MODEL": None,
}
