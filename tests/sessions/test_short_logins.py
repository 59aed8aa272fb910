"""Logins that ``session.set_expiry()`` has made shorter than a token's life: used, they go on."""

import pytest
from django.contrib import auth
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, NAME

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

MINUTE = 60
MODES = {
    "database": {},
    "token": {"USER_SOURCE": "token"},
    "without records": {"TRACK_SESSIONS": False},
}


def login(request, seconds):
    user = User.objects.get()
    user.backend = "django.contrib.auth.backends.ModelBackend"
    auth.login(request, user)
    request.session.set_expiry(seconds)
    return HttpResponse()


def shorten(request, seconds):
    request.session.set_expiry(seconds)
    return HttpResponse()


def name(request):
    return HttpResponse(request.user.get_username())


urlpatterns = [
    path("login/<int:seconds>/", login),
    path("shorten/<int:seconds>/", shorten),
    path("name/", name),
]


@pytest.fixture(autouse=True)
def ada(clock):
    """Return a user, while the clock stands still."""
    return User.objects.create_user(NAME)


@pytest.fixture(params=MODES)
def mode(request, settings):
    """Serve in each mode."""
    settings.JWT_COOKIE = MODES[request.param]
    return request.param


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("idle", [8, MINUTE, 7 * MINUTE, 40 * MINUTE])
@pytest.mark.parametrize("part", [0.1, 0.4, 0.7])
def test_a_short_login_goes_on_for_as_long_as_it_is_used(client, clock, idle, part):
    """The next generation is due after a quarter of its time, if that is less than half a token's.

    If it came later, whoever is never idle for so long would be logged out.
    """
    client.get(f"/login/{idle}/")
    for _ in range(60):
        clock.shift(int(idle * part) or 1)
        assert client.get("/name/").content == b"ada"


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("idle", [8, MINUTE, 7 * MINUTE, 40 * MINUTE])
def test_a_short_login_that_is_not_used_ends(client, clock, idle):
    """And no copy of its cookie brings it back."""
    client.get(f"/login/{idle}/")
    client.get("/name/")
    copy = client.cookies[COOKIE].value
    clock.shift(idle)
    assert client.get("/name/").content == b""
    client.cookies[COOKIE] = copy
    assert client.get("/name/").content == b""


@pytest.mark.usefixtures("mode")
def test_a_login_that_is_shortened_later_is_so_from_then_on(client, clock):
    """By any page."""
    client.get(f"/login/{40 * MINUTE}/")
    clock.shift(MINUTE)
    client.get(f"/shorten/{MINUTE}/")
    for _ in range(10):
        clock.shift(MINUTE - 20)
        assert client.get("/name/").content == b"ada"
    clock.shift(MINUTE)
    assert client.get("/name/").content == b""


def test_a_short_login_writes_no_more_than_one_generation_in_a_quarter_of_its_time(client, clock):
    """Not with each request."""
    client.get(f"/login/{MINUTE}/")
    for _ in range(30):
        clock.shift(2)
        assert client.get("/name/").content == b"ada"
    assert LoginSession.objects.get().generation <= 4
