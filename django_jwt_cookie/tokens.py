"""Tokens: a string from `Claims`, and `Claims` from a string that may come from an attacker.

A token is ``header.payload.signature`` (RFC 7515). The header names type, algorithm and key; the
payload holds the claims, readable by anyone who holds the token; the signature, made with the
secret, covers both. Signature and registered claims are PyJWT's work; what a login token has to
be beyond that is checked here.
"""

import re
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import _lru_cache_wrapper, lru_cache
from types import MappingProxyType
from typing import Any

import jwt
from django.views.decorators.debug import sensitive_variables

from .conf import Settings, get_settings
from .exceptions import TokenExpired, TokenInvalid
from .keys import get_key_ring

TYPE = "login+jwt"
"""Explicit type (RFC 8725, section 3.11): no other JWT of the same site passes for a login."""

MAX_LENGTH = 4096
"""Longer than a browser stores; refused before anything is parsed."""

MAX_TIME = 253_402_300_799
"""9999-12-31T23:59:59Z, the last second that a ``datetime`` can hold."""

COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
SID = re.compile(r"[A-Za-z0-9_-]{22}")

REQUIRED_CLAIMS = ("sub", "sid", "gen", "iat", "exp", "auth_time")
STATELESS_CLAIMS = ("started_at", "idle_timeout", "persistent", "ath")
RESERVED_CLAIMS = frozenset({*REQUIRED_CLAIMS, *STATELESS_CLAIMS, "iss", "aud", "nbf", "jti"})
SENSITIVE_CLAIM = re.compile(
    r"passw|pwd|secret|credential|private|api_?key|hash|token|otp|ssn|iban", re.IGNORECASE
)
HEADER = frozenset({"alg", "kid", "typ"})

KEYS_REMEMBERED = 64
"""Headers that are known again: as many as there are keys, and some room."""

LOGIN_JWT = jwt.PyJWT({"require": list(REQUIRED_CLAIMS), "verify_exp": False, "strict_aud": True})
"""What PyJWT checks; not ``exp``, which `decode` compares and can allow to be over."""


@dataclass(frozen=True, slots=True)
class StatelessClaims:
    """What a record would say, in a token that has none (``TRACK_SESSIONS = False``)."""

    started_at: int
    """When the login began."""

    idle_timeout: int
    """How many seconds it may be unused: less than the settings say, if the site has said so."""

    persistent: bool
    """Whether it is to outlive the browser."""

    ath: str
    """A keyed hash of backend and session auth hash: a new password ends the login."""

    def __repr__(self) -> str:
        """Name no value, like `Claims`."""
        return f"<StatelessClaims: {', '.join(STATELESS_CLAIMS)}>"

    @classmethod
    def pop_from(cls, payload: dict[str, Any]) -> "StatelessClaims | None":
        """Take these claims out of ``payload``, if they are all there and of the right types."""
        started_at, idle_timeout, *others = (payload.pop(name, None) for name in STATELESS_CLAIMS)
        persistent, ath = others
        are_times = _is_time(started_at) and _is_time(idle_timeout)
        if not (are_times and isinstance(persistent, bool) and isinstance(ath, str)):
            return None
        return cls(started_at, idle_timeout, persistent, ath)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a login token says. Immutable; ``claims["name"]`` reads any claim, extra ones included.

    Times are whole seconds since 1970 (``NumericDate``, RFC 7519, section 2), not milliseconds.
    """

    sub: str
    """The user's primary key, as a string."""

    sid: uuid.UUID
    """The login session: a random UUID (RFC 9562, version 4), as 22 characters of base64url."""

    gen: int
    """The generation of the login session that this token belongs to."""

    iat: int
    """When this token was issued."""

    exp: int
    """Until when this token is honoured."""

    auth_time: int
    """When the user gave the password; 0 if unknown. From OpenID Connect Core, section 2."""

    stateless: StatelessClaims | None = None
    """What stands in for a record, where there is none."""

    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Claims of the site's own."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))

    def __getitem__(self, name: str) -> Any:
        """Return the claim ``name``; raises ``KeyError`` if the token has none of that name."""
        return self.to_payload()[name]

    def __repr__(self) -> str:
        """Name the claims, and no value: a ``repr`` ends up in logs and error reports."""
        return f"<Claims: {', '.join(self.to_payload())}>"

    def to_payload(self) -> dict[str, Any]:
        """Return the claims as the JSON object that is signed."""
        return {
            "sub": self.sub,
            "sid": urlsafe_b64encode(self.sid.bytes).rstrip(b"=").decode(),
            "gen": self.gen,
            "iat": self.iat,
            "exp": self.exp,
            "auth_time": self.auth_time,
            **(asdict(self.stateless) if self.stateless else {}),
            **self.extra,
        }

    def detached(self) -> "Claims":
        """Return claims that share nothing that can be changed: lists and objects are copied.

        What is remembered of a token serves many requests. A view that appends to ``roles`` must
        not give a role to the next one.
        """
        if any(isinstance(value, list | dict) for value in self.extra.values()):
            return replace(self, extra=deepcopy(dict(self.extra)))
        return self

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> "Claims":
        """Check the type of each claim; raises `TokenInvalid` that names the first wrong one."""
        values = {name: payload.pop(name, None) for name in REQUIRED_CLAIMS}
        if not (isinstance(values["sub"], str) and values["sub"]):
            raise TokenInvalid("the claim 'sub' is not a string")
        if not (isinstance(values["sid"], str) and SID.fullmatch(values["sid"])):
            raise TokenInvalid("the claim 'sid' is not 128 bits in base64url")
        for name in ("gen", "iat", "exp", "auth_time"):
            # ``bool`` is an ``int`` in Python and a different type in JSON.
            if not _is_time(values[name]):
                raise TokenInvalid(f"the claim {name!r} is not a number of seconds or generations")
        values["sid"] = uuid.UUID(bytes=urlsafe_b64decode(values["sid"] + "=="))
        stateless = StatelessClaims.pop_from(payload)
        extra = {name: value for name, value in payload.items() if name not in RESERVED_CLAIMS}
        return cls(**values, stateless=stateless, extra=extra)


def _is_time(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_TIME


@sensitive_variables()
def encode(claims: Claims) -> str:
    """Sign ``claims`` with the first key of the ring.

    Raises ``ValueError`` for an extra claim that is reserved, or named like a secret: whoever holds
    the cookie can read it.
    """
    for name in claims.extra:
        if name in RESERVED_CLAIMS:
            raise ValueError(f"The claim {name!r} is reserved; choose another name.")
        if SENSITIVE_CLAIM.search(name):
            raise ValueError(
                f"The claim {name!r} is named like a secret, and anyone who holds the token can "
                "read it. Leave it out."
            )
    settings = get_settings()
    stated = {"iss": settings.issuer, "aud": settings.audience}
    payload = {name: value for name, value in stated.items() if value is not None}
    return get_key_ring().signing_key.sign(claims.to_payload() | payload, {"typ": TYPE})


@sensitive_variables()
def decode(token: str, *, allow_expired: bool = False) -> Claims:
    """Verify ``token`` and return what it says.

    Raises `TokenInvalid`, or `TokenExpired` for a token that is ours but past its ``exp``;
    ``allow_expired`` lets such a token through, for a login session to decide.
    """
    if len(token) > MAX_LENGTH:
        raise TokenInvalid(f"longer than {MAX_LENGTH} characters")
    settings = get_settings()
    claims = settings.derive(_remember)(token, get_key_ring().version)
    if not allow_expired and claims.exp <= time.time() - settings.leeway.total_seconds():
        raise TokenExpired("past its exp")
    return claims.detached()


def _remember(settings: Settings) -> "_lru_cache_wrapper[Claims]":
    """Return `_verify`, which knows again what it has verified lately.

    Only what was verified: garbage raises, and is not remembered. ``exp`` is looked at each time.
    """
    return lru_cache(maxsize=settings.verified_cache_size)(_verify)


@sensitive_variables()
def _verify(token: str, _version: int) -> Claims:
    if not COMPACT_JWS.fullmatch(token):
        raise TokenInvalid("not three parts of base64url")
    settings = get_settings()
    try:
        payload = _find_key(token).verify(
            token,
            issuer=settings.issuer,
            audience=settings.audience,
            leeway=settings.leeway,
            by=LOGIN_JWT,
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenInvalid(type(error).__name__) from error
    return Claims.from_payload(payload)


def _find_key(token: str) -> Any:
    """Return the key that the header names."""
    header = token.partition(".")[0]
    key = get_key_ring().find(get_settings().derive(_remember_headers)(header))
    if key is None:
        raise TokenInvalid("signed with a key that is not in the ring")
    return key


def _remember_headers(settings: Settings) -> "_lru_cache_wrapper[str]":
    """Return `_read_header`, which knows again what it has read: each key has but one header."""
    return lru_cache(maxsize=settings.verified_cache_size and KEYS_REMEMBERED)(_read_header)


@sensitive_variables()
def _read_header(header: str) -> str:
    """Return the ``kid`` of a header, if that is exactly one that we write.

    ``jwk``, ``jku``, ``x5u`` and ``x5c`` would let the sender choose the key, ``crit`` the rules
    (RFC 8725, sections 3.1 and 3.10). Whatever we do not write ourselves is refused unread.
    """
    found = jwt.get_unverified_header(f"{header}..")
    if found.keys() != HEADER or found["typ"] != TYPE or not isinstance(found["kid"], str):
        raise TokenInvalid("a header that we do not write")
    return found["kid"]
