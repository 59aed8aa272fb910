"""Clients that log in as a browser does."""

import logging
from datetime import timedelta
from typing import assert_type

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user as get_user_of_session
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client

from django_jwt_cookie import sessions
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.test.client import AsyncJWTClient, JWTClient, aget_user, get_user
from django_jwt_cookie.test.tokens import get_claims
from tests.support.accounts import BACKEND, NAME, PASSWORD
from tests.testing.conftest import COOKIE

pytestmark = pytest.mark.django_db

PHONE = "Mozilla/5.0 (iPhone)"


class Alone:
    """An asynchronous client that waits by itself, so that one test does for both."""

    def __init__(self, **options):
        self._client = AsyncJWTClient(**options)

    @classmethod
    def logged_in_as(cls, user, **options):
        """Wait for the client too."""
        self = cls()
        self._client = async_to_sync(AsyncJWTClient.alogged_in_as)(user, **options)
        return self

    @property
    def cookies(self):
        """Of the client."""
        return self._client.cookies

    @property
    def defaults(self):
        """Of the client."""
        return self._client.defaults

    def get(self, path):
        """Ask."""
        return async_to_sync(self._client.get)(path)

    def login(self, **credentials):
        """Log in."""
        return async_to_sync(self._client.alogin)(**credentials)

    def force_login(self, *args, **kwargs):
        """Log in by force."""
        async_to_sync(self._client.aforce_login)(*args, **kwargs)

    def logout(self):
        """Log out."""
        async_to_sync(self._client.alogout)()


@pytest.fixture(params=[JWTClient, Alone])
def make(request):
    """Make clients; each test runs with both kinds."""
    return request.param


@pytest.fixture
def browser(make):
    """Return a client; each test runs with both kinds."""
    return make()


def name(client):
    """Return by which name the site knows ``client``."""
    return client.get("/public/").json()["user"]


@pytest.mark.usefixtures("kind", "backends", "_no_sessions")
def test_a_site_without_sessions(browser, ada):
    """Logged in by force, out, in by password; no session comes of it."""
    browser.force_login(ada)
    assert (name(browser), get_user(browser)) == (NAME, ada)
    browser.logout()
    assert (name(browser), get_user(browser)) == ("", AnonymousUser())
    assert not browser.login(username=NAME, password="wrong")
    assert name(browser) == ""
    assert browser.login(username=NAME, password=PASSWORD)
    assert name(browser) == NAME
    assert browser.cookies.keys() == {COOKIE}


@pytest.mark.usefixtures("kind", "backends")
def test_a_site_with_sessions(browser, ada, bob):
    """What is in the session of somebody else is gone, as with a browser."""
    browser.force_login(ada)
    browser.get("/cart/lamp/")
    assert browser.get("/cart/").json() == {"cart": "lamp"}
    browser.force_login(ada)
    assert browser.get("/cart/").json() == {"cart": "lamp"}
    browser.force_login(bob)
    assert (name(browser), browser.get("/cart/").json()) == ("bob", {"cart": None})
    browser.logout()
    assert name(browser) == ""


def test_the_cookie_is_the_one_of_the_settings(browser, ada, settings):
    """Name, attributes, lifetime; also where it is not secure."""
    browser.force_login(ada)
    cookie = browser.cookies[COOKIE]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert cookie["max-age"] == pytest.approx(timedelta(days=14).total_seconds(), abs=2)
    browser.force_login(ada, remember=False)
    assert browser.cookies[COOKIE]["max-age"] == ""
    assert not LoginSession.objects.get(revoked_at=None).persistent
    settings.JWT_COOKIE = {"COOKIE_SECURE": True, "COOKIE_PATH": "/shop/"}
    browser.force_login(ada)
    cookie = browser.cookies["__Secure-jwt"]
    assert (cookie["secure"], cookie["path"]) == (True, "/shop/")


@pytest.mark.parametrize("secure", [True, False])
def test_a_secure_cookie_is_made_over_https_and_sent_by_any_scheme(ada, settings, secure, caplog):
    """The log does not complain of plain http, and Django's clients send what a browser keeps."""
    settings.JWT_COOKIE = {"COOKIE_SECURE": True}
    with caplog.at_level(logging.WARNING):
        client = JWTClient.logged_in_as(ada)
        assert client.get("/public/", secure=secure).json()["user"] == NAME
    assert caplog.records == []


@pytest.mark.parametrize("secure", [True, False])
def test_by_default_each_scheme_has_logins_of_its_own(ada, secure):
    """What a client of Django's is logged in with is the cookie of plain http."""
    client = JWTClient.logged_in_as(ada)
    assert client.get("/public/", secure=secure).json()["user"] == ("" if secure else NAME)


def test_a_login_in_place_of_another_ends_that_one(browser, ada, ended):
    """As in a browser."""
    browser.force_login(ada)
    before = get_claims(browser).sid
    browser.force_login(ada)
    assert ended == [(before, "replaced")]


def test_a_logout_ends_the_login_on_the_server(browser, ada, ended):
    """And the client forgets whatever it had."""
    browser.force_login(ada)
    browser.cookies["more"] = "1"
    sid = get_claims(browser).sid
    browser.logout()
    assert ended == [(sid, "logout")]
    assert browser.cookies == {}


@pytest.mark.usefixtures("clock")
def test_the_password_was_given_just_now(browser, ada):
    """So that pages which ask for it again let the client in; not so with Django's."""
    browser.force_login(ada)
    assert get_claims(browser).auth_time == get_claims(browser).iat
    client = Client()
    client.force_login(ada)
    client.get("/public/")
    assert get_claims(client).auth_time == 0


@pytest.mark.parametrize("remember", [True, False])
def test_another_device(make, ada, remember):
    """A second client of the same user, by its name in the record."""
    desk = make.logged_in_as(ada)
    phone = make.logged_in_as(ada, remember=remember, headers={"user-agent": PHONE})
    assert {name(desk), name(phone)} == {NAME}
    recorded = sessions.active(ada).values_list("user_agent", "persistent")
    assert {*recorded} == {("", True), (PHONE, remember)}


def test_the_backend_is_the_first_that_lets_the_user_in(browser, ada, settings):
    """Or the one that is named; for somebody whom none lets in, the first.

    What a backend does not know right now is ended by nobody, so that the newest login counts.
    """
    settings.AUTHENTICATION_BACKENDS = ["tests.support.sites.ClosedBackend", BACKEND]
    for last_name, named, expected in [
        ("", None, "tests.support.sites.ClosedBackend"),
        ("closed", None, BACKEND),
        ("", BACKEND, BACKEND),
    ]:
        User.objects.update(last_name=last_name)
        browser.force_login(ada, named)
        assert LoginSession.objects.latest("created_at").backend == expected
    User.objects.update(is_active=False, last_name="closed")
    ada.refresh_from_db()
    browser.force_login(ada)
    assert name(browser) == ""


def test_signals_are_sent_as_for_a_visitor(browser, ada):
    """Once each, with the request."""
    requests = []

    def note(request, **kwargs):
        requests.append(request)

    for signal in (user_logged_in, user_logged_out):
        signal.connect(note)
    try:
        browser.force_login(ada)
        browser.logout()
    finally:
        for signal in (user_logged_in, user_logged_out):
            assert signal.disconnect(note)
    assert [request.jwt.has_ended_itself for request in requests] == [False, True]


def test_whom_the_site_takes_a_client_for(ada, kind):
    """Also of a client of Django's, whose session says nothing any more after a request."""
    client = Client()
    assert get_user(client) == AnonymousUser()
    client.force_login(ada)
    assert get_user(client) == ada
    assert get_user_of_session(client) == AnonymousUser()
    assert get_user(client) == ada
    assert async_to_sync(aget_user)(client) == ada


def test_asking_who_a_client_is_may_renew_its_token_as_any_request(ada, settings):
    """The client keeps the new one."""
    settings.JWT_COOKIE = {"TOKEN_LIFETIME": timedelta(seconds=20)}
    client = JWTClient.logged_in_as(ada)
    LoginSession.objects.update(rotated_at=LoginSession.objects.get().rotated_at - timedelta(11))
    assert get_claims(client).gen == 0
    assert get_user(client) == ada
    assert get_claims(client).gen == 1


class OwnSessions(SessionMiddleware):
    """A site's own."""


class OwnLogins(JWTCookieMiddleware):
    """A site's own."""


def closed(get_response):
    """Answer to nobody, as during maintenance."""
    return lambda _request: HttpResponse(status=503)


def test_middleware_of_the_site_s_own(ada, settings):
    """Subclasses carry a login too; what answers in place of views is left out."""
    settings.MIDDLEWARE = [
        f"{__name__}.closed",
        f"{__name__}.OwnSessions",
        f"{__name__}.OwnLogins",
    ]
    client = JWTClient.logged_in_as(ada)
    assert get_user(client) == ada
    assert client.get("/public/").status_code == 503


def test_a_site_without_the_middleware_is_told_so(ada, settings):
    """By the name of the setting."""
    settings.MIDDLEWARE = []
    with pytest.raises(ImproperlyConfigured, match="In MIDDLEWARE, put"):
        JWTClient.logged_in_as(ada)


async def typed(user: User) -> None:  # pragma: no cover - for the type checker
    """What an editor knows of the helpers."""
    client, device = JWTClient(), await AsyncJWTClient.alogged_in_as(user, remember=False)
    assert_type(JWTClient.logged_in_as(user, headers={"user-agent": PHONE}), JWTClient)
    assert_type(device, AsyncJWTClient)
    assert_type(client.login(username="ada"), bool)
    assert_type(await device.alogin(username="ada"), bool)
    assert_type(get_user(client), AbstractBaseUser | AnonymousUser)
    assert_type(await aget_user(device), AbstractBaseUser | AnonymousUser)
    assert_type((await device.get("/")).status_code, int)
