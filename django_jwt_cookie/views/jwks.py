"""The public keys of the ring, for sites that verify its tokens."""

import hashlib
import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe

from ..keys import get_key_ring

MAX_AGE = 300
"""Seconds for which anybody may keep the answer. A new key is published so much earlier, at least,
than it signs, or there are tokens that nobody can verify yet."""


def key_set() -> dict[str, Any]:
    """Return the ring as a JWK Set (RFC 7517, section 5): of key pairs the public half.

    Nothing of a secret, not even its name: a set of secrets is a set of ways to log in.
    """
    keys = get_key_ring().keys
    return {
        "keys": [
            {**key.public_jwk, "kid": key.kid, "alg": key.algorithm, "use": "sig"}
            for key in keys
            if key.public_jwk is not None
        ]
    }


def _document() -> bytes:
    return json.dumps(key_set()).encode()


def _etag(_request: HttpRequest) -> str:
    return f'"{hashlib.sha256(_document()).hexdigest()}"'


@login_not_required
@require_safe
@cache_control(public=True, max_age=MAX_AGE)
@etag(_etag)
def jwks(_request: HttpRequest) -> HttpResponse:
    """Publish the keys; nothing of the visitor is looked at, so that the answer is everybody's."""
    return HttpResponse(_document(), content_type="application/jwk-set+json")
