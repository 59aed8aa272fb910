"""Logins without records, for ``TRACK_SESSIONS = False``: the verbs of `sessions`, no table.

What a record would say, the token says: when the login began, how long it may be unused, whether it
is to outlive the browser, and a keyed hash of backend and session auth hash, so that a new password
ends the login. What no token can say is that a login was ended: a logout deletes the cookie, and a
copy of it goes on to work until the timeouts.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from . import users
from .claims import Claims
from .conf import get_settings
from .exceptions import SessionExpired, SessionRevoked
from .keys import get_key_ring
from .models import LoginSession
from .renewal import Verdict, expiry, moment, next_expiry
from .sessions import EndReason, prepare
from .signals import session_renewed, session_started

__all__ = [
    "change_auth_hash",
    "end_by_id",
    "end_others",
    "forget_unsure",
    "glance",
    "goes_on",
    "is_newest",
    "knows",
    "look_up",
    "prepare",
    "present",
    "recall",
    "renew",
    "start",
]


def look_up(claims: Claims) -> LoginSession:
    """Return the login that ``claims`` tell of, as a record that is not saved.

    Raises `SessionError`.
    """
    stated = claims.stateless
    if stated is None:
        raise SessionRevoked("a token that counts on a record")
    user, backend, auth_hash = users.find_without_record(claims.sub, stated.ath)
    started_at, rotated_at = moment(stated.started_at), moment(claims.iat)
    session = LoginSession(
        id=claims.sid,
        user=user,  # type: ignore[misc]
        backend=backend,
        auth_hash=auth_hash,
        created_at=started_at,
        rotated_at=rotated_at,
        seen_at=rotated_at,
        ends_at=started_at + get_settings().absolute_timeout,
        expires_at=rotated_at + timedelta(seconds=stated.idle_timeout),
        persistent=stated.persistent,
    )
    if expiry(session) <= timezone.now():
        raise SessionExpired("the login reached its end")
    return session


def recall(
    ids: Collection[uuid.UUID],  # noqa: ARG001
    user: AbstractBaseUser,  # noqa: ARG001
    ends_at: datetime,  # noqa: ARG001
) -> LoginSession | None:
    """Nobody knows of any."""
    return None


def start(session: LoginSession) -> None:
    """Send `session_started`."""
    session_started.send_robust(sender=LoginSession, session=session)


def present(
    session: LoginSession,  # noqa: ARG001
    generation: int,  # noqa: ARG001
    came_at: datetime,  # noqa: ARG001
) -> Verdict:
    """Take every genuine token for the newest: nobody knows better."""
    return Verdict.CURRENT


def knows(claims: Claims) -> bool:  # noqa: ARG001
    """Nobody is ever asked."""
    return True


def glance(claims: Claims) -> bool:
    """Take every token at its word that does not count on a record, unless that is elsewhere."""
    return claims.stateless is not None or not get_key_ring().can_sign


def forget_unsure(claims: Claims) -> None:
    """Nothing was found out."""


def renew(session: LoginSession, generation: int) -> LoginSession | None:  # noqa: ARG001
    """Let the login go on from now."""
    now = timezone.now()
    session.expires_at, session.rotated_at = next_expiry(session, now), now
    session_renewed.send_robust(sender=LoginSession, session=session)
    return session


def goes_on(session: LoginSession) -> bool:  # noqa: ARG001
    """Nobody knows better."""
    return True


def is_newest(session: LoginSession) -> bool:  # noqa: ARG001
    """Nobody knows better."""
    return True


def change_auth_hash(session: LoginSession, auth_hash: str) -> None:
    """Let the next token carry the new hash."""
    session.auth_hash = auth_hash


def end_by_id(ids: Collection[uuid.UUID], because: EndReason) -> int:  # noqa: ARG001
    """End nothing: there is no record to end."""
    return 0


def end_others(session: LoginSession, because: EndReason) -> int:  # noqa: ARG001
    """End nothing here: a changed password ends them at their next request, by the hash."""
    return 0
