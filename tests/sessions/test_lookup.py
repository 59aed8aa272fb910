"""The prepared query behaves as Django's own does: errors, transactions, threads, and who watches.

That it finds the same is in `tests/every_field`.
"""

import gc
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import Error, OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_init, pre_init
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.lookup import (
    PreparedLookup,
    _remember_lookups,
    find_with_user,
    make_lookup,
    plain_lookup,
)
from django_jwt_cookie.users.prepared import ByKey
from tests.support.accounts import start_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    """Return a login."""
    return start_session(User.objects.create_user("ada"))


@pytest.fixture(params=["prepared", "Django's"])
def lookup(request):
    """Return one lookup, and then the other."""
    made = make_lookup("default")
    assert isinstance(made, PreparedLookup)
    return made if request.param == "prepared" else plain_lookup("default")


# --- Who watches


def test_receivers_are_told_once_and_in_the_same_order(session, lookup):
    """Before and after each of the two instances; with the values of the row."""
    told: list[tuple[Any, ...]] = []

    def before(sender, args, kwargs, **_):
        told.append(("before", sender, args[0], kwargs))

    def after(sender, instance, **_):
        told.append(("after", sender, instance.pk))

    pre_init.connect(before)
    post_init.connect(after)
    try:
        found = lookup.get(session.pk)
    finally:
        pre_init.disconnect(before)
        post_init.disconnect(after)
    assert told == [
        ("before", LoginSession, session.pk, {}),
        ("after", LoginSession, session.pk),
        ("before", User, session.user_id, {}),
        ("after", User, session.user_id),
    ]
    assert found.user == session.user


def test_a_receiver_for_another_model_is_told_of_that_alone(session, lookup):
    """Nor does it change anything here."""
    told = []

    def note(sender, **_):
        told.append(sender)

    post_init.connect(note, sender=Group)
    try:
        Group()
        assert lookup.get(session.pk).user == session.user
    finally:
        post_init.disconnect(note, sender=Group)
    assert told == [Group]


def test_wrappers_and_logs_see_the_query(session, lookup, django_assert_num_queries):
    """As tools do that count, time or refuse queries."""
    seen = []

    def watch(execute, sql, params, many, context):
        seen.append((sql.split()[0], len(params), many, context["connection"]))
        return execute(sql, params, many, context)

    with (
        connection.execute_wrapper(watch),
        django_assert_num_queries(1),
        CaptureQueriesContext(connection) as queries,
    ):
        assert lookup.get(session.pk) == session
    assert seen == [("SELECT", 1, False, connection)]
    assert LoginSession._meta.db_table in queries.captured_queries[0]["sql"]


# --- Errors


def break_sql(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
    """Have the server refuse what it is asked."""
    return execute(f"{sql} nonsense nonsense", *more)


def error_of(lookup: ByKey[LoginSession]) -> Error:
    """Return what a query that the server refuses raises."""
    with connection.execute_wrapper(break_sql), pytest.raises(Error) as raised:
        lookup.get(uuid.uuid4())
    return raised.value


def test_an_error_is_the_same_error():
    """Of Django's class, with the driver's as its cause."""
    errors = []
    for each in (make_lookup("default"), plain_lookup("default")):
        with transaction.atomic():
            errors.append(error_of(each))
            transaction.set_rollback(True)
    ours, djangos = errors
    assert type(ours) is type(djangos)
    assert type(ours.__cause__) is type(djangos.__cause__)


def test_a_transaction_that_is_broken_is_not_asked(session, lookup):
    """An error leaves it to be rolled back, and then the login is found again."""
    with pytest.raises(Error), transaction.atomic():
        raise error_of(lookup)
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            lookup.get(session.pk)
    assert lookup.get(session.pk) == session


# --- Connections


def test_a_backend_that_reads_rows_otherwise_has_djangos_query(monkeypatch):
    """One for a database of another maker, with a compiler of its own."""
    compiler = connection.ops.compiler("SQLCompiler")
    other = type("OtherCompiler", (compiler,), {"results_iter": compiler.execute_sql})
    assert isinstance(make_lookup("default"), PreparedLookup)
    monkeypatch.setattr(type(connection.ops), "compiler", lambda *_: other)
    assert not isinstance(make_lookup("default"), PreparedLookup)


def test_where_no_second_connection_is_free_djangos_query_is_made(session, settings, monkeypatch):
    """MySQL is asked for its version while a query is compiled. It is tried again next time."""
    settings.JWT_COOKIE = {}

    def refuse(alias):
        raise OperationalError("too many connections")

    with monkeypatch.context() as patched:
        patched.setattr(connections, "create_connection", refuse)
        assert find_with_user(session.pk, "default") == session
    assert find_with_user(session.pk, "default") == session
    memory = get_settings().derive(_remember_lookups)
    assert isinstance(memory("default"), PreparedLookup)


def test_no_connection_is_kept_alive(session):
    """What is prepared belongs to the database, not to the connection of the thread that did it."""
    find_with_user(session.pk, "default")
    prepared = get_settings().derive(_remember_lookups)("default")
    assert isinstance(prepared, PreparedLookup)
    assert connections["default"] not in gc.get_referents(prepared)
    owners = [getattr(converter, "__self__", None) for _, converter, _ in prepared._converters]
    assert connections["default"] not in [getattr(each, "connection", None) for each in owners]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
@pytest.mark.parametrize("use_tz", [True, False])
def test_times_are_those_of_the_settings_in_force(session, settings, zone, use_tz):
    """Between two requests of a test; each time as Django reads it, aware or not."""
    before, found = get_settings(), find_with_user(session.pk, "default")
    assert found
    assert found.created_at.tzinfo is not None
    settings.TIME_ZONE, settings.USE_TZ = zone, use_tz
    assert get_settings() is not before  # And so the query is prepared again.
    ours, djangos = find_with_user(session.pk, "default"), plain_lookup("default").get(session.pk)
    assert ours
    assert djangos
    assert ours.created_at.isoformat() == djangos.created_at.isoformat()
    assert ours.user.date_joined.isoformat() == djangos.user.date_joined.isoformat()
    assert (ours.created_at.tzinfo is None) == (not use_tz)


def in_a_thread(action: Callable[[], Any]) -> Any:
    """Do it in another thread, which has a connection of its own, and close that."""

    def act() -> Any:
        try:
            return action()
        finally:
            BaseDatabaseWrapper.close(connections["default"])

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_by_its_own_connection(session):
    """By the same prepared query: a connection must not be used by two threads."""
    assert find_with_user(session.pk, "default") == session
    mine = connections["default"]

    def find() -> tuple[bool, int, LoginSession | None]:
        own = connections["default"]
        with CaptureQueriesContext(own) as queries:
            found = find_with_user(session.pk, "default")
        return own is mine, len(queries), found

    for _ in range(2):
        is_mine, count, found = in_a_thread(find)
        assert (is_mine, count, found) == (False, 1, session)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_is_opened_again(session):
    """By a server that has restarted, or after ``CONN_MAX_AGE``."""

    def find_twice() -> list[LoginSession | None]:
        found = [find_with_user(session.pk, "default")]
        # Django's own keeps the database of a test open that is nowhere but in memory.
        BaseDatabaseWrapper.close(connections["default"])
        assert connections["default"].connection is None
        return [*found, find_with_user(session.pk, "default")]

    assert in_a_thread(find_twice) == [session, session]


def test_a_login_that_is_not_there(lookup):
    """None, and no error."""
    assert lookup.get(uuid.uuid4()) is None
