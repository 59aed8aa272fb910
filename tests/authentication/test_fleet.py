"""``ADOPT_FROM``: old and new servers behind one address, before, at and after the moment.

Old ones have Django's own middleware, new ones the package's; one browser goes from one to the
other with each request, as a load balancer has it.
"""

from datetime import timedelta

import django
import pytest
from django.contrib import auth
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import override_settings

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON
from tests.support.visitors import (
    DJANGOS,
    LOGINS,
    LOGOUTS,
    OURS,
    cart_of,
    cookie_of,
    do,
    log_in_before_the_swap,
)

from .conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site", "before")]

MOMENT = NOW + timedelta(hours=1)
WITHOUT_OURS = ["login", "alogin", "admin"]
"""The ways to log in that an old server has."""


@pytest.fixture
def before(settings, clock):
    """Deploy with the line swapped, an hour before the moment."""
    settings.JWT_COOKIE = {"ADOPT_FROM": MOMENT}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"


@pytest.fixture
def fleet(new_client, settings):
    """Return two servers of one address, the old and the new, which share a browser's cookies."""
    new, old = new_client(), new_client()
    old.cookies = new.cookies
    djangos = [DJANGOS if each == OURS else each for each in settings.MIDDLEWARE]

    serve = old.request

    def send(**request):
        with override_settings(MIDDLEWARE=djangos):
            return serve(**request)

    old.request = send
    return old, new


def whoami(client):
    """Return the name that the site knows ``client`` by, with either middleware."""
    return do(client, lambda request: request.user.get_username())


def test_before_the_moment_nothing_of_the_package_is_seen(client, log_in_by):
    """Logins are in sessions, no cookie is set, no record is written."""
    LOGINS[log_in_by](client, "ada")
    assert whoami(client) == "ada"
    assert cookie_of(client, "sessionid") != ""
    assert COOKIE not in client.cookies
    assert not LoginSession.objects.exists()
    assert do(client, lambda request: request.session[auth.SESSION_KEY]) == str(
        User.objects.get(username="ada").pk
    )


@pytest.fixture(params=LOGINS)
def log_in_by(request):
    """Name a way to log in."""
    return request.param


def test_before_the_moment_every_logout_works(client, log_out):
    """Django's, the package's own functions and pages, the admin's."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    key = cookie_of(client, "sessionid")
    log_out(client)
    assert (whoami(client), cart_of(client)) == ("", None)
    client.cookies["sessionid"] = key
    assert whoami(client) == ""


def test_before_the_moment_the_packages_own_pages_work(client):
    """A front end may be deployed with them: login, ``me/``, logout, with JSON."""
    LOGINS["JSON"](client, "ada")
    response = client.get("/accounts/me/", headers=JSON)
    assert (response.status_code, response.json()["user"]["username"]) == (200, "ada")
    assert client.post("/accounts/refresh/", headers=JSON).json() == response.json()
    assert client.post("/accounts/logout/", headers=JSON).status_code == 204
    assert client.get("/accounts/me/", headers=JSON).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/update-hash/",
        pytest.param(
            "/aupdate-hash/",
            marks=pytest.mark.skipif(
                django.VERSION < (6, 0), reason="Django 5.2 asks for request.user there"
            ),
        ),
    ],
)
def test_before_the_moment_a_new_password_is_as_with_django(client, new_client, path):
    """This login goes on, the others of the user end."""
    other = new_client()
    for each in (client, other):
        each.get("/login/ada/")
    client.get(path)
    assert (whoami(client), whoami(other)) == ("ada", "")


@pytest.mark.parametrize("path", ["/login-until-browser-closes/ada/", "/accounts/login/"])
def test_before_the_moment_remember_me_is_the_sessions(client, path):
    """The package's page means it, as it will afterwards."""
    client.post(path, {"username": "ada", "password": "Wieliczka-1044-salt"})
    assert client.cookies["sessionid"]["max-age"] == ""
    assert whoami(client) == "ada"


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("log_in", WITHOUT_OURS)
def test_before_the_moment_nobody_is_bounced(fleet, first, log_in):
    """Whichever server logs in, the other knows it; with a cart, and with a logout."""
    here, there = fleet[first], fleet[not first]
    LOGINS[log_in](here, "ada")
    for _ in range(2):
        assert [whoami(each) for each in (there, here)] == ["ada", "ada"]
    there.get("/cart/lamp/")
    assert (cart_of(here), cart_of(there)) == ("lamp", "lamp")
    LOGOUTS["logout"](there)
    assert [whoami(each) for each in (here, there)] == ["", ""]


def test_going_back_before_the_moment_loses_nothing(fleet):
    """Every server is an old one again."""
    old, new = fleet
    new.get("/login/ada/")
    new.get("/cart/lamp/")
    assert (whoami(old), cart_of(old)) == ("ada", "lamp")


@pytest.mark.parametrize("first", [0, 1])
def test_at_the_moment_nobody_is_bounced(fleet, clock, first):
    """All servers are new by then, and take over what either kind has begun."""
    here, new = fleet[first], fleet[1]
    here.get("/login/ada/")
    here.get("/cart/lamp/")
    clock.move_to(MOMENT - timedelta(seconds=1), tick=False)
    assert (whoami(new), cookie_of(new, COOKIE)) == ("ada", "")
    clock.move_to(MOMENT, tick=False)
    for _ in range(2):
        assert (whoami(new), cart_of(new)) == ("ada", "lamp")
    assert LoginSession.objects.alive().count() == 1
    assert cookie_of(new, COOKIE) != ""
    assert not any(auth.SESSION_KEY in each.get_decoded() for each in Session.objects.all())


def test_a_request_is_what_it_was_when_it_came(client, clock):
    """The moment comes while a view is at work, which has found the login in the session."""
    client.get("/login/ada/")

    def last(request):
        name = request.user.get_username()
        clock.move_to(MOMENT, tick=False)
        request.session["cart"] = "lamp"
        return name

    assert do(client, last) == "ada"
    assert cookie_of(client, COOKIE) == ""
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")
    assert cookie_of(client, COOKIE) != ""


@pytest.mark.parametrize("is_slow_first", [True, False])
def test_requests_side_by_side_at_the_moment_become_one_login(
    new_client, clock, ada, is_slow_first
):
    """A page that loads sends several with the session's cookie alone."""
    slow, fast = new_client(), new_client()
    log_in_before_the_swap(slow, ada, cart="lamp")
    fast.cookies.load({"sessionid": cookie_of(slow, "sessionid")})
    clock.move_to(MOMENT, tick=False)

    def be_slow(request):
        names = [request.user.get_username(), request.session["cart"]]
        assert whoami(fast) == "ada"
        return names

    assert do(slow, be_slow) == ["ada", "lamp"]
    browser = new_client()
    for each in (slow, fast) if is_slow_first else (fast, slow):
        browser.cookies.load({name: morsel.value for name, morsel in each.cookies.items()})
    assert (whoami(browser), cart_of(browser)) == ("ada", "lamp")
    assert LoginSession.objects.count() == 1


def test_a_login_before_the_moment_that_is_logged_out_after_it_does_not_come_back(client, clock):
    """Its session is gone from the server."""
    client.get("/login/ada/")
    key = cookie_of(client, "sessionid")
    clock.move_to(MOMENT, tick=False)
    assert whoami(client) == "ada"
    client.get("/logout/")
    client.cookies["sessionid"] = key
    assert whoami(client) == ""


def test_after_the_moment_a_cookie_is_all_there_is(client, clock):
    """As without the setting."""
    clock.move_to(MOMENT, tick=False)
    client.get("/login/ada/")
    assert (cookie_of(client, "sessionid"), cookie_of(client, COOKIE) != "") == ("", True)
    assert whoami(client) == "ada"


def test_without_sessions_the_packages_own_login_says_so_before_the_moment(client, settings):
    """There is nowhere to keep it but in the cookie, and that has to wait."""
    settings.MIDDLEWARE = [OURS]
    with pytest.raises(Exception, match="session"):
        client.get("/login-ours/ada/")
