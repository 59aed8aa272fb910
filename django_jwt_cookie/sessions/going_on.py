"""A login goes on: its tokens come, and each makes place for the next.

What it means that a request presents a token of some generation is decided in `renewal`.
"""

import logging
from datetime import datetime

from django.db.models.functions import Coalesce
from django.utils import timezone

from ..claims import Claims
from ..conf import get_settings
from ..exceptions import TokenReused
from ..models import LoginSession
from ..renewal import Verdict, judge, next_expiry
from ..sightings import sighting_of
from ..signals import session_renewed, token_reused
from .ending import end
from .finding import find
from .recording import EndReason, change, in_transaction, records

logger = logging.getLogger("django.security.jwt_cookie")


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


def change_auth_hash(session: LoginSession, auth_hash: str) -> None:
    """Let this login go on after a change of password, or of ``SECRET_KEY``."""
    change(session, {"auth_hash": auth_hash})


def _rotate(session: LoginSession) -> bool:
    now = timezone.now()
    changes = {
        "generation": session.generation + 1,
        "rotated_at": now,
        "seen_at": None,
        "expires_at": next_expiry(session, now),
    }
    # Never back to life: an expired row may be deleted at any moment.
    return change(session, changes, generation=session.generation, expires_at__gt=now)


def _note_as_seen(session: LoginSession) -> None:
    changes = {"seen_at": timezone.now()}
    change(session, changes, generation=session.generation, seen_at=None)


def _heal(session: LoginSession, generation: int) -> None:
    """Catch up with a token that is newer than the record: a backup was restored."""
    now = timezone.now()
    changes = {
        "generation": generation,
        "rotated_at": now,
        "seen_at": now,
        "expires_at": next_expiry(session, now),
    }
    change(session, changes, generation=session.generation)


def _report_theft(session: LoginSession) -> None:
    logger.warning("An old token of a login came back: somebody has a copy of the cookie.")
    token_reused.send_robust(sender=LoginSession, session=session)
    if get_settings().on_reuse == "revoke":
        end(records().filter(pk=session.pk), EndReason.TOKEN_REUSED)
