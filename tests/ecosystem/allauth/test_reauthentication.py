"""Giving the password again: allauth's page, and the package's `recent_login_required`."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.support.accounts import COOKIE, PASSWORD

from .people import CODE, code_of, give_password, make_member, who

pytestmark = pytest.mark.django_db

AGAIN = "/accounts/reauthenticate/"
ASKED = f"{AGAIN}?next=/vault/&reason=recent_login_required"


@pytest.fixture
def hour_old(client, clock):
    """Return the browser of a member who logged in an hour ago."""
    make_member()
    give_password(client, remember="on")
    assert client.get("/vault/").content == b"gold"
    clock.shift(timedelta(hours=1))
    assert client.get("/vault/").url == ASKED
    return client


def test_the_password_given_again_is_recent(hour_old):
    """On the page of allauth; no other login begins, and a wrong one is none."""
    sid = hour_old.cookies[COOKIE].value
    assert hour_old.post(ASKED, {"password": "wrong"}).status_code == 200
    assert hour_old.get("/vault/").url == ASKED
    assert hour_old.post(ASKED, {"password": PASSWORD}).url == "/vault/"
    assert hour_old.get("/vault/").content == b"gold"
    assert hour_old.cookies[COOKIE].value != sid


def test_a_copy_of_the_cookie_is_not(hour_old, new_client):
    """Attack: wait with a copy until the visitor gives the password again."""
    copy = new_client()
    copy.cookies[COOKIE] = hour_old.cookies[COOKIE].value
    hour_old.post(ASKED, {"password": PASSWORD})
    assert copy.get("/vault/").url == ASKED


def test_a_second_factor_given_again_is_recent(client, clock):
    """For an account that has one."""
    make_member(has_second_factor=True)
    give_password(client)
    client.post(CODE, {"code": code_of()})
    clock.shift(timedelta(hours=1))
    assert client.get("/vault/").url == ASKED
    path = "/accounts/2fa/reauthenticate/?next=/vault/"
    assert client.post(path, {"code": code_of()}).url == "/vault/"
    assert client.get("/vault/").content == b"gold"


def test_what_allauth_guards_is_open_then_too(hour_old):
    """By its own note, in the Django session."""
    path = "/accounts/2fa/totp/activate/"
    assert hour_old.get(path).url == f"{AGAIN}?next={quote(path, safe='')}"
    assert hour_old.post(f"{AGAIN}?next={path}", {"password": PASSWORD}).url == path
    assert hour_old.get(path).status_code == 200
    assert who(hour_old) == "ada"
