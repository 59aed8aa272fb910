"""Who fails too often is locked out, by name and by address, in whatever language."""

from datetime import timedelta

import pytest
from axes.models import AccessLog
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command

from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, sign_up, who

pytestmark = pytest.mark.django_db

LIMIT = 5
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def log_in_by_page(client, name=NAME, password=PASSWORD, path="/accounts/login/", **more):
    """Log in as people do; return the response."""
    return client.post(path, {"username": name, "password": password}, **more)


def log_in_by_program(client, name=NAME, password=PASSWORD, **more):
    """Log in as a program does; return the response."""
    form = {"username": name, "password": password}
    return client.post("/accounts/login/", form, content_type="application/json", **more)


def log_in_by_admin(client, name=NAME, password=PASSWORD, **more):
    """Log in at the admin's own page."""
    return log_in_by_page(client, name, password, "/admin/login/", **more)


WAYS = {"page": log_in_by_page, "program": log_in_by_program, "admin": log_in_by_admin}


@pytest.fixture(autouse=True)
def _users():
    for name in (NAME, "eve"):
        User.objects.create_superuser(name, password=PASSWORD)


@pytest.fixture(params=WAYS)
def way(request):
    """Log in in each of the ways there are."""
    return WAYS[request.param]


def fail(client, way=log_in_by_page, times=LIMIT, **more):
    """Give a wrong password so many times; return the statuses."""
    return [way(client, password="wrong", **more).status_code for _ in range(times)]


def test_axes_is_content_with_the_settings():
    """Its own checks, too."""
    call_command("check", "--fail-level=WARNING")


def test_too_many_failures_lock_out(client, way):
    """Even with the right password; there is neither a cookie nor a session."""
    refused = 400 if way is log_in_by_program else 200
    assert fail(client, way) == [refused] * (LIMIT - 1) + [429]
    response = way(client)
    assert response.status_code == 429
    assert COOKIE not in client.cookies
    assert not Session.objects.exists()


def test_failures_of_all_ways_are_counted_together(client):
    """A name is not tried anew with JSON."""
    fail(client, log_in_by_page, 2)
    fail(client, log_in_by_admin, 2)
    assert fail(client, log_in_by_program, 1) == [429]


def test_the_account_is_locked_everywhere(client, way):
    """Attack: try the passwords of one account from many addresses."""
    for number in range(LIMIT):
        fail(client, way, 1, REMOTE_ADDR=f"192.0.2.{number}")
    assert way(client, REMOTE_ADDR="192.0.2.99").status_code == 429
    assert way(client, "eve", REMOTE_ADDR="192.0.2.99").status_code in (200, 302)


def test_the_address_is_locked_for_all_accounts(client, way):
    """Attack: try one password with many names."""
    for number in range(LIMIT):
        fail(client, way, 1, name=f"name{number}")
    assert way(client).status_code == 429
    assert way(client, **ELSEWHERE).status_code in (200, 302)


def test_a_program_reads_what_has_happened(client):
    """In our shape, and when to come back; a cache keeps nothing of it."""
    fail(client)
    response = log_in_by_program(client)
    assert response.status_code == 429
    assert response.json() == {
        "code": "locked_out",
        "detail": "Account locked: too many login attempts. Please try again later.",
    }
    assert response.headers["Retry-After"] == "900"
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Vary"] == "Accept, Cookie"
    assert log_in_by_page(client, headers=JSON).json()["code"] == "locked_out"


def test_people_see_the_message(client):
    """As axes shows it."""
    fail(client)
    response = log_in_by_page(client)
    assert response.status_code == 429
    assert response.content.startswith(b"Account locked")
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["Retry-After"] == "900"


@pytest.mark.parametrize(("cool_off", "left"), [(timedelta(minutes=15), "PT15M"), (None, "")])
def test_people_see_the_sites_own_page(client, settings, cool_off, left):
    """With what axes tells it, and the status of the site."""
    fail(client)
    settings.AXES_COOLOFF_TIME = cool_off
    settings.AXES_LOCKOUT_TEMPLATE = "locked_out.html"
    settings.AXES_HTTP_RESPONSE_CODE = 403
    response = log_in_by_page(client)
    assert response.status_code == 403
    assert response.content.decode().split() == [NAME, str(LIMIT), *left.split()]
    assert ("Retry-After" in response) is bool(cool_off)


def test_people_are_led_to_the_sites_own_page(client, settings):
    """Where the site has one at an address of its own."""
    settings.AXES_LOCKOUT_URL = "/locked/"
    fail(client)
    assert log_in_by_page(client).url == f"/locked/?username={NAME}"
    assert log_in_by_program(client).status_code == 429


def test_without_the_callable_a_program_gets_the_page(client, settings):
    """Refused all the same."""
    settings.AXES_LOCKOUT_CALLABLE = None
    fail(client)
    response = log_in_by_program(client)
    assert response.status_code == 429
    assert response.content.startswith(b"Account locked")


def test_after_the_cool_off_one_may_try_again(client, time_machine):
    """A quarter of an hour later."""
    time_machine.move_to(1_800_000_000)
    fail(client)
    time_machine.shift(timedelta(minutes=16))
    assert log_in(client).status_code == 200
    assert who(client) == NAME


def test_a_login_resets_the_count(client, way):
    """Django's signal is sent, whoever logs in."""
    for _ in range(2):
        fail(client, way, LIMIT - 1)
        assert way(client).status_code in (200, 302)
        assert who(client) == NAME
        assert client.post("/accounts/logout/", headers=JSON).status_code == 204
    assert AccessLog.objects.filter(username=NAME).count() == 2
    assert not Session.objects.exists()


@pytest.mark.parametrize("cookie", ["", "garbage"])
def test_who_is_locked_out_reaches_the_pages(client, cookie):
    """The login page is shown, and a new member comes in."""
    fail(client)
    client.cookies[COOKIE] = cookie
    assert client.get("/accounts/login/").status_code == 200
    sign_up(client, "grace")
    assert who(client) == "grace"


def test_whoever_is_logged_in_stays_so(client):
    """Attack: lock somebody out of a login that goes on, by failing in their name."""
    log_in(client)
    fail(client, **ELSEWHERE)
    assert who(client) == NAME
