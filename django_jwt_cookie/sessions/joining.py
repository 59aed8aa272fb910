"""A request comes with an old credential, and joins the login that it has become with another."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import router
from django.utils import timezone

from ..lookups import find_with_user
from ..models import LoginSession
from ..renewal import expiry, is_half_over, next_expiry
from .finding import find, refuse_what_is_over
from .going_on import renew
from .recording import change, records


def recall(
    ids: Collection[uuid.UUID], user: AbstractBaseUser, ends_at: datetime
) -> LoginSession | None:
    """Return the login with one of these ids, and its user; None if there never was one.

    Of whomever; that of ``user`` ends no earlier than the credential, at ``ends_at``. Raises like
    `find` if it is over.
    """
    for each in ids:
        session = find_with_user(each, router.db_for_write(LoginSession))
        if session is None:
            continue
        if session.user == user and (session.ends_at or ends_at) < ends_at:
            _put_off(session, ends_at)
            return find(each)  # As it is now, whichever of many requests has put it off.
        return refuse_what_is_over(session)
    return None


def use(session: LoginSession) -> LoginSession:
    """Return the record that a request without our cookie gets a token for; it has been used.

    With the next generation, if it is time for that and somebody has come with this one: a copy of
    the credential must not stand still beside the cookie. A generation that was handed out and
    never came is handed out again. One after the other of them, to a program that keeps no cookies,
    would make a thief of the browser that keeps its own.
    """
    if not is_half_over(int(session.rotated_at.timestamp())):
        return session
    if session.seen_at is not None:
        # None: the browser has a newer token by now, which this one must not overwrite.
        return renew(session, session.generation) or find(session.pk)
    now = timezone.now()
    if now < session.rotated_at + (session.expires_at - session.rotated_at) / 2:
        # Not each time: what a copy of an older token means goes by `rotated_at`.
        return find(session.pk)
    changes = {"rotated_at": now, "expires_at": next_expiry(session, now)}
    same = {"generation": session.generation, "expires_at__gt": now}
    return session if change(session, changes, **same) else find(session.pk)


def _put_off(session: LoginSession, ends_at: datetime) -> None:
    """Let a login end when its credential does now: some schemes prolong one under its old name.

    One that was ended stays so; its record is kept for longer. One that was not used, or has lasted
    for ABSOLUTE_TIMEOUT, stays over as well.
    """
    before = {"ends_at": session.ends_at, "expires_at": session.expires_at}
    if session.expires_at == session.ends_at:
        session.expires_at = ends_at
    session.ends_at = ends_at
    changes = {"ends_at": ends_at, "expires_at": expiry(session)}
    records().filter(pk=session.pk, **before).update(**changes)
