"""Views in transactions of their own: what we write is outside of them, and holds no lock."""

from functools import partial
from threading import Barrier

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import include, path

from tests.concurrency.conftest import moved_database

from .crowd import PATIENCE, Crowd, ask, login_of, rounds, send

pytestmark = [pytest.mark.slow, pytest.mark.urls(__name__)]

KINDS = pytest.mark.parametrize(
    "kind",
    [
        pytest.param("postgresql", marks=pytest.mark.needs_postgresql),
        pytest.param("mariadb", marks=pytest.mark.needs_mariadb),
    ],
)

meeting = Barrier(2)
"""Where two views wait for each other, between their first step and their second."""


def lock_group():  # pragma: no cover - SQLite has no such locks
    """Lock a row of the site's own."""
    return Group.objects.select_for_update().get()


@transaction.atomic
def user_first(request):  # pragma: no cover - SQLite has no such locks
    name = request.user.get_username()
    meeting.wait(PATIENCE)
    return HttpResponse(f"{name} {lock_group()}")


@transaction.atomic
def group_first(request):  # pragma: no cover - SQLite has no such locks
    group = lock_group()
    meeting.wait(PATIENCE)
    return HttpResponse(f"{request.user.get_username()} {group}")


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("user-first/", user_first),
    path("group-first/", group_first),
]


@KINDS
@pytest.mark.parametrize("age", [400, 700], ids=["half over", "expired"])
def test_views_that_lock_in_opposite_order_do_not_lock_each_other_out(  # pragma: no cover
    ada, new_client, kind, age
):
    """One asks for the user and then locks a row, the other does it the other way round.

    If asking for the user wrote to the record, each would hold what the other waits for.
    """
    Group.objects.create(name="staff")
    crowd = Crowd(2)
    clients = [new_client(), new_client()]
    try:
        for _ in range(rounds(20)):
            login, token = login_of(ada, age=age)
            acts = [
                partial(send, client.get, token, address)
                for client, address in zip(clients, ("/user-first/", "/group-first/"), strict=True)
            ]
            answers = crowd.do(*acts)
            assert [answer.status for answer in answers] == [200, 200]
            login.refresh_from_db()
            assert login.generation == 1
    finally:
        crowd.close()


@pytest.mark.needs_postgresql
@pytest.mark.parametrize("level", ["REPEATABLE_READ", "SERIALIZABLE"])
@pytest.mark.parametrize("age", [0, 400, 700], ids=["fresh", "half over", "expired"])
def test_requests_at_once_with_atomic_requests_and_an_isolation_level(  # pragma: no cover
    ada, new_client, level, age
):
    """Two transactions that write to one row would be one too many: PostgreSQL ends the second.

    All are answered, and one renews.
    """
    from psycopg import IsolationLevel  # noqa: PLC0415

    options = connection.settings_dict["OPTIONS"] | {"isolation_level": IsolationLevel[level]}
    with moved_database(OPTIONS=options, ATOMIC_REQUESTS=True):
        crowd = Crowd(8)
        clients = [new_client() for _ in range(crowd.size)]
        try:
            for _ in range(rounds(20)):
                login, token = login_of(User.objects.get(), age=age)
                answers = crowd.do(*[partial(ask, client, token) for client in clients])
                assert {answer.status for answer in answers} == {200}
                login.refresh_from_db()
                assert (login.generation, login.revoked_because) == (int(age > 0), "")
                assert {answer.generation for answer in answers} - {None} == {1} if age else True
        finally:
            crowd.close()
