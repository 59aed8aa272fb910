"""The record of a login: started, found, ended."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.exceptions import SessionExpired, SessionRevoked, TokenReused
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions.recorded import change_auth_hash, end, find
from django_jwt_cookie.signals import session_ended, session_started
from tests.support.accounts import start_session

pytestmark = pytest.mark.django_db

DAY = 86_400


@pytest.fixture
def ada():
    """Return a user."""
    return User.objects.create_user("ada")


@pytest.fixture
def received():
    """Collect the package's signals as they are sent."""
    signals = []

    def collect(signal, session, **kwargs):
        signals.append((signal, session.pk, session.revoked_because))

    for signal in (session_started, session_ended):
        signal.connect(collect)
    yield signals
    for signal in (session_started, session_ended):
        signal.disconnect(collect)


def test_a_login_is_found_with_its_user_in_one_query(ada, received, django_assert_num_queries):
    """What every request of a logged-in visitor does."""
    session = start_session(ada)
    with django_assert_num_queries(1):
        assert find(session.pk).user == ada
    assert received == [(session_started, session.pk, "")]


def test_remember_me_decides_how_long_a_login_may_be_unused(ada):
    """14 days, or 12 hours; it ends after 30 days in any case."""
    lasting, passing = start_session(ada), start_session(ada, persistent=False)
    assert lasting.ends_at - lasting.created_at == timedelta(days=14)
    assert passing.ends_at - passing.created_at == timedelta(hours=12)
    for each in (lasting, passing):
        assert each.expires_at - each.created_at == timedelta(days=30)


def test_a_login_may_be_made_shorter_and_never_longer(ada):
    """Unused for less than the settings say, or over by some moment."""
    hour, year = timedelta(hours=1), timedelta(days=365)
    short = start_session(ada, idle_seconds=3600)
    assert short.ends_at - short.created_at == hour
    assert start_session(ada, idle_seconds=10**9).idle_timeout == timedelta(days=14)
    soon = timezone.now() + hour
    assert start_session(ada, ends_by=soon).ends_at == soon
    late = start_session(ada, ends_by=timezone.now() + year)
    assert late.expires_at - late.created_at == timedelta(days=30)


def test_no_row_no_login(ada):
    """A genuine token is worth nothing without its record."""
    with pytest.raises(SessionRevoked):
        find(uuid.uuid4())


def test_a_login_ends_by_itself(ada):
    """At its absolute end or when it was unused for too long; it is not active any more."""
    session = start_session(ada)
    LoginSession.objects.update(expires_at=timezone.now())
    assert not sessions.active(ada).exists()
    with pytest.raises(SessionExpired):
        find(session.pk)
    session.save()
    assert find(session.pk) == session
    LoginSession.objects.update(rotated_at=timezone.now() - timedelta(days=14))
    assert not sessions.active(ada).exists()
    with pytest.raises(SessionExpired):
        find(session.pk)


def test_a_revoked_login_is_over_and_cannot_end_twice(ada, received):
    """The second caller changes nothing and sends nothing."""
    session = start_session(ada)
    assert sessions.revoke(session) == 1
    assert sessions.revoke(session) == 0
    assert received[1:] == [(session_ended, session.pk, "revoked")]
    with pytest.raises(SessionRevoked):
        find(session.pk)


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({}, {"expires_at": -1}),
        ({}, {"expires_at": 1}),
        ({}, {"rotated_at": -14 * DAY}),
        ({}, {"rotated_at": 1 - 14 * DAY}),
        ({}, {"rotated_at": -7200, "idle_seconds": 7199}),
        ({}, {"rotated_at": -7200, "idle_seconds": 7201}),
        ({}, {"rotated_at": -DAY, "persistent": False}),
        ({}, {"created_at": -30 * DAY}),
        ({"IDLE_TIMEOUT": timedelta(hours=13)}, {"rotated_at": -13 * 3600}),
        ({"ABSOLUTE_TIMEOUT": timedelta(days=20)}, {"created_at": -20 * DAY}),
        ({"ABSOLUTE_TIMEOUT": timedelta(days=20)}, {"created_at": 1 - 20 * DAY}),
    ],
)
def test_whoever_says_when_a_login_ends_says_the_same(clock, ada, settings, given, changes):
    """A record that was found, one that is listed, and one that may be deleted."""
    session = start_session(ada, idle_seconds=changes.pop("idle_seconds", None))
    settings.JWT_COOKIE = given
    now = timezone.now()
    for name, value in changes.items():
        moved = now + timedelta(seconds=value) if name.endswith("_at") else value
        setattr(session, name, moved)
    session.save()
    is_alive = session.ends_at > now
    assert sessions.active(ada).exists() == is_alive
    if is_alive:
        assert find(session.pk) == session
        assert not LoginSession.objects.over_since(now).exists()
    else:
        with pytest.raises(SessionExpired):
            find(session.pk)


def test_a_login_that_was_ended_for_a_theft_says_so(ada):
    """To whoever comes with a token of it."""
    session = start_session(ada)
    assert end(session, sessions.EndReason.TOKEN_REUSED)
    with pytest.raises(TokenReused):
        find(session.pk)


def test_of_two_requests_that_end_a_login_one_does(ada, received):
    """The reason of the first stays, and each is told once."""
    first, second = start_session(ada), start_session(ada)
    received.clear()
    others = [lambda: end(first, sessions.EndReason.LOGOUT)]

    def let_others_go_first(execute, sql, *more):
        if sql.startswith("UPDATE") and others:
            others.pop()()
        return execute(sql, *more)

    with connection.execute_wrapper(let_others_go_first):
        assert sessions.end_all(sessions.active(ada), sessions.EndReason.REVOKED) == 1
    assert sorted(received, key=str) == sorted(
        [(session_ended, first.pk, "logout"), (session_ended, second.pk, "revoked")], key=str
    )
    first.refresh_from_db()
    assert first.revoked_because == "logout"


def test_ten_thousand_logins_end_by_few_statements(ada, received, django_assert_num_queries):
    """Five thousand by one, and each is told once. The one that asks goes on."""
    fields = {"user": ada, "expires_at": timezone.now() + timedelta(days=9), "idle_seconds": 9999}
    LoginSession.objects.bulk_create(LoginSession(**fields) for _ in range(10_001))
    session = start_session(ada)
    received.clear()
    with django_assert_num_queries(6):
        assert sessions.end_others(session, sessions.EndReason.PASSWORD_CHANGED) == 10_001
    assert sessions.active(ada).get() == session
    assert {(signal, why) for signal, _, why in received} == {(session_ended, "password_changed")}
    assert len({pk for _, pk, _ in received}) == len(received) == 10_001
    with django_assert_num_queries(2):
        assert sessions.revoke_all(ada) == 1
    with django_assert_num_queries(1):
        assert sessions.revoke_all(ada) == 0


def test_a_receiver_that_fails_leaves_no_login_alive(ada, caplog):
    """Revoking all means all."""

    def fail(**kwargs):
        raise RuntimeError

    for _ in range(3):
        start_session(ada)
    session_ended.connect(fail)
    assert sessions.revoke_all(ada) == 3
    session_ended.disconnect(fail)
    assert not sessions.active(ada).exists()
    assert [record.name for record in caplog.records].count("django.dispatch") == 3


@pytest.mark.parametrize(
    "revoke_all", [sessions.revoke_all, async_to_sync(sessions.arevoke_all)], ids=["sync", "async"]
)
def test_revoke_all_ends_the_logins_of_one_user(ada, revoke_all):
    """And of nobody else."""
    other = start_session(User.objects.create_user("bob"))
    start_session(ada), start_session(ada)
    assert revoke_all(ada) == 2
    assert not sessions.active(ada).exists()
    assert find(other.pk) == other


def test_a_login_goes_on_with_a_new_hash(ada):
    """After a change of the password in this very browser."""
    session = start_session(ada)
    change_auth_hash(session, "new")
    assert find(session.pk).auth_hash == "new"


def test_a_user_agent_is_stored_whatever_it_holds(ada):
    """NUL, which PostgreSQL refuses, and ten kilobytes of text."""
    session = start_session(ada, user_agent="a\0b" + "x" * 10_000)
    stored = find(session.pk).user_agent
    assert (stored[:2], len(stored)) == ("ab", 512)


def test_ids_are_random_and_str_does_not_tell_them(ada):
    """The id is in every token."""
    session = start_session(ada)
    assert session.pk != start_session(ada).pk
    assert str(session.pk) not in str(session)
    assert str(session.created_at.year) in str(session)


def test_models_and_migrations_agree():
    """What is said twice is compared."""
    call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())
