"""``set_expiry()`` is heeded by the login; what is stored for a login lasts as long as that."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import auth
from django.contrib.sessions.models import Session
from django.utils import timezone

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE
from tests.support.cases import spread
from tests.support.visitors import (
    cart_of,
    cookie_of,
    do,
    log_in_before_the_swap,
    log_in_by_page,
    session_store,
    whoami,
)

from .conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]

HOUR = timedelta(hours=1)
DAYS_14 = 14 * 24 * 3600

MODES = {
    "database": {},
    "token": {"USER_SOURCE": "token"},
    "stateless": {"TRACK_SESSIONS": False},
    "stateless token": {"TRACK_SESSIONS": False, "USER_SOURCE": "token"},
}


@pytest.fixture(params=MODES)
def mode(request, settings):
    """Keep logins in each of the ways there are."""
    settings.JWT_COOKIE = MODES[request.param]


def set_expiry(client, value):
    """Have a view call it."""
    do(client, lambda request: request.session.set_expiry(value))


async def aset_expiry(request):
    await request.session.aset_expiry(3600)


SETTERS = {
    "seconds": lambda client: set_expiry(client, 3600),
    "timedelta": lambda client: set_expiry(client, HOUR),
    "datetime": lambda client: set_expiry(client, timezone.now() + HOUR),
    "asynchronous": lambda client: do(client, aset_expiry),
}


@pytest.fixture(params=SETTERS)
def expire_in_an_hour(request):
    """Set the time of a session in each of the ways there are."""
    return SETTERS[request.param]


@pytest.mark.usefixtures("mode")
def test_a_login_that_is_not_used_ends_by_then(client, clock, expire_in_an_hour):
    """Whenever the view says so, at the login or later."""
    client.get("/login/ada/")
    expire_in_an_hour(client)
    clock.shift(timedelta(minutes=59))
    assert whoami(client) == "ada"
    clock.shift(timedelta(minutes=61))
    assert client.get("/public/").json() == {"user": "", "reason": "session_expired"}


@pytest.mark.usefixtures("mode")
def test_it_slides_with_use(client, clock, expire_in_an_hour):
    """As Django's does: it is a time without use."""
    client.get("/login/ada/")
    expire_in_an_hour(client)
    for _ in range(12):
        clock.shift(timedelta(minutes=40))
        assert whoami(client) == "ada"
    assert client.cookies[COOKIE]["max-age"] <= 3600


@pytest.mark.usefixtures("mode")
def test_it_may_be_set_before_the_login(client, clock):
    """By the view that logs in, before and after that."""
    client.get("/login-for-an-hour/ada/")
    assert client.cookies[COOKIE]["max-age"] == 3600

    def log_in_and_set(request):
        auth.login(request, auth.get_user_model().objects.get(username="ada"))
        request.session.set_expiry(1800)

    do(client, log_in_and_set)
    assert client.cookies[COOKIE]["max-age"] == 1800
    clock.shift(timedelta(minutes=31))
    assert whoami(client) == ""


@pytest.mark.usefixtures("mode")
def test_zero_ends_the_login_with_the_browser(client, clock):
    """Neither Max-Age nor Expires; by the next answer, and those after it."""
    client.get("/login/ada/")
    assert client.cookies[COOKIE]["max-age"] == DAYS_14
    set_expiry(client, 0)
    assert (client.cookies[COOKIE].value != "", client.cookies[COOKIE]["max-age"]) == (True, "")
    clock.shift(400)
    assert client.get("/public/").cookies[COOKIE]["max-age"] == ""
    clock.shift(timedelta(hours=13))
    assert whoami(client) == ""


def test_none_is_the_sites_own_word(client):
    """As with Django: what was set is taken back, for as long as nobody was answered by it."""
    client.get("/login/ada/")
    set_expiry(client, None)
    assert whoami(client) == "ada"
    assert LoginSession.objects.get().idle_seconds == DAYS_14


@pytest.mark.parametrize("longer", [DAYS_14 * 2, timedelta(days=365)])
def test_it_makes_no_login_longer(client, longer):
    """The site's settings are the most there is."""
    client.get("/login/ada/")
    set_expiry(client, longer)
    login = LoginSession.objects.get()
    assert (login.idle_seconds, login.persistent) == (DAYS_14, True)


def test_a_time_in_the_past_ends_it(client, clock):
    """With the next request, as with Django."""
    client.get("/login/ada/")
    set_expiry(client, timezone.now() - HOUR)
    clock.shift(2)
    assert whoami(client) == ""


def test_what_was_set_is_told(client):
    """To whoever asks: in the request that sets it, and in those after it."""

    def ask(request):
        return [
            request.session.get_expiry_age(),
            request.session.get_expire_at_browser_close(),
            request.session.get("_session_expiry"),
        ]

    def set_and_ask(request):
        request.session.set_expiry(3600)
        return ask(request)

    client.get("/login/ada/")
    assert do(client, ask) == [DAYS_14, False, None]
    assert do(client, set_and_ask) == [3600, False, 3600]
    assert do(client, ask) == [3600, False, 3600]
    set_expiry(client, 0)
    assert do(client, ask)[1:] == [True, 0]


def test_without_remember_me_it_is_told_too(client):
    """The package's own page says so by the login alone."""
    log_in_by_page(client)
    assert do(client, lambda request: request.session.get_expire_at_browser_close()) is True


@pytest.mark.usefixtures("server_engine")
def test_it_is_no_data_to_store(client, stored_sessions):
    """A session with nothing else in it is none."""
    client.get("/login/ada/")
    set_expiry(client, 3600)
    client.get("/login-for-an-hour/ada/")
    assert (cookie_of(client, "sessionid"), stored_sessions()) == ("", 0)


def test_it_does_not_make_generations_shorter(client, clock):
    """Or an attacker with an old cookie had less to fear, and the database more to write."""
    client.get("/login/ada/")
    set_expiry(client, 3600)
    for _ in range(4):
        clock.shift(60)
        assert COOKIE not in client.get("/public/").cookies
    clock.shift(60)
    assert COOKIE in client.get("/public/").cookies
    assert LoginSession.objects.get().generation == 1


def test_an_anonymous_session_is_as_with_django(client):
    """It has no login to heed it."""

    def fill(request):
        request.session["cart"] = "lamp"
        request.session.set_expiry(3600)

    do(client, fill)
    assert client.cookies["sessionid"]["max-age"] == 3600
    set_expiry(client, 0)
    assert client.cookies["sessionid"]["max-age"] == ""


@pytest.mark.parametrize("expiry", [0, 3600])
def test_a_login_from_before_the_swap_keeps_its_time(client, clock, ada, expiry):
    """As it was set there."""
    log_in_before_the_swap(client, ada, _session_expiry=expiry)
    assert whoami(client) == "ada"
    assert client.cookies[COOKIE]["max-age"] == (expiry or "")


# --- How long data is stored


@pytest.fixture(params=["db", "cache", "cached_db", "signed_cookies"])
def engine_with_a_clock(request, settings):
    """Keep sessions where the clock of the test is heeded."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": request.node.name}}


@pytest.mark.usefixtures("engine_with_a_clock")
def test_what_is_stored_lasts_as_long_as_the_login(client, clock, settings):
    """And not as long as the site's anonymous sessions, be that shorter or longer."""
    settings.SESSION_COOKIE_AGE = 3600
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    for _ in range(29):
        clock.shift(timedelta(days=1))
        assert (whoami(client), cart_of(client)) == ("ada", "lamp")


def test_its_row_is_kept_until_the_end_of_the_login(client, clock):
    """The absolute one, so that renewing writes nothing there."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    end = NOW + timedelta(days=30)
    assert Session.objects.get().expire_date == LoginSession.objects.get().expires_at == end
    clock.shift(timedelta(days=3))
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")
    assert Session.objects.get().expire_date == end


@pytest.mark.parametrize("remember", spread(["on", ""], 2))
def test_its_cookie_lasts_as_long_as_the_logins(client, clock, remember):
    """Or it ends with the browser, as that does."""
    log_in_by_page(client, remember=remember)
    cookie = client.get("/cart/lamp/").cookies["sessionid"]
    assert cookie["max-age"] == (30 * 24 * 3600 if remember else "")


def test_a_session_that_is_stored_tells_when_it_ends(client, clock):
    """By the engine's own word: ``clearsessions`` goes by that."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    assert datetime.now(UTC) == NOW
    assert session_store(cookie_of(client, "sessionid"))["cart"] == "lamp"
    clock.shift(timedelta(days=31))
    assert whoami(client) == ""
    Session.get_session_store_class().clear_expired()
    assert not Session.objects.exists()
