"""How a login comes to be refused, by the code that tells of it."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE


def _tamper(client: Client) -> None:
    token = client.cookies[COOKIE].value
    client.cookies[COOKIE] = token[:-9] + ("A" if token[-9] != "A" else "B") + token[-8:]


def _fill_with_garbage(client: Client) -> None:
    client.cookies[COOKIE] = "garbage; \N{SNOWMAN}".encode().decode("latin-1")


def _end(client: Client) -> None:
    for user in User.objects.all():
        sessions.revoke_all(user)


def _expire(client: Client) -> None:
    LoginSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _deactivate(client: Client) -> None:
    User.objects.update(is_active=False)


def is_forgotten(client: Client, reason: str) -> bool:
    """Tell whether the browser has been told to forget the cookie, as it is to be told.

    Not that of a login that is over by the clock, which may be wrong.
    """
    return (client.cookies[COOKIE].value == "") == (reason != "session_expired")


REFUSALS: list[tuple[Callable[[Client], None], str]] = [
    (_tamper, "token_invalid"),
    (_fill_with_garbage, "token_invalid"),
    (_end, "session_revoked"),
    (_expire, "session_expired"),
    (_deactivate, "user_inactive"),
]
"""What happens to a client that is logged in, and what it is told."""
