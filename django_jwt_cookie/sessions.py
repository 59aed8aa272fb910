"""Start, find and end a login; the only module that writes its record."""

import ipaddress
import logging
import uuid
from collections.abc import Collection
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils import timezone

from .conf import get_settings
from .exceptions import SessionExpired, SessionRevoked
from .models import LoginSession
from .signals import session_ended, session_started

logger = logging.getLogger("django.security.jwt_cookie")

EndReason = LoginSession.EndReason


def timeout(*, persistent: bool) -> timedelta:
    """Return how long a login lasts."""
    settings = get_settings()
    return settings.absolute_timeout if persistent else settings.browser_session_timeout


def prepare(
    user: AbstractBaseUser,
    *,
    backend: str,
    auth_hash: str,
    persistent: bool,
    at_most: timedelta | None = None,
    user_agent: str = "",
    ip_address: str | None = None,
) -> LoginSession:
    """Return the record of a login of ``user`` through ``backend``, for `start` to save.

    ``persistent`` is "remember me"; ``at_most`` makes the login shorter than the settings do.
    PostgreSQL refuses NUL in a text, and a browser may send one as its name.
    """
    now = timezone.now()
    lifetime = timeout(persistent=persistent)
    return LoginSession(
        user=user,  # type: ignore[misc]
        backend=backend,
        auth_hash=auth_hash,
        created_at=now,
        rotated_at=now,
        seen_at=now,
        expires_at=now + min(lifetime, at_most or lifetime),
        persistent=persistent,
        user_agent=user_agent.replace("\0", "")[:512],
        ip_address=_recordable(ip_address),
    )


def start(session: LoginSession) -> None:
    """Save the record, and send `session_started`.

    Once its first token is made: a login that nobody has a token of must not be listed.
    """
    session.save(force_insert=True)
    session_started.send(sender=LoginSession, session=session)


def _recordable(ip_address: str | None) -> str | None:
    """Return the address if it is to be kept, and is one: behind a Unix socket there is none."""
    if not get_settings().record_ip:
        return None
    try:
        # Without the zone of a link-local address, which PostgreSQL refuses.
        return str(ipaddress.ip_address((ip_address or "").partition("%")[0]))
    except ValueError:
        return None


def find(session_id: uuid.UUID) -> LoginSession:
    """Return the login, and its user, in one query.

    Raises `SessionRevoked` if it was ended or has no record, `SessionExpired` after its end.
    """
    try:
        session = LoginSession.objects.select_related("user").get(pk=session_id)
    except LoginSession.DoesNotExist:
        raise SessionRevoked("no record of this login") from None
    if session.revoked_at is not None:
        raise SessionRevoked(session.revoked_because)
    if not session.is_alive(timezone.now()):
        raise SessionExpired("the login reached its end")
    return session


def active(user: AbstractBaseUser) -> QuerySet[LoginSession]:
    """Return the logins of ``user`` that go on."""
    return LoginSession.objects.alive().filter(user=user)  # type: ignore[misc]


def end(sessions: QuerySet[LoginSession], because: EndReason) -> int:
    """End ``sessions`` for one reason, tell `session_ended` and the log; return how many ended.

    Each by a conditional UPDATE: of two requests that end the same login, one does.
    """
    ended = 0
    for session in sessions.filter(revoked_at=None):
        session.revoked_at, session.revoked_because = timezone.now(), because
        ended += _end_one(session)
    return ended


def end_by_id(ids: Collection[uuid.UUID], because: EndReason) -> int:
    """End the logins with these ids, as `end` does."""
    return end(LoginSession.objects.filter(pk__in=ids), because) if ids else 0


def end_others(session: LoginSession, because: EndReason) -> int:
    """End every other login of the same user, as `end` does."""
    return end(active(session.user).exclude(pk=session.pk), because)


def _end_one(session: LoginSession) -> int:
    unended = LoginSession.objects.filter(pk=session.pk, revoked_at=None)
    changed = unended.update(revoked_at=session.revoked_at, revoked_because=session.revoked_because)
    if changed:
        logger.info("A login was ended: %s", session.revoked_because)
        session_ended.send(sender=LoginSession, session=session)
    return changed


def revoke(session: LoginSession) -> int:
    """End one login; return 1, or 0 if it had ended before."""
    return end(LoginSession.objects.filter(pk=session.pk), EndReason.REVOKED)


def revoke_all(user: AbstractBaseUser) -> int:
    """End every login of ``user``; return how many."""
    return end(active(user), EndReason.REVOKED)


def change_auth_hash(session: LoginSession, auth_hash: str) -> None:
    """Let this login go on after a change of password, or of ``SECRET_KEY``."""
    session.auth_hash = auth_hash
    session.save(update_fields=["auth_hash"])


arevoke = sync_to_async(revoke, thread_sensitive=True)
arevoke_all = sync_to_async(revoke_all, thread_sensitive=True)
