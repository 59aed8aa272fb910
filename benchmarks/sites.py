"""The sites that are compared: what each has in its settings beyond what all of them have.

Nothing here imports Django or a contender, so that results can be rendered where none is installed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

OURS, DJANGO, OTHERS, REFERENCE = "ours", "django", "others", "reference"

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
JWT_COOKIE = "django_jwt_cookie.middleware.JWTCookieMiddleware"
NAME, PASSWORD = "ada", "Wieliczka-1044-salt"
"""The one user of each site."""

BODIES = {"untouched": b"hello", "pk": b"1", "username": NAME.encode()}
"""What each page answers to that user."""

BARE, YARDSTICK = "bare", "sessions-db"
"""The sites that all others are compared with."""

FLOOR_COOKIE, FLOOR_TOKEN = "floor", "x" * 43


@dataclass(frozen=True, kw_only=True)
class Login:
    """How a program logs in here, and where it finds the token that it gets."""

    path: str
    is_json: bool = False

    bearer: tuple[str, ...] = ()
    """Where in the document that answers the access token is; none: it comes as a cookie."""

    @property
    def status(self) -> int:
        """What it is answered with: a form, by the way to the next page."""
        return 200 if self.is_json else 302


@dataclass(frozen=True, kw_only=True)
class Site:
    """One site, and so one process, that takes part."""

    name: str
    """What it is called in ``BENCH_SITE`` and in the results."""

    title: str
    """What it is called in the tables, in Markdown."""

    family: str
    middleware: tuple[str, ...] = ()
    login_middleware: tuple[str, ...] | None = None
    """What its own login needs, if that is more than a request with its token."""

    apps: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    login: Login | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it has this package."""
        return self.family == OURS


# --- Django


def _sessions(engine: str, title: str) -> Site:
    """Return a site with Django's sessions in one of its stores."""
    return Site(
        name=f"sessions-{engine.replace('_', '-')}",
        title=title,
        family=DJANGO,
        middleware=(SESSIONS, AUTHENTICATION),
        apps=("django.contrib.sessions",),
        settings={"SESSION_ENGINE": f"django.contrib.sessions.backends.{engine}"},
        login=Login(path="/django/login/"),
    )


# --- Others: their access token lasts as long as ours.

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "TOKEN_OBTAIN_SERIALIZER": "benchmarks.simplejwt.NamingSerializer",
}
SIMPLE_JWT_APPS = (
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
)


def _simplejwt(name: str, title: str, middleware: str) -> Site:
    """Return a site with djangorestframework-simplejwt."""
    return Site(
        name=name,
        title=title,
        family=OTHERS,
        middleware=(middleware,),
        apps=SIMPLE_JWT_APPS,
        settings={"SIMPLE_JWT": SIMPLE_JWT},
        login=Login(path="/simplejwt/login/", is_json=True, bearer=("access",)),
    )


DJ_REST_AUTH = Site(
    name="dj-rest-auth",
    title="dj-rest-auth, cookie",
    family=OTHERS,
    middleware=("benchmarks.middleware.DjRestAuthMiddleware",),
    apps=(*SIMPLE_JWT_APPS, "dj_rest_auth"),
    settings={
        "SIMPLE_JWT": SIMPLE_JWT,
        "REST_AUTH": {
            "USE_JWT": True,
            "SESSION_LOGIN": False,
            "TOKEN_MODEL": None,
            "JWT_AUTH_COOKIE": "access",
            "JWT_AUTH_REFRESH_COOKIE": "refresh",
        },
    },
    login=Login(path="/dj-rest-auth/login/", is_json=True),
)

ALLAUTH = Site(
    name="allauth",
    title="django-allauth, headless JWT",
    family=OTHERS,
    middleware=("benchmarks.middleware.AllauthMiddleware",),
    login_middleware=(SESSIONS, AUTHENTICATION, "allauth.account.middleware.AccountMiddleware"),
    apps=(
        "django.contrib.sessions",
        "rest_framework",
        "allauth",
        "allauth.account",
        "allauth.headless",
    ),
    settings={
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_RATE_LIMITS": False,
        "HEADLESS_ONLY": True,
        "HEADLESS_CLIENTS": ("app",),
        "HEADLESS_TOKEN_STRATEGY": "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy",
        "HEADLESS_JWT_ALGORITHM": "HS256",
        "HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN": 600,
    },
    login=Login(path="/allauth/app/v1/auth/login", is_json=True, bearer=("meta", "access_token")),
)

# --- Ours


def _ours(name: str, title: str, **jwt_cookie: Any) -> Site:
    """Return a site with this package in one of its modes."""
    return Site(
        name=name,
        title=title,
        family=OURS,
        middleware=(JWT_COOKIE,),
        apps=("django_jwt_cookie",),
        settings={"JWT_COOKIE": jwt_cookie},
        login=Login(path="/ours/login/"),
    )


DEFAULT = _ours("database", "`database`, the default")
BESIDE_SESSIONS = replace(
    DEFAULT,
    name="database-with-sessions",
    title="`database`, beside `SessionMiddleware`",
    middleware=(SESSIONS, JWT_COOKIE),
    apps=("django.contrib.sessions", "django_jwt_cookie"),
    settings={"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"},
)

SITES = (
    Site(name=BARE, title="no authentication at all", family=REFERENCE),
    Site(name="control", title="the control: no authentication, once more", family=REFERENCE),
    Site(
        name="floor",
        title="the floor: a look-up in a dict",
        family=REFERENCE,
        middleware=("benchmarks.middleware.FloorMiddleware",),
    ),
    _ours("token", "`token`", USER_SOURCE="token"),
    _ours(
        "token-revocation-cache",
        "`token` with `REVOCATION_CACHE`",
        USER_SOURCE="token",
        REVOCATION_CACHE="default",
    ),
    _ours("stateless-token", "`token` without records", USER_SOURCE="token", TRACK_SESSIONS=False),
    DEFAULT,
    BESIDE_SESSIONS,
    _ours("stateless", "`database` without records", TRACK_SESSIONS=False),
    _sessions("db", "Django sessions, `db`"),
    _sessions("cache", "Django sessions, `cache`"),
    _sessions("signed_cookies", "Django sessions, `signed_cookies`"),
    _simplejwt("simplejwt", "simplejwt", "benchmarks.middleware.SimpleJWTMiddleware"),
    _simplejwt(
        "simplejwt-stateless",
        "simplejwt, stateless user",
        "benchmarks.middleware.StatelessSimpleJWTMiddleware",
    ),
    DJ_REST_AUTH,
    ALLAUTH,
)

BY_NAME = {site.name: site for site in SITES}
