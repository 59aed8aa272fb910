"""A login begins, or goes on under another id."""

import ipaddress
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from ..conf import get_settings
from ..models import LoginSession
from ..renewal import first_expiry, next_expiry
from ..signals import session_started


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
