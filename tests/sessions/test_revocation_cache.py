"""``REVOCATION_CACHE``: what has ended is known to every process with its next request.

Processes share nothing but the database and this cache, and remember nothing of any login: so one
client that sends a token is as good as another process that gets it.
"""

import logging
import time
from contextlib import contextmanager
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
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.conf import get_settings
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.sessions import revocation_cache
from django_jwt_cookie.sessions.revocation_cache import EPOCH, PAUSE, Standing
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, NAME, PASSWORD, log_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

LOGGER = "django.security.jwt_cookie"
LEEWAY = 10
START = 1_800_000_000


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
    is_deaf = False
    """Whether it answers, and takes nothing, as a replica of Redis does."""

    reads: ClassVar[list[int]] = []

    def get_many(self, keys, version=None):
        self.answer()
        self.reads.append(len(keys))
        return super().get_many(keys, version)

    def set_many(self, data, timeout=None, version=None):
        self.answer(is_write=True)
        return super().set_many(data, timeout, version)

    def set(self, *args, **kwargs):
        self.answer(is_write=True)
        super().set(*args, **kwargs)

    asked = 0

    def answer(self, *, is_write=False):
        type(self).asked += 1
        if type(self).is_away or (is_write and type(self).is_deaf):
            raise ConnectionError("Connection refused")


class FullCache(Cache):
    """A cache that takes nothing more, as memcached tells it."""

    def set_many(self, data, timeout=None, version=None):
        return list(data)


@pytest.fixture(autouse=True)
def clock(time_machine, monkeypatch):
    """Stop the clock; only the test moves it."""
    time_machine.move_to(START, tick=False)
    monkeypatch.setattr(revocation_cache, "monotonic", time.time)
    return time_machine


@pytest.fixture(autouse=True)
def ada(settings, clock):
    """Return a user of a site with a cache that has been listening for an hour."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        "ends": {"BACKEND": f"{__name__}.Cache", "LOCATION": "ends"},
    }
    settings.JWT_COOKIE = {"USER_SOURCE": "token", "REVOCATION_CACHE": "ends"}
    caches["ends"].set(EPOCH, START - 3600, timeout=None)
    yield User.objects.create_user(NAME, password=PASSWORD)
    caches["ends"].clear()


@contextmanager
def cache_away():
    """Have the cache not answer."""
    Cache.is_away = True
    try:
        yield
    finally:
        Cache.is_away = False


@contextmanager
def cache_deaf():
    """Have the cache take nothing."""
    Cache.is_deaf = True
    try:
        yield
    finally:
        Cache.is_deaf = False


@contextmanager
def database_away():
    """Have no query answered."""

    def fail(*_):
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        yield


def be_another_process(settings):
    """Have the next request be served by a process that has just been started."""
    before = get_settings()
    settings.JWT_COOKIE = dict(settings.JWT_COOKIE)
    assert get_settings() is not before


def believed(client):
    """Return a token that is taken at its word."""
    log_in(client)
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
def test_an_end_is_seen_by_another_process_with_its_next_request(client, ada, settings, end):
    """Whatever has ended it."""
    token = believed(client)
    end(client, ada)
    be_another_process(settings)
    assert get(client, token).content == b""


def test_without_the_cache_it_would_not_be(client, ada, settings):
    """What the test before is worth: the token is believed until it is half over."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    token = believed(client)
    sessions.revoke_all(ada)
    assert get(client, token).content == b"ada"


def test_a_request_costs_one_read_and_no_query(client, django_assert_num_queries):
    """The read is of two keys at once: is the login on the list, and is the list complete."""
    token = believed(client)
    Cache.reads.clear()
    with django_assert_num_queries(0):
        assert get(client, token).content == b"ada"
    assert Cache.reads == [2]


def test_other_logins_of_the_user_go_on_without_a_query(
    client, new_client, django_assert_num_queries
):
    """The list is of logins, not of users."""
    believed(client)
    other = new_client()
    believed(other)
    sessions.end_others(
        LoginSession.objects.get(pk=decode(other.cookies[COOKIE].value).sid),
        sessions.EndReason.REVOKED,
    )
    assert client.get("/name/").content == b""
    with django_assert_num_queries(0):
        assert other.get("/name/").content == b"ada"


def test_an_entry_too_many_logs_nobody_out(client):
    """Whoever can write to the cache can cost a query, and no more."""
    token = believed(client)
    revocation_cache.add([LoginSession.objects.get().pk], using="default")
    assert revocation_cache.ask(decode(token)) is Standing.ENDED
    assert get(client, token).content == b"ada"


def test_an_end_that_is_rolled_back_is_not_told(client, ada, django_assert_num_queries):
    """The cache hears of it when the database has it for sure."""
    token = believed(client)
    with transaction.atomic():
        sessions.revoke_all(ada)
        transaction.set_rollback(True)
    with django_assert_num_queries(0):
        assert get(client, token).content == b"ada"


def test_an_entry_is_kept_for_longer_than_any_token_is_good(client, clock, ada):
    """After that the token is over, and its record is asked in any case."""
    token = believed(client)
    sessions.revoke_all(ada)
    clock.shift(600 + LEEWAY - 1)
    assert revocation_cache.ask(decode(token, allow_expired=True)) is Standing.ENDED
    clock.shift(2)
    assert get(client, token).content == b""


# --- Since when the cache has been listening


def test_a_cache_that_was_restarted_and_is_empty(client, ada, settings):
    """What it held is gone: of every token from before the record is asked."""
    token = believed(client)
    sessions.revoke_all(ada)
    caches["ends"].clear()
    for _ in range(2):
        be_another_process(settings)
        assert get(client, token).content == b""


def test_a_restart_of_the_cache_costs_queries_and_logs_nobody_out(
    client, clock, django_assert_num_queries
):
    """Until each login has a token that was issued after it."""
    token = believed(client)
    caches["ends"].clear()
    for _ in range(3):
        with django_assert_num_queries(1):
            assert get(client, token).content == b"ada"
    clock.shift(301)
    for _ in range(2):
        assert client.get("/name/").content == b"ada"
    with django_assert_num_queries(0):
        assert client.get("/name/").content == b"ada"


@pytest.mark.parametrize("value", ["x", [1], None, 1.5, True])
def test_an_epoch_of_another_type(client, value, django_assert_num_queries):
    """Whoever writes that costs queries: as if the cache had been restarted."""
    token = believed(client)
    caches["ends"].set(EPOCH, value)
    with django_assert_num_queries(1):
        assert get(client, token).content == b"ada"
    assert type(caches["ends"].get(EPOCH)) is int


@pytest.mark.parametrize(("after", "standing"), [(10, Standing.UNSURE), (11, Standing.CLEAR)])
def test_a_token_counts_as_newer_than_the_epoch_by_every_clock(client, clock, after, standing):
    """The server that issued it may be ten seconds ahead of the one that found no epoch."""
    caches["ends"].clear()
    log_in(client)
    assert revocation_cache.ask(decode(client.cookies[COOKIE].value)) is Standing.UNSURE
    clock.shift(after)
    log_in(client)
    assert revocation_cache.ask(decode(client.cookies[COOKIE].value)) is standing


def test_an_epoch_in_the_far_future_costs_queries(client, django_assert_num_queries):
    """A server's clock was wrong by a year: nobody is logged out, and ends are seen."""
    token = believed(client)
    caches["ends"].set(EPOCH, START + 365 * 86_400, timeout=None)
    with django_assert_num_queries(1):
        assert get(client, token).content == b"ada"
    LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    assert get(client, token).content == b""


# --- Outages


def test_the_cache_goes_away_and_the_database_is_asked(client, ada, settings, caplog):
    """Nobody is logged out; and an end during that time is seen, then and afterwards."""
    token = believed(client)
    with cache_away():
        assert get(client, token).content == b"ada"
        sessions.revoke_all(ada)
        be_another_process(settings)
        assert get(client, token).content == b""
    assert get(client, token).content == b""
    assert "the database is asked instead" in caplog.text
    assert "was not told of an end" in caplog.text
    assert token not in caplog.text


def test_a_cache_that_hangs_is_not_asked_by_every_request(client, clock, caplog):
    """Each would wait for the timeout. The database is asked instead, and the log says so once."""
    token = believed(client)
    with cache_away():
        for _ in range(2):
            Cache.asked = 0
            assert [get(client, token).content for _ in range(3)] == [b"ada"] * 3
            assert Cache.asked == 1
            clock.shift(PAUSE)
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
    Cache.asked = 0
    for _ in range(2):
        assert get(client, token).content == b"ada"
    assert Cache.asked == 3  # Twice, and it is told since when it listens.


def test_one_request_finds_out_whether_the_cache_is_back(client, clock, monkeypatch):
    """The others do not wait with it."""
    token = believed(client)
    with cache_away():
        get(client, token)
    clock.shift(PAUSE)
    claims, get_many = decode(token), Cache.get_many

    def get_many_slowly(*args):
        monkeypatch.setattr(Cache, "get_many", get_many)
        with pytest.raises(revocation_cache.Unreachable):  # As for another request meanwhile.
            revocation_cache.ask(claims)
        return get_many(*args)

    monkeypatch.setattr(Cache, "get_many", get_many_slowly)
    for _ in range(2):
        assert revocation_cache.ask(claims) is Standing.UNSURE


def test_an_end_that_the_cache_could_not_be_told_is_seen_afterwards(client, ada, settings):
    """As soon as this process can tell it, all ask about every login again."""
    token = believed(client)
    with cache_away():
        sessions.revoke_all(ada)
    log_in(client)
    assert client.get("/name/").content == b"ada"
    client.get("/name/")
    be_another_process(settings)
    assert get(client, token).content == b""


def test_a_cache_that_can_be_read_and_not_written(client, ada, clock, settings, caplog):
    """It can't be told of the end, nor that it has missed one: the database is asked."""
    token = believed(client)
    with cache_deaf():
        sessions.revoke_all(ada)
        assert get(client, token).content == b""
    assert "was not told of an end" in caplog.text
    clock.shift(PAUSE)
    assert get(client, token).content == b""
    be_another_process(settings)
    assert get(client, token).content == b""


def test_a_new_cache_that_can_not_be_written(client, caplog, django_assert_num_queries):
    """Empty, and it takes no epoch: as if it were away."""
    token = believed(client)
    caches["ends"].clear()
    with cache_deaf(), django_assert_num_queries(1):
        assert get(client, token).content == b"ada"
    assert "the database is asked instead" in caplog.text


def test_the_next_end_that_is_told_makes_up_for_one_that_was_not(client, new_client, ada, settings):
    """A site with ``USER_SOURCE = "database"`` only writes to the cache, and never reads it."""
    token = believed(client)
    with cache_away():
        sessions.revoke_all(ada)
    other = new_client()
    log_in(other)
    sessions.revoke_all(ada)
    be_another_process(settings)
    assert get(client, token).content == b""


def test_an_end_that_a_command_could_not_tell_and_is_over(client, settings, clock):
    """Its process is gone; one that has noticed the outage has all ask again."""
    token = believed(client)
    with cache_away():
        assert get(client, token).content == b"ada"
        LoginSession.objects.update(revoked_at=timezone.now(), revoked_because="revoked")
    clock.shift(PAUSE)
    assert get(client, token).content == b""
    be_another_process(settings)
    assert get(client, token).content == b""


def test_cache_and_database_are_away(client, caplog):
    """Nobody can tell: anonymous, logged, and the cookie is kept for afterwards."""
    token = believed(client)
    with cache_away(), database_away():
        response = get(client, token)
    assert (response.content, COOKIE in response.cookies) == (b"", False)
    assert "Nobody can be asked about a login" in caplog.text
    assert get(client, token).content == b"ada"


def test_the_database_is_away_and_the_cache_is_there(client):
    """A token that the cache has nothing against is good."""
    token = believed(client)
    with database_away():
        assert get(client, token).content == b"ada"


def test_attack_the_database_is_away_and_the_cache_says_that_the_login_has_ended(client):
    """Who has a copy of the cookie waits for an outage, or causes one."""
    token = believed(client)
    sessions.revoke_all(User.objects.get())
    with database_away():
        response = get(client, token)
    assert (response.content, COOKIE in response.cookies) == (b"", False)


class Router:
    """Sends every tenant to a database of its own."""

    def db_for_write(self, model, **hints):
        return "default"


@pytest.mark.parametrize("given", [{}, {"REVOCATION_CACHE": "ends"}])
def test_attack_the_database_is_away_and_the_token_may_be_another_tenant_s(client, settings, given):
    """Where each token has its record asked for that, none is believed without."""
    token = believed(client)
    settings.JWT_COOKIE = {"USER_SOURCE": "token", **given}
    settings.DATABASE_ROUTERS = [Router()]
    assert get(client, token).content == b"ada"
    with database_away():
        response = get(client, token)
    assert (response.content, COOKIE in response.cookies) == (b"", False)


def test_a_cache_that_takes_nothing_is_told_of(client, ada, settings, caplog):
    """Memcached says which keys it did not store."""
    caplog.set_level(logging.ERROR, LOGGER)
    settings.CACHES = {"ends": {"BACKEND": f"{__name__}.FullCache", "LOCATION": "ends"}}
    believed(client)
    sessions.revoke_all(ada)
    assert "was not told of an end" in caplog.text
