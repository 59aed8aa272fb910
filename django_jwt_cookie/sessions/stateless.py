"""Logins without records, for ``TRACK_SESSIONS = False``: the verbs of `recorded`, no table.

What a record would say, the token says: when the login began, how long it may be unused, whether it
is to outlive the browser, and a keyed hash of backend and session auth hash, so that a new password
ends the login. What no token can say is that a login was ended: a logout deletes the cookie, and a
copy of it goes on to work until the timeouts.
"""

import time

from ..conf import get_settings
from ..exceptions import SessionExpired, SessionRevoked
from ..models import LoginSession, moment
from ..signals import session_renewed, session_started
from ..tokens import Claims
from ..users import find_without_record
from .rotation import Verdict, is_due


def look_up(claims: Claims) -> LoginSession:
    """Return the login that ``claims`` tell of, as a record that is not saved.

    Raises `SessionError`.
    """
    stated = claims.stateless
    if stated is None:
        raise SessionRevoked("a token that counts on a record")
    user, backend, auth_hash = find_without_record(claims.sub, stated.ath)
    started_at = moment(stated.started_at)
    session = LoginSession(
        id=claims.sid,
        user=user,  # type: ignore[misc]
        backend=backend,
        auth_hash=auth_hash,
        created_at=started_at,
        rotated_at=moment(claims.iat),
        seen_at=moment(claims.iat),
        expires_at=started_at + get_settings().absolute_timeout,
        idle_seconds=stated.idle_timeout,
        persistent=stated.persistent,
    )
    if session.ends_at.timestamp() <= time.time():
        raise SessionExpired("the login reached its end")
    return session


def begin(session: LoginSession) -> None:
    """Send `session_started`."""
    session_started.send_robust(sender=LoginSession, session=session)


def receive(session: LoginSession, claims: Claims, came_at: float) -> Verdict:  # noqa: ARG001
    """Take every genuine token for the newest: nobody knows better."""
    return Verdict.CURRENT


def advance(session: LoginSession, generation: int, verdict: Verdict) -> LoginSession | None:  # noqa: ARG001
    """Let the login go on from now, once half a token's life is over."""
    now = time.time()
    if not is_due(session, now):
        return None
    session.rotated_at = moment(now)
    session_renewed.send_robust(sender=LoginSession, session=session)
    return session


def change_auth_hash(session: LoginSession, auth_hash: str) -> None:
    """Let the next token carry the new hash."""
    session.auth_hash = auth_hash


def limit(session: LoginSession, *, idle_seconds: int, persistent: bool) -> None:
    """Let the next token say how long the login may be unused."""
    session.idle_seconds, session.persistent = idle_seconds, persistent


def end(
    session: LoginSession,  # noqa: ARG001
    because: LoginSession.EndReason,  # noqa: ARG001
    using: str | None = None,  # noqa: ARG001
) -> bool:
    """End nothing: there is no record to end."""
    return False
