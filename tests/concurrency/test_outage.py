"""The database goes away and comes back: as everywhere in Django, and nobody loses a cookie.

The way to a real server is cut, so that the driver says what it says then.
"""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connection

from tests.concurrency.conftest import moved_database

from .crowd import Answer, ask, log_out, login_of, rounds, send
from .proxy import Proxy

pytestmark = pytest.mark.slow

KINDS = [
    pytest.param("postgresql", marks=pytest.mark.needs_postgresql),
    pytest.param("mariadb", marks=pytest.mark.needs_mariadb),
]


@pytest.fixture
def proxy(ada: User) -> Iterator[Proxy]:  # pragma: no cover - not with SQLite
    """Put a proxy between this test and the database."""
    host, port = connection.settings_dict["HOST"], int(connection.settings_dict["PORT"])
    proxy = Proxy((host, port))
    with moved_database(HOST="127.0.0.1", PORT=proxy.port):
        yield proxy
    proxy.close()


@pytest.fixture
def client(new_client):  # pragma: no cover - not with SQLite
    """Return a client that is answered as a browser is: with a page for an exception."""
    return new_client(raise_request_exception=False)


@pytest.mark.parametrize("age", [0, 400, 700], ids=["fresh", "half over", "expired"])
@pytest.mark.parametrize("act", [ask, log_out])
@pytest.mark.parametrize("_kind", KINDS)
def test_the_database_goes_away_and_comes_back(  # pragma: no cover - not with SQLite
    proxy, client, _kind, act, age
):
    """Django's own error, no cookie deleted, and the same cookie is good again afterwards."""
    ada = User.objects.get()
    for _ in range(rounds(5)):
        _, token = login_of(ada, age=age)
        with proxy.outage():
            for _ in range(2):
                assert act(client, token) == Answer(500, None)
                close_old_connections()  # As a server does between two requests.
        assert ask(client, token).status == 200
        assert log_out(client, token) == Answer(204, "")
        assert ask(client, token) == Answer(401, None)


@pytest.mark.parametrize(("age", "status"), [(0, 200), (400, 200), (700, 302)])
@pytest.mark.parametrize("_kind", KINDS)
def test_with_the_user_from_the_token_it_is_not_noticed(  # pragma: no cover - not with SQLite
    proxy, client, settings, _kind, age, status
):
    """Until the token is over: nobody can tell then, and the cookie is kept for afterwards."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    _, token = login_of(User.objects.get(), age=age)
    with proxy.outage():
        for _ in range(3):
            assert send(client.get, token, "/members/") == Answer(status, None)
            close_old_connections()
    assert send(client.get, token, "/members/").status == 200
