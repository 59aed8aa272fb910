"""Attacks and accidents on the way from an older scheme."""

import logging
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from tests.support import old_schemes
from tests.support.accounts import COOKIE, PASSWORD, log_in
from tests.support.cases import spread
from tests.support.visitors import sid_of, whoami

from .moving import DAY, has, move_from, ticket_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moving")]


ENDS = {
    "logout": lambda client: client.get("/logout/"),
    "alogout": lambda client: client.get("/alogout/"),
    "logout page": lambda client: client.post("/accounts/logout/"),
    "devices": lambda client: client.delete(f"/accounts/sessions/{sid_of(client)}/"),
    "another login": lambda client: log_in(client, "bob"),
    "new password": lambda client: client.get("/set-password/"),
    "new password, this login goes on": lambda client: client.get("/update-hash/"),
}


@pytest.mark.parametrize("how", ENDS)
def test_an_old_login_is_swapped_only_once(client, new_client, ada, how):
    """A copy of the old cookie is good for nothing after the login that it became was ended."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    ENDS[how](client)
    whoami(client)
    thief = new_client()
    thief.cookies["ticket"] = ticket_of(ada)
    assert thief.get("/public/").json() == {"user": "", "reason": None}
    assert (has(thief, COOKIE), has(thief, "ticket")) == (False, False)


@pytest.mark.parametrize("how", ["logout", "alogout", "logout page", "another login"])
def test_it_is_swapped_only_once_if_the_first_request_ends_it(client, new_client, ada, how):
    """Whoever logs out with the old cookie has logged out."""
    client.cookies["ticket"] = ticket_of(ada)
    ENDS[how](client)
    assert whoami(client) == ("bob" if how == "another login" else "")
    assert not has(client, "ticket")
    thief = new_client()
    thief.cookies["ticket"] = ticket_of(ada)
    assert whoami(thief) == ""


def test_a_logout_holds_for_a_request_that_has_joined(client, new_client, ada):
    """Of two requests with the old cookie, the second is the one to log out."""
    first = new_client()
    first.cookies["ticket"] = ticket_of(ada)
    assert whoami(first) == "ada"
    client.cookies["ticket"] = ticket_of(ada)
    client.get("/logout/")
    assert whoami(first) == ""


def test_a_thief_and_the_visitor_can_not_both_go_on(client, new_client, settings, ada, clock):
    """Both have the old cookie, and so the same login: an old token of it tells of the theft."""
    thief = new_client()
    for each in (client, thief):
        each.cookies["ticket"] = ticket_of(ada)
        assert whoami(each) == "ada"
    for _ in range(10):
        clock.shift(timedelta(minutes=6))
        thief.get("/public/")
    assert client.get("/public/").json() == {"user": "", "reason": "token_reused"}
    assert whoami(thief) == ""
    thief.cookies["ticket"] = ticket_of(ada)
    assert whoami(thief) == ""


def test_it_stays_ended_though_old_records_are_cleared(client, ada, clock):
    """The record is kept for some days: without it the cookie would become a new login."""
    ticket = ticket_of(ada, lasts=7 * DAY)
    client.cookies["ticket"] = ticket
    assert whoami(client) == "ada"
    client.get("/logout/")
    clock.shift(6 * DAY)
    call_command("jwt_cookie_clear", verbosity=0)
    client.cookies["ticket"] = ticket
    assert whoami(client) == ""


def test_a_credential_of_before_a_new_password_is_worth_nothing(client, new_client, ada):
    """Set around signals, within the minute: neither the login nor the credential goes on."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    User.objects.filter(pk=ada.pk).update(password="another")
    other = new_client()
    other.cookies["ticket"] = ticket_of(ada)
    assert whoami(other) == ""
    assert whoami(client) == ""
    assert LoginSession.objects.get().revoked_because == "password_changed"


def test_a_user_who_was_deactivated_since_does_not_come_back(client, new_client, settings, ada):
    """Though the older scheme has forgotten to look."""
    move_from(settings, "careless")
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    User.objects.filter(pk=ada.pk).update(is_active=False)
    other = new_client()
    other.cookies["ticket"] = ticket_of(ada)
    assert (whoami(client), whoami(other)) == ("", "")


def test_a_number_that_was_another_users_is_nobodys(client, new_client, ada, bob):
    """An older scheme that gives out a number twice must not mix up its users."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    other = new_client()
    other.cookies["ticket"] = ticket_of(bob)
    assert whoami(other) == ""
    assert whoami(client) == "ada"


def test_a_planted_old_cookie_does_not_win_over_ours(client, ada, bob):
    """Login CSRF: a sibling domain can set a cookie without ``__Host-``, with his own login."""
    log_in(client, "ada")
    client.cookies["ticket"] = ticket_of(bob)
    assert whoami(client) == "ada"
    assert not has(client, "ticket")
    assert LoginSession.objects.count() == 1


def test_a_planted_old_cookie_does_not_win_over_an_ended_login(client, ada, bob, clock):
    """Whoever was logged out is asked to log in, and does not find himself somebody else."""
    log_in(client, "ada")
    clock.shift(31 * DAY)
    client.cookies["ticket"] = ticket_of(bob)
    assert client.get("/public/").json() == {"user": "", "reason": "session_expired"}
    assert whoami(client) == ""


def test_a_planted_old_login_ends_when_the_visitor_logs_in(client, ada, bob):
    """And what its owner has left in the session is gone."""
    client.cookies["ticket"] = ticket_of(bob)
    client.get("/cart/bomb/")
    client.get("/cart-of-user/bomb/")
    log_in(client, "ada")
    assert whoami(client) == "ada"
    assert client.get("/cart/").json() == {"cart": None}
    assert LoginSession.objects.get(user=bob).revoked_because == "replaced"


def test_what_a_stranger_left_in_the_session_is_not_shown(client, ada, bob):
    """A shared computer: bob's cart is not that of ada, who comes with an old cookie."""
    log_in(client, "bob")
    client.get("/cart-of-user/lamp/")
    del client.cookies[COOKIE]
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    assert client.get("/cart/").json() == {"cart": None}


GARBAGE = ["", "x", "\x00", "é", '"', "..", "a" * 5000, ":::", ticket_of.__name__]


@pytest.mark.parametrize("value", spread(GARBAGE, 4))
def test_garbage_is_nobody_and_in_nobodys_way(client, value):
    """Deleted, not an error, and not in the way of a login."""
    header = {"cookie": f"ticket={value}"}
    response = client.get("/public/", headers=header)
    assert response.json() == {"user": "", "reason": None}
    assert response.cookies["ticket"].value == ""
    assert client.get("/accounts/login/", headers=header).status_code == 200
    form = {"username": "ada", "password": PASSWORD}
    response = client.post("/accounts/login/", form, headers=header)
    assert response.status_code == 302
    assert whoami(client) == "ada"


def test_a_function_that_fails_is_logged_and_in_nobodys_way(client, settings, ada, caplog):
    """The old cookie is kept: it is good again once the mistake is mended."""
    move_from(settings, "broken")
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/public/")
    assert response.json() == {"user": "", "reason": None}
    assert "ticket" not in response.cookies
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "A function of MOVE_FROM has failed: nobody is logged in by it."
    ]
    assert log_in(client, "ada").status_code == 200


def test_a_time_without_a_zone_is_a_mistake_of_the_function(client, settings, ada, caplog):
    """It can't be compared, and locks nobody out."""
    move_from(settings, "without_zone")
    client.cookies["ticket"] = ticket_of(ada)
    assert client.get("/accounts/login/").status_code == 200
    assert has(client, "ticket")
    assert {record.message for record in caplog.records if record.levelname == "ERROR"} == {
        "A function of MOVE_FROM has failed: nobody is logged in by it."
    }
    log_in(client, "ada")
    assert whoami(client) == "ada"


def test_a_value_that_a_database_refuses_locks_nobody_out(client, settings, caplog):
    """NUL, which a cookie can hold in octal digits: a sibling domain can plant it."""
    move_from(settings, "refused_by_database")
    client.cookies["ticket"] = "\0"
    assert client.get("/accounts/login/").status_code == 200
    assert {record.message for record in caplog.records if record.levelname == "ERROR"} == {
        "A function of MOVE_FROM has failed: nobody is logged in by it."
    }
    log_in(client, "ada")
    assert whoami(client) == "ada"


@pytest.mark.django_db(transaction=True)
def test_nor_does_a_refused_value_outside_of_a_transaction(client, settings):
    """No connection is in one."""
    move_from(settings, "refused_by_database")
    client.cookies["ticket"] = "\0"
    assert client.get("/accounts/login/").status_code == 200


def test_one_that_can_not_be_written_goes_on_by_the_old_cookie(client, settings, ada, monkeypatch):
    """On a site without sessions, too."""
    needing = ("sessions", "messages")
    settings.MIDDLEWARE = [
        each for each in settings.MIDDLEWARE if not any(name in each for name in needing)
    ]

    def fail(_):
        raise OperationalError

    client.cookies["ticket"] = ticket_of(ada)
    with monkeypatch.context() as patch:
        patch.setattr("django_jwt_cookie.sessions.recorded.begin", fail)
        assert client.get("/public/").json()["user"] == "ada"
    assert LoginSession.objects.count() == 0
    assert client.get("/public/").json()["user"] == "ada"
    assert LoginSession.objects.count() == 1


@pytest.mark.parametrize("joins", [False, True])
@pytest.mark.parametrize(
    "claims", ["tests.support.sites.failing_claims", "tests.support.sites.claims_of_ours"]
)
def test_claims_that_fail_lock_nobody_out(new_client, settings, caplog, joins, claims):
    """Neither of the login page nor of the logout; and the old cookie is kept."""
    client, other = new_client(), new_client()
    other.cookies["ticket"] = client.cookies["ticket"] = ticket_of(User.objects.get(username="ada"))
    if joins:
        assert whoami(other) == "ada"
    move_from(settings, CLAIMS=claims)
    response = client.get("/public/")
    assert (response.json()["user"], response.cookies) == ("ada", {})
    assert "A login could not begin." in caplog.text
    assert LoginSession.objects.count() == joins
    assert client.get("/accounts/login/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 200


def test_no_mail_about_that_shows_the_credential(client, settings, ada, caplog):
    """It is as good as a login until the date."""
    move_from(settings, "broken")
    client.cookies["ticket"] = ticket_of(ada)
    client.get("/public/")
    exc_info = caplog.records[0].exc_info
    page = ExceptionReporter(None, *exc_info).get_traceback_html()
    assert "in find" in page
    assert ticket_of(ada) not in page


@pytest.mark.parametrize(
    ("names", "claims"), [((), "tests.support.sites.failing_claims"), (("broken",), None)]
)
def test_a_logout_takes_the_old_cookie_too_whatever_fails(client, settings, ada, names, claims):
    """Attack: once the mistake is mended, come to a shared computer after somebody's logout."""
    move_from(settings, *names, CLAIMS=claims)
    client.cookies["ticket"] = ticket_of(ada)
    assert client.post("/accounts/logout/").status_code == 200
    assert not has(client, "ticket")


def test_a_function_that_fails_is_asked_once(settings, ada):
    """A report touches what is lazy: it would ask for the user, and so the function, once more."""
    move_from(settings, "broken")
    request = RequestFactory().get("/", headers={"cookie": f"ticket={ticket_of(ada)}"})
    JWTCookieMiddleware(lambda _: HttpResponse())(request)
    seen = []

    class Asking(logging.Handler):
        def emit(self, record):
            seen.append(request.user.is_anonymous)

    handler = Asking()
    logger = logging.getLogger("django.security.jwt_cookie")
    logger.addHandler(handler)
    try:
        assert request.user.is_anonymous
    finally:
        logger.removeHandler(handler)
    assert seen == [True]


def test_no_report_shows_an_old_cookie(ada, settings):
    """What it becomes is as good as the login cookie, which no report shows either."""
    ticket = ticket_of(ada)
    request = RequestFactory().get("/", headers={"cookie": f"ticket={ticket}; flavour=vanilla"})
    JWTCookieMiddleware(lambda _: HttpResponse())(request)
    said = ExceptionReporter(request, KeyError, KeyError("on purpose"), None).get_traceback_html()
    assert "vanilla" in said
    assert ticket not in said


def test_a_page_of_somebody_whom_a_header_names_is_in_no_cache(ada, settings):
    """Attack: ask for it next. Not even if no cookie is set, since the site's claims fail."""
    move_from(settings, "by_header", CLAIMS="tests.support.sites.failing_claims")

    def page(request):
        return HttpResponse(request.user.get_username())

    request = RequestFactory().get("/", headers={"X-Ticket": ticket_of(ada)}, secure=True)
    response = JWTCookieMiddleware(page)(request)
    assert (response.content, response.cookies) == (b"ada", {})
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_database_that_is_away_costs_nobody_the_old_cookie(client, settings, ada):
    """Nobody is known by it for now; it is good again once the database is there."""
    move_from(settings, "unreachable")
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/public/")
    assert (response.json()["user"], response.cookies) == ("", {})
    move_from(settings)
    assert whoami(client) == "ada"


def test_nor_does_a_backend_that_fails(client, settings, ada):
    """It is asked before anything is decided."""
    settings.AUTHENTICATION_BACKENDS = ["tests.support.old_schemes.OvertakenBackend"]
    client.cookies["ticket"] = ticket_of(ada)
    old_schemes.overtaking.append(lambda: old_schemes.unreachable(HttpRequest()))
    response = client.get("/public/")
    assert (response.json()["user"], response.cookies) == ("", {})
    assert whoami(client) == "ada"


def test_a_token_that_no_browser_stores_keeps_the_old_cookie(client, settings, ada, caplog):
    """An error here would lock the visitor out of each page."""
    move_from(settings, CLAIMS="tests.support.sites.roles")
    for number in range(200):
        ada.groups.create(name=f"{number:0>30}")
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/public/")
    assert (response.json()["user"], response.cookies) == ("ada", {})
    assert "A login could not begin." in caplog.text
    assert LoginSession.objects.count() == 0


def test_an_error_of_the_page_loses_nobody(new_client, ada):
    """Neither cookie is written, and the next request takes the same login over."""
    client = new_client(raise_request_exception=False)
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/failing/")
    assert (response.status_code, response.cookies) == (500, {})
    assert whoami(client) == "ada"


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_rolled_back_loses_nobody(client, ada):
    """ATOMIC_REQUESTS and a refusal: the login begins with the answer, whatever became of that."""
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/refuse/")
    assert (response.status_code, response.content) == (403, b"ada")
    assert COOKIE in response.cookies
    assert LoginSession.objects.get().user == ada
    assert whoami(client) == "ada"
