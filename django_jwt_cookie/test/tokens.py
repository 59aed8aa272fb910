"""Tokens of all kinds, for the cookie of a client: the site's own, changed ones, forged ones."""

import json
import secrets
from typing import Any

from jwt.utils import base64url_decode, base64url_encode

from ..cookies import get_cookie_names
from ..tokens import Claims, encode, verify
from .client import Browser


def get_token(client: Browser) -> str:
    """Return the token in the cookie of ``client``; raises ``LookupError`` if there is none."""
    morsel = client.cookies.get(_name_in(client))
    if morsel is None or not morsel.value:
        raise LookupError(
            "This client has no login cookie. After Django's own force_login() it gets one with "
            "its first request that asks who the user is."
        )
    return morsel.value


def _name_in(client: Browser) -> str:
    """Return under which name the client has its cookie: that of https, or else of http."""
    plain, secure = get_cookie_names()
    return secure if secure in client.cookies else plain


def set_token(client: Browser, token: str) -> None:
    """Put ``token`` into the cookie of ``client``, be it good or bad."""
    client.cookies[_name_in(client)] = token


def get_claims(client: Browser) -> Claims:
    """Return what the token of ``client`` says; raises `TokenInvalid`."""
    return verify(get_token(client))


def reissue(token: str, **claims: Any) -> str:
    """Return ``token`` with other claims, signed by the site's own key: a genuine one.

    Raises `TokenInvalid`, also for a claim of the wrong type.
    """
    payload = verify(token).to_payload()
    return encode(Claims.from_payload(payload | claims))


def tamper(token: str, **claims: Any) -> str:
    """Return ``token`` with other claims under the old signature, as a text editor makes it.

    Without ``claims`` it says the same in other bytes.
    """
    header, payload, signature = token.split(".")
    return ".".join([header, _rewrite(payload, claims), signature])


def forge(token: str, **claims: Any) -> str:
    """Return ``token`` with other claims, as somebody signs it who has not got the site's key.

    What a key makes that nobody knows is as good as random bytes.
    """
    header, payload, signature = token.split(".")
    foreign = secrets.token_bytes(len(base64url_decode(signature)))
    return ".".join([header, _rewrite(payload, claims), base64url_encode(foreign).decode()])


def _rewrite(payload: str, claims: dict[str, Any]) -> str:
    stated = json.loads(base64url_decode(payload))
    # With blanks, which the package does not write.
    return base64url_encode(json.dumps({**stated, **claims}).encode()).decode()
