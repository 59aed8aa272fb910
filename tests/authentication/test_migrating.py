"""From an older scheme: whoever comes with its cookie is logged in, without noticing, until a date.

The scheme here is `tests.support.tickets`, a signed cookie. Those of other packages are tested with
the packages, in `tests/ecosystem`.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib import auth
from django.contrib.auth.models import User
from django.core.exceptions import SynchronousOnlyOperation

from django_jwt_cookie.authentication.migrating import SHARED_FOR
from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.signals import session_started
from django_jwt_cookie.tokens import decode
from tests.support import old_schemes, tickets
from tests.support.accounts import COOKIE, log_in
from tests.support.documents import ROOT, files
from tests.support.key_samples import public_pem
from tests.support.visitors import do, sid_of, whoami

from .conftest import NOW
from .moving import DAY, MODES, UNTIL, has, move_from, ticket_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moving")]


def test_the_function_here_is_the_documented_one():
    """Word for word."""
    documented = files(ROOT / "docs" / "moving.md")["tickets.py"]
    assert documented == f"# tickets.py\n{Path(tickets.__file__).read_text()}"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("url", ["/public/", "/apublic/"])
def test_an_old_login_becomes_one_of_ours(client, settings, ada, mode, url):
    """With the first request: our cookie comes, the old one goes, and the visitor stays."""
    move_from(settings, **MODES[mode])
    client.cookies["ticket"] = ticket_of(ada)
    for _ in range(2):
        assert client.get(url).json() == {"user": "ada", "reason": None}
        assert (has(client, COOKIE), has(client, "ticket")) == (True, False)


@pytest.mark.parametrize("url", ["/public/", "/apublic/"])
def test_a_function_may_look_into_the_session(client, settings, ada, url):
    """It finds nobody there so far; and afterwards the login is there."""
    move_from(settings, "curious")
    client.cookies["ticket"] = ticket_of(ada)
    response = client.get(url)
    assert response.json()["user"] == "ada"
    assert response.wsgi_request.META["seen"] == [None, None, None, False]
    assert do(client, lambda request: request.session[auth.SESSION_KEY]) == str(ada.pk)


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
    move_from(settings, KEYS=[public_pem("ES256")], ALGORITHM="ES256", USER_SOURCE="token")
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == ""


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
def test_a_user_who_is_deleted_at_that_moment_is_logged_in_nowhere(client, settings, ada):
    """Not an error of the page, which was asked for when there was such a user."""
    settings.AUTHENTICATION_BACKENDS = ["tests.support.old_schemes.OvertakenBackend"]
    client.cookies["ticket"] = ticket_of(ada)
    old_schemes.overtaking.append(User.objects.filter(pk=ada.pk).delete)
    response = client.get("/public/")
    assert (response.status_code, COOKIE in response.cookies) == (200, False)
    assert whoami(client) == ""


def test_other_old_logins_are_other_logins(new_client, ada):
    """Two devices stay two."""
    clients = [new_client() for _ in range(2)]
    for number, client in enumerate(clients):
        client.cookies["ticket"] = ticket_of(ada, str(number))
        assert whoami(client) == "ada"
    assert LoginSession.objects.count() == 2


def test_after_a_minute_a_credential_is_worth_nothing(new_client, ada, clock):
    """Whoever has a copy of it is nobody; the login that it became goes on."""
    client, late, later = new_client(), new_client(), new_client()
    for each in (client, late, later):
        each.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    clock.shift(SHARED_FOR)
    assert whoami(late) == "ada"
    clock.shift(1)
    response = later.get("/public/")
    assert response.json() == {"user": "", "reason": None}
    assert (has(later, COOKIE), has(later, "ticket")) == (False, False)
    assert (whoami(client), whoami(late)) == ("ada", "ada")
    assert LoginSession.objects.count() == 1


def test_ids_tell_nothing_of_the_credential(client, settings, ada):
    """They are in every token: a hash that is not keyed could be tried out."""
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    before = sid_of(client)
    settings.SECRET_KEY = "n" * 64
    client.cookies.clear()
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"
    assert sid_of(client) != before


def test_a_credential_that_never_ends(client, settings, clock, ada):
    """The login ends by the settings alone."""
    move_from(settings, "endless")
    client.cookies["ticket"] = ticket_of(ada)
    for days in (0, 13, 13, 3):
        clock.shift(timedelta(days=days))
        assert whoami(client) == "ada"
    clock.shift(timedelta(days=1))
    assert whoami(client) == ""


@pytest.mark.parametrize("mode", MODES)
def test_a_login_does_not_outlive_the_old_one(client, settings, ada, clock, mode):
    """Stolen for five minutes is not stolen for weeks, however busy the thief is."""
    move_from(settings, **MODES[mode])
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


def test_without_records_a_copy_of_the_old_cookie_goes_on(client, settings, ada):
    """As a copy of ours does: a logout is only the browser's."""
    move_from(settings, TRACK_SESSIONS=False)
    client.cookies["ticket"] = ticket_of(ada)
    client.get("/logout/")
    assert (whoami(client), has(client, "ticket")) == ("", False)
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"


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


def test_one_function_after_the_other_is_asked(client, settings, ada):
    """The first that knows somebody decides."""
    move_from(settings, "by_header", "narrow")
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "ada"


def test_asynchronous_code_that_awaits_nobody_is_told_so(client, ada, caplog):
    """As without one: by Django, and not by a visitor that nobody knows."""
    client.cookies["ticket"] = ticket_of(ada)
    with pytest.raises(SynchronousOnlyOperation):
        client.get("/hasty/")
    assert not [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert client.get("/apublic/").json()["user"] == "ada"


def test_a_cookie_of_a_narrow_path_is_kept_for_that_path(client, settings, ada):
    """It has not come, and may be the one that lasts."""
    move_from(settings, "narrow")
    client.cookies["ticket"] = ticket_of(ada)
    assert set(client.get("/public/").cookies) == {COOKIE, "ticket"}


@pytest.mark.parametrize("comes", [True, False])
def test_a_logout_deletes_all_of_them(client, settings, ada, comes):
    """One that the browser has for another path would undo it."""
    move_from(settings, "narrow")
    if comes:
        client.cookies["ticket"] = ticket_of(ada)
    cookies = client.get("/logout/").cookies
    narrow = cookies["narrow"]
    assert (narrow.value, narrow["path"], narrow["domain"]) == ("", "/old/", "testserver")
    assert cookies["ticket"].value == ""


def test_a_login_deletes_what_has_come(client, settings, ada):
    """And uses it up; beside the new login the other does not count."""
    move_from(settings, "narrow")
    client.cookies["ticket"] = ticket_of(ada)
    assert set(client.get("/login/bob/").cookies) == {COOKIE, "csrftoken", "ticket"}
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == "bob"
    client.cookies.clear()
    client.cookies["ticket"] = ticket_of(ada)
    assert whoami(client) == ""


def test_a_cookie_with_the_name_of_ours_becomes_ours(client, settings, ada):
    """What is no token of ours is asked about, and what is one is not deleted."""
    move_from(settings, "namesake")
    client.cookies[COOKIE] = ticket_of(ada)
    for _ in range(2):
        assert client.get("/public/").json() == {"user": "ada", "reason": None}
    client.get("/logout/")
    assert not has(client, COOKIE)


def test_what_the_view_sets_is_left_alone(client, ada):
    """The old login page may still be about."""
    client.cookies["ticket"] = ticket_of(ada)
    assert client.get("/set-ticket/").cookies["ticket"].value == "another"
