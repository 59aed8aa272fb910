"""django-allauth as its documentation sets it up, with MFA and the API for single-page apps."""

from tests.ecosystem.sessions import NOTHING
from tests.ecosystem.settings import *  # noqa: F403
from tests.ecosystem.settings import KEPT_IN_SESSIONS

INSTALLED_APPS += [  # noqa: F405
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]  # noqa: F405
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ROOT_URLCONF = "tests.ecosystem.allauth.urls"
LOGIN_REDIRECT_URL = "/hello/"
LOGIN_URL = "account_login"

ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
HEADLESS_CLIENTS = ("app", "browser")

KEPT_IN_SESSIONS = KEPT_IN_SESSIONS | {
    "_password_reset_key",
    "account_authentication_methods",
    "account_authentication_methods_user",
    "account_login",
    "account_verified_email",
    "mfa.totp.secret",
    NOTHING,  # It takes out what it has put there, and keeps the session.
}
