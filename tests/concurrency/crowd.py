"""Threads that do something at the same moment, and logins for them to do it with."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.utils import timezone

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import Claims, decode, encode
from django_jwt_cookie.users import from_token
from tests.support.accounts import COOKIE, start_session

Result = TypeVar("Result")

PATIENCE = 120
"""Seconds after which threads that wait for each other are taken for dead."""

LIFETIME = 600
"""Seconds that a token is good for, by default; it is renewed after half of them."""


def rounds(full: int) -> int:
    """Return how many rounds to run: ``full`` of them only if RACE_ROUNDS says so many or more."""
    return min(full, int(os.environ.get("RACE_ROUNDS", "5")))


class Crowd:
    """Threads that are all let go at once, round after round, each with its own connection."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(size)

    def do(self, *acts: Callable[[], Result]) -> list[Result]:
        """Do one act per thread; return what came of each. Raises what one of them raised."""
        barrier = Barrier(len(acts))

        def run(act: Callable[[], Result]) -> Result:
            barrier.wait(PATIENCE)
            return act()

        return list(self._pool.map(run, acts))

    def close(self) -> None:
        """Close the connections, each in the thread that has it, and end the threads."""
        self.do(*[connections.close_all] * self.size)
        self._pool.shutdown()


@dataclass(frozen=True)
class Answer:
    """What a browser learns from a response."""

    status: int
    cookie: str | None
    """The token that the response brings; empty: the cookie is to be deleted; none: neither."""

    @property
    def generation(self) -> int | None:
        """The generation of the token that the response brings."""
        return decode(self.cookie).gen if self.cookie else None


def ask(client: Client, token: str) -> Answer:
    """Ask who is logged in, with ``token`` in the jar."""
    return send(client.get, token, "/accounts/me/")


def log_out(client: Client, token: str) -> Answer:
    """Log out, as a program does, with ``token`` in the jar."""
    return send(client.post, token, "/accounts/logout/", headers={"accept": "application/json"})


def send(method: Callable[..., Any], token: str, *args: Any, **kwargs: Any) -> Answer:
    """Send a request with ``token`` in the jar."""
    client = method.__self__  # type: ignore[attr-defined]
    client.cookies.clear()
    client.cookies[COOKIE] = token
    response = method(*args, **kwargs)
    morsel = response.cookies.get(COOKIE)
    return Answer(response.status_code, morsel and morsel.value)


def everybody(clients: Sequence[Client], token: str) -> list[Callable[[], Answer]]:
    """Return one act per client: to ask with the same token."""
    return [partial(ask, client, token) for client in clients]


def login_of(user: User, *, age: int, gen: int = 0, **changes: Any) -> tuple[LoginSession, str]:
    """Return a login that was last renewed ``age`` seconds ago, and the token of that time."""
    login = start_session(user, **changes)
    then = timezone.now() - timedelta(seconds=age)
    shifted = {"created_at": then, "rotated_at": then, "seen_at": then}
    LoginSession.objects.filter(pk=login.pk).update(**shifted)
    return login, token_of(login, age=age, gen=gen)


def token_of(login: LoginSession, *, age: int = 0, gen: int = 0) -> str:
    """Return the token of ``login`` that was issued ``age`` seconds ago."""
    then = int(time.time()) - age
    times: Any = {"iat": then, "exp": then + LIFETIME, "auth_time": then}
    extra = from_token.carried_fields(login.user)
    return encode(Claims(str(login.user.pk), login.pk, gen, **times, extra=extra))
