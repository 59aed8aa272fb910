"""Asking whether a login goes on: its record, the cache of what has ended, or its token alone."""

import logging
import time

from django.contrib.auth.models import AbstractBaseUser
from django.db import Error

from . import revocations, users
from .claims import Claims
from .conf import get_settings
from .exceptions import PasswordChanged, SessionRevoked, TokenExpired, UserInactive
from .keys import get_key_ring
from .models import LoginSession
from .sessions import EndReason, in_transaction
from .store import get_store

logger = logging.getLogger("django.security.jwt_cookie")


def may_be_believed(claims: Claims) -> bool:
    """Tell whether a token that is not over yet may be taken at its word."""
    try:
        if revocations.concern(claims):
            return False
    except revocations.Unreachable:
        if not get_key_ring().can_sign:
            raise
        logger.exception("The revocation cache can't be reached: the database is asked instead.")
        return False
    try:
        return get_store().glance(claims)
    except Error:
        if in_transaction():
            raise  # It may be broken, and the database there.
        # What the site has chosen: a token is good until it is over, whatever happens meanwhile.
        logger.exception("The database can't be asked about a login: the token is believed.")
        return True


def let_in(session: LoginSession, sub: str) -> AbstractBaseUser:
    """Return the user of ``session``, who may go on. Ends it and raises `SessionError` if not.

    ``sub`` is whose login it is said to be; for that of another user it is raised only.
    """
    fetched = session.user
    if users.subject(fetched) != sub:
        raise SessionRevoked("the record is of another user")
    try:
        user = users.load(session)
        auth_hash = users.current_auth_hash(user, session.auth_hash)
    except UserInactive:
        get_store().end_by_id({session.pk}, EndReason.USER_INACTIVE)
        raise
    except PasswordChanged:
        # Around signals, by ``QuerySet.update()`` or SQL.
        get_store().end_by_id({session.pk}, EndReason.PASSWORD_CHANGED)
        raise
    if auth_hash != session.auth_hash:
        get_store().change_auth_hash(session, auth_hash)
    if user is not fetched:
        session.user = user  # type: ignore[assignment]
    return user


def ask_again(claims: Claims) -> None:
    """Ask whether the login of ``claims`` goes on. Raises `SessionError` or `TokenExpired` if not.

    For what a request has begun and outlives it, such as a WebSocket. Asking presents no token: the
    browser has a newer one by now, and whoever asks is no thief with the old one.
    """
    if get_key_ring().can_sign:
        let_in(get_store().look_up(claims), claims.sub)
    elif claims.exp <= time.time() - get_settings().leeway_seconds:
        raise TokenExpired("past its exp")
    elif revocations.concern(claims):
        raise SessionRevoked("ended where it was issued")
