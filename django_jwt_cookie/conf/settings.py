"""What ``JWT_COOKIE`` holds: the keys, what they mean, and their defaults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal, TypeVar

T = TypeVar("T")


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
    """A login ends so long after it began, however busy it is."""

    browser_session_timeout: timedelta = timedelta(hours=12)
    """``IDLE_TIMEOUT`` of a login without "remember me", whose cookie ends with the browser."""

    leeway: timedelta = timedelta(seconds=10)
    """Clock skew between servers that is forgiven, for ``exp``."""

    reuse_grace: timedelta = timedelta(minutes=30)
    """How long after its successor was seen an old token is taken for a request that was long on
    its way, and not for a theft."""

    on_reuse: str = "revoke"
    """What a theft does: ``revoke`` ends the login, ``refuse`` leaves this request anonymous."""

    issuer: str | None = None
    """``iss``: written into tokens and demanded of them, if set."""

    audience: str | None = None
    """``aud``: written into tokens and demanded of them, if set. A string, or the dotted path of
    ``(request) -> str | None``, for a site with tenants: a token of one is none of another."""

    claims: str | None = None
    """Dotted path of ``(user, request) -> dict``: further claims, for example roles."""

    cookie_name: str = ""
    """Default: ``__Host-jwt``, or ``__Secure-jwt`` with a domain or path. Where the cookie is not
    ``Secure``, the name without that prefix, which no browser would take there."""

    cookie_domain: str | None = None
    """``Domain`` of the cookie; none: only the host that set it gets it back."""

    cookie_path: str = "/"
    """``Path`` of the cookie."""

    cookie_samesite: str = "Lax"
    """``SameSite`` of the cookie: ``Lax``, ``Strict`` or ``None``."""

    cookie_secure: bool | Literal["auto"] = "auto"
    """``Secure`` of the cookie. ``"auto"``: where the request came over https. ``True``: always, so
    that nobody can log in over http. ``False``: never."""

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

    adopt_from: datetime | None = None
    """From when on logins live in the cookie, an aware ``datetime``: before it the middleware does
    what Django's own does, so that all servers begin at the same moment. None: at once."""

    move_from: tuple[str, ...] = ()
    """Dotted paths of functions ``(request) -> (user, credential, expires_at) | None`` that know
    the logins in a cookie of an older scheme, one that the site moves away from."""

    move_until: datetime | None = None
    """When that ends: an aware ``datetime``. After it they are not asked any more."""

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
