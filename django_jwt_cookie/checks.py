"""System checks: what would not work, or not be safe, said before the first request.

``manage.py check`` runs `ALWAYS`, ``manage.py check --deploy`` runs `DEPLOY` too.
"""

import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.conf import global_settings
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.auth.middleware import (
    AuthenticationMiddleware,
    LoginRequiredMiddleware,
    RemoteUserMiddleware,
)
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.cache import BaseCache, InvalidCacheBackendError, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string

from . import token_users
from .claims import RESERVED_CLAIMS
from .conf import Settings, get_settings
from .keys import Key, get_key_ring
from .middleware import JWTCookieMiddleware
from .tokens import SENSITIVE_CLAIM

OURS = "django_jwt_cookie.middleware.JWTCookieMiddleware"
DJANGOS = "django.contrib.auth.middleware.AuthenticationMiddleware"
HOW_TO_MAKE_ONE = "python manage.py jwt_cookie_key"
FEW_CHARACTERS = 5
"""So few different characters are no random secret. Django judges SECRET_KEY alike."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""What group and others may do with a file."""

E001 = "jwt_cookie.E001"
E002 = "jwt_cookie.E002"
E003 = Error(
    "JWTCookieMiddleware is missing: nobody will be recognised by the cookie.",
    hint=f"In MIDDLEWARE, put {OURS!r} in the place of {DJANGOS!r}.",
    id="jwt_cookie.E003",
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
    "SessionMiddleware comes after JWTCookieMiddleware, which then finds no login to adopt.",
    hint="In MIDDLEWARE, move SessionMiddleware before JWTCookieMiddleware.",
    id="jwt_cookie.E006",
)
E007 = Error(
    "LoginRequiredMiddleware needs request.user and comes before JWTCookieMiddleware, which "
    "provides it.",
    hint="In MIDDLEWARE, move JWTCookieMiddleware before LoginRequiredMiddleware.",
    id="jwt_cookie.E007",
)
E008 = "jwt_cookie.E008"
E009 = Error(
    "RemoteUserMiddleware looks for its login in the Django session, where JWTCookieMiddleware "
    "leaves none: it would log people out, or fail.",
    hint="Use AuthenticationMiddleware beside RemoteUserMiddleware: there the web server vouches "
    "for each request, and a login cookie adds nothing.",
    id="jwt_cookie.E009",
)
E010 = "jwt_cookie.E010"
E011 = "jwt_cookie.E011"
W001 = Warning(
    "CsrfViewMiddleware is missing. The browser sends the login cookie along with forms of other "
    "sites of the same domain, and your views can't tell.",
    hint="Add 'django.middleware.csrf.CsrfViewMiddleware' to MIDDLEWARE.",
    id="jwt_cookie.W001",
)
W002 = Warning(
    "JWT_COOKIE['ADOPT_DJANGO_LOGINS'] is False while sessions are in use: whoever logs in by "
    "Django's own login(), as in the admin, stays anonymous.",
    hint="Remove ADOPT_DJANGO_LOGINS from JWT_COOKIE, or SessionMiddleware from MIDDLEWARE.",
    id="jwt_cookie.W002",
)
W003 = Warning(
    "The login cookie is not Secure: it travels over plain http, for everybody on the way to copy.",
    hint="Set DEBUG = False, and remove COOKIE_SECURE from JWT_COOKIE if it is there.",
    id="jwt_cookie.W003",
)
W004 = Warning(
    "A secret in JWT_COOKIE is SECRET_KEY itself: a leak of one is a leak of both.",
    hint=f"Give JWT_COOKIE a secret of its own: {HOW_TO_MAKE_ONE}",
    id="jwt_cookie.W004",
)
W005 = Warning(
    "A secret of the login tokens is not random: it has hardly any different characters, or was "
    "made by startproject for development (django-insecure-).",
    hint=f"Make a random one, and keep it out of the repository: {HOW_TO_MAKE_ONE}",
    id="jwt_cookie.W005",
)
W006 = "jwt_cookie.W006"


W007 = Warning(
    "JWT_COOKIE['REVOCATION_CACHE'] names a cache that each process has for itself, or that keeps "
    "nothing: what ends in one process goes on in the others until the token is over.",
    hint="Use a cache that all processes share, such as Redis.",
    id="jwt_cookie.W007",
)


W008 = Warning(
    "SESSION_COOKIE_AGE is set, and logins do not go by it any more, but by the timeouts in "
    "JWT_COOKIE: they last for IDLE_TIMEOUT, 14 days, after their last use.",
    hint="Set JWT_COOKIE = {'IDLE_TIMEOUT': timedelta(...)}, or remove SESSION_COOKIE_AGE.",
    id="jwt_cookie.W008",
)


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Report settings that `Settings` refuses."""
    try:
        get_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id=E001)]
    return []


def check_keys(**kwargs: Any) -> list[CheckMessage]:
    """Report keys that can't be used."""
    if _settings() is None:
        return []
    try:
        get_key_ring()
    except ImproperlyConfigured as error:
        return [Error(str(error), id=E002)]
    return []


def check_dotted_paths(**kwargs: Any) -> list[CheckMessage]:
    """Report what can't be imported, before somebody signs up."""
    settings = _settings()
    messages: list[CheckMessage] = []
    for name in ("claims", "signup_form", "user_serializer"):
        path = getattr(settings, name, None)
        try:
            import_string(path) if path else None
        except ImportError as error:
            hint = "It has to be the whole dotted path, such as 'mysite.views.roles'."
            messages.append(Error(f"JWT_COOKIE[{name.upper()!r}]: {error}", hint=hint, id=E008))
    return messages


def check_token_fields(**kwargs: Any) -> list[CheckMessage]:
    """Report fields that no token can carry, before somebody logs in."""
    settings = _settings()
    if settings is None or settings.user_source == "database":
        return []
    try:
        fields = token_users.token_fields()
    except FieldDoesNotExist as error:
        names = sorted(field.name for field in get_user_model()._meta.concrete_fields)
        hint = f"It has: {', '.join(names)}."
        return [Error(f"JWT_COOKIE['TOKEN_FIELDS']: {error}", hint=hint, id=E010)]
    return [
        Error(
            f"JWT_COOKIE['TOKEN_FIELDS']: {field.name!r} {complaint}",
            hint="Leave it out: what a token does not carry is loaded when it is touched.",
            id=E010,
        )
        for field in fields
        if (complaint := _why_not_to_carry(field))
    ]


def _why_not_to_carry(field: Any) -> str:
    if not field.concrete or field.many_to_many:
        return "is no column of the user's table."
    if field.name in RESERVED_CLAIMS:
        return "is the name of a claim that every token has."
    if SENSITIVE_CLAIM.search(field.name):
        return "is named like a secret, and anyone who holds the token can read it."
    return ""


def check_revocation_cache(**kwargs: Any) -> list[CheckMessage]:
    """Report a cache that is not there."""
    try:
        _revocation_cache()
    except InvalidCacheBackendError as error:
        hint = f"CACHES has: {', '.join(django_settings.CACHES)}."
        return [Error(f"JWT_COOKIE['REVOCATION_CACHE']: {error}", hint=hint, id=E011)]
    return []


def check_revocation_cache_is_shared(**kwargs: Any) -> list[CheckMessage]:
    """Report a cache that tells the other processes nothing."""
    with suppress(InvalidCacheBackendError):
        return [W007] if isinstance(_revocation_cache(), LocMemCache | DummyCache) else []
    return []


def check_session_age(**kwargs: Any) -> list[CheckMessage]:
    """Report logins that would last longer, or less long, than before the swap."""
    given = getattr(django_settings, "JWT_COOKIE", {})
    is_set = django_settings.SESSION_COOKIE_AGE != global_settings.SESSION_COOKIE_AGE
    begins_here = _settings() is not None and any(key.can_sign for key in _keys())
    return [W008] if is_set and begins_here and "IDLE_TIMEOUT" not in given else []


def check_middleware(**kwargs: Any) -> list[CheckMessage]:
    """Report a middleware that is missing, or in a place where it can't work."""
    chain = list(_middleware())
    ours = _places(chain, JWTCookieMiddleware)
    if not ours:
        return [E003]
    django = [place for place in _places(chain, AuthenticationMiddleware) if place not in ours]
    sessions = _places(chain, SessionMiddleware)
    needy = _places(chain, LoginRequiredMiddleware)
    found = [
        (E004, len(ours) > 1),
        (E005, bool(django)),
        (E006, bool(sessions) and sessions[0] > ours[0] and _adopts()),
        (E007, bool(needy) and needy[0] < ours[0]),
        (E009, bool(_places(chain, RemoteUserMiddleware))),
        (W001, not _places(chain, CsrfViewMiddleware)),
        (W002, bool(sessions) and not _adopts()),
    ]
    return [message for message, is_so in found if is_so]


def check_cookie_is_secure(**kwargs: Any) -> list[CheckMessage]:
    """Report a cookie that plain http carries."""
    settings = _settings()
    return [W003] if settings is not None and not settings.cookie_secure else []


def check_secrets(**kwargs: Any) -> list[CheckMessage]:
    """Report secrets that work and are not safe."""
    given = [key.secret for key in _keys() if isinstance(key.secret, bytes)]
    secret_keys = [
        secret_key.encode() if isinstance(secret_key, str) else secret_key
        for secret_key in (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
    ]
    settings = _settings()
    used = secret_keys if settings is not None and settings.derives_key else given
    found = [
        (W004, any(secret in secret_keys for secret in given)),
        (W005, any(_is_weak(secret) for secret in used)),
    ]
    return [message for message, is_so in found if is_so]


def check_key_files(**kwargs: Any) -> list[CheckMessage]:
    """Report files with a private key or secret that other users of the machine can open."""
    return [
        Warning(
            f"{key.path} holds a key that signs logins, and not only its owner may open it.",
            hint=f"chmod 600 {key.path}",
            id=W006,
        )
        for key in _keys()
        if key.path is not None and key.can_sign and key.path.stat().st_mode & OTHERS
    ]


ALWAYS = (
    check_settings,
    check_keys,
    check_dotted_paths,
    check_token_fields,
    check_revocation_cache,
    check_session_age,
    check_middleware,
)
DEPLOY = (
    check_cookie_is_secure,
    check_secrets,
    check_key_files,
    check_revocation_cache_is_shared,
)


def _settings() -> Settings | None:
    """Return the settings, if `check_settings` has nothing against them."""
    try:
        return get_settings()
    except ImproperlyConfigured:
        return None


def _revocation_cache() -> BaseCache | None:
    settings = _settings()
    alias = settings.revocation_cache if settings is not None else None
    return caches[alias] if alias is not None else None


def _keys() -> Iterable[Key]:
    """Return the keys of the ring, if `check_keys` has nothing against them."""
    try:
        return get_key_ring().keys
    except ImproperlyConfigured:
        return ()


def _adopts() -> bool:
    settings = _settings()
    return settings is None or settings.adopt_django_logins


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


def _is_weak(secret: bytes) -> bool:
    return len(set(secret)) < FEW_CHARACTERS or secret.startswith(b"django-insecure-")
