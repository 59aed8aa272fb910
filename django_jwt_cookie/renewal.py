"""The rules of renewal: what a token of some generation means, and until when a login goes on.

Pure: a record, a generation and the time in, a verdict out. `django_jwt_cookie.sessions` acts on
it. The rules were found by simulation, an honest browser with parallel requests, lost responses,
slow views and slow uploads against a thief with a copy of the cookie; change none of them without.
"""

import time
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from django.conf import settings as django_settings

from .claims import Claims
from .conf import get_settings
from .models import LoginSession


class Verdict(Enum):
    """What it means that a request presents generation *g* while the record is at *G*."""

    CURRENT = auto()
    """*g* = *G*."""

    LOST = auto()
    """*g* < *G*, and nobody has come with a successor yet: the response that brought it was lost,
    or requests run in parallel. The same *G* is handed out again: no write, no fork."""

    LATE = auto()
    """*g* < *G*, and the successor has been seen lately: a request that was long on its way, such
    as an upload behind a buffering proxy. It is served, and gets no cookie: the jar has a newer."""

    THEFT = auto()
    """*g* < *G*, and the successor was seen long ago: somebody goes on with a copy."""

    AHEAD = auto()
    """*g* > *G*: the signature is ours, so the database was restored from a backup."""


def judge(session: LoginSession, generation: int, now: datetime) -> Verdict:
    """Return what it means that ``generation`` of ``session`` is presented at ``now``."""
    if generation == session.generation:
        return Verdict.CURRENT
    if generation > session.generation:
        return Verdict.AHEAD
    seen_at = _successor_seen_at(session, generation)
    if seen_at is None:
        return Verdict.LOST
    return Verdict.LATE if now <= seen_at + get_settings().reuse_grace else Verdict.THEFT


def _successor_seen_at(session: LoginSession, generation: int) -> datetime | None:
    """Return when somebody first came with the successor of ``generation``, at the latest.

    That of an older generation than the last is not kept. It was seen before it was replaced
    itself, and each generation since has lasted for half a token's life or more. (To take
    ``rotated_at`` looks harmless, and keeps a busy thief in the grace for ever.)
    """
    behind = session.generation - generation
    if behind == 1:
        return session.seen_at
    return session.rotated_at - half_life() * (behind - 2)


def moment(seconds: float) -> datetime:
    """Return that time, in seconds since 1970, as records have it."""
    return datetime.fromtimestamp(seconds, UTC if django_settings.USE_TZ else None)


def as_recorded(when: datetime) -> datetime:
    """Return the same time as records have it: without a zone where ``USE_TZ`` is off."""
    return when if django_settings.USE_TZ else when.astimezone().replace(tzinfo=None)


def half_life() -> timedelta:
    """Return after what time a token is renewed."""
    return get_settings().token_lifetime / 2


def is_half_over(since: int) -> bool:
    """Tell whether half of a token's life is over for what was made at ``since``, in seconds."""
    return time.time() >= since + get_settings().token_seconds / 2


def is_over(claims: Claims) -> bool:
    """Tell whether a token is past its ``exp``, or older than tokens may be by now.

    Its login may go on.
    """
    return time.time() >= min(claims.exp, claims.iat + get_settings().token_seconds)


def idle_timeout(*, persistent: bool) -> timedelta:
    """Return how long a login may be unused."""
    settings = get_settings()
    return settings.idle_timeout if persistent else settings.browser_session_timeout


def first_expiry(
    created_at: datetime,
    *,
    persistent: bool,
    at_most: timedelta | None,
    ends_at: datetime | None = None,
) -> datetime:
    """Return when a new login ends if it is not used again."""
    idle = idle_timeout(persistent=persistent)
    return min(
        created_at + (idle if at_most is None else min(idle, at_most)),
        _end(created_at, ends_at),
    )


def next_expiry(session: LoginSession, now: datetime) -> datetime:
    """Return when a login that is renewed at ``now`` ends if it is not used again.

    The time it may be idle never grows: a site that made the login shorter than the settings do,
    or settings that were shorter once, are still heeded.
    """
    idle = min(idle_timeout(persistent=session.persistent), session.expires_at - session.rotated_at)
    return min(now + idle, _end(session.created_at, session.ends_at))


def expiry(session: LoginSession) -> datetime:
    """Return when ``session`` ends by the settings of now: shorter ones hold for all logins."""
    return min(
        session.expires_at,
        session.rotated_at + idle_timeout(persistent=session.persistent),
        _end(session.created_at, session.ends_at),
    )


def _end(created_at: datetime, ends_at: datetime | None) -> datetime:
    """Return when a login ends, however busy it is."""
    absolute = created_at + get_settings().absolute_timeout
    return absolute if ends_at is None else min(absolute, ends_at)
