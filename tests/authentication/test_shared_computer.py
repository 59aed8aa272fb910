"""A shared computer: one browser, Ada first, then somebody else."""

import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from django.utils import timezone

from django_jwt_cookie import sessions
from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, PASSWORD
from tests.support.cases import spread
from tests.support.visitors import (
    cart_of,
    log_in_before_the_swap,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def set_new_password(_client):
    """Change the password in another browser."""
    ada = User.objects.get(username="ada")
    ada.set_password("another one")
    ada.save()


ENDS = {
    "logout": lambda client: client.get("/logout/"),
    "logout page": lambda client: client.post("/accounts/logout/"),
    "expiry": lambda _: LoginSession.objects.update(expires_at=timezone.now()),
    "revocation": lambda _: sessions.revoke_all(User.objects.get(username="ada")),
    "new password": set_new_password,
    "deletion": lambda _: User.objects.get(username="ada").delete(),
    "removal of the cookie": lambda client: client.cookies.pop(COOKIE),
    "garbage": lambda client: client.cookies.load({COOKIE: "garbage"}),
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("fill", ["/cart/lamp/", "/acart/lamp/", "/cart-of-user/lamp/"])
@pytest.mark.parametrize("end", spread(ENDS, 4))
def test_shared_computer_the_next_visitor_sees_no_cart(client, end, fill):
    """However the login of before ended, and whether or not it was looked at."""
    client.get("/login/ada/")
    client.get(fill)
    ENDS[end](client)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "removal of the cookie", "nothing"])
def test_shared_computer_however_the_next_visitor_logs_in(client, end, log_in):
    """By Django's function, a page, the admin."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    ENDS[end](client)
    log_in(client, "bob")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "removal of the cookie", "nothing"])
def test_shared_computer_whatever_keeps_the_sessions(client, engine, end):
    """Rows, files, cache entries, cookies."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    ENDS[end](client)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "removal of the cookie", "nothing"])
def test_shared_computer_with_a_session_from_before_the_swap(client, ada, end):
    """Its cart is Ada's too."""
    log_in_before_the_swap(client, ada, cart="lamp")
    client.get("/public/")
    ENDS[end](client)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "removal of the cookie", "nothing"])
def test_shared_computer_with_a_cart_from_before_adas_login(client, end):
    """It became Ada's when she logged in."""
    client.get("/cart/lamp/")
    client.get("/login/ada/")
    ENDS[end](client)
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


@pytest.mark.parametrize("end", ["expiry", "revocation", "new password"])
def test_shared_computer_an_ended_login_takes_its_cart_along(client, end):
    """Django flushes the session when it notices; the next anonymous visitor sees nothing."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    ENDS[end](client)
    assert whoami(client) == ""
    assert cart_of(client) is None


def test_shared_computer_with_a_cart_that_was_filled_behind_our_back(client, settings):
    """After our middleware had written whose it is: the cookie still tells that it is not Bob's."""
    before = settings.MIDDLEWARE
    place = before.index("django_jwt_cookie.middleware.JWTCookieMiddleware")
    client.get("/login/ada/")
    with override_settings(
        MIDDLEWARE=[*before[:place], "tests.support.sites.fill_cart_late", *before[place:]]
    ):
        other = type(client)()
        other.cookies = client.cookies
        other.get("/plain/")
    assert cart_of(client) == "lamp"
    client.get("/login/bob/")
    assert (whoami(client), cart_of(client)) == ("bob", None)


def test_shared_computer_signing_up_shows_no_cart(client):
    """A new account is somebody else."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    client.cookies.pop(COOKIE)
    new = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", new)
    assert (whoami(client), cart_of(client)) == ("eve", None)


def test_shared_computer_force_login_shows_no_cart(client, bob):
    """The test client writes into the session that is there."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    client.cookies.pop(COOKIE)
    client.force_login(bob)
    assert (whoami(client), cart_of(client)) == ("bob", None)
