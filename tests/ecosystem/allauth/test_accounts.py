"""Signing up, logging in and out, and passwords, by the pages of allauth."""

import re

import pytest
from django.contrib.auth.models import User

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD

from .people import LOGIN, give_password, is_nobody, link_in, make_member, who

pytestmark = pytest.mark.django_db

SIGNUP = {
    "username": NAME,
    "email": "ada@example.com",
    "password1": PASSWORD,
    "password2": PASSWORD,
}
NEW = "Bochnia-1248-salt"


def test_a_new_member_verifies_the_address_first(client, mailoutbox):
    """Until then there is neither a login nor a cookie, whether by signing up or by logging in."""
    assert client.post("/accounts/signup/", SIGNUP).url == "/accounts/confirm-email/"
    assert is_nobody(client)
    assert give_password(client).url == "/accounts/confirm-email/"
    assert is_nobody(client)
    assert not LoginSession.objects.exists()
    assert client.post(link_in(mailoutbox[0])).status_code == 302
    assert is_nobody(client)
    assert give_password(client).url == "/hello/"
    assert who(client) == NAME


@pytest.mark.parametrize("name", [NAME, "ada@example.com"])
def test_a_login_by_name_or_address(client, name):
    """It lives in the cookie, and has a record."""
    make_member()
    assert give_password(client, name).url == "/hello/"
    assert client.cookies[COOKIE].value
    assert who(client) == NAME
    assert LoginSession.objects.get().user.get_username() == NAME


@pytest.mark.parametrize("remember", [True, False])
def test_remember_me(client, remember):
    """The checkbox on allauth's page decides whether the cookie ends with the browser."""
    make_member()
    cookie = give_password(client, **({"remember": "on"} if remember else {})).cookies[COOKIE]
    assert bool(cookie["max-age"]) is remember
    assert LoginSession.objects.get().persistent is remember


def test_a_wrong_password_is_none(client):
    """The page is shown again."""
    make_member()
    assert give_password(client, password="wrong").status_code == 200
    assert is_nobody(client)


def test_a_login_by_code(client, mailoutbox):
    """Without a password: the code from the e-mail, and nothing before it."""
    make_member()
    client.post("/accounts/login/code/", {"email": "ada@example.com"})
    assert is_nobody(client)
    (code,) = re.findall(r"^([A-Z0-9]+-[A-Z0-9]+)$", mailoutbox[0].body, re.MULTILINE)
    confirm = "/accounts/login/code/confirm/"
    assert client.post(confirm, {"code": "wrong-code"}).status_code == 200
    assert is_nobody(client)
    assert client.post(confirm, {"code": code}).url == "/hello/"
    assert who(client) == NAME


def test_a_logout_ends_the_login(client):
    """On the server and in the browser, and takes along what allauth noted of it."""
    make_member()
    give_password(client)
    copy = client.cookies[COOKIE].value
    client.post("/accounts/logout/")
    assert client.cookies[COOKIE].value == ""
    assert LoginSession.objects.get().revoked_because == "logout"
    client.cookies[COOKIE] = copy
    assert who(client) == "nobody"


def test_a_changed_password_ends_the_other_logins(client, new_client):
    """And not the one that changes it."""
    make_member()
    other = new_client()
    for browser in (client, other):
        give_password(browser)
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/change/", form).status_code == 302
    assert (who(client), who(other)) == (NAME, "nobody")


def test_a_reset_password_ends_all_logins(client, new_client, mailoutbox):
    """Whoever had the old one is out."""
    make_member()
    give_password(client)
    forgetful = new_client()
    forgetful.post("/accounts/password/reset/", {"email": "ada@example.com"})
    page = forgetful.get(link_in(mailoutbox[0])).url
    assert forgetful.post(page, {"password1": NEW, "password2": NEW}).status_code == 302
    assert who(client) == "nobody"
    assert give_password(forgetful, password=NEW).url == "/hello/"
    assert who(forgetful) == NAME


@pytest.mark.parametrize("why", ["tampered", "ended", "gone"])
def test_who_has_to_log_in_again_reaches_the_page(client, why):
    """With whatever cookie; and is logged in by it."""
    make_member()
    give_password(client)
    if why == "tampered":
        client.cookies[COOKIE] = client.cookies[COOKIE].value[:-1]
    elif why == "ended":
        LoginSession.objects.all().delete()
    else:
        client.cookies[COOKIE] = ""
    assert client.get(LOGIN).status_code == 200
    assert give_password(client).url == "/hello/"
    assert who(client) == NAME


def test_the_list_of_devices(client, new_client):
    """The package's own, on a site that has none of its pages for logging in."""
    make_member()
    other = new_client()
    for browser in (client, other):
        give_password(browser)
    assert len(client.get("/devices/", headers=JSON).json()["sessions"]) == 2
    assert client.get("/devices/").status_code == 200
    assert client.post("/devices/others/").url == "/devices/"
    assert other.get("/devices/").url == f"{LOGIN}?next=/devices/&reason=session_revoked"
    assert (who(client), who(other)) == (NAME, "nobody")
    assert client.get("/me/").json()["user"]["username"] == NAME


def test_the_next_visitor_of_a_browser_has_nothing_of_the_one_before(client):
    """Attack: on a shared computer, pass for the one before by what allauth noted of that login."""
    for name in (NAME, "eve"):
        make_member(name)
    give_password(client)
    client.cookies[COOKIE] = ""
    give_password(client, "eve")
    assert who(client) == "eve"
    noted = client.session["account_authentication_methods"]
    assert [each["username"] for each in noted] == ["eve"]
    assert client.session["account_authentication_methods_user"] == str(
        User.objects.get(username="eve").pk
    )


def test_forms_of_other_sites_are_refused(new_client):
    """CSRF: nobody is logged in, or out, by another site."""
    make_member()
    client = new_client(enforce_csrf_checks=True)
    assert give_password(client).status_code == 403
    trusting = new_client()
    give_password(trusting)
    client.cookies = trusting.cookies
    assert client.post("/accounts/logout/").status_code == 403
    assert who(client) == NAME
