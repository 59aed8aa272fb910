"""Threads of one process that meet in one login, round after round.

Each round is a few hundred milliseconds; RACE_ROUNDS=500 runs all of them.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.signals import session_ended, session_renewed, token_reused
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, PASSWORD

from .crowd import Answer, Crowd, ask, everybody, log_out, login_of, rounds, send, token_of

pytestmark = pytest.mark.slow

GRACE = 1800
"""Seconds, as ``REUSE_GRACE`` has them."""

SIGNALS = {"renewed": session_renewed, "ended": session_ended, "reused": token_reused}

Sent = list[tuple[str, UUID]]


@pytest.fixture
def clients(crowd: Crowd, new_client: type[Client]) -> list[Client]:
    """Return a client for each thread."""
    return [new_client() for _ in range(crowd.size)]


@pytest.fixture
def sent() -> Iterator[Sent]:
    """Collect the package's signals from all threads: what happened, to which login."""
    collected: Sent = []
    receivers = []
    for name, signal in SIGNALS.items():

        def collect(session: LoginSession, name: str = name, **kwargs: Any) -> None:
            collected.append((name, session.pk))

        signal.connect(collect)
        receivers.append((signal, collect))
    yield collected
    for signal, collect in receivers:
        signal.disconnect(collect)


@pytest.mark.parametrize("age", [400, 700], ids=["half over", "expired"])
def test_of_32_requests_with_one_old_token_one_renews(ada, crowd, clients, sent, age):
    """A page loads its parts at once, after a pause: the classic that logs people out.

    Everybody is served, one request raises the generation, and all get a token of that one.
    """
    for _ in range(rounds(200)):
        login, token = login_of(ada, age=age)
        answers = crowd.do(*everybody(clients, token))
        assert {(answer.status, answer.generation) for answer in answers} == {(200, 1)}
        login.refresh_from_db()
        assert (login.generation, login.revoked_because) == (1, "")
        assert sent == [("renewed", login.pk)]
        sent.clear()


def test_a_generation_that_got_lost_is_handed_out_again_to_all(ada, crowd, clients, sent):
    """The winner's response never arrived, and then 32 requests come with the old token at once."""
    for _ in range(rounds(200)):
        login, token = login_of(ada, age=700)
        ask(clients[0], token)
        answers = crowd.do(*everybody(clients, token))
        assert {(answer.status, answer.generation) for answer in answers} == {(200, 1)}
        assert sent == [("renewed", login.pk)]
        sent.clear()


def test_old_and_new_tokens_of_one_browser_arrive_at_once(ada, crowd, clients, sent):
    """Half of the requests left before the new token came: served, whoever is the first."""
    for _ in range(rounds(200)):
        login, old = login_of(ada, age=700)
        new = ask(clients[0], old).cookie or ""
        half = crowd.size // 2
        answers = crowd.do(*everybody(clients[:half], old), *everybody(clients[half:], new))
        assert {answer.status for answer in answers} == {200}
        assert {answer.generation for answer in answers} <= {None, 1}
        login.refresh_from_db()
        assert (login.generation, login.seen_at is None) == (1, False)
        assert sent == [("renewed", login.pk)]
        sent.clear()


def find_ticket(request):
    """Know logins of an older scheme, whose cookie has the name of ours: for ``MOVE_FROM``."""
    ticket = signing.loads(request.COOKIES.get(COOKIE, ""), salt="tickets")
    user = User.objects.get(pk=ticket["user"])
    return user, ticket["number"], datetime.fromtimestamp(ticket["expires"], UTC)


def test_requests_that_bring_one_old_login_at_once_get_one_login(ada, crowd, clients, settings):
    """32 of them, with the cookie of an older scheme: one begins it, the others share it."""
    later = datetime.now(UTC) + timedelta(days=1)
    settings.JWT_COOKIE = {"MOVE_FROM": [f"{__name__}.find_ticket"], "MOVE_UNTIL": later}
    for number in range(rounds(50)):
        ticket = {"user": ada.pk, "number": str(number), "expires": later.timestamp()}
        answers = crowd.do(*everybody(clients, signing.dumps(ticket, salt="tickets")))
        assert {answer.status for answer in answers} == {200}
        assert len({decode(answer.cookie or "").sid for answer in answers}) == 1
        assert LoginSession.objects.count() == number + 1


def test_a_theft_that_many_requests_notice_is_one_theft(ada, crowd, clients, sent):
    """32 requests with a token whose successor was seen long ago: all refused, one end."""
    for _ in range(rounds(50)):
        login, stolen = login_of(ada, age=2 * GRACE)
        LoginSession.objects.filter(pk=login.pk).update(generation=1)
        newest = token_of(login, gen=1)
        answers = crowd.do(*everybody(clients, stolen))
        assert {(answer.status, answer.cookie) for answer in answers} == {(401, "")}
        assert sent.count(("ended", login.pk)) == 1
        assert ("reused", login.pk) in sent
        assert ask(clients[0], newest) == Answer(401, "")
        sent.clear()


@pytest.mark.parametrize("age", [60, 400, 700], ids=["new", "half over", "expired"])
def test_a_restored_backup_is_healed_by_many_requests(ada, crowd, clients, sent, age):
    """The row is three generations behind the tokens, and 32 requests find out at once.

    The record catches up with the tokens; the next generation is due when it would be anyway.
    """
    for _ in range(rounds(50)):
        login, _ = login_of(ada, age=2 * GRACE)
        answers = crowd.do(*everybody(clients, token_of(login, age=age, gen=3)))
        assert {answer.status for answer in answers} == {200}
        assert {answer.generation for answer in answers} <= {None, 3}
        login.refresh_from_db()
        assert (login.generation, login.revoked_because) == (3, "")
    assert sent == []


def change_password(user: User) -> None:
    """Change the password somewhere else, as the admin does."""
    user.set_password(f"{PASSWORD}{time.monotonic_ns()}")
    user.save()


def deactivate(user: User) -> None:
    """Deactivate the account, as the admin does."""
    user.is_active = False
    user.save()


ENDS: dict[str, Callable[[Client, str, LoginSession], object]] = {
    "logout": lambda client, token, _login: log_out(client, token),
    "revoke": lambda _client, _token, login: sessions.revoke(login),
    "revoke all": lambda _client, _token, login: sessions.revoke_all(login.user),
    "password": lambda _client, _token, login: change_password(login.user),
    "deactivation": lambda _client, _token, login: deactivate(login.user),
}


@pytest.mark.parametrize("age", [400, 700], ids=["half over", "expired"])
@pytest.mark.parametrize("name", ENDS)
def test_an_end_that_races_renewals_holds(ada, crowd, clients, name, age):
    """Somebody logs out in one tab while others renew: no token of that login works afterwards.

    Neither the one that everybody had, nor one that a renewal has made meanwhile.
    """
    chance = random.Random(name)  # noqa: S311

    def later(act: Callable[[], Any], pause: float) -> Any:
        time.sleep(pause)
        return act()

    for _ in range(rounds(500 if name == "logout" else 100)):
        User.objects.filter(pk=ada.pk).update(is_active=True)
        ada.refresh_from_db()
        login, token = login_of(ada, age=age)
        acts: list[Callable[[], Any]] = everybody(clients[1:4], token)
        acts.insert(0, partial(ENDS[name], clients[0], token, login))
        answers = crowd.do(*(partial(later, act, chance.uniform(0, 0.02)) for act in acts))
        tokens = {token, *(answer.cookie for answer in answers[1:] if answer.cookie)}
        for each in tokens:
            # In the browser that ended it, there may be a newer cookie by now.
            cookie = None if name in ("logout", "password") else ""
            assert ask(clients[0], each) == Answer(401, cookie)


def test_two_logins_in_one_browser_at_once(ada, crowd, clients):
    """A double click on "log in": the login before them is over, and either new one works."""
    for _ in range(rounds(50)):
        before, token = login_of(ada, age=60)
        path, form = "/accounts/login/", {"username": "ada", "password": PASSWORD}
        json = {"content_type": "application/json"}
        log_in = [partial(send, each.post, token, path, form, **json) for each in clients[:2]]
        answers = crowd.do(*log_in)
        assert [answer.status for answer in answers] == [200, 200]
        assert len({decode(answer.cookie).sid for answer in answers} - {before.pk}) == 2
        assert [ask(clients[0], answer.cookie).status for answer in answers] == [200, 200]
        assert ask(clients[0], token) == Answer(401, None)


def test_logging_in_again_while_the_old_login_renews(ada, crowd, clients):
    """The old login does not come back, and the new one is not harmed."""
    for _ in range(rounds(50)):
        before, token = login_of(ada, age=400)
        path, form = "/accounts/login/", {"username": "ada", "password": PASSWORD}
        json = {"content_type": "application/json"}
        log_in = partial(send, clients[0].post, token, path, form, **json)
        answer, *others = crowd.do(log_in, *everybody(clients[1:4], token))
        assert decode(answer.cookie).sid != before.pk
        assert ask(clients[0], answer.cookie).status == 200
        for old in {token, *(other.cookie for other in others if other.cookie)}:
            assert ask(clients[0], old) == Answer(401, None)
