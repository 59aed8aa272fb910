"""The one setting, ``JWT_COOKIE``: a dict, read late, checked, and frozen.

``get_settings()`` builds the `Settings` when first asked and again after a setting has changed, so
that ``override_settings`` reaches everything. What is costly to build from settings (the key ring,
the cookie's attributes) is kept on the settings object itself, by `Settings.derive`, and so can't
outlive it.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.timezone import is_aware
from django.views.decorators.debug import sensitive_variables

T = TypeVar("T")

ALGORITHMS = ("HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "ES384", "EdDSA")
ON_REUSE = ("revoke", "refuse")
USER_SOURCES = ("database", "token")
SAMESITE = ("Lax", "Strict", "None")
CHOICES = {"on_reuse": ON_REUSE, "user_source": USER_SOURCES, "algorithm": ALGORITHMS}
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
FLAGS = ("cookie_secure", "shares_users", "track_sessions", "adopt_django_logins", "record_ip")
"""Fields of `Settings`, by what they may hold."""

COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""``token`` of RFC 9110, section 5.6.2, which a cookie's name has to be (RFC 6265, 4.1.1)."""

MAX_COOKIE_AGE = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``JWT_COOKIE``, with defaults filled in. The fields are the dict's keys in lower case."""

    secret: str | bytes | Mapping[str, Any] | None = field(default=None, repr=False, hash=False)
    """The one key: a secret, PEM text, a JWK, or ``file:`` and the path of a file with one of them;
    none: derived from Django's ``SECRET_KEY``."""

    keys: tuple[str | bytes | Mapping[str, Any], ...] = field(default=(), repr=False, hash=False)
    """A ring of such keys in place of ``SECRET``: the first signs, all verify."""

    jwks_url: str | None = None
    """Where another site publishes its public keys, in place of keys: its logins count here."""

    algorithm: str = "HS256"
    """JWS algorithm (RFC 7518, section 3.1; RFC 8037) that new tokens are signed with."""

    token_lifetime: timedelta = timedelta(minutes=10)
    """How long one token is honoured (``exp``); a new one is issued after half of it."""

    idle_timeout: timedelta = timedelta(days=14)
    """A login ends when it was unused for so long."""

    absolute_timeout: timedelta = timedelta(days=30)
    """A login ends so long after the password was given, however busy it is."""

    browser_session_timeout: timedelta = timedelta(hours=12)
    """``IDLE_TIMEOUT`` of a login without "remember me", whose cookie ends with the browser."""

    leeway: timedelta = timedelta(seconds=10)
    """Clock skew between servers that is forgiven, for ``exp``, ``nbf`` and ``iat``."""

    reuse_grace: timedelta = timedelta(minutes=10)
    """How long after its successor was seen an old token is taken for a request that was long on
    its way, and not for a theft."""

    on_reuse: str = "revoke"
    """What a theft does: ``revoke`` ends the login, ``refuse`` leaves this request anonymous."""

    issuer: str | None = None
    """``iss``: written into tokens and demanded of them, if set."""

    audience: str | None = None
    """``aud``: written into tokens and demanded of them, if set."""

    claims: str | None = None
    """Dotted path of ``(user, request) -> dict``: further claims, for example roles."""

    cookie_name: str = ""
    """Default: ``__Host-jwt``; ``__Secure-jwt`` with a domain or path; ``jwt`` if not secure."""

    cookie_domain: str | None = None
    """``Domain`` of the cookie; none: only the host that set it gets it back."""

    cookie_path: str = "/"
    """``Path`` of the cookie."""

    cookie_samesite: str = "Lax"
    """``SameSite`` of the cookie: ``Lax``, ``Strict`` or ``None``."""

    cookie_secure: bool = True
    """``Secure`` of the cookie. Default: ``not DEBUG``."""

    user_source: str = "database"
    """Where ``request.user`` comes from: ``database``, or ``token``, which costs no query and
    notices changes only when the token is renewed."""

    token_fields: tuple[str, ...] | None = None
    """Fields of the user that a token carries for ``USER_SOURCE = "token"``; none: the
    ``USERNAME_FIELD``. Readable by whoever holds the cookie."""

    shares_users: bool = False
    """On a site that only verifies: its table of users is that of the site that issues."""

    track_sessions: bool = True
    """Keep a record of each login. Without, a logout is only the cookie's."""

    adopt_django_logins: bool = True
    """Move logins that other code puts into the Django session into the cookie."""

    adopters: tuple[str, ...] = ()
    """Dotted paths of subclasses of `django_jwt_cookie.adopters.Adopter`: each takes over logins of
    an older scheme, one that the site moves away from."""

    adopt_until: datetime | None = None
    """When that ends: an aware ``datetime``. After it the adopters are not asked any more."""

    revocation_cache: str | None = None
    """Alias of the Django cache that tells every process at once which logins have ended."""

    verified_cache_size: int = 4096
    """How many verified tokens each process remembers; 0: none."""

    signup_form: str | None = "django_jwt_cookie.forms.SignupForm"
    """Dotted path of the form behind ``signup/``; ``None`` closes the page."""

    user_serializer: str = "django_jwt_cookie.responses.serialize_user"
    """Dotted path of ``(user, request) -> dict``: the user in the login document."""

    record_ip: bool = False
    """Keep the client's address with each login."""

    _derived: dict[Callable[..., Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if not self.cookie_name:
            object.__setattr__(self, "cookie_name", self._default_cookie_name())
        for complaints_of in (self._wrong_values, self._wrong_cookie, self._contradictions):
            # One after the other: values of the wrong type can't be compared with each other.
            if complaints := complaints_of():
                raise ImproperlyConfigured(f"JWT_COOKIE: {' '.join(complaints)}")

    def derive(self, factory: Callable[["Settings"], T]) -> T:
        """Return ``factory(self)``, made once and kept for as long as these settings live."""
        if factory not in self._derived:
            self._derived[factory] = factory(self)
        result: T = self._derived[factory]
        return result

    @cached_property
    def token_seconds(self) -> int:
        """``token_lifetime`` in seconds."""
        return int(self.token_lifetime.total_seconds())

    @cached_property
    def leeway_seconds(self) -> int:
        """``leeway`` in seconds."""
        return int(self.leeway.total_seconds())

    @property
    def derives_key(self) -> bool:
        """Tell whether the key is derived from ``SECRET_KEY``, for want of another."""
        return self.secret is None and not self.keys and self.jwks_url is None

    def _default_cookie_name(self) -> str:
        if not self.cookie_secure:
            return "jwt"
        host_only = self.cookie_domain is None and self.cookie_path == "/"
        return "__Host-jwt" if host_only else "__Secure-jwt"

    def _wrong_values(self) -> list[str]:
        return [
            *self._wrong_durations(),
            *self._wrong_choices(),
            *self._wrong_texts(),
            *self._wrong_flags(),
            *self._wrong_lists_and_numbers(),
        ]

    def _wrong_durations(self) -> Iterator[str]:
        for name in DURATIONS:
            if not _is_whole_seconds(value := getattr(self, name)) or not value:
                yield (
                    f"{name.upper()} must be a positive timedelta of whole seconds, for example "
                    f"timedelta(minutes=10); it is {value!r}."
                )
        if not _is_whole_seconds(self.leeway):
            yield (
                f"LEEWAY must be a timedelta of whole seconds, timedelta(0) for none; "
                f"it is {self.leeway!r}."
            )

        until = self.adopt_until
        if until is not None and not (isinstance(until, datetime) and is_aware(until)):
            yield (
                "ADOPT_UNTIL must be a datetime with a time zone, for example "
                f"datetime(2027, 3, 1, tzinfo=UTC); it is {until!r}."
            )

    def _wrong_choices(self) -> Iterator[str]:
        for name, choices in CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                yield f"{name.upper()} must be one of {', '.join(choices)}; it is {value!r}."

    def _wrong_texts(self) -> Iterator[str]:
        for name in OPTIONAL_TEXTS:
            value = getattr(self, name)
            if value is not None and not (value and isinstance(value, str)):
                yield (
                    f"{name.upper()} must be a string that is not empty, or left out; "
                    f"it is {value!r}."
                )
        for name in ("signup_form", "user_serializer"):
            value = getattr(self, name)
            if not isinstance(value, str) and (name, value) != ("signup_form", None):
                yield f"{name.upper()} must be a dotted path; it is {value!r}."

    def _wrong_flags(self) -> Iterator[str]:
        for name in FLAGS:
            if not isinstance(value := getattr(self, name), bool):
                yield f"{name.upper()} must be True or False; it is {value!r}."

    def _wrong_lists_and_numbers(self) -> Iterator[str]:
        if self.token_fields is not None and not _is_strings(self.token_fields):
            yield f"TOKEN_FIELDS must be a list of names of fields; it is {self.token_fields!r}."
        if not _is_strings(self.adopters):
            yield f"ADOPTERS must be a list of dotted paths of classes; it is {self.adopters!r}."
        if not (type(self.verified_cache_size) is int and self.verified_cache_size >= 0):
            yield (
                "VERIFIED_CACHE_SIZE must be a number of tokens, 0 for none; "
                f"it is {self.verified_cache_size!r}."
            )

    def _wrong_cookie(self) -> list[str]:
        name, complaints = self.cookie_name, []
        if not isinstance(name, str) or not COOKIE_NAME.fullmatch(name):
            return [f"COOKIE_NAME {name!r} can't be a cookie's name (RFC 6265, section 4.1.1)."]
        if name in (django_settings.SESSION_COOKIE_NAME, django_settings.CSRF_COOKIE_NAME):
            complaints.append(f"COOKIE_NAME {name!r} is taken by another cookie of Django.")
        if self.cookie_samesite not in SAMESITE:
            complaints.append(
                f"COOKIE_SAMESITE must be one of {', '.join(SAMESITE)} (a string); "
                f"it is {self.cookie_samesite!r}."
            )
        if not isinstance(self.cookie_path, str) or not self.cookie_path.startswith("/"):
            complaints.append(f"COOKIE_PATH must start with a slash; it is {self.cookie_path!r}.")
        if self.cookie_samesite == "None" and not self.cookie_secure:
            complaints.append(
                "COOKIE_SAMESITE = 'None' with COOKIE_SECURE = False: browsers drop such a "
                "cookie. Set COOKIE_SECURE = True, or COOKIE_SAMESITE = 'Lax'."
            )
        if name.startswith(("__Host-", "__Secure-")) and not self.cookie_secure:
            complaints.append(
                f"COOKIE_NAME = {name!r} with COOKIE_SECURE = False: browsers drop such a cookie. "
                "Leave COOKIE_NAME out, or set COOKIE_SECURE = True."
            )
        if name.startswith("__Host-") and (self.cookie_domain or self.cookie_path != "/"):
            complaints.append(
                f"COOKIE_NAME = {name!r} with COOKIE_DOMAIN = {self.cookie_domain!r} and "
                f"COOKIE_PATH = {self.cookie_path!r}: browsers drop a __Host- cookie that has a "
                "domain or a path other than '/'. Leave COOKIE_NAME out, or name it __Secure-..."
            )
        return complaints

    def _contradictions(self) -> list[str]:
        complaints = []
        if self.absolute_timeout > MAX_COOKIE_AGE:
            complaints.append(
                f"ABSOLUTE_TIMEOUT ({self.absolute_timeout}) is longer than browsers keep any "
                f"cookie; it may be {MAX_COOKIE_AGE} at most (RFC 6265bis, section 5.5)."
            )
        if self.secret is not None and self.keys:
            complaints.append("SECRET and KEYS exclude each other: put all keys into KEYS.")
        if self.jwks_url is not None and (self.secret is not None or self.keys):
            complaints.append(
                "JWKS_URL excludes SECRET and KEYS: with a key of its own this site can't tell "
                "its logins from the other's."
            )
        if bool(self.adopters) is not (self.adopt_until is not None):
            complaints.append(
                "ADOPTERS and ADOPT_UNTIL need each other: which old logins are taken over, and "
                "until when. Set both, or neither."
            )
        if self.adopters and self.jwks_url is not None:
            complaints.append(
                "ADOPTERS with JWKS_URL: no login begins on a site that only verifies. Take old "
                "logins over on the site that issues."
            )
        if not isinstance(self.keys, tuple):
            complaints.append("KEYS must be a list of keys: the first signs, all verify.")
        if self.revocation_cache is not None and not self.track_sessions:
            complaints.append(
                "REVOCATION_CACHE with TRACK_SESSIONS = False: without records no login is ended "
                "on the server, and there is nothing to tell. Leave one of them out."
            )
        for shorter, longer in (
            ("token_lifetime", "browser_session_timeout"),
            ("token_lifetime", "idle_timeout"),
            ("browser_session_timeout", "absolute_timeout"),
            ("idle_timeout", "absolute_timeout"),
            ("leeway", "token_lifetime"),
        ):
            if getattr(self, shorter) > getattr(self, longer):
                complaints.append(
                    f"{shorter.upper()} ({getattr(self, shorter)}) is longer than "
                    f"{longer.upper()} ({getattr(self, longer)}); it has to be shorter."
                )
        return complaints


def _is_whole_seconds(value: object) -> bool:
    """Tell whether ``value`` is a duration that ``exp`` and ``Max-Age`` can both express."""
    return isinstance(value, timedelta) and value >= timedelta(0) and not value.microseconds


def _is_strings(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in value)


KEYS = tuple(each.name.upper() for each in fields(Settings) if each.init)
"""Every key that ``JWT_COOKIE`` may have."""


@lru_cache(maxsize=1)
@sensitive_variables()
def get_settings() -> Settings:
    """Return the settings in force.

    Raises ``ImproperlyConfigured`` for an unknown key or a value that can't work, with the remedy.
    """
    given = getattr(django_settings, "JWT_COOKIE", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("JWT_COOKIE must be a dict, for example {'ISSUER': 'shop'}.")
    for key in given:
        if key not in KEYS:
            raise ImproperlyConfigured(f"JWT_COOKIE: unknown key {key!r}.{_did_you_mean(key)}")
    if given.get("KEYS") in ([], ()):
        # The ring would silently be that of SECRET_KEY.
        raise ImproperlyConfigured("JWT_COOKIE: KEYS is empty: leave it out, or give it a key.")
    if "SECRET" in given and given["SECRET"] is None:
        # Of a variable that is not set: the ring would silently be that of SECRET_KEY.
        raise ImproperlyConfigured("JWT_COOKIE: SECRET is None: leave it out, or give it a key.")
    values: dict[str, Any] = {"cookie_secure": not django_settings.DEBUG}
    values.update((key.lower(), value) for key, value in given.items())
    for name in ("keys", "token_fields", "adopters"):
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    return Settings(**values)


def _did_you_mean(key: object) -> str:
    close = difflib.get_close_matches(str(key).upper(), KEYS, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known keys: {', '.join(KEYS)}."


DEPENDS_ON = {
    "JWT_COOKIE",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "DEBUG",
    "SESSION_COOKIE_NAME",
    "CSRF_COOKIE_NAME",
    "AUTH_USER_MODEL",
    "USE_TZ",
    "TIME_ZONE",
}
"""The Django settings that `Settings`, or what is derived from it, are made of."""


def forget_settings(*, setting: str, **_: object) -> None:
    """Build the settings anew when next asked: tests have changed one of them."""
    if setting in DEPENDS_ON:
        get_settings.cache_clear()


setting_changed.connect(forget_settings, dispatch_uid="django_jwt_cookie.forget_settings")
