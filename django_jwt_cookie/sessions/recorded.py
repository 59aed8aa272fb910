"""Logins with records: the only module that writes them.

Each verb is one conditional statement, whose count says who has won: of two requests that rotate
or end the same login, one does. Nothing here knows of requests.
"""

import ipaddress
import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import Error, router
from django.db.models import Model, QuerySet

from ..conf import get_settings
from ..exceptions import SessionExpired, SessionRevoked, TokenReused
from ..models import LoginSession, LoginSessionQuerySet, moment
from ..signals import session_ended, session_renewed, session_started, token_reused
from ..tokens import Claims
from . import revocation_cache
from .descriptions import recognise
from .lookup import find_with_user
from .rotation import Verdict, is_due, judge

logger = logging.getLogger("django.security.jwt_cookie")

EndReason = LoginSession.EndReason

MAX_AGENT = 512
"""Characters of what a browser says of itself that are kept, and looked at."""

BATCH = 5000
"""Logins that are ended by one statement; more parameters are too many for some databases."""


def records(about: Model | None = None, using: str | None = None) -> LoginSessionQuerySet:
    """Return the records, from where they are written to.

    A replica that is behind does not know of a login yet, or not yet that it has ended. ``about``
    is a user or a login: the same number in another database is somebody else.
    """
    hints = {} if about is None else {"instance": about}
    found: LoginSessionQuerySet = LoginSession.objects.using(
        using or router.db_for_write(LoginSession, **hints)
    )
    return found


def prepare(
    user: AbstractBaseUser,
    *,
    session_id: uuid.UUID,
    backend: str,
    auth_hash: str,
    persistent: bool,
    idle_seconds: int | None = None,
    ends_by: datetime | None = None,
    user_agent: str = "",
    ip_address: str | None = None,
) -> LoginSession:
    """Return the record of a login of ``user`` through ``backend``, for `begin` to save.

    ``persistent`` is "remember me"; ``idle_seconds`` is how long the login may be unused, if for
    less than the settings say; at ``ends_by`` it ends in any case.
    PostgreSQL refuses NUL in a text, and a browser may send one as its name.
    """
    settings, now, device = get_settings(), time.time(), recognise(user_agent[:MAX_AGENT])
    idle = settings.idle_timeout if persistent else settings.browser_session_timeout
    expires_at = moment(now + settings.absolute_timeout.total_seconds())
    return LoginSession(
        id=session_id,
        user=user,  # type: ignore[misc]
        backend=backend,
        auth_hash=auth_hash,
        created_at=moment(now),
        rotated_at=moment(now),
        seen_at=moment(now),
        expires_at=expires_at if ends_by is None else earlier(expires_at, ends_by),
        idle_seconds=min(int(idle.total_seconds()), idle_seconds or MAX_SECONDS),
        persistent=persistent,
        user_agent=user_agent.replace("\0", "")[:MAX_AGENT],
        browser=device.browser,
        system=device.system,
        ip_address=_recordable(ip_address),
    )


MAX_SECONDS = 2**31 - 1
"""What a positive integer holds on every database."""


def earlier(one: datetime, other: datetime) -> datetime:
    """Return the earlier of two times, as this site has times."""
    return moment(min(one.timestamp(), other.timestamp()))


def succeed(old: LoginSession, session_id: uuid.UUID, auth_hash: str) -> LoginSession:
    """Return the record of a login that goes on where ``old`` ends, under an id nobody knows yet.

    For `begin` to save. It neither begins nor ends later than ``old``.
    """
    now = moment(time.time())
    same = ("user", "backend", "created_at", "expires_at", "idle_seconds", "persistent")
    also = ("user_agent", "browser", "system", "ip_address")
    return LoginSession(
        id=session_id,
        auth_hash=auth_hash,
        rotated_at=now,
        seen_at=now,
        **{name: getattr(old, name) for name in (*same, *also)},
    )


def begin(session: LoginSession) -> None:
    """Save the record of a new login, and send `session_started`."""
    session.save(force_insert=True, using=router.db_for_write(LoginSession))
    session_started.send_robust(sender=LoginSession, session=session)


def find(session_id: uuid.UUID) -> LoginSession:
    """Return the login, and its user, in one query.

    Raises `SessionRevoked` if it was ended or has no record, `SessionExpired` after its end,
    `TokenReused` if it was ended for a theft.
    """
    session = find_with_user(session_id, router.db_for_write(LoginSession))
    if session is None:
        raise SessionRevoked("no record of this login")
    refuse_what_is_over(session)
    return session


def refuse_what_is_over(session: LoginSession) -> None:
    """Raise like `find` if a login was ended, or has reached its end."""
    if session.revoked_because == EndReason.TOKEN_REUSED:
        raise TokenReused("the login was ended for a theft")
    if session.revoked_at is not None:
        raise SessionRevoked("the login was ended", ended_because=session.revoked_because)
    if session.ends_at.timestamp() <= time.time():
        raise SessionExpired("the login reached its end")


def look_up(claims: Claims) -> LoginSession:
    """Return the login that ``claims`` belong to; raises like `find`."""
    return find(claims.sid)


def receive(session: LoginSession, claims: Claims, came_at: float) -> Verdict:
    """Judge a request that came at that time. Raises `TokenReused`; a theft is ended at once."""
    verdict = judge(session, claims.gen, came_at)
    if verdict is Verdict.THEFT:
        _report_theft(session)
        raise TokenReused("an old token came back")
    return verdict


def _report_theft(session: LoginSession) -> None:
    logger.warning("An old token of a login came back: somebody has a copy of the cookie.")
    token_reused.send_robust(sender=LoginSession, session=session)
    if get_settings().on_reuse == "revoke":
        try:
            end(session, EndReason.TOKEN_REUSED)
        except Error:
            # Who has come with the old token is refused all the same.
            logger.exception("A login could not be ended for a theft.")


def advance(session: LoginSession, generation: int, verdict: Verdict) -> LoginSession | None:
    """Write what a request that is answered now has shown of its login.

    Returns the record that a token of a new generation is to be issued for, if any. Raises like
    `find` if the login has ended since the request came.
    """
    if verdict is Verdict.LATE:
        return None
    if verdict is Verdict.AHEAD:
        _catch_up(session, generation)
        return None
    if verdict is Verdict.CURRENT:
        if not is_due(session, time.time()):
            if session.seen_at is None:
                _change(session, {"seen_at": moment(time.time())}, seen_at=None)
            return None
        if _rotate(session):
            return session
    # By the state of this moment: others may have rotated while the view was at work.
    session = find(session.pk)
    is_lost = judge(session, generation, time.time()) is Verdict.LOST
    return session if is_lost else None


def _rotate(session: LoginSession) -> bool:
    changes = {
        "generation": session.generation + 1,
        "rotated_at": moment(time.time()),
        "seen_at": None,
    }
    if not _change(session, changes):
        return False
    session_renewed.send_robust(sender=LoginSession, session=session)
    return True


def _catch_up(session: LoginSession, generation: int) -> None:
    """Let the record have the generation of a token that is newer: a backup was restored."""
    now = moment(time.time())
    _change(session, {"generation": generation, "rotated_at": now, "seen_at": now})


def change_auth_hash(session: LoginSession, auth_hash: str) -> None:
    """Let this login go on with the hash by the ``SECRET_KEY`` of now."""
    records().filter(pk=session.pk, revoked_at=None).update(auth_hash=auth_hash)


def limit(session: LoginSession, *, idle_seconds: int, persistent: bool) -> None:
    """Change how long a login may be unused, and whether it outlives the browser."""
    _change(session, {"idle_seconds": idle_seconds, "persistent": persistent})


def _change(session: LoginSession, changes: dict[str, Any], **condition: Any) -> bool:
    """Write ``changes`` if the login goes on in the same generation; tell whether it did."""
    same = records().filter(pk=session.pk, generation=session.generation, revoked_at=None)
    if not same.filter(**condition).update(**changes):
        return False
    for name, value in changes.items():
        setattr(session, name, value)
    return True


def end(session: LoginSession, because: EndReason, using: str | None = None) -> bool:
    """End one login, tell `session_ended` and the log; return whether it had not ended before."""
    changes = _end_by(because)
    logins = records(session, using)
    if not logins.filter(pk=session.pk, revoked_at=None).update(**changes):
        return False
    _announce([session], changes, logins.db)
    return True


def end_all(logins: QuerySet[LoginSession], because: EndReason) -> int:
    """End ``logins`` for one reason, as `end` does; return how many ended.

    In the database that they name, or else in that which logins are written to.
    """
    named, hints = logins._db, logins._hints  # type: ignore[attr-defined]
    using = named or router.db_for_write(LoginSession, **hints)
    alive = logins.using(using).filter(revoked_at=None)
    return sum(_end_batch(batch, because, using) for batch in _batches(alive))


def _end_by(because: EndReason) -> dict[str, Any]:
    return {"revoked_at": moment(time.time()), "revoked_because": because}


def _end_batch(batch: list[LoginSession], because: EndReason, using: str) -> int:
    changes, these = _end_by(because), records(using=using).filter(pk__in=[s.pk for s in batch])
    ended = these.filter(revoked_at=None).update(**changes)
    _announce(batch if ended == len(batch) else these.filter(**changes), changes, using)
    return ended


def _batches(logins: QuerySet[LoginSession]) -> Iterator[list[LoginSession]]:
    rest = logins = logins.order_by("pk")
    while batch := list(rest[:BATCH]):
        yield batch
        if len(batch) < BATCH:
            break
        rest = logins.filter(pk__gt=batch[-1].pk)


def _announce(ended: Iterable[LoginSession], changes: dict[str, Any], using: str) -> None:
    ended = list(ended)
    revocation_cache.add((session.pk for session in ended), using)
    for session in ended:
        for name, value in changes.items():
            setattr(session, name, value)
        logger.info("A login was ended: %s", session.revoked_because)
        session_ended.send_robust(sender=LoginSession, session=session)


def _recordable(ip_address: str | None) -> str | None:
    """Return the address if it is to be kept, and is one: behind a Unix socket there is none."""
    if not get_settings().record_ip:
        return None
    try:
        # Without the zone of a link-local address, which PostgreSQL refuses.
        return str(ipaddress.ip_address((ip_address or "").partition("%")[0]))
    except ValueError:
        return None
