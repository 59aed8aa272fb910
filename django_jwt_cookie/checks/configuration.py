"""Settings that can't work, or do something else than they seem to."""

from datetime import UTC, datetime
from typing import Any

from django.conf import global_settings
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.cache import InvalidCacheBackendError
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.utils.module_loading import import_string

from .. import token_users
from ..adopters import Adopter
from ..claims import RESERVED_CLAIMS
from ..conf import get_settings
from ..keys import get_key_ring
from ..tokens import SENSITIVE_CLAIM
from .known import known_keys, known_settings, revocation_cache

E001 = "jwt_cookie.E001"
E002 = "jwt_cookie.E002"
E008 = "jwt_cookie.E008"
E010 = "jwt_cookie.E010"
E011 = "jwt_cookie.E011"
E012 = "jwt_cookie.E012"
HINT = "It has to be the whole dotted path, such as 'mysite.views.roles'."
W008 = Warning(
    "SESSION_COOKIE_AGE is set, and logins do not go by it any more, but by the timeouts in "
    "JWT_COOKIE: they last for IDLE_TIMEOUT, 14 days, after their last use.",
    hint="Set JWT_COOKIE = {'IDLE_TIMEOUT': timedelta(...)}, or remove SESSION_COOKIE_AGE.",
    id="jwt_cookie.W008",
)
W009 = Warning(
    "JWT_COOKIE['ADOPT_UNTIL'] is over: old logins are not taken over any more.",
    hint="Remove ADOPTERS and ADOPT_UNTIL from JWT_COOKIE, and what is left of the older scheme: "
    "see docs/moving.md.",
    id="jwt_cookie.W009",
)
W012 = "jwt_cookie.W012"


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Report settings that `Settings` refuses."""
    try:
        get_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id=E001)]
    return []


def check_keys(**kwargs: Any) -> list[CheckMessage]:
    """Report keys that can't be used."""
    if known_settings() is None:
        return []
    try:
        get_key_ring()
    except ImproperlyConfigured as error:
        return [Error(str(error), id=E002)]
    return []


def check_dotted_paths(**kwargs: Any) -> list[CheckMessage]:
    """Report what can't be imported, before somebody signs up."""
    settings = known_settings()
    messages: list[CheckMessage] = []
    for name in ("claims", "signup_form", "user_serializer"):
        path = getattr(settings, name, None)
        try:
            import_string(path) if path else None
        except ImportError as error:
            messages.append(Error(f"JWT_COOKIE[{name.upper()!r}]: {error}", hint=HINT, id=E008))
    return messages


def check_adopters(**kwargs: Any) -> list[CheckMessage]:
    """Report what can't take over a login, before somebody comes with an old one."""
    settings = known_settings()
    messages: list[CheckMessage] = []
    for path in settings.adopters if settings is not None else ():
        try:
            adopter = import_string(path)
        except ImportError as error:
            messages.append(Error(f"JWT_COOKIE['ADOPTERS']: {error}", hint=HINT, id=E008))
        else:
            if not (isinstance(adopter, type) and issubclass(adopter, Adopter)):
                complaint = f"JWT_COOKIE['ADOPTERS']: {path} is no subclass of Adopter."
                hint = "Write one: see django_jwt_cookie.adopters, and docs/moving.md."
                messages.append(Error(complaint, hint=hint, id=E012))
    return messages


def check_adopt_until(**kwargs: Any) -> list[CheckMessage]:
    """Report adopters that nobody asks any more."""
    settings = known_settings()
    until = settings.adopt_until if settings is not None else None
    return [W009] if until is not None and until <= datetime.now(UTC) else []


def check_token_fields(**kwargs: Any) -> list[CheckMessage]:
    """Report fields that no token can carry, before somebody logs in."""
    settings = known_settings()
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
        revocation_cache()
    except InvalidCacheBackendError as error:
        hint = f"CACHES has: {', '.join(django_settings.CACHES)}."
        return [Error(f"JWT_COOKIE['REVOCATION_CACHE']: {error}", hint=hint, id=E011)]
    return []


def check_session_age(**kwargs: Any) -> list[CheckMessage]:
    """Report logins that would last longer, or less long, than before the swap."""
    return [W008] if _is_left_behind("AGE", "IDLE_TIMEOUT") else []


def check_session_cookie(**kwargs: Any) -> list[CheckMessage]:
    """Report a login cookie that would go to other places than the session's did."""
    keys = ("COOKIE_DOMAIN", "COOKIE_PATH", "COOKIE_SAMESITE")
    return [
        Warning(
            f"SESSION_{key} is set, and holds for sessions alone: the login cookie goes by "
            f"JWT_COOKIE['{key}'].",
            hint=f"Set JWT_COOKIE = {{'{key}': ...}}, or remove SESSION_{key}.",
            id=W012,
        )
        for key in keys
        if _is_left_behind(key.removeprefix("COOKIE_"), key)
    ]


def _is_left_behind(name: str, ours: str) -> bool:
    """Tell whether the site has something set for logins in sessions, and nothing for ours."""
    setting = f"SESSION_COOKIE_{name}"
    is_set = getattr(django_settings, setting) != getattr(global_settings, setting)
    begins_here = known_settings() is not None and any(key.can_sign for key in known_keys())
    return is_set and begins_here and ours not in getattr(django_settings, "JWT_COOKIE", {})
