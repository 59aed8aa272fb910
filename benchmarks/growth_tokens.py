"""The token grows: the part of `benchmarks.growth` about it.

By one long text, or by a list of roles: what is remembered of a token is copied for each request
where it could be changed, and a list could.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jwt
from django.core.management import call_command
from django.http import HttpRequest

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode

from . import child
from .growth import against_smallest
from .growth_requests import begin_login, check, make_requests, serve, token_of
from .in_turn import Contender, time_in_turn
from .samples import SECRET, claims, decode_all, fresh, signed, under

BYTES = (0, 250, 700, 1400, 2000)
"""Of extra claims, before base64url makes a third more of them."""

STATED = {"SECRET": SECRET, "USER_SOURCE": "token"}


class Grown:
    """Tokens with so many bytes of extra claims, of one login and of many."""

    def __init__(self, extra: dict[str, Any], login: LoginSession, count: int) -> None:
        said = [claims(n, username=login.user.get_username(), **extra) for n in range(count + 1)]
        self.other, *self.tokens = signed(said, **STATED)
        with under(**STATED)():
            self.of_login = token_of(login, **extra)
        self.size = f"{len(self.of_login):,} B"

    def first_sight(self) -> Contender:
        """Verify each for the first time."""
        make, warm = partial(fresh, self.tokens), partial(decode, self.other)
        return Contender(self.size, decode, make, under(**STATED), warm)

    def known(self) -> Contender:
        """Verify each once more."""
        make, warm = partial(fresh, self.tokens), partial(decode_all, self.tokens)
        return Contender(self.size, decode, make, under(**STATED), warm)

    def request(self) -> Contender:
        """Serve requests of the login, whose user is made from the token."""
        return Contender(self.size, serve, self._requests, under(**STATED), self._first_request)

    def with_pyjwt(self) -> Contender:
        """Verify each with nothing but PyJWT."""
        return Contender(self.size, decode_with_pyjwt, partial(fresh, self.tokens))

    def _requests(self) -> list[HttpRequest]:
        return make_requests(fresh([self.of_login] * len(self.tokens)))

    def _first_request(self) -> None:
        check(self._requests()[0], renews=False)


STEPS: dict[str, Callable[[Grown], Contender]] = {
    "first sight": Grown.first_sight,
    "(jwt.decode)": Grown.with_pyjwt,
    "known token": Grown.known,
    "request, user from the token": Grown.request,
}


def measure_here(quick: bool) -> child.Rows:
    """Return a row for each size and step."""
    calls, rounds = (10, 7) if quick else (50, 100)
    call_command("migrate", verbosity=0)
    login, rows = begin_login(), []
    for what, extra_of in KINDS.items():
        grown = [Grown(extra_of(size), login, calls) for size in BYTES]
        for step, contend in STEPS.items():
            rows += against_smallest(what, step, time_in_turn(map(contend, grown), rounds))
    return rows


def one_text(size: int) -> dict[str, Any]:
    """Return a claim that is one text of that many bytes."""
    return {"about": "x" * size} if size else {}


def roles(size: int) -> dict[str, Any]:
    """Return a claim that is a list of short texts, with that many bytes of JSON."""
    return {"roles": [f"editor-{number:05}" for number in range(size // 15)]} if size else {}


KINDS = {"token, by one text": one_text, "token, by a list of roles": roles}


def decode_with_pyjwt(token: str) -> object:
    """Do what anybody would."""
    return jwt.decode(token, SECRET, algorithms=["HS256"])
