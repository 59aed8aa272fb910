"""A user by primary key, by a query that is compiled once: what Django's own query would find."""

import pickle
from functools import partialmethod
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, models
from django.db.models.sql.compiler import SQLCompiler
from django.db.utils import OperationalError

from django_jwt_cookie import users
from django_jwt_cookie.users.backends import make_query
from django_jwt_cookie.users.prepared import ByKey, PreparedByKey, compiled

from .models import Place
from .rows import ROWS, make_user, seen_of

pytestmark = pytest.mark.django_db(databases=["default", "other"])

User: Any = get_user_model()

IS_PREPARED = {"User": True, "Described": True, "Masked": False, "Member": False, "Alias": False}
"""For which user models the query is prepared."""


@pytest.fixture(params=ROWS)
def user(request):
    """Return a user; with each kind of values in turn."""
    return make_user(request.param)


def plain(using: str = "default") -> Any:
    """Return the query as Django makes it."""
    return ByKey(User._default_manager.using(using))


def test_where_the_query_is_prepared(user):
    """Not where the user is in two tables, or the SQL has parameters of a field's own."""
    query = make_query("default", user.pk)
    assert isinstance(query, PreparedByKey) == IS_PREPARED[User.__name__]
    assert type(plain()) is ByKey


def test_both_find_the_same(user, django_assert_num_queries):
    """Values, their types and order, state and deferred fields: in one query each."""
    query = make_query("default", user.pk)
    with django_assert_num_queries(2):
        ours, djangos = query.get(user.pk), plain().get(user.pk)
    assert ours == djangos == user
    assert seen_of(ours) == seen_of(djangos)
    copies = [pickle.loads(pickle.dumps(each)) for each in (ours, djangos)]  # noqa: S301 - our own
    assert seen_of(copies[0]) == seen_of(copies[1])


def test_both_find_nobody_where_nobody_is(user):
    """A user who was deleted."""
    query, pk = make_query("default", user.pk), user.pk
    User.objects.filter(pk=pk).delete()
    assert query.get(pk) is plain().get(pk) is None


def test_a_user_is_looked_for_where_users_are_written_to(settings):
    """And each database has a query of its own."""
    here, there = make_user("usual"), make_user("usual", "other", name="there")
    assert users.find_row(here.pk).name == here.name

    class Elsewhere:
        def db_for_write(self, model, **hints):
            return "other"

    settings.DATABASE_ROUTERS = [Elsewhere()]
    found = users.find_row(there.pk)
    assert (found.name, found._state.db) == ("there", "other")
    assert seen_of(found) == seen_of(plain("other").get(there.pk))


def test_a_manager_with_a_say_is_asked(user, monkeypatch):
    """It may hide users: its query is Django's own."""
    manager = type(User._default_manager)
    monkeypatch.setattr(
        manager, "get_queryset", lambda self: models.QuerySet(self.model).none(), raising=False
    )
    assert type(make_query("default", user.pk)) is ByKey


def test_a_backend_that_does_more_with_rows_is_asked(user, monkeypatch):
    """As some for other databases do: what Django's compiler would give is Django's to give."""

    class Rewriting(SQLCompiler):
        results_iter = partialmethod(SQLCompiler.results_iter)

    operations = type(connections["default"].ops)
    monkeypatch.setattr(operations, "compiler", lambda *_: Rewriting)
    assert type(make_query("default", user.pk)) is ByKey


def test_a_database_that_can_not_be_asked_for_a_second_connection(user, monkeypatch):
    """It may have none free; then the query is Django's own, on the connection that there is."""

    def refuse(*_):
        raise OperationalError("too many connections")

    monkeypatch.setattr(type(connections), "create_connection", refuse)
    query = make_query("default", user.pk)
    assert type(query) is ByKey
    assert query.get(user.pk) == user


def test_no_connection_is_left_open(user, monkeypatch):
    """What compiles the query has one for itself, and closes it."""
    made, create = [], type(connections).create_connection

    def note(self, alias):
        made.append(create(self, alias))
        return made[-1]

    monkeypatch.setattr(type(connections), "create_connection", note)
    make_query("default", user.pk)
    assert all(connection.connection is None for connection in made)


def test_an_expression_of_a_queryset_is_no_plain_column():
    """An annotation may be computed: such a query is Django's own."""
    queryset = Place._default_manager.using("default").annotate(
        upper=models.functions.Upper("name")
    )
    assert type(compiled(queryset, None, PreparedByKey)) is ByKey
    place = Place._default_manager.using("default")
    assert type(compiled(place.all(), "0" * 32, PreparedByKey)) is PreparedByKey


def test_an_error_of_the_database_is_an_error(user):
    """As Django's own would be."""

    def fail(*_):
        raise DatabaseError("on purpose")

    query = make_query("default", user.pk)
    with connections["default"].execute_wrapper(fail), pytest.raises(DatabaseError):
        query.get(user.pk)
