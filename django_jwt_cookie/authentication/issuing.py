"""A new token for a login."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation
from django.db import Error
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables

from .. import users
from ..conf import get_audience, get_settings
from ..cookies import MAX_SIZE, get_cookie_spec
from ..exceptions import TokenTooLarge
from ..models import LoginSession
from ..tokens import Claims, StatelessClaims, encode
from ..users.from_token import carried_fields

logger = logging.getLogger("django.security.jwt_cookie")


@sensitive_variables()
def issue(
    session: LoginSession, *, auth_time: int, request: HttpRequest, is_new: bool = False
) -> tuple[Claims, str]:
    """Return what a new token of ``session`` says, and the token.

    ``auth_time`` is when the password was given, in seconds since 1970; ``is_new`` is for the first
    token of a generation. The hook of the site's own claims is asked each time, so that a role that
    was taken away is gone with the next token. Raises `TokenTooLarge`.
    """
    now = int(time.time())
    claims = Claims(
        sub=users.subject(session.user),
        sid=session.pk,
        gen=session.generation,
        iat=now,
        exp=expiry(session, now),
        auth_time=auth_time,
        aud=get_audience(request),
        new=is_new,
        stateless=None if get_settings().track_sessions else _in_place_of_record(session),
        extra=_extra_claims(session, request),
    )
    token = encode(claims)
    _refuse_what_no_browser_stores(token, claims, request)
    return claims, token


def expiry(session: LoginSession, issued_at: int) -> int:
    """Return ``exp`` of a token that is issued at that time, in seconds since 1970."""
    return min(issued_at + get_settings().token_seconds, int(session.ends_at.timestamp()))


def max_age(session: LoginSession) -> int | None:
    """Return ``Max-Age`` of the cookie, in seconds: the rest of the login's life.

    None without "remember me": the cookie is to end with the browser.
    """
    if not session.persistent:
        return None
    return int(session.ends_at.timestamp()) - int(time.time())


def _in_place_of_record(session: LoginSession) -> StatelessClaims:
    # No claim for an end that hardly any login has: early enough for ABSOLUTE_TIMEOUT to end it.
    absolute = get_settings().absolute_timeout.total_seconds()
    started_at = min(session.created_at.timestamp(), session.expires_at.timestamp() - absolute)
    return StatelessClaims(
        started_at=int(started_at),
        idle_timeout=session.idle_seconds,
        persistent=session.persistent,
        ath=users.make_ath(session.backend, session.auth_hash),
    )


def _extra_claims(session: LoginSession, request: HttpRequest) -> Mapping[str, Any]:
    path, user = get_settings().claims, session.user
    extra: Mapping[str, Any] = import_string(path)(user, request) if path else {}
    return {**extra, **carried_fields(user)}


def find_extra_claims(
    session: LoginSession, old: Claims, request: HttpRequest
) -> Mapping[str, Any]:
    """Return the site's own claims of now; those of the ``old`` token where they fail."""
    try:
        return _extra_claims(session, request)
    except (Error, SynchronousOnlyOperation):
        raise
    except Exception:
        logger.exception("The claims of a login could not be renewed.")
        return old.extra


@sensitive_variables()
def _refuse_what_no_browser_stores(token: str, claims: Claims, request: HttpRequest) -> None:
    size = get_cookie_spec(request).size(token)
    if size > MAX_SIZE:
        sizes = (f"{name} {len(repr(value))}" for name, value in claims.to_payload().items())
        raise TokenTooLarge(
            f"The login cookie would have {size} bytes, and browsers store {MAX_SIZE}. Carry less "
            f"in JWT_COOKIE['CLAIMS']. Characters of each claim: {', '.join(sizes)}."
        )
