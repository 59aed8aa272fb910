"""``REVOCATION_CACHE``: what has ended is known to every process with its next request."""

import logging
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.urls import include, path

from django_jwt_cookie import sessions
from django_jwt_cookie.sessions import revocation_cache
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode

from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in
from tests.support.processes import Processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

LOGGER = "django.security.jwt_cookie"
HERE, THERE = range(2)


def name(request):
    return HttpResponse(request.user.get_username())


urlpatterns = [
    path("accounts/", include("django_jwt_cookie.urls")),
    path("admin/", admin.site.urls),
    path("name/", name),
]


class Cache(LocMemCache):
    """A cache that processes share and that may not answer, as Redis does."""

    is_away = False
    reads: ClassVar[list[int]] = []

    def get_many(self, keys, version=None):
        self.answer()
        self.reads.append(len(keys))
        return super().get_many(keys, version)

    def set_many(self, data, timeout=None, version=None):
        self.answer()
        return super().set_many(data, timeout, version)

    def answer(self):
        if type(self).is_away:
            raise ConnectionError("Connection refused")


class FullCache(Cache):
    """A cache that takes nothing more, as memcached tells it."""

    def set_many(self, data, timeout=None, version=None):
        return list(data)


@pytest.fixture(autouse=True)
def ada(settings):
    """Return a user of a site with a cache that tells of revocations."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        "ends": {"BACKEND": f"{__name__}.Cache", "LOCATION": "ends"},
    }
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "REVOCATION_CACHE": "ends"}
    yield User.objects.create_user(NAME, password=PASSWORD)
    caches["ends"].clear()


@pytest.fixture
def processes():
    """Return two processes."""
    return Processes(2)


@contextmanager
def cache_away():
    """Have the cache not answer."""
    Cache.is_away = True
    try:
        yield
    finally:
        Cache.is_away = False


@contextmanager
def database_away():
    """Have no query answered."""

    def fail(*_):
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        yield


def seen_in_both(client, processes):
    """Have both processes take the token at its word from now on."""
    log_in(client)
    for process in (THERE, HERE):
        processes.enter(process)
        assert client.get("/name/").content == b"ada"
    return client.cookies[COOKIE].value


def get(client, token):
    """Ask with this token, whatever was brought since."""
    client.cookies[COOKIE] = token
    return client.get("/name/")


def deactivate(user):
    user.is_active = False
    user.save()


ENDS = {
    "logout": lambda client, _: client.post("/accounts/logout/"),
    "login in its place": lambda client, _: log_in(client),
    "revoked": lambda _, ada: sessions.revoke(sessions.active(ada).get()),
    "all revoked": lambda _, ada: sessions.revoke_all(ada),
    "revoked by command": lambda *_: call_command("jwt_cookie_revoke", user=NAME),
    "password": lambda _, ada: (ada.set_password("!x"), ada.save()),
    "deactivated": lambda _, ada: deactivate(ada),
    "deleted": lambda _, ada: ada.delete(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_an_end_is_seen_by_another_process_with_its_next_request(client, ada, processes, end):
    """The cookie is deleted, and no query is spent on it before."""
    token = seen_in_both(client, processes)
    end(client, ada)
    processes.enter(THERE)
    response = get(client, token)
    assert (response.content, response.cookies[COOKIE].value) == (b"", "")


def test_without_the_cache_it_would_not_be(client, ada, processes, settings):
    """What the test before is worth: the token is believed until it is over."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    processes = Processes(2)
    token = seen_in_both(client, processes)
    sessions.revoke_all(ada)
    processes.enter(THERE)
    assert get(client, token).content == b"ada"


def test_a_request_costs_one_read_and_no_query(client, processes, django_assert_num_queries):
    """The read is of three keys at once."""
    token = seen_in_both(client, processes)
    Cache.reads.clear()
    with django_assert_num_queries(0):
        assert get(client, token).content == b"ada"
    assert Cache.reads == [3]


def test_other_logins_of_the_user_are_looked_at_once_more_and_go_on(
    client, new_client, ada, processes
):
    """A cut-off is a reason to ask, not an end."""
    seen_in_both(client, processes)
    other = new_client()
    log_in(other)
    sessions.end_others(LoginSession.objects.latest("created_at"), sessions.EndReason.REVOKED)
    processes.enter(THERE)
    assert (client.get("/name/").content, other.get("/name/").content) == (b"", b"ada")


def test_an_entry_too_many_logs_nobody_out(client, processes):
    """Whoever can write to the cache can cost a query, and no more."""
    token = seen_in_both(client, processes)
    session = LoginSession.objects.get()
    caches["ends"].set_many({f"jwt_cookie:login:{session.pk}": 1})
    assert get(client, token).content == b"ada"


def test_an_end_that_is_rolled_back_is_not_told(client, ada, processes, django_assert_num_queries):
    """The cache hears of it when the database has it for sure."""
    token = seen_in_both(client, processes)
    with transaction.atomic():
        sessions.revoke_all(ada)
        transaction.set_rollback(True)
    processes.enter(THERE)
    with django_assert_num_queries(0):
        assert get(client, token).content == b"ada"


# --- Outages


def test_the_cache_goes_away_and_the_database_is_asked(client, ada, processes, caplog):
    """Nobody is logged out; and an end during that time is seen, then and afterwards."""
    token = seen_in_both(client, processes)
    with cache_away():
        assert get(client, token).content == b"ada"
        sessions.revoke_all(ada)
        processes.enter(THERE)
        assert get(client, token).content == b""
    assert get(client, token).content == b""
    assert "the database is asked instead" in caplog.text
    assert "was not told of an end" in caplog.text
    assert token not in caplog.text


def test_an_end_during_an_outage_that_another_process_did_not_notice(client, ada, processes):
    """As soon as this one can tell it, all ask about every login again."""
    token = seen_in_both(client, processes)
    processes.enter(HERE)
    with cache_away():
        sessions.revoke_all(ada)
    log_in(client)
    assert client.get("/name/").content == b"ada"
    processes.enter(THERE)
    assert get(client, token).content == b""


def test_the_next_end_that_is_told_makes_up_for_one_that_was_not(
    client, new_client, ada, processes
):
    """A site with ``USER_SOURCE = "database"`` only writes to the cache, and never reads it."""
    token = seen_in_both(client, processes)
    processes.enter(HERE)
    with cache_away():
        sessions.revoke_all(ada)
    other = new_client()
    log_in(other)
    sessions.revoke_all(ada)
    processes.enter(THERE)
    assert get(client, token).content == b""


def test_an_end_that_a_command_could_not_tell_and_is_over(client, ada, processes):
    """Its process is gone; one that has noticed the outage has all ask again."""
    token = seen_in_both(client, processes)
    with cache_away():
        processes.enter(THERE)
        assert get(client, token).content == b"ada"
        Processes(1).enter(0)
        sessions.revoke_all(ada)
    for process in (THERE, HERE):
        processes.enter(process)
        assert get(client, token).content == b""


@pytest.mark.parametrize("value", ["x", [1], None])
def test_a_cut_off_of_another_type(client, processes, value):
    """Whoever writes that can cost a query: as if the cache were away."""
    token = seen_in_both(client, processes)
    key = revocations._user_key(str(User.objects.get().pk))
    caches["ends"].set_many({key: value})
    assert get(client, token).content == b"ada"


def test_the_cut_off_is_of_the_commit_and_of_every_clock(client, ada, processes, time_machine):
    """A token that is issued while the transaction goes on is looked at, too."""
    time_machine.move_to(1_800_000_000, tick=False)
    log_in(client)
    before = decode(client.cookies[COOKIE].value)
    assert not revocations.concern(before)
    with transaction.atomic():
        revocations.tell_cut_off(str(ada.pk))
        time_machine.shift(60)
    assert revocations.concern(before)
    assert revocations.concern(replace(before, iat=before.iat + 69))
    time_machine.shift(5)
    log_in(client)
    after = decode(client.cookies[COOKIE].value)
    assert not revocations.concern(after)
    revocations.tell_cut_off(str(ada.pk))
    assert not revocations.concern(after)
    time_machine.shift(1)
    revocations.tell_cut_off(str(ada.pk))
    assert revocations.concern(after)


def test_a_cache_that_was_restarted_and_is_empty(client, ada, processes):
    """What it held is gone: all ask about every login again."""
    token = seen_in_both(client, processes)
    sessions.revoke_all(ada)
    caches["ends"].clear()
    processes.enter(THERE)
    assert get(client, token).content == b""


def test_cache_and_database_are_away(client, processes, caplog):
    """Nobody can tell: anonymous, logged, and the cookie is kept for afterwards."""
    token = seen_in_both(client, processes)
    with cache_away(), database_away():
        response = get(client, token)
    assert (response.content, COOKIE in response.cookies) == (b"", False)
    assert "Nobody can be asked about a login" in caplog.text
    assert get(client, token).content == b"ada"


def test_the_database_is_away_and_the_cache_is_there(client, processes):
    """Tokens are good until they are over; one that the cache has something against is not."""
    token = seen_in_both(client, processes)
    with database_away():
        assert get(client, token).content == b"ada"
    sessions.revoke_all(User.objects.get())
    processes.enter(THERE)
    with database_away():
        response = get(client, token)
    assert (response.content, COOKIE in response.cookies) == (b"", False)


def test_a_cache_that_takes_nothing_is_told_of(client, ada, processes, settings, caplog):
    """Memcached says which keys it did not store."""
    caplog.set_level(logging.ERROR, LOGGER)
    settings.CACHES = {"ends": {"BACKEND": f"{__name__}.FullCache", "LOCATION": "ends"}}
    seen_in_both(client, processes)
    sessions.revoke_all(ada)
    assert "was not told of an end" in caplog.text
