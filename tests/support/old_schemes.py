"""Functions for ``MOVE_FROM`` that show what a site's own may do, beside that of the tickets."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NoReturn

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core import signing
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse

from django_jwt_cookie.authentication.migrating import OlderCookie
from tests.support import tickets

Found = tuple[User, str, datetime] | None


def find(ticket: str) -> Found:
    """Do what the documented function does, wherever the ticket has come from."""
    request: Any = SimpleNamespace(COOKIES={"ticket": ticket})
    return tickets.move(request)


def narrow(request: HttpRequest) -> Found:
    """Know of a second cookie, which comes with requests to one path alone."""
    return tickets.move(request)


narrow.cookies = lambda: [  # type: ignore[attr-defined]
    OlderCookie("ticket", samesite="Lax"),
    OlderCookie("narrow", path="/old/", domain="testserver"),
]


def by_header(request: HttpRequest) -> Found:
    """Take the ticket from a header: what brings it is no cookie, and none is deleted."""
    return find(request.headers.get("X-Ticket", ""))


def curious(request: HttpRequest) -> Found:
    """Look into the session, whose login is being looked for."""
    request.META["seen"] = [
        request.session.session_key,
        request.session.get(SESSION_KEY),
        request.session.get("cart"),
        request.user.is_authenticated,
    ]
    return tickets.move(request)


def endless(request: HttpRequest) -> Found:
    """Take tickets for good."""
    found = tickets.move(request)
    return found and (found[0], found[1], datetime.max.replace(tzinfo=UTC))


def namesake(request: HttpRequest) -> Found:
    """Have the ticket in a cookie with the name of ours."""
    return find(request.COOKIES.get("__Host-jwt", ""))


namesake.cookies = lambda: [OlderCookie("__Host-jwt")]  # type: ignore[attr-defined]


def broken(request: HttpRequest) -> NoReturn:
    """Do not expect what a browser may send."""
    ticket = request.COOKIES["ticket"]
    raise KeyError(len(ticket))


def unreachable(request: HttpRequest) -> NoReturn:
    """Ask a database that is away."""
    raise OperationalError("away")


for function in (broken, unreachable):
    function.cookies = tickets.move.cookies  # type: ignore[attr-defined]


def careless(request: HttpRequest) -> Found:
    """Do not look whether the user may still log in."""
    ticket = signing.loads(request.COOKIES.get("ticket", ""), salt="tickets")
    user = User.objects.get(pk=ticket["user"])
    return user, ticket["number"], datetime.fromtimestamp(ticket["expires"], UTC)


def refused_by_database(request: HttpRequest) -> NoReturn:
    """Look for what has come, which psycopg refuses where there is a NUL in it."""
    User.objects.filter(username=request.COOKIES["ticket"]).exists()
    raise DataError("The other databases do not mind.")


def without_zone(request: HttpRequest) -> Found:
    """Say when a ticket ends, and not by which clock."""
    found = tickets.move(request)
    return found and (found[0], found[1], found[2].replace(tzinfo=None))


overtaking: list[Callable[[], object]] = []
"""What happens while a request has looked for a login, and is about to begin it."""


class OvertakenBackend(ModelBackend):
    """Is asked in between, and lets the others go first."""

    def get_user(self, user_id: Any) -> Any:
        user = super().get_user(user_id)
        if overtaking:
            overtaking.pop()()
        return user


def set_ticket(request: HttpRequest) -> HttpResponse:
    """Give out a ticket, as the old login page does."""
    response = HttpResponse(request.user.get_username())
    response.set_cookie("ticket", "another")
    return response
