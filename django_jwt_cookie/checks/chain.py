"""The place of the middleware."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.middleware import (
    AuthenticationMiddleware,
    LoginRequiredMiddleware,
    RemoteUserMiddleware,
)
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.checks import CheckMessage, Error, Warning
from django.middleware.cache import UpdateCacheMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string

from ..middleware import JWTCookieMiddleware
from .known import known_settings

OURS = "django_jwt_cookie.middleware.JWTCookieMiddleware"
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"

E003 = Error(
    "JWTCookieMiddleware is missing: nobody will be recognised by the cookie.",
    hint=f"In MIDDLEWARE, put {OURS!r} in the place of {DJANGOS!r}.",
    id="jwt_cookie.E003",
)
W002 = Warning(
    "The app is installed, and logins are Django's own: AuthenticationMiddleware is in its place. "
    "So it is on the way here, and on the way back.",
    hint=f'In MIDDLEWARE, put {OURS!r} in the place of {DJANGOS!r}; or remove the app. See "Going '
    'live" and "Going back" in docs/moving.md.',
    id="jwt_cookie.W002",
)
E004 = Error(
    "JWTCookieMiddleware stands in MIDDLEWARE more than once.",
    hint="Keep the first one.",
    id="jwt_cookie.E004",
)
E005 = Error(
    "AuthenticationMiddleware stands beside JWTCookieMiddleware; the second of them wins, and "
    "logins seem to be lost.",
    hint=f"Remove {DJANGOS!r} from MIDDLEWARE.",
    id="jwt_cookie.E005",
)
E006 = Error(
    "SessionMiddleware comes after JWTCookieMiddleware, which then finds no login in it.",
    hint="In MIDDLEWARE, move SessionMiddleware before JWTCookieMiddleware.",
    id="jwt_cookie.E006",
)
E007 = Error(
    "LoginRequiredMiddleware needs request.user and comes before JWTCookieMiddleware, which "
    "provides it.",
    hint="In MIDDLEWARE, move JWTCookieMiddleware before LoginRequiredMiddleware.",
    id="jwt_cookie.E007",
)
E009 = Error(
    "RemoteUserMiddleware needs request.user and comes before JWTCookieMiddleware, which provides "
    "it.",
    hint="In MIDDLEWARE, move JWTCookieMiddleware before RemoteUserMiddleware.",
    id="jwt_cookie.E009",
)
E013 = Error(
    "RemoteUserMiddleware asks with each request which backend a login is by. That only the "
    "database knows: USER_SOURCE = 'token' saves nothing, and with Django 5.2 asynchronous "
    "requests fail.",
    hint="Remove USER_SOURCE from JWT_COOKIE.",
    id="jwt_cookie.E013",
)
W001 = Warning(
    "CsrfViewMiddleware is missing. The browser sends the login cookie along with forms of other "
    "sites of the same domain, and your views can't tell.",
    hint="Add 'django.middleware.csrf.CsrfViewMiddleware' to MIDDLEWARE.",
    id="jwt_cookie.W001",
)
W010 = Warning(
    "UpdateCacheMiddleware comes after JWTCookieMiddleware: it keeps a page before that says that "
    "the page depends on the cookie, and would serve one visitor what was made for another.",
    hint="In MIDDLEWARE, move UpdateCacheMiddleware to the first place.",
    id="jwt_cookie.W010",
)


def check_middleware(**kwargs: Any) -> list[CheckMessage]:
    """Report a middleware that is missing, or in a place where it can't work."""
    chain = list(_middleware())
    ours = _places(chain, JWTCookieMiddleware)
    if not ours:
        return [W002 if _places(chain, AuthenticationMiddleware) else E003]
    django = [place for place in _places(chain, AuthenticationMiddleware) if place not in ours]
    sessions = _places(chain, SessionMiddleware)
    needy = _places(chain, LoginRequiredMiddleware)
    remote = _places(chain, RemoteUserMiddleware)
    keeping = _places(chain, UpdateCacheMiddleware)
    found = [
        (E004, len(ours) > 1),
        (E005, bool(django)),
        (E006, bool(sessions) and sessions[0] > ours[0]),
        (E007, bool(needy) and needy[0] < ours[0]),
        (E009, bool(remote) and remote[0] < ours[0]),
        (E013, bool(remote) and _takes_user_from_token()),
        (W001, not _places(chain, CsrfViewMiddleware)),
        (W010, bool(keeping) and keeping[-1] > ours[0]),
    ]
    return [message for message, is_so in found if is_so]


def _takes_user_from_token() -> bool:
    settings = known_settings()
    return settings is not None and settings.user_source == "token"


def _middleware() -> Iterable[object]:
    for path in django_settings.MIDDLEWARE:
        try:
            yield import_string(path)
        except ImportError:
            yield None  # Django says so itself.


def _places(chain: list[object], wanted: type) -> list[int]:
    return [
        place
        for place, each in enumerate(chain)
        if isinstance(each, type) and issubclass(each, wanted)
    ]
