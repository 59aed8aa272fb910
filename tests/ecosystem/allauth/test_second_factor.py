"""Multi-factor authentication: there is no login, and no token, before the second factor."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, NAME

from .people import CODE, code_of, give_password, is_nobody, make_member, who

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def member():
    """Return somebody with a second factor."""
    return make_member(has_second_factor=True)


def give_code(client: Client, code: str | None = None):
    """Send the form that asks for the second factor; return the response."""
    return client.post(CODE, {"code": code or code_of()})


def test_the_password_alone_is_not_a_login(client):
    """Attack: with a stolen password, skip the second factor and go anywhere else."""
    assert give_password(client).url == CODE
    assert is_nobody(client)
    assert client.get("/vault/").status_code == 302
    assert client.get(CODE).status_code == 200
    assert is_nobody(client)
    assert not LoginSession.objects.exists()


def test_the_second_factor_makes_it_one(client):
    """Wrong, then right."""
    give_password(client)
    assert give_code(client, "000000").status_code == 200
    assert is_nobody(client)
    assert give_code(client).url == "/hello/"
    assert client.cookies[COOKIE].value
    assert who(client) == NAME
    assert client.get("/vault/").content == b"gold"


def test_a_code_is_good_once(client, new_client):
    """Attack: look over somebody's shoulder."""
    for browser, status in ((client, 302), (new_client(), 200)):
        give_password(browser)
        assert give_code(browser).status_code == status


def test_a_recovery_code_is_good_once(client, new_client, member):
    """In the place of the app that was lost."""
    instance = Authenticator.objects.get(user=member, type="recovery_codes")
    code = RecoveryCodes(instance).get_unused_codes()[0]
    other = new_client()
    for browser in (client, other):
        give_password(browser)
    assert give_code(client, code).url == "/hello/"
    assert who(client) == NAME
    assert give_code(other, code).status_code == 200
    assert is_nobody(other)


def test_the_second_factor_of_another_account_is_none(client):
    """Attack: give a stolen password, and the code of an app of one's own."""
    make_member("eve", has_second_factor=True)
    give_password(client)
    assert give_code(client, code_of("eve")).status_code == 200
    assert is_nobody(client)


def test_the_second_factor_without_the_password_is_none(client):
    """Attack: begin in the middle."""
    assert give_code(client).url == "/accounts/login/"
    assert is_nobody(client)


def test_a_password_is_not_waited_for_without_end(client, clock):
    """After a quarter of an hour it is to be given again."""
    give_password(client)
    clock.shift(901)
    assert give_code(client).url == "/accounts/login/"
    assert is_nobody(client)


def test_a_planted_session_is_not_a_way_in(client, new_client):
    """Attack: plant a session in a browser, wait for a login there, and come with its key."""
    planted = SessionStore()
    planted["account_verified_email"] = "eve@example.com"
    planted.save()
    attacker = new_client()
    for browser in (client, attacker):
        browser.cookies["sessionid"] = planted.session_key
    give_password(client)
    assert is_nobody(attacker)
    give_code(client)
    assert who(client) == NAME
    assert client.cookies["sessionid"].value != planted.session_key
    assert not Session.objects.filter(session_key=planted.session_key).exists()
    assert give_code(attacker).url == "/accounts/login/"
    assert is_nobody(attacker)


def test_where_a_login_waits_there_is_no_other(client):
    """Attack: give one's own second factor where somebody else has given the password.

    Or plant one's own beginning of a login where somebody else is about to log in.
    """
    make_member("eve", has_second_factor=True)
    give_password(client)
    assert give_password(client, "eve").url == CODE
    assert give_code(client, code_of("eve")).status_code == 200
    assert is_nobody(client)
    give_code(client)
    assert who(client) == NAME


def test_a_cookie_from_before_does_not_stand_in_for_it(client):
    """Attack: keep the cookie of a login that was ended, and give the password."""
    give_password(client)
    give_code(client)
    copy = client.cookies[COOKIE].value
    client.post("/accounts/logout/")
    client.cookies[COOKIE] = copy
    assert give_password(client).url == CODE
    assert who(client) == "nobody"
