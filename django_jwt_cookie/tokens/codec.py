"""A string from `Claims`, and `Claims` from a string that may come from an attacker.

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
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from jwt.utils import base64url_decode, base64url_encode

from ..conf import Settings, get_audience, get_settings
from ..exceptions import TokenElsewhere, TokenExpired, TokenInvalid
from ..keys import get_key_ring
from .claims import RESERVED_CLAIMS, Claims

MAX_LENGTH = 4096
"""Longer than a browser stores; refused before anything is parsed."""

COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
SENSITIVE_CLAIM = re.compile(
    r"(?i:passw|pwd|secret|credential|private|api_?key|token|hash(?!tag))"
    # At the end of a word: a business name has one of them inside.
    r"|(?i:otp|ssn|iban)(?![a-z])"
)


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
    issuer = get_settings().issuer
    stated = {} if issuer is None else {"iss": issuer}
    return get_key_ring().signing_key.sign(claims.to_payload() | stated)


@sensitive_variables()
def decode(
    token: str, request: HttpRequest | None = None, *, allow_expired: bool = False
) -> Claims:
    """Verify ``token`` and return what it says.

    ``request`` is whom it came with, for an ``AUDIENCE`` that depends on that. Raises
    `TokenInvalid`, or `TokenExpired` for a token that is ours but past its ``exp``;
    ``allow_expired`` lets such a token through, for a login session to decide.
    """
    claims = verify(token)
    if claims.aud != get_audience(request):
        raise TokenElsewhere("for another audience")
    if not allow_expired and claims.exp <= time.time() - get_settings().leeway_seconds:
        raise TokenExpired("past its exp")
    return claims


@sensitive_variables()
def verify(token: str) -> Claims:
    """Return what ``token`` says, once its signature, issuer and the types of its claims are right.

    Whoever it is for, and whether it is over: that depends on more than its bytes. What was
    verified is remembered. Raises `TokenInvalid`.
    """
    if len(token) > MAX_LENGTH:
        raise TokenInvalid(f"longer than {MAX_LENGTH} characters")
    return get_settings().derive(_remember)(token, get_key_ring().version)


def _remember(settings: Settings) -> "_lru_cache_wrapper[Claims]":
    """Return `_verify`, which knows again what it has verified lately.

    Only what was verified: garbage raises, and is not remembered.
    """
    return lru_cache(maxsize=settings.verified_cache_size)(_verify)


@sensitive_variables()
def _verify(token: str, version: int) -> Claims:  # noqa: ARG001 - part of what is remembered
    """Do what ``jwt.decode`` does, less what is known of our tokens before.

    That is their one header per key, their alphabet, their keys. The payload is not even decoded
    before the signature is verified.
    """
    signing_input, _, signature = token.rpartition(".")
    header, _, payload = signing_input.partition(".")
    ring = get_key_ring()
    # Garbage costs one look into a dict. Where that may ask the network, it costs the shape, first.
    if (ring.may_block or ring.find(header)) and not COMPACT_JWS.fullmatch(token):
        raise TokenInvalid("not three parts of base64url")
    key = ring.find(header)
    if key is None:
        raise TokenInvalid("not signed with a key of the ring, by its algorithm")
    try:
        if not key.has_signed(signing_input.encode(), _from_base64url(signature)):
            raise TokenInvalid("the signature does not fit")
        claims = json.loads(_from_base64url(payload))
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenInvalid(type(error).__name__) from error
    if not isinstance(claims, dict):
        raise TokenInvalid("the payload is no object")
    _refuse_foreign(claims)
    return Claims.from_payload(claims)


def _from_base64url(part: str) -> bytes:
    """Decode ``part``, unless it is another way of writing the same bytes (RFC 4648, 3.5)."""
    decoded = base64url_decode(part)
    if base64url_encode(decoded).decode() != part:
        raise TokenInvalid("not the one base64url of its bytes")
    return decoded


def _refuse_foreign(payload: dict[str, Any]) -> None:
    """Refuse what another site has issued (RFC 7519, section 4.1.1): `TokenInvalid`.

    Neither ``nbf`` nor ``iat`` is a reason: nobody but us signs, and a server whose clock is ahead
    would log its visitors out at the others (section 4.1.6 asks for no refusal).
    """
    issuer = get_settings().issuer
    if issuer is not None and payload.get("iss") != issuer:
        raise TokenInvalid("issued by somebody else")
