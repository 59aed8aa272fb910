"""Views that fail, or see to the cookie themselves."""

import pytest

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE
from tests.support.visitors import (
    cart_of,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def test_a_view_that_raises_after_login_logs_nobody_in(new_client):
    """As with Django, which saves no session then."""
    client = new_client(raise_request_exception=False)
    response = client.get("/login-and-raise/ada/")
    assert (response.status_code, COOKIE in response.cookies) == (500, False)
    assert whoami(client) == ""
    assert not LoginSession.objects.alive().exists()


@pytest.mark.parametrize(("status", "name"), [(200, "ada"), (404, "ada"), (500, ""), (503, "")])
def test_a_view_that_answers_500_after_login_logs_nobody_in(client, status, name):
    """As with Django; other errors are answers like any."""
    client.get(f"/login-and-answer/ada/{status}/")
    assert whoami(client) == name


def test_a_view_that_raises_leaves_the_login_of_before(new_client):
    """Nothing happened."""
    client = new_client(raise_request_exception=False)
    client.get("/login/ada/")
    client.get("/login-and-raise/bob/")
    client.get("/failing/")
    assert whoami(client) == "ada"


@pytest.mark.parametrize("path", ["/login-and-raise/bob/", "/login-and-answer/bob/503/"])
def test_a_view_that_fails_leaves_the_cart_of_before(new_client, engine, path):
    """The login of another user has emptied the session, and has not begun."""
    client = new_client(raise_request_exception=False)
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    client.get(path)
    assert (whoami(client), cart_of(client)) == ("ada", "lamp")


def test_a_view_that_raises_with_a_bad_cookie_still_deletes_it(new_client):
    """It is bad whatever the view did."""
    client = new_client(raise_request_exception=False)
    client.cookies[COOKIE] = "garbage"
    assert client.get("/failing/").cookies[COOKIE]["max-age"] == 0


def test_a_view_that_sets_the_cookie_itself_is_not_overruled(client, clock):
    """Even when it is time for a new token."""
    client.get("/login/ada/")
    clock.shift(400)
    assert client.get("/set-cookie/").cookies[COOKIE].value == "mine"


def test_a_view_that_deletes_the_cookie_itself_is_not_overruled(client, clock):
    """Even when it is time for a new token."""
    client.get("/login/ada/")
    clock.shift(400)
    assert client.get("/delete-cookie/").cookies[COOKIE].value == ""
