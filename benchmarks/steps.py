"""Requests that change something, one at a time: to log in, to renew, and the first with a token.

Each needs something done before it and looked at after it, which is not timed.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db.models import F

from .exchange import Answer, Request
from .visitor import Refused, Visitor, cookies_of

PAGE, BODY = "/pk/", b"1"


class Step(ABC):
    """One kind of request."""

    is_page: ClassVar[bool] = False
    """Whether it is a page of the site, and not one of the contender's own."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    @abstractmethod
    def prepare(self) -> Request:
        """Return the next request."""

    def settle(self, answer: Answer) -> None:
        """Keep what the answer brings; raises `Refused` if that is not what it should."""
        self.visitor.take(answer)


class LogIn(Step):
    """Give the password."""

    def prepare(self) -> Request:
        """Return the next request."""
        return self.visitor.login_request()


class Refresh(Step):
    """Change the refresh token for the next, and get an access token with it."""

    def prepare(self) -> Request:
        """Return the next request."""
        return self.visitor.refresh_request()


class Save(Step):
    """Django's way to let a session live as long as it is used."""

    is_page = True

    def prepare(self) -> Request:
        """Return the next request."""
        settings.SESSION_SAVE_EVERY_REQUEST = True
        return Request(PAGE, self.visitor.headers)

    def settle(self, answer: Answer) -> None:
        """See whether the session was saved."""
        settings.SESSION_SAVE_EVERY_REQUEST = False
        expect(answer, BODY, self.visitor.site.name, brings_cookie=True)


class Renew(Step):
    """Come with a token of ours that is half over, known to the process as after five minutes."""

    is_page = True

    def prepare(self) -> Request:
        """Use the new token once, as a browser does, and let time pass."""
        self._use()
        name, token = next(iter(self.visitor.cookies.items()))
        return Request(PAGE, {"cookie": f"{name}={grow_old(token)}"})

    def settle(self, answer: Answer) -> None:
        """See whether there is a new token."""
        expect(answer, BODY, self.visitor.site.name, brings_cookie=True)
        self.visitor.take(answer)

    def _use(self) -> None:
        expect(self.visitor.send(Request(PAGE, self.visitor.headers)), BODY, self.visitor.site.name)


class See(Renew):
    """Come with the token of a renewal for the first time."""

    def prepare(self) -> Request:
        """Renew."""
        super().settle(self.visitor.send(super().prepare()))
        return Request(PAGE, self.visitor.headers)

    def settle(self, answer: Answer) -> None:
        """See whether it was taken."""
        expect(answer, BODY, self.visitor.site.name)


def expect(answer: Answer, body: bytes, site: str, *, brings_cookie: bool = False) -> None:
    """Raise `Refused` unless this is the right answer: whoever is taken for nobody is quick."""
    if (answer.status, answer.body) != (200, body):
        raise Refused(f"{site} answers {answer.status} {answer.body[:200]!r} and not {body!r}")
    if brings_cookie and not cookies_of(answer):
        raise Refused(f"{site} does not renew")


def grow_old(token: str) -> str:
    """Return a token of the same login and generation, made when it would be half over by now."""
    # These need the settings, of a site that has the package.
    from django_jwt_cookie import tokens
    from django_jwt_cookie.models import LoginSession
    from django_jwt_cookie.sessions.rotation import half_life

    claims, age = tokens.decode(token), half_life() + timedelta(seconds=5)
    seconds = int(age.total_seconds())
    if claims.stateless is None:
        LoginSession.objects.filter(pk=claims.sid).update(rotated_at=F("rotated_at") - age)
    older = tokens.encode(replace(claims, iat=claims.iat - seconds, exp=claims.exp - seconds))
    tokens.decode(older)
    return older


def step(kind: str, visitor: Visitor) -> Step:
    """Return the step of that name, in the way of the visitor's site."""
    if kind == "login":
        return LogIn(visitor)
    if kind == "sight":
        return See(visitor)
    if visitor.site.is_ours:
        return Renew(visitor)
    return Save(visitor) if visitor.site.saves_sessions else Refresh(visitor)
