"""Logins end, each for one reason."""

import logging
import uuid
from collections.abc import Collection

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractBaseUser
from django.db import router
from django.db.models import QuerySet
from django.utils import timezone

from .. import revocations, users
from ..models import LoginSession
from ..sightings import sighting_of
from ..signals import session_ended
from .finding import active
from .recording import EndReason, records

logger = logging.getLogger("django.security.jwt_cookie")


def end(sessions: QuerySet[LoginSession], because: EndReason) -> int:
    """End ``sessions`` for one reason, tell `session_ended` and the log; return how many ended.

    By one conditional UPDATE, whatever the receivers do: of two requests that end the same login,
    one does, and a receiver that fails leaves none alive.
    """
    ending = list(sessions.using(router.db_for_write(LoginSession)).filter(revoked_at=None))
    if not ending:
        return 0
    now = timezone.now()
    ids = [session.pk for session in ending]
    changes = {"revoked_at": now, "revoked_because": because}
    count = records().filter(pk__in=ids, revoked_at=None).update(**changes)
    if count < len(ending):
        ended = records().filter(pk__in=ids, **changes)
        ending = list(ended)
    revocations.tell_ended(ids)
    for session in ending:
        sighting_of(session.pk).token = None
        session.revoked_at, session.revoked_because = now, because
        logger.info("A login was ended: %s", because)
        session_ended.send_robust(sender=LoginSession, session=session)
    return count


def end_by_id(ids: Collection[uuid.UUID], because: EndReason) -> int:
    """End the logins with these ids, as `end` does."""
    return end(records().filter(pk__in=ids), because) if ids else 0


def end_others(session: LoginSession, because: EndReason) -> int:
    """End every other login of the same user, as `end` does."""
    revocations.tell_cut_off(users.subject(session.user))
    return end(active(session.user).exclude(pk=session.pk), because)


def end_all(user: AbstractBaseUser, because: EndReason) -> int:
    """End every login of ``user``, as `end` does."""
    revocations.tell_cut_off(users.subject(user))
    return end(active(user), because)


def revoke(session: LoginSession) -> int:
    """End one login; return 1, or 0 if it had ended before."""
    return end(records().filter(pk=session.pk), EndReason.REVOKED)


def revoke_all(user: AbstractBaseUser) -> int:
    """End every login of ``user``; return how many."""
    return end_all(user, EndReason.REVOKED)


arevoke = sync_to_async(revoke, thread_sensitive=True)
arevoke_all = sync_to_async(revoke_all, thread_sensitive=True)
