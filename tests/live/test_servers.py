"""The site on real servers: whoever asks is known, and nothing is left open."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.test.logins import age_login
from django_jwt_cookie.test.tokens import get_token
from tests.support.accounts import NAME

from .marks import from_both, linux_tells, on_each
from .site import wait_until

pytestmark = pytest.mark.slow

HALF = timedelta(seconds=2)


def ask_often(site, client):
    """Ask who it is, many at once, all with one token; return the answers."""
    paths = ["/who/", "/awho/"] * 16
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda path: site.ask(get_token(client), path), paths))


@on_each
@from_both
def test_whoever_asks_is_known(site, client):
    """In the event loop and in threads; a stranger is nobody."""
    for path in ("/who/", "/awho/"):
        assert site.ask(get_token(client), path).json()["user"] == NAME
        assert site.ask("garbage", path).json()["user"] == ""
    assert site.ask(get_token(client), "/awho/").json()["shown"].startswith(NAME)


@on_each
def test_of_many_requests_at_once_one_renews(site, client):
    """As from a page, its service worker and a timer: all are served, none is a thief."""
    age_login(client, HALF)
    answers = ask_often(site, client)
    assert {answer.json()["user"] for answer in answers} == {NAME}
    assert {answer.generation for answer in answers} <= {1, None}
    assert 1 in {answer.generation for answer in answers}
    login = LoginSession.objects.get()
    assert (login.generation, login.revoked_because) == (1, "")


@on_each
@linux_tells
def test_nothing_grows_with_the_number_of_requests(site, client):
    """Neither threads nor connections."""
    ask_often(site, client)
    threads = site.threads()
    for _ in range(2):
        assert {answer.status for answer in ask_often(site, client)} == {200}
    assert wait_until(lambda: site.threads() <= threads + site.pool)
    assert wait_until(lambda: site.connections() == 0)
