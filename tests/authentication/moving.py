"""A site that moves away from tickets, until a date."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core import signing
from django.test import Client

UNTIL = datetime(2030, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MODES: dict[str, dict[str, Any]] = {
    "database": {},
    "token": {"USER_SOURCE": "token"},
    "stateless": {"TRACK_SESSIONS": False},
    "stateless token": {"TRACK_SESSIONS": False, "USER_SOURCE": "token"},
}


def move_from(settings: Any, *names: str, **more: Any) -> None:
    """Ask functions of `tests.support.old_schemes`, or else the documented one."""
    paths = [f"tests.support.old_schemes.{name}" for name in names]
    settings.JWT_COOKIE = {
        "MOVE_FROM": paths or ["tests.support.tickets.move"],
        "MOVE_UNTIL": UNTIL,
        **more,
    }


def ticket_of(user: User, number: str = "1", lasts: timedelta = DAY) -> str:
    """Return a ticket as the older scheme gave them out."""
    expires = (datetime.now(UTC) + lasts).timestamp()
    ticket = {"user": user.pk, "number": number, "expires": expires}
    return signing.dumps(ticket, salt="tickets")


def has(client: Client, name: str) -> bool:
    """Tell whether there is a cookie of that name in the jar."""
    return name in client.cookies and client.cookies[name].value != ""
