"""A cookie for all sub-domains, and one of the same name that a browser has from before.

Before there was a `COOKIE_DOMAIN`, a browser got a cookie for this host alone, and goes on to send
it. No response can tell the two apart by what comes in; each test is a browser that has both.
"""

import time
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from django_jwt_cookie.models import LoginSession
from django_jwt_cookie.tokens import decode, encode
from tests.support.accounts import JSON, NAME, PASSWORD, log_in

pytestmark = pytest.mark.django_db

COOKIE = "__Secure-jwt"
BEFORE = {"COOKIE_NAME": COOKIE}
NOW = {"COOKIE_DOMAIN": "testserver"}


@pytest.fixture(params=[True, False], ids=["records", "stateless"])
def tracks(request, settings):
    settings.JWT_COOKIE = NOW | {"TRACK_SESSIONS": request.param}
    return request.param


@pytest.fixture
def ada():
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def leftover(tracks, new_client, ada):
    """Return a token from before, a minute old, of a login that goes on."""
    return older(new_token(new_client(), **BEFORE, TRACK_SESSIONS=tracks))


@pytest.fixture
def token(leftover, client):
    """Return the token of now, of another login."""
    return new_token(client)


def new_token(client, name=NAME, **given):
    with override_settings(**({"JWT_COOKIE": given} if given else {})):
        assert log_in(client, name, remember=True).status_code == 200
    return client.cookies.pop(COOKIE).value


def older(token):
    claims, then = decode(token), int(time.time()) - 60
    return encode(replace(claims, iat=then, exp=then + 600))


def both(*tokens):
    return {"cookie": "; ".join(f"{COOKIE}={token}" for token in tokens)}


def who(client, *tokens):
    response = client.get("/accounts/me/", headers=both(*tokens))
    return response.json().get("user", response.json().get("code"))


def deleted(response):
    """Return the domains of the cookies of our name that the browser is told to forget."""
    cookies = [each for each in response.cookies.values() if each.key == COOKIE]
    assert all((each.value, each["max-age"]) == ("", 0) for each in cookies)
    return [each["domain"] for each in cookies]


@pytest.mark.parametrize("order", [1, -1])
def test_the_newer_one_counts(client, leftover, order):
    """Whichever comes first; here it is of another user."""
    User.objects.create_user("grace", password=PASSWORD)
    token = new_token(client, "grace")
    assert who(client, *[leftover, token][::order])["username"] == "grace"


def test_the_leftover_alone_is_a_login_as_before(client, leftover):
    """Nobody is logged out because a site gets sub-domains."""
    assert who(client, leftover)["username"] == NAME


def test_a_logout_forgets_both(client, leftover, token):
    """The one of this host first: an old browser takes the two for one."""
    headers = both(leftover, token) | JSON
    response = client.post("/accounts/logout/", headers=headers)
    assert (response.status_code, deleted(response)) == (204, ["", "testserver"])
    assert [each.split(";")[0] for each in cookie_lines(response)] == [f'{COOKIE}=""'] * 2


def cookie_lines(response):
    """Return what goes out, as Django's handlers for WSGI and ASGI write it."""
    return [each.OutputString() for each in response.cookies.values() if each.key == COOKIE]


def test_attack_a_copy_of_the_leftover_after_a_logout(client, leftover, token, tracks):
    """With records both logins are over; without, a copy is good until it ends, as any other."""
    client.post("/accounts/logout/", headers=both(leftover, token) | JSON)
    left = [who(client, copy) for copy in (leftover, token)]
    if tracks:
        assert left == ["session_revoked"] * 2
    else:
        assert [each["username"] for each in left] == [NAME] * 2


def test_attack_a_leftover_after_a_new_password(client, leftover, token):
    """It is of the old one."""
    form = {
        "old_password": PASSWORD,
        "new_password1": "n-ew-1-pass",
        "new_password2": "n-ew-1-pass",
    }
    response = client.post("/accounts/password_change/", form, headers=both(leftover, token) | JSON)
    new = response.cookies[COOKIE].value
    assert who(client, leftover, new)["username"] == NAME
    assert who(client, leftover) == "session_revoked"


def test_a_login_ends_that_of_the_leftover(client, leftover, tracks):
    """Somebody logs in without having logged out."""
    response = client.post(
        "/accounts/login/", {"username": NAME, "password": PASSWORD}, headers=both(leftover)
    )
    assert response.status_code == 302
    if tracks:
        assert LoginSession.objects.get(pk=decode(leftover).sid).revoked_because == "replaced"
    assert who(client, leftover, response.cookies[COOKIE].value)["username"] == NAME


def test_a_leftover_of_an_ended_login_is_forgotten_too(client, leftover, ada):
    """Otherwise the browser would bring it, and be told why, with every request until it ends."""
    ada.is_active = False
    ada.save()
    response = client.get("/accounts/me/", headers=both(leftover))
    assert (response.status_code, deleted(response)) == (401, ["", "testserver"])
