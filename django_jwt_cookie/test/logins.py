"""What happens to a login: time passes, and a copy of its cookie comes back."""

from dataclasses import replace
from datetime import timedelta

from asgiref.sync import sync_to_async

from ..conf import get_settings
from ..sessions import are_recorded, records
from ..sessions.rotation import half_life
from ..tokens import Claims, encode
from .client import Browser, get_user
from .tokens import get_claims, set_token

TIMES = ("created_at", "rotated_at", "seen_at", "expires_at")


def age_login(client: Browser, by: timedelta) -> None:
    """Let ``by`` pass for the login of ``client``, and for nothing else.

    The times of the login move back, in its token and its record, and the clock stays: sessions,
    caches, other logins and the test itself notice nothing, and no package is needed. Where the
    clock is moved, by time-machine or freezegun, the login lives by that clock.
    """
    claims, seconds = get_claims(client), int(by.total_seconds())
    set_token(client, encode(_aged(claims, seconds)))
    if are_recorded():
        for record in records().filter(pk=claims.sid):
            for name in TIMES:
                if (moment := getattr(record, name)) is not None:
                    setattr(record, name, moment - timedelta(seconds=seconds))
            record.save(update_fields=TIMES)


def _aged(claims: Claims, seconds: int) -> Claims:
    """Return what a token says that was issued so much earlier."""
    stateless = claims.stateless and replace(
        claims.stateless, started_at=claims.stateless.started_at - seconds
    )
    return replace(
        claims,
        iat=claims.iat - seconds,
        exp=claims.exp - seconds,
        auth_time=max(claims.auth_time - seconds, 0),
        stateless=stateless,
    )


def use_up_token(client: Browser) -> str:
    """Let ``client`` go on until its token of now is long used up, and return a copy of that.

    Whoever comes with the copy is a thief, by the rules of renewal: the login ends (``ON_REUSE``).
    Without records (``TRACK_SESSIONS = False``) nobody notices.
    """
    copy = get_claims(client)
    # When an older generation than the last was seen is not kept, but how long it was ago at least:
    # so many renewals, and it was before the grace, whatever the client does after.
    half = timedelta(seconds=half_life())
    renewals = get_settings().reuse_grace // half + 3
    for _ in range(renewals):
        age_login(client, half)
        get_user(client)  # Brings the next token,
        get_user(client)  # and is the first to come with it.
    return encode(_aged(copy, renewals * int(half.total_seconds())))


aage_login = sync_to_async(age_login, thread_sensitive=True)
ause_up_token = sync_to_async(use_up_token, thread_sensitive=True)
