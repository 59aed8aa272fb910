"""Start, find and end a login; the only module that writes its record."""

import ipaddress
import logging
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractBaseUser
from django.db import router, transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from . import revocations, users
from .claims import Claims
from .conf import get_settings
from .exceptions import SessionError, SessionExpired, SessionRevoked, TokenReused
from .keys import get_key_ring
from .lookups import find_with_user
from .models import LoginSession, LoginSessionQuerySet
from .renewal import Verdict, expiry, first_expiry, judge, next_expiry
from .sightings import sighting_of
from .signals import session_ended, session_renewed, session_started, token_reused

logger = logging.getLogger("django.security.jwt_cookie")

EndReason = LoginSession.EndReason


def prepare(
    user: AbstractBaseUser,
    *,
    backend: str,
    auth_hash: str,
    persistent: bool,
    at_most: timedelta | None = None,
    ends_at: datetime | None = None,
    user_agent: str = "",
    ip_address: str | None = None,
) -> LoginSession:
    """Return the record of a login of ``user`` through ``backend``, for `start` to save.

    ``persistent`` is "remember me"; ``at_most`` is how long the login may be unused, if for less
    than the settings say; at ``ends_at`` it ends in any case.
    PostgreSQL refuses NUL in a text, and a browser may send one as its name.
    """
    now = timezone.now()
    return LoginSession(
        user=user,  # type: ignore[misc]
        backend=backend,
        auth_hash=auth_hash,
        created_at=now,
        rotated_at=now,
        seen_at=now,
        expires_at=first_expiry(now, persistent=persistent, at_most=at_most, ends_at=ends_at),
        ends_at=ends_at,
        persistent=persistent,
        user_agent=user_agent.replace("\0", "")[:512],
        ip_address=_recordable(ip_address),
    )


def succeed(old: LoginSession, auth_hash: str) -> LoginSession:
    """Return the record of a login that goes on where ``old`` ends, under an id nobody knows yet.

    For `start` to save. It neither begins nor ends later than ``old``.
    """
    now = timezone.now()
    return LoginSession(
        user=old.user,
        backend=old.backend,
        auth_hash=auth_hash,
        created_at=old.created_at,
        rotated_at=now,
        seen_at=now,
        expires_at=next_expiry(old, now),
        ends_at=old.ends_at,
        persistent=old.persistent,
        user_agent=old.user_agent,
        ip_address=old.ip_address,
    )


def start(session: LoginSession) -> None:
    """Save the record, and send `session_started`.

    Once its first token is made: a login that nobody has a token of must not be listed.
    """
    session.save(force_insert=True)
    session_started.send_robust(sender=LoginSession, session=session)


def _recordable(ip_address: str | None) -> str | None:
    """Return the address if it is to be kept, and is one: behind a Unix socket there is none."""
    if not get_settings().record_ip:
        return None
    try:
        # Without the zone of a link-local address, which PostgreSQL refuses.
        return str(ipaddress.ip_address((ip_address or "").partition("%")[0]))
    except ValueError:
        return None


def are_recorded() -> bool:
    """Tell whether logins have records here: neither without, nor on a site that only verifies."""
    return get_settings().track_sessions and get_key_ring().can_sign


def records() -> LoginSessionQuerySet:
    """Return the records, from where they are written to.

    A replica that is behind does not know of a login yet, or not yet that it has ended.
    """
    found: LoginSessionQuerySet = LoginSession.objects.using(router.db_for_write(LoginSession))
    return found


def in_transaction() -> bool:
    """Tell whether what is done now may be undone."""
    return bool(transaction.get_connection(router.db_for_write(LoginSession)).in_atomic_block)


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


def _find(session_id: uuid.UUID) -> LoginSession:
    session = find_with_user(session_id, router.db_for_write(LoginSession))
    if session is None:
        raise SessionRevoked("no record of this login")
    return _refuse_what_is_over(session)


def recall(ids: Collection[uuid.UUID]) -> LoginSession | None:
    """Return the login with one of these ids, and its user; None if there never was one.

    Raises like `find` if it is over.
    """
    for each in ids:
        session = find_with_user(each, router.db_for_write(LoginSession))
        if session is not None:
            return _refuse_what_is_over(session)
    return None


def _refuse_what_is_over(session: LoginSession) -> LoginSession:
    if session.revoked_because == EndReason.TOKEN_REUSED:
        raise TokenReused("the login was ended for a theft")
    if session.revoked_at is not None:
        raise SessionRevoked(session.revoked_because)
    if expiry(session) <= timezone.now():
        raise SessionExpired("the login reached its end")
    return session


def look_up(claims: Claims) -> LoginSession:
    """Return the login that ``claims`` belong to; raises like `find`."""
    return find(claims.sid)


def present(session: LoginSession, generation: int, came_at: datetime) -> Verdict:
    """Take note that a request presents ``generation`` of ``session``; return what it means.

    Judged by when the request came: a view that takes an hour is no thief. Writes at most once per
    generation. Raises `TokenReused` for a theft.
    """
    verdict = judge(session, generation, came_at)
    if verdict is Verdict.THEFT:
        _report_theft(session)
        raise TokenReused("an old token came back")
    if verdict is Verdict.AHEAD:
        _heal(session, generation)
    elif verdict is Verdict.CURRENT and session.seen_at is None:
        _note_as_seen(session)
    return verdict


def knows(claims: Claims) -> bool:
    """Tell whether this process has seen the token before."""
    return sighting_of(claims.sid).token == (claims.sub, claims.gen)


def glance(claims: Claims) -> bool:
    """Tell whether ``claims`` may be taken at their word, until the token is over.

    At a process's first sight of a token one UPDATE notes it as seen, as `present` does, and finds
    out whether the login goes on; after that, nobody is asked.
    """
    if not knows(claims):
        sighting, now = sighting_of(claims.sid), timezone.now()
        newest = records().filter(
            pk=claims.sid,
            user=claims.sub,  # type: ignore[misc]
            generation=claims.gen,
            revoked_at=None,
            expires_at__gt=now,
        )
        if not newest.update(seen_at=Coalesce("seen_at", now)):
            return False
        sighting.token = (claims.sub, claims.gen)
        sighting.is_sure = not in_transaction()
    return True


def forget_unsure(claims: Claims) -> None:
    """Ask again next time, if the transaction in which `glance` asked may have been rolled back."""
    sighting = sighting_of(claims.sid)
    if not sighting.is_sure:
        sighting.token = None


def renew(session: LoginSession, generation: int) -> LoginSession | None:
    """Return the record that a new token is to be issued for, in place of ``generation``.

    Of many requests that renew at once one raises the generation, by a conditional UPDATE, and all
    get a token of it. None for a request whose browser has a newer token by now. Raises
    `SessionError` if the login has ended meanwhile.
    """
    if generation == session.generation and _rotate(session):
        session_renewed.send_robust(sender=LoginSession, session=session)
        return session
    session = find(session.pk)
    # Judged, not presented: the token came when the request did, however long the view took.
    is_lost = judge(session, generation, timezone.now()) is Verdict.LOST
    return session if is_lost else None


def goes_on(session: LoginSession) -> bool:
    """Tell whether nobody has ended ``session`` since it was looked up."""
    return _unended(session).exists()


def is_newest(session: LoginSession) -> bool:
    """Tell whether ``session`` goes on, and nobody has renewed it since either."""
    return _unended(session).filter(generation=session.generation).exists()


def _unended(session: LoginSession) -> QuerySet[LoginSession]:
    return records().filter(pk=session.pk, revoked_at=None)


def _rotate(session: LoginSession) -> bool:
    now = timezone.now()
    changes = {
        "generation": session.generation + 1,
        "rotated_at": now,
        "seen_at": None,
        "expires_at": next_expiry(session, now),
    }
    # Never back to life: an expired row may be deleted at any moment.
    return _change(session, changes, generation=session.generation, expires_at__gt=now)


def _note_as_seen(session: LoginSession) -> None:
    changes = {"seen_at": timezone.now()}
    _change(session, changes, generation=session.generation, seen_at=None)


def _heal(session: LoginSession, generation: int) -> None:
    """Catch up with a token that is newer than the record: a backup was restored."""
    now = timezone.now()
    changes = {
        "generation": generation,
        "rotated_at": now,
        "seen_at": now,
        "expires_at": next_expiry(session, now),
    }
    _change(session, changes, generation=session.generation)


def _change(session: LoginSession, changes: dict[str, Any], **condition: Any) -> bool:
    """Write ``changes`` if the login goes on and ``condition`` still holds; tell whether it did."""
    if not _unended(session).filter(**condition).update(**changes):
        return False
    for name, value in changes.items():
        setattr(session, name, value)
    return True


def _report_theft(session: LoginSession) -> None:
    logger.warning("An old token of a login came back: somebody has a copy of the cookie.")
    token_reused.send_robust(sender=LoginSession, session=session)
    if get_settings().on_reuse == "revoke":
        end(records().filter(pk=session.pk), EndReason.TOKEN_REUSED)


def active(user: AbstractBaseUser) -> QuerySet[LoginSession]:
    """Return the logins of ``user`` that go on; none where they are not recorded."""
    if not are_recorded():
        return LoginSession.objects.none()
    return records().alive().filter(user=user)  # type: ignore[misc]


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


def change_auth_hash(session: LoginSession, auth_hash: str) -> None:
    """Let this login go on after a change of password, or of ``SECRET_KEY``."""
    _change(session, {"auth_hash": auth_hash})


arevoke = sync_to_async(revoke, thread_sensitive=True)
arevoke_all = sync_to_async(revoke_all, thread_sensitive=True)
