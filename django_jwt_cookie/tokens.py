"""Tokens: a string from `Claims`, and `Claims` from a string that may come from an attacker.

A token is ``header.payload.signature`` (RFC 7515). The header names type, algorithm and key; the
payload holds the claims, readable by anyone who holds the token; the signature, made with the
secret, covers both. Signatures are PyJWT's work; what a login token has to be beyond that is
checked here.
"""

import json
import re
import time
from functools import _lru_cache_wrapper, lru_cache
from typing import Any

import jwt
from django.views.decorators.debug import sensitive_variables
from jwt.utils import base64url_decode, base64url_encode

from .claims import RESERVED_CLAIMS, Claims, is_time
from .conf import Settings, get_settings
from .exceptions import TokenExpired, TokenInvalid
from .keys import Key, get_key_ring

__all__ = ["Claims", "decode", "encode"]

TYPE = "login+jwt"
"""Explicit type (RFC 8725, section 3.11): no other JWT of the same site passes for a login."""

MAX_LENGTH = 4096
"""Longer than a browser stores; refused before anything is parsed."""

COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
SENSITIVE_CLAIM = re.compile(
    r"(?i:passw|pwd|secret|credential|private|api_?key|token|hash(?!tag))"
    # At the end of a word: a business name has one of them inside.
    r"|(?i:otp|ssn|iban)(?![a-z])"
)
HEADER = frozenset({"alg", "kid", "typ"})

KEYS_REMEMBERED = 128
"""Headers that are known again: as many as there are keys, and some room."""


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
    if not allow_expired and claims.exp <= time.time() - settings.leeway_seconds:
        raise TokenExpired("past its exp")
    return claims


def _remember(settings: Settings) -> "_lru_cache_wrapper[Claims]":
    """Return `_verify`, which knows again what it has verified lately.

    Only what was verified: garbage raises, and is not remembered. ``exp`` is looked at each time.
    """
    return lru_cache(maxsize=settings.verified_cache_size)(_verify)


@sensitive_variables()
def _verify(token: str, version: int) -> Claims:
    """Return what ``token`` says, once its signature, type and registered claims are found right.

    What ``jwt.decode`` does, less what is known of our tokens before: their one header per key,
    their alphabet, their keys. The payload is not even decoded before the signature is verified.
    """
    if not COMPACT_JWS.fullmatch(token):
        raise TokenInvalid("not three parts of base64url")
    signing_input, _, signature = token.rpartition(".")
    header, _, payload = signing_input.partition(".")
    settings = get_settings()
    try:
        key = settings.derive(_remember_keys)(header, version)
        if not key.has_signed(signing_input.encode(), _from_base64url(signature)):
            raise TokenInvalid("the signature does not fit")
        claims = json.loads(_from_base64url(payload))
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenInvalid(type(error).__name__) from error
    if not isinstance(claims, dict):
        raise TokenInvalid("the payload is no object")
    _refuse_foreign(claims, settings)
    return Claims.from_payload(claims)


def _from_base64url(part: str) -> bytes:
    """Decode ``part``, unless it is another way of writing the same bytes (RFC 4648, 3.5)."""
    decoded = base64url_decode(part)
    if base64url_encode(decoded).decode() != part:
        raise TokenInvalid("not the one base64url of its bytes")
    return decoded


def _refuse_foreign(payload: dict[str, Any], settings: Settings) -> None:
    """Refuse what another site has issued, or is for another, or for later: `TokenInvalid`.

    By the registered claims (RFC 7519, section 4.1), those that we do not write included.
    """
    if settings.issuer is not None and payload.get("iss") != settings.issuer:
        raise TokenInvalid("issued by somebody else")
    if payload.get("aud") != settings.audience:
        raise TokenInvalid("for somebody else")
    soon = time.time() + settings.leeway_seconds
    for name in ("iat", "nbf"):
        if not is_time(since := payload.get(name, 0)) or since > soon:
            raise TokenInvalid(f"not good yet, by its {name}")
    if not isinstance(payload.get("jti", ""), str):
        raise TokenInvalid("the claim 'jti' is not a string")


def _remember_keys(_: Settings) -> "_lru_cache_wrapper[Key]":
    """Return `_find_key`, which knows again what it has found: we write one header per key."""
    return lru_cache(maxsize=KEYS_REMEMBERED)(_find_key)


@sensitive_variables()
def _find_key(header: str, _version: int) -> Key:
    """Return the key that a header names, if the header is exactly one that we write.

    ``jwk``, ``jku``, ``x5u`` and ``x5c`` would let the sender choose the key, ``crit`` the rules
    (RFC 8725, sections 3.1 and 3.10). Whatever we do not write ourselves is refused unread. Raises
    `TokenInvalid`, ``jwt.DecodeError``, or `KeysUnavailable`.
    """
    found = jwt.get_unverified_header(f"{header}..")
    if found.keys() != HEADER or found["typ"] != TYPE:
        raise TokenInvalid("a header that we do not write")
    key = get_key_ring().find(found["kid"])
    if key is None:
        raise TokenInvalid("signed with a key that is not in the ring")
    if found["alg"] != key.algorithm:
        raise TokenInvalid("not the algorithm of this key")
    return key
