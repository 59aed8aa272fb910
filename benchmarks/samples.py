"""Tokens as a site has them: claims as a login gets them, under keys made for this run."""

import time
import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.test import override_settings

from django_jwt_cookie.tokens import Claims, decode, encode

SECRET = "benchmarks-only-and-as-long-as-HS512-asks-for-64-bytes-or-more-of-it"  # noqa: S105
HOUR = 3600


def claims(number: int = 1, **extra: Any) -> Claims:
    """Return what `django_jwt_cookie.issuing` writes into the token of a login that just began."""
    now = int(time.time())
    return Claims(
        sub=str(number),
        sid=uuid.uuid4(),
        gen=0,
        iat=now,
        exp=now + HOUR,
        auth_time=now,
        extra=extra,
    )


def with_username(number: int) -> Claims:
    """Return the same as ``USER_SOURCE = "token"`` has it."""
    return claims(number, username=f"ada.byron{number}")


def under(**jwt_cookie: Any) -> partial[override_settings]:
    """Return what puts settings in force; each time with empty memories."""
    return partial(override_settings, JWT_COOKIE=jwt_cookie)


def signed(wanted: Iterable[Claims], **jwt_cookie: Any) -> list[str]:
    """Return a token of each, made under these settings."""
    with under(**jwt_cookie)():
        return [encode(each) for each in wanted]


def decode_all(tokens: Iterable[str]) -> None:
    """Have all of them in the memory."""
    for token in tokens:
        decode(token)


def fresh(texts: Iterable[str]) -> list[str]:
    """Return copies whose hash nobody has computed yet, as those cut out of a request."""
    return [f"{text} "[:-1] for text in texts]
