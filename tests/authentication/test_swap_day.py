"""Logins from before the swap, in Django's sessions, move into the cookie."""

import pytest
from django.contrib import auth
from django.contrib.sessions.models import Session

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE
from tests.support.visitors import (
    cart_of,
    cookie_of,
    log_in_before_the_swap,
    log_in_by_admin,
    session_store,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_a_login_from_before_the_swap_moves_into_the_cookie(client, stored_sessions, ada, path):
    """Nobody is logged out by the swap, whatever the sessions are kept in."""
    log_in_before_the_swap(client, ada)
    assert client.get(path).json() == {"user": "ada", "reason": None}
    assert cookie_of(client, "sessionid") == ""
    assert stored_sessions() == 0
    assert whoami(client) == "ada"


def test_a_login_from_before_the_swap_opens_protected_pages(client, ada):
    """At once."""
    log_in_before_the_swap(client, ada)
    assert client.get("/members/").content == b"members"


def test_a_login_from_before_the_swap_waits_for_a_page_that_asks(client, ada):
    """An untouched page stays untouched."""
    log_in_before_the_swap(client, ada)
    assert not client.get("/plain/").cookies
    assert whoami(client) == "ada"


def test_what_else_was_in_a_session_from_before_the_swap_stays(client, stored_sessions, ada):
    """A cart, for example; the login itself is taken out."""
    log_in_before_the_swap(client, ada, cart="lamp")
    assert whoami(client) == "ada"
    assert cart_of(client) == "lamp"
    assert auth.SESSION_KEY not in session_store(cookie_of(client, "sessionid")).load()


def test_a_login_from_before_the_swap_with_an_old_password_is_none(client, ada):
    """Django's own check applies, and its answer: the session is flushed."""
    log_in_before_the_swap(client, ada, cart="lamp")
    ada.set_password("another one")
    ada.save()
    assert whoami(client) == ""
    assert LoginSession.objects.count() == 0
    assert Session.objects.count() == 0


def test_a_login_from_before_the_swap_of_a_user_who_is_gone_is_none(client, ada):
    """As with Django."""
    log_in_before_the_swap(client, ada)
    ada.delete()
    assert client.get("/public/").json() == {"user": "", "reason": None}


def test_a_login_from_before_the_swap_by_a_backend_that_is_gone_is_none(client, ada):
    """As with Django."""
    log_in_before_the_swap(client, ada, **{auth.BACKEND_SESSION_KEY: "gone.Backend"})
    assert whoami(client) == ""


def test_a_login_in_the_session_wins_over_the_cookie(client, engine, ada, bob):
    """It is the newer statement; the login in the cookie is replaced."""
    client.get("/login/ada/")
    client.force_login(bob)
    assert whoami(client) == "bob"
    assert whoami(client) == "bob"
    assert LoginSession.objects.get(user=ada).revoked_because == "replaced"


def test_a_login_in_the_session_wins_over_garbage(client, ada):
    """And the cookie is replaced, not deleted."""
    client.cookies[COOKIE] = "garbage"
    client.force_login(ada)
    assert client.get("/public/").json() == {"user": "ada", "reason": None}
    assert whoami(client) == "ada"


def test_swapping_the_line_back_asks_to_log_in_again(client, new_client, engine, settings, ada):
    """Django's middleware ignores the cookie; what is in the session is still there."""
    log_in_before_the_swap(client, ada, cart="lamp")
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")
    ours = "django_jwt_cookie.middleware.JWTCookieMiddleware"
    djangos = "django.contrib.auth.middleware.AuthenticationMiddleware"
    settings.MIDDLEWARE = [djangos if each == ours else each for each in settings.MIDDLEWARE]
    back = new_client()
    back.cookies = client.cookies
    assert back.get("/members/").url == "/accounts/login/?next=/members/"
    assert cart_of(back) == "lamp"
    log_in_by_admin(back, "ada")
    assert back.get("/members/").status_code == 200
