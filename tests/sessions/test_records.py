"""The record of a login: started, found, ended."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.exceptions import SessionExpired, SessionRevoked
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.signals import session_ended, session_started

from tests.support.accounts import start_session

pytestmark = pytest.mark.django_db


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
        assert sessions.find(session.pk).user == ada
    assert received == [(session_started, session.pk, "")]


def test_remember_me_decides_how_long_a_login_lasts(ada):
    """14 days without use, or 12 hours."""
    lasting, passing = start_session(ada), start_session(ada, persistent=False)
    assert lasting.expires_at - lasting.created_at == timedelta(days=14)
    assert passing.expires_at - passing.created_at == timedelta(hours=12)


def test_no_row_no_login(ada):
    """A genuine token is worth nothing without its record."""
    with pytest.raises(SessionRevoked):
        sessions.find(uuid.uuid4())


def test_a_login_ends_by_itself(ada):
    """At ``expires_at``, and is then not active any more."""
    session = start_session(ada)
    LoginSession.objects.update(expires_at=timezone.now())
    assert not sessions.active(ada).exists()
    with pytest.raises(SessionExpired):
        sessions.find(session.pk)


def test_a_revoked_login_is_over_and_cannot_end_twice(ada, received):
    """The second caller changes nothing and sends nothing."""
    session = start_session(ada)
    assert sessions.revoke(session) == 1
    assert sessions.revoke(session) == 0
    assert received[1:] == [(session_ended, session.pk, "revoked")]
    with pytest.raises(SessionRevoked):
        sessions.find(session.pk)


class LateSet:
    """Logins that somebody else has ended since they were looked up."""

    def __init__(self, ended_meanwhile):
        self.ended_meanwhile = ended_meanwhile

    def using(self, alias):
        """Return the logins, of whichever database."""
        return self

    def filter(self, **condition):
        """Return the logins; then comes the other request."""
        found = list(LoginSession.objects.filter(**condition))
        sessions.end_by_id({self.ended_meanwhile.pk}, sessions.EndReason.LOGOUT)
        return found


def test_of_two_requests_that_end_a_login_one_does(ada, received):
    """The reason of the first stays, and each is told once."""
    first, second = start_session(ada), start_session(ada)
    received.clear()
    assert sessions.end(LateSet(first), sessions.EndReason.REVOKED) == 1  # type: ignore[arg-type]
    assert sorted(received, key=str) == sorted(
        [(session_ended, first.pk, "logout"), (session_ended, second.pk, "revoked")], key=str
    )
    first.refresh_from_db()
    assert first.revoked_because == "logout"


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
    assert sessions.find(other.pk) == other


def test_a_login_goes_on_with_a_new_hash(ada):
    """After a change of the password in this very browser."""
    session = start_session(ada)
    sessions.change_auth_hash(session, "new")
    assert sessions.find(session.pk).auth_hash == "new"


def test_a_user_agent_is_stored_whatever_it_holds(ada):
    """NUL, which PostgreSQL refuses, and ten kilobytes of text."""
    session = start_session(ada, user_agent="a\0b" + "x" * 10_000)
    stored = sessions.find(session.pk).user_agent
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
