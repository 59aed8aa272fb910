"""What is wrong with settings, with the value, the place and the remedy."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings as django_settings
from django.utils.timezone import is_aware

from .settings import Settings

ALGORITHMS = ("HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "ES384", "EdDSA")
ON_REUSE = ("revoke", "refuse")
USER_SOURCES = ("database", "token")
PREFIXES = ("__host-", "__secure-")
SAMESITE = ("Lax", "Strict", "None")
COOKIE_SECURE = ("auto", True, False)
CHOICES = {
    "on_reuse": ON_REUSE,
    "user_source": USER_SOURCES,
    "algorithm": ALGORITHMS,
    "cookie_secure": COOKIE_SECURE,
}
DURATIONS = (
    "token_lifetime",
    "idle_timeout",
    "absolute_timeout",
    "browser_session_timeout",
    "reuse_grace",
)
OPTIONAL_TEXTS = (
    "issuer",
    "audience",
    "claims",
    "cookie_domain",
    "jwks_url",
    "revocation_cache",
)
FLAGS = ("shares_users", "track_sessions", "record_ip")
MOMENTS = ("adopt_from", "move_until")
"""Fields of `Settings`, by what they may hold."""

ORDER = (
    ("token_lifetime", "browser_session_timeout"),
    ("token_lifetime", "idle_timeout"),
    ("browser_session_timeout", "absolute_timeout"),
    ("idle_timeout", "absolute_timeout"),
    ("leeway", "token_lifetime"),
)
"""Which of two durations has to be the shorter one."""

COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""``token`` of RFC 9110, section 5.6.2, which a cookie's name has to be (RFC 6265, 4.1.1)."""

COOKIE_PATH = re.compile(r"/[^;\x00-\x1f\x7f]*")
COOKIE_DOMAIN = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
"""RFC 6265, section 4.1.1: more would be read as another attribute, or as another header."""

MAX_COOKIE_AGE = timedelta(days=400)


def find_complaints(settings: Settings) -> list[str]:
    """Return what is wrong, in sentences; an empty list if nothing is.

    One kind after the other: values of the wrong type can't be compared with each other.
    """
    return wrong_values(settings) or wrong_cookie(settings) or contradictions(settings)


def wrong_values(settings: Settings) -> list[str]:
    """Name values that are none of their key."""
    return [
        *_wrong_durations(settings),
        *_wrong_choices(settings),
        *_wrong_texts(settings),
        *_wrong_flags(settings),
        *_wrong_lists_and_numbers(settings),
    ]


def _wrong_durations(settings: Settings) -> Iterator[str]:
    for name in DURATIONS:
        if not _is_whole_seconds(value := getattr(settings, name)) or not value:
            yield (
                f"{name.upper()} must be a positive timedelta of whole seconds, for example "
                f"timedelta(minutes=10); it is {value!r}."
            )
    if not _is_whole_seconds(settings.leeway):
        yield (
            f"LEEWAY must be a timedelta of whole seconds, timedelta(0) for none; "
            f"it is {settings.leeway!r}."
        )
    for name in MOMENTS:
        moment = getattr(settings, name)
        if moment is not None and not (isinstance(moment, datetime) and is_aware(moment)):
            yield (
                f"{name.upper()} must be a datetime with a time zone, for example "
                f"datetime(2027, 3, 1, tzinfo=UTC); it is {moment!r}."
            )


def _wrong_choices(settings: Settings) -> Iterator[str]:
    for name, choices in CHOICES.items():
        if (value := getattr(settings, name)) not in choices:
            yield f"{name.upper()} must be one of {', '.join(map(str, choices))}; it is {value!r}."


def _wrong_texts(settings: Settings) -> Iterator[str]:
    for name in OPTIONAL_TEXTS:
        value = getattr(settings, name)
        if value is not None and not (value and isinstance(value, str)):
            yield (
                f"{name.upper()} must be a string that is not empty, or left out; it is {value!r}."
            )
    for name in ("signup_form", "user_serializer"):
        value = getattr(settings, name)
        if not isinstance(value, str) and (name, value) != ("signup_form", None):
            yield f"{name.upper()} must be a dotted path; it is {value!r}."


def _wrong_flags(settings: Settings) -> Iterator[str]:
    for name in FLAGS:
        if not isinstance(value := getattr(settings, name), bool):
            yield f"{name.upper()} must be True or False; it is {value!r}."


def _wrong_lists_and_numbers(settings: Settings) -> Iterator[str]:
    if settings.token_fields is not None and not _is_strings(settings.token_fields):
        yield f"TOKEN_FIELDS must be a list of names of fields; it is {settings.token_fields!r}."
    if not _is_strings(settings.move_from):
        yield f"MOVE_FROM must be a list of dotted paths; it is {settings.move_from!r}."
    if not (type(settings.verified_cache_size) is int and settings.verified_cache_size >= 0):
        yield (
            "VERIFIED_CACHE_SIZE must be a number of tokens, 0 for none; "
            f"it is {settings.verified_cache_size!r}."
        )


def wrong_cookie(settings: Settings) -> list[str]:
    """Name what no browser would take for a cookie, or take as another."""
    name, complaints = settings.cookie_name, []
    if not isinstance(name, str) or not COOKIE_NAME.fullmatch(name):
        return [f"COOKIE_NAME {name!r} can't be a cookie's name (RFC 6265, section 4.1.1)."]
    if name in (django_settings.SESSION_COOKIE_NAME, django_settings.CSRF_COOKIE_NAME):
        complaints.append(f"COOKIE_NAME {name!r} is taken by another cookie of Django.")
    if settings.cookie_samesite not in SAMESITE:
        complaints.append(
            f"COOKIE_SAMESITE must be one of {', '.join(SAMESITE)} (a string); "
            f"it is {settings.cookie_samesite!r}."
        )
    if not isinstance(settings.cookie_path, str) or not COOKIE_PATH.fullmatch(settings.cookie_path):
        complaints.append(
            "COOKIE_PATH must start with a slash, and hold neither ';' nor control characters "
            f"(RFC 6265, section 4.1.1); it is {settings.cookie_path!r}."
        )
    if settings.cookie_domain is not None and not COOKIE_DOMAIN.fullmatch(settings.cookie_domain):
        complaints.append(
            f"COOKIE_DOMAIN must be the name of a host; it is {settings.cookie_domain!r}."
        )
    if settings.cookie_samesite == "None" and not settings.cookie_secure:
        complaints.append(
            "COOKIE_SAMESITE = 'None' with COOKIE_SECURE = False: browsers drop such a "
            "cookie. Set COOKIE_SECURE = True, or COOKIE_SAMESITE = 'Lax'."
        )
    prefix = prefix_of(name)
    if prefix and not settings.cookie_secure:
        complaints.append(
            f"COOKIE_NAME = {name!r} with COOKIE_SECURE = False: browsers drop such a cookie. "
            "Leave COOKIE_NAME out, or set COOKIE_SECURE = True."
        )
    if prefix == "__host-" and (settings.cookie_domain or settings.cookie_path != "/"):
        complaints.append(
            f"COOKIE_NAME = {name!r} with COOKIE_DOMAIN = {settings.cookie_domain!r} and "
            f"COOKIE_PATH = {settings.cookie_path!r}: browsers drop a __Host- cookie that has a "
            "domain or a path other than '/'. Leave COOKIE_NAME out, or name it __Secure-..."
        )
    return complaints


def contradictions(settings: Settings) -> list[str]:
    """Name values that are good, and not together."""
    complaints = []
    if settings.absolute_timeout > MAX_COOKIE_AGE:
        complaints.append(
            f"ABSOLUTE_TIMEOUT ({settings.absolute_timeout}) is longer than browsers keep any "
            f"cookie; it may be {MAX_COOKIE_AGE} at most (RFC 6265bis, section 5.5)."
        )
    if settings.secret is not None and settings.keys:
        complaints.append("SECRET and KEYS exclude each other: put all keys into KEYS.")
    if settings.jwks_url is not None and (settings.secret is not None or settings.keys):
        complaints.append(
            "JWKS_URL excludes SECRET and KEYS: with a key of its own this site can't tell "
            "its logins from the other's."
        )
    if bool(settings.move_from) is not (settings.move_until is not None):
        complaints.append(
            "MOVE_FROM and MOVE_UNTIL need each other: which old logins are taken over, and "
            "until when. Set both, or neither."
        )
    if settings.move_from and settings.jwks_url is not None:
        complaints.append(
            "MOVE_FROM with JWKS_URL: no login begins on a site that only verifies. Take old "
            "logins over on the site that issues."
        )
    if not isinstance(settings.keys, tuple):
        complaints.append("KEYS must be a list of keys: the first signs, all verify.")
    if settings.revocation_cache is not None and not settings.track_sessions:
        complaints.append(
            "REVOCATION_CACHE with TRACK_SESSIONS = False: without records no login is ended "
            "on the server, and there is nothing to tell. Leave one of them out."
        )
    return [*complaints, *_wrong_order(settings)]


def _wrong_order(settings: Settings) -> Iterator[str]:
    for shorter, longer in ORDER:
        if getattr(settings, shorter) > getattr(settings, longer):
            yield (
                f"{shorter.upper()} ({getattr(settings, shorter)}) is longer than "
                f"{longer.upper()} ({getattr(settings, longer)}); it has to be shorter."
            )


def prefix_of(name: str) -> str:
    """Return the prefix of a cookie's name by which browsers ask more of it, in small letters.

    They compare it without case (RFC 6265bis, section 5.7).
    """
    return next((each for each in PREFIXES if name.lower().startswith(each)), "")


def _is_whole_seconds(value: object) -> bool:
    """Tell whether ``value`` is a duration that ``exp`` and ``Max-Age`` can both express."""
    return isinstance(value, timedelta) and value >= timedelta(0) and not value.microseconds


def _is_strings(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
