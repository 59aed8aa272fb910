"""The site's own claims: they are in each token, and lock nobody out."""

import logging
import re
from datetime import timedelta

import pytest
from django.contrib import auth
from django.db import OperationalError

from django_jwt_cookie import authentication
from django_jwt_cookie.exceptions import TokenTooLarge
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE
from tests.support.visitors import (
    LOGINS,
    add_many_groups,
    cookie_of,
    do,
    whoami,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.fixture
def with_roles(settings):
    """Carry the user's groups in the token."""
    settings.JWT_COOKIE = {"CLAIMS": "tests.support.sites.roles"}


def roles_of(client):
    """Return the claim that the site added."""
    return decode(cookie_of(client, COOKIE))["roles"]


@pytest.mark.parametrize("name", LOGINS)
def test_the_sites_claims_are_in_the_token(client, with_roles, ada, name):
    """Whoever logs in."""
    ada.groups.create(name="editors")
    LOGINS[name](client, "ada")
    assert roles_of(client) == ["editors"]


def test_the_sites_claims_are_asked_for_again_at_renewal(client, with_roles, clock, ada):
    """A role that was taken away is gone with the next token."""
    ada.groups.create(name="editors")
    client.get("/login/ada/")
    ada.groups.clear()
    whoami(client)
    assert roles_of(client) == ["editors"]
    clock.shift(300)
    whoami(client)
    assert roles_of(client) == []


@pytest.mark.usefixtures("with_roles")
@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_claims_that_grew_too_large_lock_nobody_out(client, clock, caplog, ada, path):
    """The login goes on with the old token, and the log says what is wrong."""
    client.get("/login/ada/")
    add_many_groups(ada)
    clock.shift(400)
    response = client.get(path)
    assert response.json() == {"user": "ada", "reason": None}
    assert COOKIE not in response.cookies
    (record,) = [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert record.levelno == logging.ERROR
    clock.shift(timedelta(days=1))
    assert whoami(client) == "ada"


@pytest.mark.parametrize("hook", ["failing_claims", "claims_of_ours"])
@pytest.mark.parametrize("path", ["/public/", "/apublic/", "/accounts/login/"])
@pytest.mark.parametrize("age", [400, 700])
def test_claims_that_fail_lock_nobody_out(client, settings, clock, caplog, *, hook, path, age):
    """Not of the login page, and not of logging out: the login goes on, and the log says why."""
    client.get("/login/ada/")
    settings.JWT_COOKIE = {"CLAIMS": f"tests.support.sites.{hook}"}
    clock.shift(age)
    assert client.get(path).status_code == 200
    assert whoami(client) == "ada"
    said = [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert said
    assert {each.message for each in said} <= {
        "A login token could not be renewed.",
        "The claims of a login could not be renewed.",
    }
    assert client.post("/accounts/logout/").status_code == 200
    assert whoami(client) == ""


def test_claims_from_a_database_that_is_away(client, settings, clock, caplog):
    """As long as the token is good the answer goes out. Once it is over they are asked before."""
    client.get("/login/ada/")
    settings.JWT_COOKIE = {"CLAIMS": "tests.support.sites.claims_from_afar"}
    clock.shift(400)
    response = client.get("/public/")
    assert (response.json()["user"], response.cookies) == ("ada", {})
    (record,) = [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert record.levelno == logging.ERROR
    clock.shift(400)
    with pytest.raises(OperationalError, match="away"):
        whoami(client)
    settings.JWT_COOKIE = {}
    assert whoami(client) == "ada"


@pytest.mark.parametrize("path", ["/login/ada/", "/alogin/ada/"])
def test_a_login_whose_claims_nobody_can_fetch_does_not_begin(client, settings, caplog, path):
    """Django's ``login()`` knows of no claims: the page answers, and the log says why."""
    settings.JWT_COOKIE = {"CLAIMS": "tests.support.sites.claims_from_afar"}
    assert client.get(path).status_code == 200
    assert (cookie_of(client, COOKIE), LoginSession.objects.count()) == ("", 0)
    assert "What a request has decided about its login could not be written." in caplog.text
    settings.JWT_COOKIE = {}
    assert whoami(client) == ""


@pytest.mark.parametrize("name", ["login of ours", "alogin of ours", "page"])
def test_claims_that_are_too_large_are_refused_at_login(client, with_roles, ada, name):
    """With the size of each, for whoever wrote the hook."""
    add_many_groups(ada)
    with pytest.raises(TokenTooLarge, match=r"sub \d+.*roles 4\d\d\d"):
        LOGINS[name](client, "ada")


@pytest.mark.parametrize("name", ["login", "alogin", "admin"])
def test_with_claims_that_are_too_large_djangos_login_logs_nobody_in(
    client, with_roles, caplog, ada, name
):
    """It does not know of tokens: the page answers, and the log has the size of each claim."""
    add_many_groups(ada)
    LOGINS[name](client, "ada")
    assert cookie_of(client, COOKIE) == ""
    assert whoami(client) == ""
    assert re.search(r"sub \d+.*roles 4\d\d\d", caplog.text)
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("kind", ["django", "ours"])
def test_a_view_may_catch_a_token_that_is_too_large(client, with_roles, ada, bob, kind):
    """No login is left, neither in the session nor in the request; the one of before goes on."""
    client.get("/login/bob/")
    add_many_groups(ada)

    def try_in_vain(request):
        with pytest.raises(TokenTooLarge):
            authentication.login(request, ada)
        return [request.user.get_username(), request.session.get(auth.SESSION_KEY)]

    def try_djangos(request):
        auth.login(request, ada)

    if kind == "ours":
        assert do(client, try_in_vain) == ["bob", str(bob.pk)]
    else:
        do(client, try_djangos)
    assert whoami(client) == "bob"
    assert [each.user for each in LoginSession.objects.all()] == [bob]


@pytest.mark.parametrize(
    "claims", ["tests.support.sites.roles", "tests.support.sites.failing_claims"]
)
@pytest.mark.parametrize("name", ["login", "login of ours", "page"])
def test_a_login_that_fails_leaves_no_record(new_client, settings, ada, claims, name):
    """The list of devices shows no login that nobody has."""
    settings.JWT_COOKIE = {"CLAIMS": claims}
    add_many_groups(ada)
    client = new_client(raise_request_exception=False)
    LOGINS[name](client, "ada")
    assert whoami(client) == ""
    assert not LoginSession.objects.alive().exists()


def test_a_login_that_fails_leaves_the_one_before(new_client, settings, with_roles, ada):
    """Nothing happened."""
    client = new_client(raise_request_exception=False)
    client.get("/login/bob/")
    add_many_groups(ada)
    client.get("/login/ada/")
    assert whoami(client) == "bob"
