"""From an older scheme: whoever comes with its cookie is logged in, without noticing, until a date.

The scheme here is `tests.support.tickets`, a signed cookie. Those of other packages are tested with the
packages, in `tests/ecosystem`.
"""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib import auth
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import SynchronousOnlyOperation
from django.core.management import call_command
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import include, path
from django.views.debug import ExceptionReporter

from django_jwt_cookie import sessions
from django_jwt_cookie.adopters import OldLogin
from django_jwt_cookie.middleware import JWTCookieMiddleware
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.signals import session_started
from django_jwt_cookie.tokens import decode

from tests.support import old_schemes, sites, tickets, urls_guarded
from tests.support.accounts import BACKEND, COOKIE, PASSWORD, log_in
from tests.support.cases import spread
from tests.support.documents import ROOT, files
from tests.support.key_samples import public_pem

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, tzinfo=UTC)
UNTIL = datetime(2030, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MODES: dict[str, dict[str, Any]] = {
    "database": {},
    "token": {"USER_SOURCE": "token"},
    "stateless": {"TRACK_SESSIONS": False},
    "stateless token": {"TRACK_SESSIONS": False, "USER_SOURCE": "token"},
}


def refuse(request):
    """Answer as Django REST framework does with ATOMIC_REQUESTS: a refusal rolls back."""
    with transaction.atomic():
        name = request.user.get_username()
        transaction.set_rollback(True)
    return HttpResponse(name, status=403)


def borrow(request):
    """Let bob be who is there, without asking; and then ada give her password after all."""
    auth.login(request, User.objects.get(username="bob"))
    auth.login(request, auth.authenticate(request, username="ada", password=PASSWORD))
    return HttpResponse(request.user.get_username())


async def hasty(request):
    """Ask for the user, and do not await the answer."""
    return HttpResponse(request.user.get_username())


def leave_and_borrow(request, times):
    """Log whoever is there out first."""
    for _ in range(times):
        auth.logout(request)
    auth.login(request, User.objects.get(username="bob"))
    return HttpResponse(request.user.get_username())


def borrow_twice(request):
    """Let bob be who is there, and bob once more."""
    for _ in range(2):
        auth.login(request, User.objects.get(username="bob"))
    return HttpResponse(request.user.get_username())


def log_out_everywhere(request):
    """End all logins of the user, and begin one anew."""
    user = request.user
    sessions.revoke_all(user)
    auth.logout(request)
    auth.login(request, User.objects.get(pk=user.pk), BACKEND)
    return HttpResponse(request.user.get_username())


urlpatterns = [
    path("hasty/", hasty),
    path("leave-and-borrow/<int:times>/", leave_and_borrow),
    path("borrow-twice/", borrow_twice),
    path("log-out-everywhere/", log_out_everywhere),
    path("borrow/", borrow),
    path("set-ticket/", old_schemes.set_ticket),
    path("refuse/", refuse),
    path("guarded/", include(urls_guarded)),
    *sites.urlpatterns,
]


@pytest.fixture(autouse=True)
def _site(settings, time_machine):
    settings.ROOT_URLCONF = __name__
    adopt(settings)
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clock(time_machine):
    """Let time pass: ``clock.shift(delta)``."""
    return time_machine


@pytest.fixture(autouse=True)
def ada():
    """Return a user."""
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture(autouse=True)
def bob():
    """Return another one."""
    return User.objects.create_user("bob", password=PASSWORD)


def adopt(settings, *names, **more):
    """Have old logins taken over, by ``names`` in `tests.support.old_schemes` or else as documented."""
    paths = [f"tests.support.old_schemes.{name}" for name in names] or ["tests.support.tickets.Tickets"]
    settings.JWT_COOKIE = {"ADOPTERS": paths, "ADOPT_UNTIL": UNTIL, **more}


def ticket_of(user, number="1", lasts=DAY):
    """Return a ticket as the older scheme gave them out."""
    expires = (datetime.now(UTC) + lasts).timestamp()
    ticket = {"user": user.pk, "number": number, "expires": expires}
    return signing.dumps(ticket, salt="tickets")


def whoami(client):
    """Return the name that the site knows ``client`` by."""
    return client.get("/public/").json()["user"]


def sid_of(client):
    """Return which login the cookie of ours stands for."""
    return decode(client.cookies[COOKIE].value, allow_expired=True).sid


def generation_of(client):
    """Return the generation of the token in the jar."""
    return decode(client.cookies[COOKIE].value, allow_expired=True).gen


def has(client, name):
    """Tell whether there is a cookie of that name in the jar."""
    return name in client.cookies and client.cookies[name].value != ""


def test_the_adopter_here_is_the_documented_one():
    """Word for word."""
    documented = files(ROOT / "docs" / "moving.md")["tickets.py"]
    assert documented == f"# tickets.py\n{Path(tickets.__file__).read_text()}"


# --- The swap


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("url", ["/public/", "/apublic/"])
def test_an_old_login_becomes_one_of_ours(client, settings, ada, mode, url):
    """With the first request: our cookie comes, the old one goes, and the visitor stays."""
    adopt(settings, **MODES[mode])
    client.cookies["ticket"] = ticket_of(ada)
    for _ in range(2):
        assert client.get(url).json() == {"user": "ada", "reason": None}
        assert (has(client, COOKIE), has(client, "ticket")) == (True, False)


def test_the_old_cookie_is_deleted_by_its_own_attributes(client, settings, ada):
    """Or the browser would keep it; and no cache may keep the answer."""
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/public/")
    cookie = response.cookies["ticket"]
    assert (
        cookie.value,
        cookie["path"],
        cookie["domain"],
        cookie["samesite"],
        cookie["max-age"],
    ) == (
        "",
        "/",
        "",
        "Lax",
        0,
    )
    assert response["Cache-Control"] == "private, no-store"
    assert response["Vary"] == "Cookie"


def test_the_record_is_that_of_any_login(client, ada):
    """With the browser's name; when the password was given is not known."""
    client.cookies["ticket"] = ticket_of(ada)
    client.get("/public/", headers={"user-agent": "Netscape"})
    login = LoginSession.objects.get()
    assert (login.user, login.user_agent, login.persistent) == (ada, "Netscape", True)
    assert (login.created_at, login.ends_at, login.expires_at) == (NOW, NOW + DAY, NOW + DAY)
    assert decode(client.cookies[COOKIE].value).auth_time == 0


def test_what_asks_for_a_recent_password_asks_for_it(client, ada):
    """Nobody knows when it was given."""
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/guarded/vault/function/")
    assert response.status_code == 302
    assert "reason=recent_login_required" in response.url


def test_it_is_no_login_for_django(client, ada):
    """Nobody has given a password: ``last_login`` stays, and ``user_logged_in`` is not sent."""
    received = []

    def receive(**kwargs):
        received.append(kwargs)

    auth.user_logged_in.connect(receive)
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    ada.refresh_from_db()
    assert (received, ada.last_login) == ([], None)
    log_in(client, "ada")
    auth.user_logged_in.disconnect(receive)
    assert len(received) == 1


def test_forms_in_other_tabs_go_on_to_work(new_client, ada):
    """The CSRF token is the same after the swap."""
    client = new_client(enforce_csrf_checks=True)
    token = client.get("/accounts/csrf/").json()["csrf_token"]
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    headers = {"origin": "https://testserver", "x-csrftoken": token}
    assert client.post("/accounts/refresh/", headers=headers).status_code == 200


def test_a_form_of_another_site_is_refused_with_an_old_cookie_too(new_client, ada):
    """CSRF: the browser sends the old cookie along, and Django's middleware does not mind whose."""
    client = new_client(enforce_csrf_checks=True)
    client.cookies["ticket"] = ticket_of(ada)
    response = client.post("/accounts/refresh/", headers={"origin": "https://evil.example"})
    assert response.status_code == 403
    assert LoginSession.objects.count() == 0


def test_a_request_that_asks_for_nobody_is_left_alone(client, ada):
    """It may be cached for everybody."""
    client.cookies["ticket"] = ticket_of(ada)
    for url in ("/plain/", "/aplain/"):
        response = client.get(url)
        assert response.cookies == {}
        assert "Vary" not in response.headers
    assert LoginSession.objects.count() == 0


def test_after_the_date_nobody_is_asked(client, ada, clock):
    """Logins that were swapped before go on; an old cookie is nothing."""
    client.cookies["ticket"] = ticket_of(ada, lasts=400 * DAY)
    clock.move_to(UNTIL - timedelta(seconds=1), tick=False)
    assert whoami(client) == "ada"
    clock.move_to(UNTIL, tick=False)
    assert whoami(client) == "ada"
    del client.cookies[COOKIE]
    client.cookies["ticket"] = ticket_of(ada, "2", lasts=400 * DAY)
    response = client.get("/public/")
    assert response.json() == {"user": "", "reason": None}
    assert response.cookies == {}


def test_a_site_that_only_verifies_begins_no_login(client, settings, ada):
    """Not even for an old one: it has no key to sign with."""
    adopt(settings, KEYS=[public_pem("ES256")], ALGORITHM="ES256", USER_SOURCE="token")
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == ""


# --- One old login is one login


def test_requests_side_by_side_get_the_same_login(new_client, ada):
    """A page that loads sends six at once, all with the old cookie."""
    clients = [new_client() for _ in range(6)]
    for client in clients:
        client.cookies["ticket"] = ticket_of(ada)
        assert whoami(client) == "ada"
    assert len({sid_of(client) for client in clients}) == 1
    assert LoginSession.objects.count() == 1


def test_two_requests_that_begin_it_at_once_get_the_same_login(new_client, settings, ada):
    """One is overtaken after it has looked and before it records."""
    settings.AUTHENTICATION_BACKENDS = ["tests.support.old_schemes.OvertakenBackend"]
    clients = [new_client() for _ in range(2)]
    for client in clients:
        client.cookies["ticket"] = ticket_of(ada)
    old_schemes.overtaking.append(lambda: whoami(clients[1]))
    started = []

    def note(session, **kwargs):
        started.append(session.pk)

    session_started.connect(note)
    assert [whoami(client) for client in clients] == ["ada", "ada"]
    session_started.disconnect(note)
    assert sid_of(clients[0]) == sid_of(clients[1])
    assert started == [LoginSession.objects.get().pk]


@pytest.mark.django_db(transaction=True)
def test_a_user_who_is_deleted_at_that_moment_is_nobody(client, settings, ada):
    """Not an error of the page."""
    settings.AUTHENTICATION_BACKENDS = ["tests.support.old_schemes.OvertakenBackend"]
    client.cookies["ticket"] = ticket_of(ada)
    old_schemes.overtaking.append(User.objects.filter(pk=ada.pk).delete)
    assert whoami(client) == ""


def test_other_old_logins_are_other_logins(new_client, ada):
    """Two devices stay two."""
    clients = [new_client() for _ in range(2)]
    for number, client in enumerate(clients):
        client.cookies["ticket"] = ticket_of(ada, str(number))
        assert whoami(client) == "ada"
    assert LoginSession.objects.count() == 2


def test_a_program_without_cookies_has_one_login_that_stays_in_use(
    new_client, settings, ada, clock
):
    """It sends the old header each time, and the login does not end for want of use."""
    adopt(settings, "HeaderTickets")
    headers = {"x-ticket": ticket_of(ada, lasts=28 * DAY)}
    for _ in range(27):
        response = new_client().get("/public/", headers=headers)
        assert response.json()["user"] == "ada"
        clock.shift(DAY)
    assert LoginSession.objects.get().generation == 1  # Nobody ever comes with that.


def test_a_program_without_cookies_makes_no_writes_for_each_request(
    new_client, settings, ada, django_assert_num_queries
):
    """The user, the login: two questions, once it has begun."""
    adopt(settings, "HeaderTickets")
    headers = {"x-ticket": ticket_of(ada)}
    new_client().get("/public/", headers=headers)
    with django_assert_num_queries(2):
        new_client().get("/public/", headers=headers)


def test_a_program_without_cookies_does_not_make_a_thief_of_a_browser(
    new_client, settings, ada, clock, ended
):
    """They share the header: of the generations that the program throws away, none is raised."""
    adopt(settings, "HeaderTickets")
    headers = {"x-ticket": ticket_of(ada)}
    browser = new_client()
    browser.get("/public/", headers=headers)
    for _ in range(6):
        clock.shift(timedelta(minutes=5, seconds=1))
        assert new_client().get("/public/", headers=headers).json()["user"] == "ada"
    assert (whoami(browser), ended) == ("ada", [])


@pytest.mark.parametrize("seen", [True, False])
def test_a_request_that_is_overtaken_brings_the_newest_token(
    new_client, settings, clock, ended, seen
):
    """Or the browser would be left with the older of two, and look like a thief later."""
    settings.AUTHENTICATION_BACKENDS = ["tests.support.old_schemes.OvertakenBackend"]
    adopt(settings, "HeaderTickets")
    headers = {"x-ticket": ticket_of(User.objects.get(username="ada"))}
    new_client().get("/public/", headers=headers)
    if not seen:
        clock.shift(timedelta(minutes=6))
        new_client().get("/public/", headers=headers)
    clock.shift(timedelta(minutes=6))
    faster, slower = new_client(), new_client()  # Two requests of one browser.

    def overtake():
        faster.get("/public/", headers=headers)
        clock.shift(timedelta(minutes=6))
        assert [whoami(faster) for _ in range(2)] == ["ada", "ada"]

    old_schemes.overtaking.append(overtake)
    slower.get("/public/", headers=headers)
    assert generation_of(slower) == generation_of(faster)
    for _ in range(4):
        clock.shift(timedelta(minutes=3))
        assert whoami(slower) == "ada"
    assert ended == []


def test_ids_tell_nothing_of_the_credential(ada, settings):
    """They are in every token: a hash that is not keyed could be tried out."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    before = tickets.Tickets().make_ids("1")
    settings.SECRET_KEY = "n" * 64
    after = tickets.Tickets().make_ids("1")
    assert after[1:] == before[:1]
    assert after[0] not in before
    assert "credential" not in repr(OldLogin(user=ada, credential="1", expires_at=NOW))


def test_two_schemes_may_number_alike(new_client, settings, ada, bob):
    """Nobody is refused for the number of another, nor burnt with it."""
    adopt(settings, "HeaderTickets", "Remembering")
    by_cookie, by_header = new_client(), new_client()
    by_cookie.cookies["ticket"] = ticket_of(ada)
    assert whoami(by_cookie) == "ada"
    headers = {"x-ticket": ticket_of(bob)}
    assert by_header.get("/public/", headers=headers).json()["user"] == "bob"
    by_cookie.get("/logout/")
    assert whoami(by_header) == "bob"


def test_two_that_know_one_scheme_know_one_login(new_client, settings, ada):
    """Attack: after a logout, come with the same credential by the other way."""
    adopt(settings, "SameByCookie", "SameByHeader")
    client = new_client()
    client.cookies["ticket"] = ticket = ticket_of(ada)
    assert whoami(client) == "ada"
    client.get("/logout/")
    headers = {"x-ticket": ticket}
    assert new_client().get("/public/", headers=headers).json()["user"] == ""


def test_a_copy_from_before_does_not_hide_behind_a_program(new_client, settings, clock, ada, ended):
    """Attack: keep a cookie two generations old, while a program comes with the old credential."""
    adopt(settings, "HeaderTickets")
    headers = {"x-ticket": ticket_of(ada)}
    browser, thief = new_client(), new_client()
    browser.get("/public/", headers=headers)
    assert whoami(browser) == "ada"
    thief.cookies[COOKIE] = browser.cookies[COOKIE].value
    clock.shift(timedelta(minutes=6))
    assert [whoami(browser) for _ in range(2)] == ["ada", "ada"]
    for _ in range(5):
        clock.shift(timedelta(minutes=5, seconds=1))
        new_client().get("/public/", headers=headers)
        whoami(thief)
    assert [because for _, because in ended] == ["token_reused"]


# --- It ends no later than the old one


def test_a_credential_that_never_ends(client, settings, clock, ada):
    """The login ends by the settings alone."""
    adopt(settings, "Endless")
    client.cookies["ticket"] = ticket_of(ada)
    for days in (0, 13, 13, 3):
        clock.shift(timedelta(days=days))
        assert whoami(client) == "ada"
    clock.shift(timedelta(days=1))
    assert whoami(client) == ""


@pytest.mark.parametrize("mode", MODES)
def test_a_login_does_not_outlive_the_old_one(client, settings, ada, clock, mode):
    """Stolen for five minutes is not stolen for weeks, however busy the thief is."""
    adopt(settings, **MODES[mode])
    client.cookies["ticket"] = ticket_of(ada, lasts=timedelta(hours=1))
    for _ in range(14):
        assert whoami(client) == "ada"
        clock.shift(timedelta(minutes=4))
    clock.shift(timedelta(minutes=4, seconds=11))
    assert whoami(client) == ""


def test_a_new_password_does_not_make_it_outlive_the_old_one(client, ada, clock):
    """The record that goes on under another id ends when the old one would have."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    client.get("/update-hash/")
    assert whoami(client) == "ada"
    assert {login.ends_at for login in LoginSession.objects.all()} == {NOW + DAY}
    clock.shift(DAY)
    assert whoami(client) == ""


def test_one_that_is_good_for_years_is_not_here(client, ada, clock):
    """ABSOLUTE_TIMEOUT holds for all logins."""
    client.cookies["ticket"] = ticket_of(ada, lasts=1000 * DAY)
    for _ in range(30):
        assert whoami(client) == "ada"
        clock.shift(DAY)
    assert whoami(client) == ""


def test_one_that_is_over_is_none(client, ada):
    """Though its scheme has forgotten to look."""
    client.cookies["ticket"] = ticket_of(ada, lasts=timedelta(0))
    assert whoami(client) == ""
    assert not has(client, "ticket")


@pytest.mark.parametrize("mode", MODES)
def test_one_that_is_prolonged_under_its_number_ends_later(new_client, settings, ada, clock, mode):
    """Of a scheme that puts off the end of a credential, its login has the end of now."""
    adopt(settings, **MODES[mode])
    for _ in range(4):
        client = new_client()
        client.cookies["ticket"] = ticket_of(ada, lasts=timedelta(minutes=20))
        assert whoami(client) == "ada"
        clock.shift(timedelta(minutes=19))
        assert whoami(client) == "ada"
        clock.shift(timedelta(minutes=2))
        assert whoami(client) == ""


def test_one_that_is_prolonged_stays_one_login(new_client, ada, clock):
    """Before its end and after it; and the end that was put off is put forward by nobody."""
    for lasts in (1, 3, 2, 9):
        client = new_client()
        client.cookies["ticket"] = ticket_of(ada, lasts=lasts * DAY)
        assert whoami(client) == "ada"
        assert LoginSession.objects.get().ends_at == NOW + (3 if lasts == 2 else lasts) * DAY


def test_one_that_is_prolonged_has_to_be_used(new_client, settings, ada, clock):
    """IDLE_TIMEOUT and ABSOLUTE_TIMEOUT hold, whatever its scheme says."""
    adopt(settings, IDLE_TIMEOUT=2 * DAY, ABSOLUTE_TIMEOUT=9 * DAY)
    client = new_client()
    client.cookies["ticket"] = ticket_of(ada, lasts=4 * DAY)
    assert whoami(client) == "ada"
    clock.shift(3 * DAY)
    client = new_client()
    client.cookies["ticket"] = ticket_of(ada, lasts=4 * DAY)
    assert whoami(client) == ""
    adopt(settings)  # Shorter settings hold for the logins of their time.
    client.cookies["ticket"] = ticket_of(ada, lasts=5 * DAY)
    assert whoami(client) == ""


def test_one_that_is_prolonged_is_none_after_absolute_timeout(new_client, settings, ada, clock):
    """However often it is prolonged."""
    adopt(settings, IDLE_TIMEOUT=5 * DAY, ABSOLUTE_TIMEOUT=5 * DAY)
    names = []
    for _ in range(7):
        client = new_client()
        client.cookies["ticket"] = ticket_of(ada, lasts=DAY)
        names.append(whoami(client))
        clock.shift(DAY)
    assert names == [*["ada"] * 5, "", ""]


def test_a_number_of_two_users_puts_off_nothing(new_client, ada, bob):
    """A scheme that gives it out twice must not prolong the login of another."""
    client, other = new_client(), new_client()
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    other.cookies["ticket"] = ticket_of(bob, lasts=9 * DAY)
    assert whoami(other) == ""
    assert LoginSession.objects.get().ends_at == NOW + DAY


def test_one_that_is_prolonged_after_it_was_ended_stays_ended(new_client, ada, clock):
    """Its record is kept for as long as the credential is good by now."""
    client = new_client()
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    client.get("/logout/")
    for _ in range(3):
        clock.shift(DAY - timedelta(hours=1))
        client = new_client()
        client.cookies["ticket"] = ticket_of(ada)
        assert whoami(client) == ""
        call_command("jwt_cookie_clear", keep_days=0, verbosity=0)
    assert LoginSession.objects.get().revoked_because == "logout"


# --- What was ended stays ended

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
    for _ in range(6):
        clock.shift(timedelta(minutes=6))
        thief.get("/public/")
    assert client.get("/public/").json() == {"user": "", "reason": "token_reused"}
    assert whoami(thief) == ""
    thief.cookies["ticket"] = ticket_of(ada)
    assert whoami(thief) == ""


def test_it_stays_ended_for_as_long_as_the_old_cookie_is_good(client, ada, clock):
    """The record is kept: without it the cookie would become a new login."""
    ticket = ticket_of(ada, lasts=60 * DAY)
    client.cookies["ticket"] = ticket
    assert whoami(client) == "ada"
    client.get("/logout/")
    clock.shift(59 * DAY)
    call_command("jwt_cookie_clear", verbosity=0)
    client.cookies["ticket"] = ticket
    assert whoami(client) == ""
    clock.shift(DAY)
    call_command("jwt_cookie_clear", verbosity=0)
    assert LoginSession.objects.count() == 0


def test_it_stays_ended_with_a_new_secret_key(client, settings, ada):
    """The old key is a fallback then, and so is the id that was made with it."""
    ticket = ticket_of(ada)
    client.cookies["ticket"] = ticket
    assert whoami(client) == "ada"
    client.get("/logout/")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 64
    client.cookies["ticket"] = ticket
    assert whoami(client) == ""


def test_the_older_scheme_is_told(client, settings, ada):
    """So that its own ways to go on with the old login can be closed; of no other login."""
    adopt(settings, "Remembering")
    old_schemes.Remembering.ended.clear()
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    swapped = sid_of(client)
    log_in(client, "bob")
    client.get("/logout/")
    assert old_schemes.Remembering.ended == [(swapped, "replaced")]


def test_without_records_a_copy_of_the_old_cookie_goes_on(client, settings, ada):
    """As a copy of ours does: a logout is only the browser's."""
    adopt(settings, TRACK_SESSIONS=False)
    client.cookies["ticket"] = ticket_of(ada)
    client.get("/logout/")
    assert (whoami(client), has(client, "ticket")) == ("", False)
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"


# --- Whose it is


def test_a_user_who_may_not_log_in_is_not_logged_in(client, ada):
    """By the scheme's own rule."""
    User.objects.filter(pk=ada.pk).update(is_active=False)
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == ""


def test_a_user_whom_no_backend_lets_in_is_not_logged_in(client, settings, ada):
    """By the rules of the site, whatever the older scheme thinks."""
    settings.AUTHENTICATION_BACKENDS = ["tests.support.sites.ClosedBackend"]
    User.objects.filter(pk=ada.pk).update(last_name="closed")
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == ""


def test_a_user_who_was_deactivated_since_does_not_come_back(client, new_client, ada):
    """The login has ended for good; around signals, with the next old cookie."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    User.objects.filter(pk=ada.pk).update(password="another")
    other = new_client()
    other.cookies["ticket"] = ticket_of(ada)
    assert whoami(other) == ""
    assert LoginSession.objects.get().revoked_because == "password_changed"


def test_a_number_that_was_another_users_is_nobodys(client, new_client, ada, bob):
    """An older scheme that gives out a number twice must not mix up its users."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    other = new_client()
    other.cookies["ticket"] = ticket_of(bob)
    assert whoami(other) == ""
    assert whoami(client) == "ada"


# --- Attacks and accidents


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


def test_an_adopter_that_fails_is_logged_and_in_nobodys_way(client, settings, ada, caplog):
    """The old cookie is kept: it is good again once the mistake is mended."""
    adopt(settings, "Broken")
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/public/")
    assert response.json() == {"user": "", "reason": None}
    assert "ticket" not in response.cookies
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "Broken has failed: nobody is logged in by it."
    ]
    assert log_in(client, "ada").status_code == 200


def test_a_time_without_a_zone_is_a_mistake_of_the_adopter(client, settings, ada, caplog):
    """It can't be compared, and locks nobody out."""
    adopt(settings, "WithoutZone")
    client.cookies["ticket"] = ticket_of(ada)
    assert client.get("/accounts/login/").status_code == 200
    assert has(client, "ticket")
    assert {record.message for record in caplog.records if record.levelname == "ERROR"} == {
        "WithoutZone has failed: nobody is logged in by it."
    }
    log_in(client, "ada")
    assert whoami(client) == "ada"


def test_a_value_that_a_database_refuses_locks_nobody_out(client, settings, caplog):
    """NUL, which a cookie can hold in octal digits: a sibling domain can plant it."""
    adopt(settings, "RefusedByDatabase")
    client.cookies["ticket"] = "\0"
    assert client.get("/accounts/login/").status_code == 200
    assert {record.message for record in caplog.records if record.levelname == "ERROR"} == {
        "RefusedByDatabase has failed: nobody is logged in by it."
    }
    log_in(client, "ada")
    assert whoami(client) == "ada"


@pytest.mark.django_db(transaction=True)
def test_nor_does_a_refused_value_outside_of_a_transaction(client, settings):
    """No connection is in one."""
    adopt(settings, "RefusedByDatabase")
    client.cookies["ticket"] = "\0"
    assert client.get("/accounts/login/").status_code == 200


def test_a_refused_value_that_has_broken_the_transaction_is_an_error(new_client, settings):
    """Whatever comes after it would be refused as well."""
    adopt(settings, "RefusedByDatabase")
    client = new_client(raise_request_exception=False)
    client.cookies["ticket"] = "\0"
    with transaction.atomic():
        transaction.set_rollback(True)
        assert client.get("/public/").status_code == 500


@pytest.mark.needs_postgresql
def test_so_is_one_that_the_server_refuses_within_a_transaction(new_client, settings):
    """The connection looks as if it could be used."""
    adopt(settings, "Dividing")
    client = new_client(raise_request_exception=False)
    with transaction.atomic():
        assert client.get("/public/").status_code == 500
        transaction.set_rollback(True)


@pytest.mark.parametrize("joins", [False, True])
@pytest.mark.parametrize("claims", ["tests.support.sites.failing_claims", "tests.support.sites.claims_of_ours"])
def test_claims_that_fail_lock_nobody_out(new_client, settings, caplog, joins, claims):
    """Neither of the login page nor of the logout; and the old cookie is kept."""
    client, other = new_client(), new_client()
    other.cookies["ticket"] = client.cookies["ticket"] = ticket_of(User.objects.get(username="ada"))
    if joins:
        assert whoami(other) == "ada"
    adopt(settings, CLAIMS=claims)
    response = client.get("/public/")
    assert (response.json()["user"], response.cookies) == ("", {})
    assert "An old login could not be taken over." in caplog.text
    assert LoginSession.objects.count() == joins
    assert client.get("/accounts/login/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 200


def test_who_takes_anothers_place_does_not_stay_longer(client, clock, ada):
    """Attack: make a long login of one that was swapped for a short one, by impersonation."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    client.get("/login/bob/")
    assert whoami(client) == "bob"
    clock.shift(DAY)
    assert whoami(client) == ""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("path", "is_swapped"),
    [
        ("/login/bob/", True),
        ("/borrow-twice/", True),
        ("/leave-and-borrow/1/", True),
        ("/leave-and-borrow/1/", False),
        ("/leave-and-borrow/2/", False),
    ],
)
def test_no_way_into_anothers_place_lasts_longer(
    client, settings, clock, ada, *, mode, path, is_swapped
):
    """Attack: log out on the way, on a site without records, or with the old credential itself."""
    adopt(settings, **MODES[mode])
    client.cookies["ticket"] = ticket_of(ada, lasts=DAY / 2)
    if is_swapped:
        assert whoami(client) == "ada"
    assert client.get(path).status_code == 200
    for _ in range(3):
        assert whoami(client) == "bob"
        clock.shift(DAY / 6)
    assert whoami(client) == ""


@pytest.mark.parametrize("mode", [{}, {"USER_SOURCE": "token"}])
def test_a_login_that_ends_with_the_browser_becomes_none_that_stays(client, settings, mode):
    """Attack: log out on the way into another's place."""
    settings.JWT_COOKIE = mode
    log_in(client, "ada", remember=False)
    client.get("/leave-and-borrow/1/")
    assert not LoginSession.objects.alive().get().persistent


@pytest.mark.parametrize("mode", MODES)
def test_who_logs_out_twice_logs_in_all_the_same(client, settings, mode):
    """Nothing is amiss with that, nor with ending all of one's logins first."""
    settings.JWT_COOKIE = MODES[mode]
    log_in(client, "ada")
    assert whoami(client) == "ada"
    assert client.get("/leave-and-borrow/2/").content.decode() == "bob"
    assert whoami(client) == "bob"
    assert client.get("/log-out-everywhere/").content.decode() == "bob"
    assert whoami(client) == "bob"


def test_a_login_that_was_ended_takes_nobodys_place_after_a_logout(client, settings):
    """Attack: come with it just after it was ended, where tokens are taken at their word."""
    settings.JWT_COOKIE = {"USER_SOURCE": "token"}
    log_in(client, "ada")
    assert whoami(client) == "ada"
    LoginSession.objects.update(revoked_at=NOW, revoked_because="revoked")
    client.get("/leave-and-borrow/1/")
    assert whoami(client) == ""


def test_who_gives_the_password_after_that_has_a_login_like_any_other(client, ada):
    """Nothing of the impersonation is left, though it was a moment ago, in the same request."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    LoginSession.objects.update(persistent=False)
    assert client.get("/borrow/").content.decode() == "ada"
    login = LoginSession.objects.get(pk=sid_of(client))
    assert (login.ends_at, login.persistent) == (None, True)
    assert decode(client.cookies[COOKIE].value).auth_time == NOW.timestamp()


def test_no_mail_about_that_shows_the_credential(client, settings, ada, caplog):
    """It is as good as a login until the date."""
    adopt(settings, "Broken")
    client.cookies["ticket"] = ticket_of(ada)
    client.get("/public/")
    exc_info = caplog.records[0].exc_info
    page = ExceptionReporter(None, *exc_info).get_traceback_html()
    assert "in find" in page
    assert ticket_of(ada) not in page


@pytest.mark.parametrize(
    ("names", "claims"), [((), "tests.support.sites.failing_claims"), (("Broken",), None)]
)
def test_a_logout_takes_the_old_cookie_too_whatever_fails(client, settings, ada, names, claims):
    """Attack: once the mistake is mended, come to a shared computer after somebody's logout."""
    adopt(settings, *names, CLAIMS=claims)
    client.cookies["ticket"] = ticket_of(ada)
    assert client.post("/accounts/logout/").status_code == 200
    assert not has(client, "ticket")


def test_asynchronous_code_that_awaits_nobody_is_told_so(client, ada, caplog):
    """As without an adopter: by Django, and not by a visitor that nobody knows."""
    client.cookies["ticket"] = ticket_of(ada)
    with pytest.raises(SynchronousOnlyOperation):
        client.get("/hasty/")
    assert not [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert client.get("/apublic/").json()["user"] == "ada"


def test_an_adopter_that_fails_is_asked_once(settings, ada):
    """A report touches what is lazy: it would ask for the user, who asks the adopter, who fails."""
    adopt(settings, "Broken")
    request = RequestFactory().get("/", headers={"cookie": f"ticket={ticket_of(ada)}"})
    JWTCookieMiddleware(HttpResponse).process_request(request)
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
    JWTCookieMiddleware(HttpResponse).process_request(request)
    said = ExceptionReporter(request, KeyError, KeyError("on purpose"), None).get_traceback_html()
    assert "vanilla" in said
    assert ticket not in said


def test_a_page_of_somebody_whom_a_header_names_is_in_no_cache(ada, settings, clock):
    """Attack: ask for it next. Not even if the login ended meanwhile, so that no cookie is set."""
    adopt(settings, "HeaderTickets")

    def page(request):
        name = request.user.get_username()
        sessions.revoke_all(ada)
        clock.shift(timedelta(seconds=6))
        return HttpResponse(name)

    request = RequestFactory().get("/", headers={"X-Ticket": ticket_of(ada)}, secure=True)
    response = JWTCookieMiddleware(page)(request)
    assert (response.content, response.cookies) == (b"ada", {})
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_database_that_is_away_is_an_error_as_elsewhere(new_client, settings, ada):
    """Nobody is told that he is logged out, and the old cookie is kept."""
    adopt(settings, "Unreachable", "NarrowTickets")
    client = new_client(raise_request_exception=False)
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/public/")
    assert (response.status_code, response.cookies) == (500, {})


def test_a_database_that_fails_at_the_swap_is_an_error_as_elsewhere(new_client, settings, ada):
    """Not one of the adopter, nor of the site's claims."""
    settings.AUTHENTICATION_BACKENDS = ["tests.support.old_schemes.OvertakenBackend"]
    client = new_client(raise_request_exception=False)
    client.cookies["ticket"] = ticket_of(ada)
    old_schemes.overtaking.append(old_schemes.Unreachable().fail)
    response = client.get("/public/")
    assert (response.status_code, response.cookies) == (500, {})


def test_one_adopter_after_the_other_is_asked(client, settings, ada):
    """The first that knows somebody decides."""
    adopt(settings, "HeaderTickets", "Remembering")
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"


def test_a_token_that_no_browser_stores_keeps_the_old_cookie(client, settings, ada, caplog):
    """An error here would lock the visitor out of each page."""
    adopt(settings, CLAIMS="tests.support.sites.roles")
    for number in range(200):
        ada.groups.create(name=f"{number:0>30}")
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/public/")
    assert (response.json()["user"], response.cookies) == ("", {})
    assert "An old login could not be taken over." in caplog.text
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
    """ATOMIC_REQUESTS and a refusal: the login was not recorded, and the old cookie is kept."""
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get("/refuse/")
    assert (response.content, response.cookies) == (b"ada", {})
    assert LoginSession.objects.count() == 0
    assert whoami(client) == "ada"


# --- Cookies of the older scheme


def test_a_cookie_beside_a_header_that_is_of_no_use_is_kept(client):
    """The header comes first in some schemes, and nobody has looked at the cookie."""
    client.cookies["ticket"] = "x"
    assert client.get("/public/", headers={"authorization": "Basic YTpi"}).cookies == {}
    assert client.get("/public/").cookies["ticket"].value == ""


def test_a_cookie_of_a_narrow_path_is_kept_for_that_path(client, settings, ada):
    """It has not come, and may be the one that lasts."""
    adopt(settings, "NarrowTickets")
    client.cookies["ticket"] = ticket_of(ada)
    assert set(client.get("/public/").cookies) == {COOKIE, "ticket"}


@pytest.mark.parametrize("url", ["/login/bob/", "/logout/"])
@pytest.mark.parametrize("comes", [True, False])
def test_a_login_or_logout_deletes_all_of_them(client, settings, ada, url, comes):
    """One that the browser has for another path would undo it."""
    adopt(settings, "NarrowTickets")
    if comes:
        client.cookies["ticket"] = ticket_of(ada)
    cookies = client.get(url).cookies
    narrow = cookies["narrow"]
    assert (narrow.value, narrow["path"], narrow["domain"]) == ("", "/old/", "testserver")
    assert cookies["ticket"].value == ""


def test_a_cookie_with_the_name_of_ours_becomes_ours(client, settings, ada):
    """What is no token of ours is asked about, and what is one is not deleted."""
    adopt(settings, "NamesakeTickets")
    client.cookies[COOKIE] = ticket_of(ada)
    for _ in range(2):
        assert client.get("/public/").json() == {"user": "ada", "reason": None}
    client.get("/logout/")
    assert not has(client, COOKIE)


def test_what_the_view_sets_is_left_alone(client, ada):
    """The old login page may still be about."""
    client.cookies["ticket"] = ticket_of(ada)
    assert client.get("/set-ticket/").cookies["ticket"].value == "another"
