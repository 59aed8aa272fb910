"""A login is looked up by its id."""

import uuid

from django.contrib.auth.models import AbstractBaseUser
from django.db import router
from django.db.models import QuerySet
from django.utils import timezone

from ..claims import Claims
from ..exceptions import SessionError, SessionExpired, SessionRevoked, TokenReused
from ..lookups import find_with_user
from ..models import LoginSession
from ..renewal import expiry
from ..sightings import sighting_of
from .recording import EndReason, are_recorded, records


def find(session_id: uuid.UUID) -> LoginSession:
    """Return the login, and its user, in one query.

    Raises `SessionRevoked` if it was ended or has no record, `SessionExpired` after its end; then
    this process believes no token of it any more.
    """
    try:
        return _find(session_id)
    except SessionError:
        sighting_of(session_id).token = None
        raise


def look_up(claims: Claims) -> LoginSession:
    """Return the login that ``claims`` belong to; raises like `find`."""
    return find(claims.sid)


def active(user: AbstractBaseUser) -> QuerySet[LoginSession]:
    """Return the logins of ``user`` that go on; none where they are not recorded."""
    if not are_recorded():
        return records().none()
    return records().alive().filter(user=user)  # type: ignore[misc]


def _find(session_id: uuid.UUID) -> LoginSession:
    session = find_with_user(session_id, router.db_for_write(LoginSession))
    if session is None:
        raise SessionRevoked("no record of this login")
    return refuse_what_is_over(session)


def refuse_what_is_over(session: LoginSession) -> LoginSession:
    """Return ``session``, if it goes on; raises like `find`."""
    if session.revoked_because == EndReason.TOKEN_REUSED:
        raise TokenReused("the login was ended for a theft")
    if session.revoked_at is not None:
        raise SessionRevoked(session.revoked_because)
    if expiry(session) <= timezone.now():
        raise SessionExpired("the login reached its end")
    return session
