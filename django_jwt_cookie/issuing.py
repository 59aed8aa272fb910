"""A new token for a login."""

import time
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables

from . import token_users, users
from .claims import Claims, StatelessClaims
from .conf import get_settings
from .cookies import MAX_SIZE, get_cookie_spec
from .exceptions import TokenTooLarge
from .models import LoginSession
from .tokens import encode


@sensitive_variables()
def issue(
    login_session: LoginSession, *, auth_time: int, request: HttpRequest
) -> tuple[Claims, str]:
    """Return what a new token of ``login_session`` says, and the token.

    ``auth_time`` is when the password was given, in seconds since 1970. The hook of the site's own
    claims is asked each time, so that a role that was taken away is gone with the next token.
    Raises `TokenTooLarge`.
    """
    now, end = int(time.time()), seconds(login_session)
    claims = Claims(
        sub=users.subject(login_session.user),
        sid=login_session.pk,
        gen=login_session.generation,
        iat=now,
        exp=min(now + get_settings().token_seconds, end),
        auth_time=auth_time,
        stateless=None if get_settings().track_sessions else _in_place_of_record(login_session),
        extra=_extra_claims(login_session, request),
    )
    token = encode(claims)
    _refuse_what_no_browser_stores(token, claims)
    return claims, token


def max_age(login_session: LoginSession) -> int | None:
    """Return ``Max-Age`` of the cookie, in seconds: the rest of the login's life.

    None without "remember me": the cookie is to end with the browser.
    """
    if not login_session.persistent:
        return None
    return seconds(login_session) - int(time.time())


def seconds(login_session: LoginSession) -> int:
    """Return the end of ``login_session`` as both ``exp`` and ``Max-Age`` count: in seconds."""
    return int(login_session.expires_at.timestamp())


def _in_place_of_record(login_session: LoginSession) -> StatelessClaims:
    started_at = login_session.created_at
    if login_session.ends_at is not None:
        # No claim for what hardly any token has: early enough for ABSOLUTE_TIMEOUT to end it then.
        earlier = login_session.ends_at - get_settings().absolute_timeout
        started_at = min(started_at, earlier)
    return StatelessClaims(
        started_at=int(started_at.timestamp()),
        idle_timeout=seconds(login_session) - int(login_session.rotated_at.timestamp()),
        persistent=login_session.persistent,
        ath=users.make_ath(login_session.backend, login_session.auth_hash),
    )


def _extra_claims(login_session: LoginSession, request: HttpRequest) -> Mapping[str, Any]:
    path, user = get_settings().claims, login_session.user
    extra: Mapping[str, Any] = import_string(path)(user, request) if path else {}
    return {**extra, **token_users.carried_fields(user)}


@sensitive_variables()
def _refuse_what_no_browser_stores(token: str, claims: Claims) -> None:
    size = get_cookie_spec().size(token)
    if size > MAX_SIZE:
        sizes = (f"{name} {len(repr(value))}" for name, value in claims.to_payload().items())
        raise TokenTooLarge(
            f"The login cookie would have {size} bytes, and browsers store {MAX_SIZE}. Carry less "
            f"in JWT_COOKIE['CLAIMS']. Characters of each claim: {', '.join(sizes)}."
        )
