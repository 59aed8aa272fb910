"""Several packages that log people in, or look at who is, on one site: they do not meet.

Each as its documentation sets it up; the provider of `provider.py` is where CAS and OIDC lead to.
"""

from tests.ecosystem.documented import run_documented
from tests.ecosystem.settings import *  # noqa: F403
from tests.ecosystem.settings import KEPT_IN_SESSIONS

INSTALLED_APPS += [  # noqa: F405
    "django_cas_ng",
    "django_su",
    "easyaudit",
    "mozilla_django_oidc",
    "oauth2_provider",
]
MIDDLEWARE = [
    *MIDDLEWARE[:1],  # noqa: F405
    "oauth2_provider.middleware.OAuth2TokenMiddleware",
    *MIDDLEWARE[1:],  # noqa: F405
    "easyaudit.middleware.easyaudit.EasyAuditMiddleware",
    "tests.ecosystem.other_logins.middleware.note_requests",
]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "django_cas_ng.backends.CASBackend",
    "django_su.backends.SuBackend",
    "mozilla_django_oidc.auth.OIDCAuthenticationBackend",
    "oauth2_provider.backends.OAuth2Backend",
]
ROOT_URLCONF = "tests.ecosystem.other_logins.urls"
KEPT_IN_SESSIONS = KEPT_IN_SESSIONS | {
    "cas_ticket",
    "exit_users_pk",
    "oidc_id_token_expiration",
    "oidc_login_next",
    "oidc_states",
}

CAS_SERVER_URL = "http://provider.test/cas/"
CAS_VERSION = "3"
CAS_LOGIN_MSG = None
CAS_REDIRECT_URL = "/who/"

OIDC_RP_CLIENT_ID = "shop"
OIDC_RP_CLIENT_SECRET = "only-for-tests-and-long-enough-for-HS256"
OIDC_RP_SIGN_ALGO = "HS256"
OIDC_OP_AUTHORIZATION_ENDPOINT = "http://provider.test/authorize"
OIDC_OP_TOKEN_ENDPOINT = "http://provider.test/token"
OIDC_OP_USER_ENDPOINT = "http://provider.test/userinfo"

DJANGO_EASY_AUDIT_WATCH_REQUEST_EVENTS = run_documented("other_logins/settings.py")[
    "DJANGO_EASY_AUDIT_WATCH_REQUEST_EVENTS"
]
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/who/"
