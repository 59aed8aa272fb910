"""Settings that can't work, or do something else than they seem to."""

from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.conf import global_settings
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.cache import InvalidCacheBackendError
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import router
from django.utils.module_loading import import_string

from ..conf import find_audience, get_settings, may_mix_tenants
from ..keys import get_key_ring
from ..models import LoginSession
from ..tokens.claims import RESERVED_CLAIMS
from ..tokens.codec import SENSITIVE_CLAIM
from ..users.from_token import token_fields
from .known import known_keys, known_settings, revocation_cache

E001 = "jwt_cookie.E001"
E002 = "jwt_cookie.E002"
E008 = "jwt_cookie.E008"
E010 = "jwt_cookie.E010"
E011 = "jwt_cookie.E011"
E012 = Error(
    "With DATABASE_ROUTERS, or an engine for tenants, the user of a token may be somebody else in "
    "another database: no token is believed with USER_SOURCE = 'token', and each asks its record; "
    "with TRACK_SESSIONS = False nothing but the hash of the password tells tenants apart.",
    hint="Set JWT_COOKIE['AUDIENCE'] to the dotted path of a function that names the tenant of a "
    "request; or leave out USER_SOURCE = 'token' and TRACK_SESSIONS = False. See docs/tenants.md.",
    id="jwt_cookie.E012",
)
E014 = "jwt_cookie.E014"
HINT = "It has to be the whole dotted path, such as 'mysite.views.roles'."
W008 = Warning(
    "SESSION_COOKIE_AGE is set, and logins do not go by it any more, but by the timeouts in "
    "JWT_COOKIE: they last for IDLE_TIMEOUT, 14 days, after their last use.",
    hint="Set JWT_COOKIE = {'IDLE_TIMEOUT': timedelta(...)}, or remove SESSION_COOKIE_AGE.",
    id="jwt_cookie.W008",
)
W009 = Warning(
    "JWT_COOKIE['MOVE_UNTIL'] is over: older logins are not taken over any more.",
    hint="Remove MOVE_FROM and MOVE_UNTIL from JWT_COOKIE, and what is left of the older scheme: "
    "see docs/moving.md.",
    id="jwt_cookie.W009",
)
W012 = "jwt_cookie.W012"
W013 = "jwt_cookie.W013"
W014 = "jwt_cookie.W014"

LISTS_ROWS = (
    "lists and ends logins by the stored rows of sessions. No login is kept there: it finds none.",
    "Remove it: the list of devices takes its place.",
)
LOOKS_AT_ROWS = {
    "allauth.usersessions": LISTS_ROWS,
    "qsessions": LISTS_ROWS,
    "user_sessions": LISTS_ROWS,
    "preventconcurrentlogins": (
        "ends a login by deleting the stored row of its session. No login is kept there.",
        "Remove it, and end the logins before in a receiver of user_logged_in.",
    ),
    "easyaudit": (
        "looks for the user of a request in the stored row of a session. No login is kept there.",
        "Set DJANGO_EASY_AUDIT_WATCH_REQUEST_EVENTS = False; have a middleware note requests.",
    ),
}
"""Apps that know logins by the stored rows of sessions: what they do, and the remedy."""


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
    single = ("claims", "signup_form", "user_serializer")
    paths = [(name, getattr(settings, name, None)) for name in single]
    paths += [("move_from", path) for path in (settings.move_from if settings else ())]
    for name, path in paths:
        try:
            import_string(path) if path else None
        except ImportError as error:
            messages.append(Error(f"JWT_COOKIE[{name.upper()!r}]: {error}", hint=HINT, id=E008))
    return messages


def check_audience(**kwargs: Any) -> list[CheckMessage]:
    """Report an audience that is meant to be a function, and can't be imported."""
    settings = known_settings()
    try:
        find_audience(settings) if settings is not None else None
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=HINT, id=E008)]
    return []


def check_move_until(**kwargs: Any) -> list[CheckMessage]:
    """Report functions that nobody asks any more."""
    settings = known_settings()
    until = settings.move_until if settings is not None else None
    return [W009] if until is not None and until <= datetime.now(UTC) else []


def check_tenants(**kwargs: Any) -> list[CheckMessage]:
    """Report tenants of which one would take the tokens of another."""
    settings = known_settings()
    if settings is None or (settings.user_source == "database" and settings.track_sessions):
        return []
    try:
        return [E012] if may_mix_tenants(settings) else []
    except ImproperlyConfigured:
        return []  # `check_audience` says so.


def check_routes(**kwargs: Any) -> list[CheckMessage]:
    """Report logins that would be kept in another database than their users."""
    settings = known_settings()
    if settings is None or not settings.track_sessions or not _begins_logins():
        return []
    users, logins = (router.db_for_write(each) for each in (get_user_model(), LoginSession))
    if users == logins:
        return []
    return [
        Error(
            f"DATABASE_ROUTERS send users to {users!r} and logins to {logins!r}. The row of a "
            "login refers to that of its user, and one query has both.",
            hint="Let the router do with 'django_jwt_cookie' what it does with "
            f"{get_user_model()._meta.app_label!r}: see docs/scaling.md.",
            id=E014,
        )
    ]


def check_token_fields(**kwargs: Any) -> list[CheckMessage]:
    """Report fields that no token can carry, before somebody logs in."""
    settings = known_settings()
    if settings is None or settings.user_source == "database":
        return []
    try:
        fields = token_fields()
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


def check_apps(**kwargs: Any) -> list[CheckMessage]:
    """Report apps that look for logins where none is kept."""
    audits = getattr(django_settings, "DJANGO_EASY_AUDIT_WATCH_REQUEST_EVENTS", True)
    return [
        Warning(f"{name} {does}", hint=f"{hint} See docs/ecosystem.md.", id=W014)
        for name, (does, hint) in LOOKS_AT_ROWS.items()
        if apps.is_installed(name) and (audits or name != "easyaudit")
    ]


def check_misplaced_settings(**kwargs: Any) -> list[CheckMessage]:
    """Report settings of Django's own kind: there is one, a dict."""
    return [
        Warning(
            f"{name} does nothing: the settings of this app are the keys of JWT_COOKIE.",
            hint=f"Set JWT_COOKIE = {{{name.removeprefix('JWT_COOKIE_')!r}: ...}}.",
            id=W013,
        )
        for name in dir(django_settings)
        if name.startswith("JWT_COOKIE_")
    ]


def _is_left_behind(name: str, ours: str) -> bool:
    """Tell whether the site has something set for logins in sessions, and nothing for ours."""
    setting = f"SESSION_COOKIE_{name}"
    is_set = getattr(django_settings, setting) != getattr(global_settings, setting)
    begins_here = known_settings() is not None and _begins_logins()
    return is_set and begins_here and ours not in getattr(django_settings, "JWT_COOKIE", {})


def _begins_logins() -> bool:
    """Tell whether this site has a key to sign with: others only verify."""
    return any(key.can_sign for key in known_keys())
