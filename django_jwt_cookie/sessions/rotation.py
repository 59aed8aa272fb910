"""The rules of rotation: what a token of some generation means, and when the next is due.

Pure: a record, a generation and the time in, a verdict out. `django_jwt_cookie.sessions.recorded`
acts on it. The rules were found by simulation (``tests/sessions/simulation.py``), an honest browser
with parallel requests, lost responses, slow views and slow uploads against a thief with a copy of
the cookie; change none of them without. All times are seconds since 1970.
"""

from enum import Enum, auto

from ..conf import get_settings
from ..models import LoginSession
from ..tokens import Claims


class Verdict(Enum):
    """What it means that a request brings generation *g* while the record is at *G*."""

    CURRENT = auto()
    """*g* = *G*."""

    LOST = auto()
    """*g* < *G*, and nobody has come with a successor yet: the response that brought it was lost,
    or requests run in parallel. The same *G* is handed out again: no write, no fork."""

    LATE = auto()
    """*g* < *G*, and the successor was seen lately: a request that was long on its way, such as an
    upload behind a buffering proxy. It is served, and gets no cookie: the browser has a newer."""

    THEFT = auto()
    """*g* < *G*, and the successor was seen long ago: somebody has a copy."""

    AHEAD = auto()
    """*g* > *G*: the signature is ours, so the database was restored from a backup."""


def judge(session: LoginSession, generation: int, came_at: float) -> Verdict:
    """Return what it means that a request with ``generation`` of ``session`` came at that time."""
    if generation == session.generation:
        return Verdict.CURRENT
    if generation > session.generation:
        return Verdict.AHEAD
    seen_at = _successor_seen_at(session, generation)
    if seen_at is None:
        return Verdict.LOST
    grace = get_settings().reuse_grace.total_seconds()
    return Verdict.LATE if came_at <= seen_at + grace else Verdict.THEFT


def _successor_seen_at(session: LoginSession, generation: int) -> float | None:
    """Return when somebody first came with the successor of ``generation``, at the latest.

    That of an older generation than the last is not kept. It was seen before it was replaced
    itself, and each generation since has lasted for `interval` or more. (To take ``rotated_at``
    looks harmless, and keeps a busy thief in the grace for ever.)
    """
    behind = session.generation - generation
    if behind == 1:
        return session.seen_at.timestamp() if session.seen_at else None
    return session.rotated_at.timestamp() - interval(session) * (behind - 2)


def half_life() -> float:
    """Return after how many seconds a token has its record asked."""
    return get_settings().token_seconds / 2


def interval(session: LoginSession) -> float:
    """Return after how many seconds the next generation is due.

    Soon enough that whoever goes on using a short login is never idle by its record.
    """
    return min(half_life(), session.idle_timeout.total_seconds() / 4)


def is_due(session: LoginSession, now: float) -> bool:
    """Tell whether it is time for the next generation."""
    return now >= session.rotated_at.timestamp() + interval(session)


def is_half_over(claims: Claims, now: float) -> bool:
    """Tell whether half of a token's life is over, so that its record is asked.

    As of one from the future, by a server whose clock is ahead: it would be believed for too long.
    """
    if now < claims.iat - get_settings().leeway_seconds:
        return True
    return now >= claims.iat + min(half_life(), (claims.exp - claims.iat) / 2)


def is_over(claims: Claims, now: float) -> bool:
    """Tell whether a token is past its ``exp``, or older than tokens may be by now.

    Its login may go on.
    """
    return now >= min(claims.exp, claims.iat + get_settings().token_seconds)
