"""A database that takes no writes, is locked, or goes away: a page that only reads is served.

What is real about it is the database's own refusal; that of a server that is gone is in
`tests.concurrency.test_outage`.
"""

import sqlite3
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import Error, OperationalError, connection
from django.http import HttpResponse
from django.urls import include, path

from django_jwt_cookie.decorators import login_required
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode
from tests.concurrency.conftest import moved_database
from tests.concurrency.crowd import login_of, token_of
from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

AGES = pytest.mark.parametrize("age", [0, 400, 700], ids=["fresh", "half over", "expired"])
SOURCES = pytest.mark.parametrize("source", ["database", "token"])

READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    "postgresql": (
        "SET default_transaction_read_only = on",
        "SET default_transaction_read_only = off",
    ),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION READ WRITE"),
}


@login_required
def page(request):
    return HttpResponse(request.user.get_username())


urlpatterns = [path("accounts/", include("django_jwt_cookie.urls")), path("page/", page)]


@pytest.fixture
def ada():
    """Return a user."""
    return User.objects.create_user(NAME, password=PASSWORD)


@contextmanager
def read_only():
    """Have the database refuse what is written."""
    on, off = READ_ONLY[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
    try:
        with pytest.raises(Error):
            User.objects.update(last_name="Lovelace")
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(off)


def get(client, token):
    """Get the page with ``token`` in the jar; return the answer."""
    client.cookies[COOKIE] = token
    return client.get("/page/")


@AGES
@SOURCES
def test_a_database_that_takes_no_writes(client, ada, settings, caplog, *, age, source):
    """A replica that was promoted too late, a full disk: served, logged, and renewed afterwards."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    login, token = login_of(ada, age=age)
    with read_only():
        for _ in range(2):
            answer = get(client, token)
            assert (answer.status_code, answer.content) == (200, b"ada")
            assert COOKIE not in answer.cookies
    assert ("could not be written" in caplog.text) == (age > 0)
    login.refresh_from_db()
    assert (login.generation, login.revoked_because) == (0, "")
    answer = get(client, token)
    assert answer.status_code == 200
    assert (COOKIE in answer.cookies) == (age > 0)


@SOURCES
def test_the_first_token_of_a_generation_where_nothing_can_be_written(
    client, ada, settings, caplog, source
):
    """Nobody can note that it was seen; it goes on to say that it is the first."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    _, token = login_of(ada, age=400)
    first = get(client, token).cookies[COOKIE].value
    with read_only():
        for _ in range(2):
            answer = get(client, first)
            assert (answer.status_code, COOKIE in answer.cookies) == (200, False)
    assert "could not be written" in caplog.text
    assert LoginSession.objects.get().seen_at is None
    assert get(client, first).status_code == 200
    assert LoginSession.objects.get().seen_at is not None


def test_attack_a_stolen_token_while_nothing_can_be_written(client, ada, caplog):
    """The theft is noticed and can't be noted: refused all the same, each time."""
    login, stolen = login_of(ada, age=7200)
    LoginSession.objects.update(generation=1)
    newest = token_of(login, gen=1)
    with read_only():
        for _ in range(2):
            assert get(client, stolen).status_code == 302
        assert get(client, newest).status_code == 200
    assert "could not be ended for a theft" in caplog.text
    assert get(client, stolen).status_code == 302
    assert get(client, newest).status_code == 302
    assert LoginSession.objects.get().revoked_because == "token_reused"


def test_a_deactivated_user_is_out_where_nothing_can_be_written(client, ada):
    """Though the end of the login can't be."""
    _, token = login_of(ada, age=0)
    User.objects.update(is_active=False)
    with read_only():
        assert get(client, token).status_code == 302
    assert LoginSession.objects.get().revoked_because == ""


def test_nobody_is_logged_in_where_nothing_can_be_written(client, ada):
    """No cookie without its record."""
    client.raise_request_exception = False
    with read_only():
        answer = log_in(client)
    assert COOKIE not in answer.cookies
    assert not LoginSession.objects.exists()


# --- SQLite is locked by another process


@pytest.fixture
def locked(ada, tmp_path: Path):
    """Have another connection write to the file, and take its time."""
    if connection.vendor != "sqlite":
        pytest.skip("there are other locks than SQLite's")  # pragma: no cover
    file = tmp_path / "locked.sqlite3"
    with closing(sqlite3.connect(file)) as disk:
        disk.execute("PRAGMA journal_mode=WAL")
        connection.connection.backup(disk)
    with (
        moved_database(NAME=str(file), OPTIONS={"timeout": 0.1}),
        closing(sqlite3.connect(file, isolation_level=None)) as other,
    ):
        yield other


@AGES
@SOURCES
def test_a_file_that_is_locked(client, ada, locked, settings, caplog, *, age, source):
    """Served after the wait that the site has set, and not before it reads; renewed afterwards."""
    settings.JWT_COOKIE = {"USER_SOURCE": source}
    _, token = login_of(ada, age=age)
    locked.execute("BEGIN IMMEDIATE")
    before = time.monotonic()
    answer = get(client, token)
    assert (answer.status_code, answer.content) == (200, b"ada")
    assert time.monotonic() - before < 5
    assert COOKIE not in answer.cookies
    assert ("could not be written" in caplog.text) == (age > 0)
    locked.execute("ROLLBACK")
    answer = get(client, token)
    assert (answer.status_code, COOKIE in answer.cookies) == (200, age > 0)


# --- The database goes away once it was read


@AGES
@pytest.mark.parametrize("answered", [1, 2])
def test_a_database_that_goes_away_once_it_was_read(client, ada, caplog, age, answered):
    """Whatever the view needed, it has got."""
    login, token = login_of(ada, age=age)
    count = 0

    def fail(execute, *query):
        nonlocal count
        count += 1
        if count > answered:
            raise OperationalError("the server closed the connection")
        return execute(*query)

    with connection.execute_wrapper(fail):
        answer = get(client, token)
    assert (answer.status_code, answer.content) == (200, b"ada")
    is_cut = age > 0 and answered == 1
    assert ("could not be written" in caplog.text) == is_cut
    assert (COOKIE in answer.cookies) == (age > 0 and not is_cut)
    answer = get(client, token)
    assert answer.status_code == 200
    if age:
        assert decode(answer.cookies[COOKIE].value).gen == 1
    login.refresh_from_db()
    assert (login.generation, login.revoked_because) == (int(age > 0), "")
