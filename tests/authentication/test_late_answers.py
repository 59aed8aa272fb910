"""An answer that comes late: the browser keeps the newer cookie, whatever came between.

Each test has a slow view, which lets something else happen in the same browser before it answers;
then the answers are taken in the order in which they come.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import auth
from django.db import OperationalError, connection

from django_jwt_cookie import authentication, sessions
from django_jwt_cookie.models import LoginSession
from tests.support import sites
from tests.support.accounts import COOKIE, PASSWORD
from tests.support.visitors import cookie_of, do, log_in_by_page, whoami

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site", "mode")]

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
    return request.param


def answer_late(client, new_client, meanwhile, *, takes=timedelta(seconds=1), clock=None):
    """Have a slow page of ``client`` answer after ``meanwhile(other tab)``; return the browser."""
    tab = new_client()
    tab.cookies.load({name: morsel.value for name, morsel in client.cookies.items()})

    def be_slow(request):
        assert request.user.is_authenticated
        meanwhile(tab)
        if clock is not None:
            clock.shift(takes)

    response = sites.do(client, be_slow)
    for name, morsel in response.cookies.items():
        tab.cookies[name] = morsel.value
    return tab


MEANWHILE: dict[str, tuple[Callable[[Any], object], str]] = {
    "a new login": (lambda tab: tab.get("/login/bob/"), "bob"),
    "a login of the same user": (log_in_by_page, "ada"),
    "a new password": (lambda tab: tab.get("/update-hash/"), "ada"),
    "a logout": (lambda tab: tab.get("/logout/"), ""),
}


@pytest.mark.parametrize("age", [0, 350])
@pytest.mark.parametrize("what", MEANWHILE)
def test_the_newer_cookie_stays(client, new_client, clock, mode, *, what, age):
    """Whether or not the late answer would have brought a token; with records, however late.

    Without them nobody knows what another answer has brought: so for answers that took longer.
    """
    client.get("/login/ada/")
    clock.shift(age)
    is_recorded = not mode.startswith("stateless")
    happen, name = MEANWHILE[what]
    takes = timedelta(seconds=60) if is_recorded else timedelta(seconds=6)
    tab = answer_late(client, new_client, happen, takes=takes, clock=clock)
    assert whoami(tab) == name


@pytest.mark.parametrize("mode", ["database", "token"], indirect=True)
@pytest.mark.parametrize("what", MEANWHILE)
def test_so_it_does_if_the_late_answer_refuses_the_cookie(client, new_client, clock, what):
    """The login of before has ended by then: that is for nothing in this browser alone."""
    client.get("/login/ada/")
    old = cookie_of(client, COOKIE)
    happen, name = MEANWHILE[what]
    happen(client)
    clock.shift(301)  # From then on a token is not believed any more.
    late = new_client()
    late.cookies[COOKIE] = old
    response = late.get("/public/")
    assert response.json()["user"] == ""
    assert COOKIE not in response.cookies
    assert whoami(client) == name


@pytest.mark.parametrize("mode", ["database", "token"], indirect=True)
def test_a_token_of_the_generation_before_brings_the_newest_again(client, new_client, clock):
    """Two tabs renew side by side: whichever answer comes last, the browser goes on."""
    client.get("/login/ada/")
    clock.shift(350)
    tab = answer_late(client, new_client, whoami)
    for _ in range(4):
        clock.shift(200)
        assert whoami(tab) == "ada"
    assert [each.revoked_because for each in LoginSession.objects.all()] == [""]


# --- What ends nobody's login


@pytest.fixture
def victim(client, new_client, clock):
    """Return Ada's browser, and one of somebody who has a copy of her first cookie."""
    client.get("/login/ada/")
    thief = new_client()
    thief.cookies[COOKIE] = cookie_of(client, COOKIE)
    return client, thief


LEAVE = {
    "logout": lambda client: client.get("/logout/"),
    "logout page": lambda client: client.post("/accounts/logout/"),
    "login": lambda client: client.get("/login/bob/"),
    "flush": lambda client: do(client, lambda request: request.session.flush()),
}


@pytest.mark.parametrize("mode", ["database", "token"], indirect=True)
@pytest.mark.parametrize("leave", LEAVE)
def test_a_used_up_token_ends_nobodys_login(victim, settings, clock, leave):
    """``ON_REUSE = "refuse"``: whoever comes with an old copy can't log its owner out."""
    settings.JWT_COOKIE = {**settings.JWT_COOKIE, "ON_REUSE": "refuse"}
    ada, thief = victim
    copy = cookie_of(thief, COOKIE)
    for _ in range(12):
        clock.shift(timedelta(minutes=6))
        assert whoami(ada) == "ada"
    assert whoami(thief) == ""
    thief.cookies[COOKIE] = copy
    LEAVE[leave](thief)
    assert whoami(ada) == "ada"


@pytest.mark.parametrize("mode", ["database", "token"], indirect=True)
def test_a_login_over_an_expired_token_ends_nobodys_login(victim, clock):
    """It may be a copy; its owner, who comes back after a day, is still logged in."""
    ada, thief = victim
    clock.shift(timedelta(days=1))
    thief.get("/login/bob/")
    assert whoami(thief) == "bob"
    assert whoami(ada) == "ada"


@pytest.mark.parametrize("leave", LEAVE)
def test_a_foreign_token_ends_nobodys_login(victim, settings, leave):
    """One that is for another audience."""
    ada, thief = victim
    given = settings.JWT_COOKIE
    settings.JWT_COOKIE = {**given, "AUDIENCE": "elsewhere"}
    LEAVE[leave](thief)
    settings.JWT_COOKIE = given
    assert whoami(ada) == "ada"


# --- Views that fail after they have logged in


@pytest.mark.parametrize("kind", [auth.login, authentication.login])
@pytest.mark.parametrize("before", ["", "bob"])
def test_a_view_that_fails_has_logged_nobody_in(new_client, ada, kind, before):
    """500: no cookie, no record; the login of before goes on."""
    client = new_client(raise_request_exception=False)
    if before:
        client.get(f"/login/{before}/")
    records = LoginSession.objects.count()

    def fail(request):
        kind(request, ada)
        assert request.user == ada
        raise LookupError("on purpose")

    response = sites.do(client, fail)
    assert (response.status_code, COOKIE in response.cookies) == (500, False)
    assert LoginSession.objects.count() == records
    assert whoami(client) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["database", "token"], indirect=True)
def test_a_login_that_can_not_be_recorded_is_none(client, ada, caplog):
    """The page answers all the same; no cookie without a record."""

    def refuse(execute, sql, params, many, context):
        if sql.startswith("INSERT"):
            raise OperationalError("read-only")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        response = client.get("/login/ada/")
    assert (response.status_code, COOKIE in response.cookies) == (200, False)
    assert "could not be written" in caplog.text
    assert whoami(client) == ""
    client.post("/accounts/login/", {"username": "ada", "password": PASSWORD})
    assert whoami(client) == "ada"
    assert sessions.active(ada).count() == 1
