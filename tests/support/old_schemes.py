"""Adopters that show what a site's own may do, beside the one of `tests.support.tickets`."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import DataError, OperationalError, connection
from django.http import HttpRequest, HttpResponse

from django_jwt_cookie.authentication.migrating import OlderCookie
from django_jwt_cookie.models import LoginSession

from tests.support.tickets import Tickets


class NarrowTickets(Tickets):
    """Knows of a second cookie, which comes with requests to one path alone."""

    def cookies(self) -> Iterable[OldCookie]:
        return [*super().cookies(), OldCookie("narrow", path="/old/", domain="testserver")]


class HeaderTickets(Tickets):
    """Takes the ticket from a header, as of a program that keeps no cookies."""

    def read(self, request: HttpRequest) -> str:
        return request.headers.get("X-Ticket", "")

    def cookies(self) -> Iterable[OldCookie]:
        return Adopter.cookies(self)


class SameByCookie(Tickets):
    """Takes the ticket from the cookie."""

    scheme = "tickets"


class SameByHeader(HeaderTickets):
    """Takes the same tickets from the header."""

    scheme = "tickets"


class Endless(Tickets):
    """Takes tickets for good."""

    def find(self, request: HttpRequest) -> OldLogin | None:
        login = super().find(request)
        return login and replace(login, expires_at=datetime.max.replace(tzinfo=UTC))


class BearerTickets(Tickets):  # pragma: no cover - in a browser alone
    """Takes the ticket from where tokens are put, as `docs/moving.md` has a front end do it."""

    def read(self, request: HttpRequest) -> str:
        return request.headers.get("Authorization", "").removeprefix("Bearer ")


class NamesakeTickets(Tickets):
    """Has the ticket in a cookie with the name of ours."""

    def read(self, request: HttpRequest) -> str:
        return request.COOKIES.get("__Host-jwt", "")

    def cookies(self) -> Iterable[OldCookie]:
        return [OldCookie("__Host-jwt")]


class Broken(Tickets):
    """Does not expect what a browser may send."""

    def find(self, request: HttpRequest) -> OldLogin | None:
        ticket = self.read(request)
        raise KeyError(len(ticket))


class Unreachable(Adopter):
    """Asks a database that is away."""

    def find(self, request: HttpRequest) -> OldLogin | None:
        return self.fail()

    def fail(self) -> NoReturn:
        raise OperationalError


class RefusedByDatabase(Tickets):
    """Looks for what has come, which psycopg refuses where there is a NUL in it."""

    def find(self, request: HttpRequest) -> OldLogin | None:
        User.objects.filter(username=self.read(request)).exists()
        raise DataError("The other databases do not mind.")


class Dividing(Adopter):  # pragma: no cover - on PostgreSQL alone
    """Has the server refuse a value, which breaks the transaction."""

    def find(self, request: HttpRequest) -> OldLogin | None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return None


class WithoutZone(Tickets):
    """Says when a ticket ends, and not by which clock."""

    def find(self, request: HttpRequest) -> OldLogin | None:
        old = super().find(request)
        return old and replace(old, expires_at=old.expires_at.replace(tzinfo=None))


class Remembering(Tickets):
    """Ends, in the older scheme too, what was ended here."""

    ended: list[Any] = []  # noqa: RUF012

    def end(self, session: LoginSession) -> None:
        self.ended.append((session.pk, session.revoked_because))


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
