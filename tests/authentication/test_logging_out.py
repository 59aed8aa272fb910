"""Whoever logs somebody out, by whatever code: the login ends on the server and in the browser."""

import django
import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE
from tests.support.visitors import (
    cart_of,
    cookie_of,
    log_in_before_the_swap,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


def test_a_logout_ends_the_login_on_the_server_and_in_the_browser(client, log_out):
    """Whoever calls it."""
    client.get("/login/ada/")
    response = log_out(client)
    cookie = response.cookies[COOKIE]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/")
    assert LoginSession.objects.get().revoked_because == "logout"
    assert whoami(client) == ""


def test_replay_of_a_token_after_logout(client, log_out):
    """Whoever kept a copy has nothing: what plain JWTs lack."""
    client.get("/login/ada/")
    copy = cookie_of(client, COOKIE)
    log_out(client)
    client.cookies[COOKIE] = copy
    assert client.get("/public/").json() == {"user": "", "reason": "session_revoked"}


def test_replay_of_a_token_after_it_was_replaced(client, log_in):
    """A new login in the same browser ends the one before."""
    client.get("/login/ada/")
    copy = cookie_of(client, COOKIE)
    log_in(client, "ada")
    client.cookies[COOKIE] = copy
    assert client.get("/public/").json() == {"user": "", "reason": "session_revoked"}


def test_replay_of_a_session_cookie_after_it_was_moved(client, ada):
    """The session of before the swap is gone from the server."""
    log_in_before_the_swap(client, ada)
    copy = cookie_of(client, "sessionid")
    client.get("/public/")
    client.get("/logout/")
    client.cookies["sessionid"] = copy
    assert whoami(client) == ""


@pytest.mark.parametrize(
    "path",
    [
        "/logout/",
        "/logout-ours/",
        "/alogout-ours/",
        pytest.param(
            "/alogout/",
            marks=pytest.mark.skipif(
                django.VERSION < (6, 0), reason="auser() of Django 5.2 forgets nobody"
            ),
        ),
    ],
)
def test_nobody_is_known_in_the_request_that_logs_out(client, path):
    """As with Django."""
    client.get("/login/ada/")
    assert client.get(path).json() == {"user": ""}


@pytest.mark.parametrize("path", ["/accounts/logout/", "/admin/logout/"])
def test_nobody_is_told_that_a_deleted_cookie_was_changed(client, path):
    """Django's test client goes on to send it, empty."""
    client.get("/login/ada/")
    client.post(path)
    assert client.cookies[COOKIE].value == ""
    assert client.get("/public/").json() == {"user": "", "reason": None}


def test_a_logout_before_the_first_page_after_the_swap(client, ada):
    """The login in the session ends, and none begins."""
    log_in_before_the_swap(client, ada)
    client.get("/logout/")
    assert whoami(client) == ""
    assert Session.objects.count() == 0
    assert LoginSession.objects.get().revoked_because == "logout"


def test_a_logout_takes_the_rest_of_the_session_along(client, stored_sessions, log_out):
    """As with Django: the next visitor sees nothing."""
    client.get("/login/ada/")
    client.get("/cart/lamp/")
    log_out(client)
    assert cart_of(client) is None
    assert stored_sessions() == 0


def test_a_logout_of_nobody_does_nothing(client, log_out):
    """No record, no error."""
    assert log_out(client).status_code in {200, 204, 302}
    assert LoginSession.objects.count() == 0


def test_a_logout_leaves_other_browsers_alone(client, new_client):
    """It is this login that ends."""
    client.get("/login/ada/")
    other = new_client()
    other.get("/login/ada/")
    client.get("/logout/")
    assert (whoami(client), whoami(other)) == ("", "ada")


@pytest.mark.parametrize("order", [1, -1])
def test_a_planted_cookie_does_not_get_the_genuine_one_deleted(client, order):
    """A sibling domain plants garbage under our name; the page changes the session, unasked."""
    client.get("/login/ada/")
    cookies = [f"{COOKIE}=garbage", f"{COOKIE}={client.cookies[COOKIE].value}"]
    response = client.get("/cart/lamp/", headers={"cookie": "; ".join(cookies[::order])})
    assert COOKIE not in response.cookies
    assert whoami(client) == "ada"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/logout/", "/alogout/", "/logout-ours/", "/alogout-ours/"])
def test_a_logout_that_the_database_did_not_learn_of(client, caplog, path):
    """The page answers, the browser forgets the cookie, and the log says what is left undone."""
    client.get("/login/ada/")
    copy = cookie_of(client, COOKIE)

    def refuse(execute, sql, params, many, context):
        if sql.startswith("UPDATE"):
            raise OperationalError("read-only")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        response = client.get(path)
    assert (response.status_code, response.cookies[COOKIE]["max-age"]) == (200, 0)
    assert whoami(client) == ""
    assert "could not be written" in caplog.text
    client.cookies[COOKIE] = copy
    assert client.post("/accounts/logout/").status_code == 200
    client.cookies[COOKIE] = copy
    assert whoami(client) == ""
