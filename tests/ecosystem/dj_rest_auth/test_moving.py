"""Cookies that the package has set become logins of ours, and go."""

import logging
from datetime import timedelta

import pytest
from dj_rest_auth.app_settings import api_settings
from django.contrib.auth.models import User
from rest_framework_simplejwt.settings import api_settings as jwt_settings
from rest_framework_simplejwt.tokens import RefreshToken

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, log_in, who

WHOAMI = "/api/whoami/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ada():
    """Return a user."""
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def configure(monkeypatch):
    """Set something in ``REST_AUTH``, which that package reads once."""
    return lambda name, value: monkeypatch.setattr(api_settings, name, value)


def log_in_there(client, name=NAME):
    """Log in with the package's own view, which sets its two cookies; return them."""
    response = client.post("/api/auth/login/", {"username": name, "password": PASSWORD})
    assert response.status_code == 200
    return {name: response.cookies[name] for name in ("access", "refresh")}


def refresh(client):
    """Ask for an access token, as an old tab does."""
    return client.post("/api/auth/token/refresh/").status_code


def jar_of(client):
    """Name the cookies in the jar, but the one against CSRF."""
    return {name for name, cookie in client.cookies.items() if cookie.value} - {"csrftoken"}


def test_both_cookies_become_one_login_and_go(client, ada):
    """For as long as the refresh token lasts; the visitor notices nothing."""
    log_in_there(client)
    ends = RefreshToken(client.cookies["refresh"].value)["exp"]
    assert jar_of(client) == {"access", "refresh"}
    for _ in range(2):
        assert client.get(WHOAMI).json() == {"username": NAME}
        assert jar_of(client) == {COOKIE}
    assert LoginSession.objects.get().expires_at.timestamp() == ends


def test_they_are_deleted_as_they_were_set(client, configure):
    """By the same domain, path and SameSite, or the browser keeps them."""
    configure("JWT_AUTH_COOKIE_DOMAIN", "testserver")
    configure("JWT_AUTH_REFRESH_COOKIE_PATH", "/api/")
    configure("JWT_AUTH_SAMESITE", "Strict")
    were_set = log_in_there(client)
    response = client.get(WHOAMI)
    for name, was_set in were_set.items():
        deleted = response.cookies[name]
        assert (deleted.value, deleted["max-age"]) == ("", 0)
        for attribute in ("domain", "path", "samesite"):
            assert deleted[attribute] == was_set[attribute]


def test_an_access_token_alone_is_good_for_as_long_as_it_lasts(client, configure, clock):
    """Of a site without the other cookie."""
    configure("JWT_AUTH_REFRESH_COOKIE", None)
    client.post("/api/auth/login/", {"username": NAME, "password": PASSWORD})
    assert who(client) == NAME
    assert jar_of(client) == {COOKIE}
    clock.shift(jwt_settings.ACCESS_TOKEN_LIFETIME + timedelta(seconds=11))
    assert who(client) is None


def test_tokens_in_headers_make_no_login(client, configure):
    """Of a site without cookies: its programs go on with that package, until they change."""
    configure("JWT_AUTH_COOKIE", None)
    configure("JWT_AUTH_REFRESH_COOKIE", None)
    configure("JWT_AUTH_HTTPONLY", False)
    form = {"username": NAME, "password": PASSWORD}
    tokens = client.post("/api/auth/login/", form).json()
    for name in ("access", "refresh"):
        headers = JSON | {"authorization": f"Bearer {tokens[name]}"}
        assert client.get("/accounts/me/", headers=headers).status_code == 401
    assert LoginSession.objects.count() == 0
    assert jar_of(client) == set()


@pytest.mark.parametrize("header", ["Bearer x", "Basic YTpi", "expired", "access"])
def test_a_header_beside_the_cookies_changes_nothing(client, clock, header):
    """A front end has the access token in memory; a staging site asks for HTTP Basic."""
    access = log_in_there(client)["access"].value
    if header == "expired":
        clock.shift(jwt_settings.ACCESS_TOKEN_LIFETIME + timedelta(seconds=11))
    is_token = header in {"expired", "access"}
    headers = JSON | {"authorization": f"Bearer {access}" if is_token else header}
    assert client.get("/accounts/me/", headers=headers).status_code == 200
    assert jar_of(client) == {COOKIE}
    clock.shift(timedelta(hours=23))
    assert who(client) == NAME
    assert LoginSession.objects.count() == 1


def test_a_planted_refresh_cookie_does_not_win_over_ours(client, new_client):
    """Login CSRF: a sibling domain can set a cookie of that name; also while ours is renewed."""
    User.objects.create_user("mallory", password=PASSWORD)
    planted = log_in_there(new_client(), "mallory")
    log_in_there(client)
    assert who(client) == NAME
    client.cookies["refresh"] = planted["refresh"].value
    access = planted["access"].value
    headers = JSON | {"authorization": f"Bearer {access}"}
    assert client.post("/accounts/refresh/", headers=headers).status_code == 200
    assert (who(client), jar_of(client)) == (NAME, {COOKIE})


def test_a_header_does_not_keep_an_old_cookie_beside_ours(client):
    """Of no use any more, whatever else comes."""
    log_in(client)
    client.cookies["refresh"] = "x"
    client.get("/accounts/me/", headers=JSON | {"authorization": "Basic YTpi"})
    assert jar_of(client) == {COOKIE}


def test_with_a_path_of_its_own_the_refresh_token_is_swapped_there(client, configure, clock):
    """The access token makes a login of five minutes; an old tab then refreshes, as ever."""
    configure("JWT_AUTH_REFRESH_COOKIE_PATH", "/api/auth/token/refresh/")
    narrow = log_in_there(client)["refresh"].value
    del client.cookies["refresh"]  # As a browser does, with requests to other paths.
    response = client.get(WHOAMI)
    assert response.json() == {"username": NAME}
    assert "refresh" not in response.cookies
    clock.shift(jwt_settings.ACCESS_TOKEN_LIFETIME + timedelta(seconds=11))
    del client.cookies[COOKIE]  # As a browser does, after its Max-Age.
    assert client.get(WHOAMI).status_code == 401
    client.cookies["refresh"] = narrow
    assert refresh(client) == 200
    assert jar_of(client) == {COOKIE}
    clock.shift(timedelta(hours=23))
    assert client.get(WHOAMI).json() == {"username": NAME}


def test_an_old_tab_that_refreshes_is_told_that_all_is_well(client):
    """Before the swap, at it, and after it; and a stranger is refused as before."""
    log_in_there(client)
    assert [refresh(client), refresh(client), jar_of(client)] == [200, 200, {COOKIE}]
    client.post("/accounts/logout/", headers=JSON)
    assert refresh(client) == 401


def test_a_logout_is_not_undone_by_an_old_cookie(client, new_client):
    """Neither by the refresh token, nor by the access token beside it, nor at the old address."""
    cookies = log_in_there(client)
    client.post("/accounts/logout/", headers=JSON)
    assert jar_of(client) == set()
    assert who(client) is None
    for names in (["access", "refresh"], ["refresh"]):
        thief = new_client()
        for name in names:
            thief.cookies[name] = cookies[name].value
        assert who(thief) is None
    thief.cookies["refresh"] = cookies["refresh"].value
    assert refresh(thief) == 401


def test_a_logout_deletes_a_cookie_that_has_not_come(client, configure):
    """With a path of its own it would be there for the next visitor."""
    configure("JWT_AUTH_REFRESH_COOKIE_PATH", "/api/auth/token/refresh/")
    log_in(client)
    cookie = client.post("/accounts/logout/", headers=JSON).cookies["refresh"]
    assert (cookie.value, cookie["path"]) == ("", "/api/auth/token/refresh/")


def test_the_old_login_view_logs_in_here(client, configure):
    """``SESSION_LOGIN``, its default: it calls Django's ``login()``, and its cookies go."""
    configure("SESSION_LOGIN", True)
    log_in_there(client)
    assert client.get(WHOAMI).json() == {"username": NAME}
    assert jar_of(client) == {COOKIE}
    login = LoginSession.objects.get()
    assert login.expires_at - login.created_at == timedelta(days=30)
    client.post("/accounts/logout/", headers=JSON)
    assert who(client) is None


def test_the_old_logout_view_logs_out_here(client, configure):
    """In an old tab."""
    log_in_there(client)
    assert who(client) == NAME
    configure("SESSION_LOGIN", True)
    client.post("/api/auth/logout/")
    assert (who(client), jar_of(client)) == (None, set())
    assert LoginSession.objects.get().revoked_because == "logout"


def test_csrf_is_checked_with_an_old_cookie(new_client):
    """CSRF: where that package was told not to look, too."""
    client = new_client(enforce_csrf_checks=True)
    log_in_there(client)
    assert not api_settings.JWT_AUTH_COOKIE_USE_CSRF
    response = client.post(WHOAMI)
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]


def test_a_user_who_may_not_log_in_is_refused(client):
    """And the cookies are of no use any more."""
    log_in_there(client)
    User.objects.update(is_active=False)
    assert who(client) is None
    assert jar_of(client) == set()


def test_the_old_login_view_works_with_whatever_cookie(client):
    """Its own class answered 401 to an old cookie on its own login page."""
    client.cookies["access"] = client.cookies["refresh"] = "garbage"
    log_in_there(client)


@pytest.mark.parametrize("value", ["", "x", "..", "é", "\x00", "a.b.c", "a" * 5000])
@pytest.mark.parametrize("name", ["access", "refresh"])
def test_garbage_is_nobody_and_goes(client, caplog, name, value):
    """Not an error, and not in the way of a login."""
    caplog.set_level(logging.ERROR)
    headers = JSON | {"cookie": f"{name}={value}"}
    response = client.get("/accounts/me/", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "login_required")
    assert response.cookies[name].value == ""
    form = {"username": NAME, "password": PASSWORD}
    assert client.post("/accounts/login/", form, headers=headers).status_code == 200
    assert caplog.records == []


def test_a_planted_cookie_does_not_win_over_ours(client, new_client):
    """Login CSRF: a sibling domain can set a cookie of that name."""
    User.objects.create_user("mallory", password=PASSWORD)
    planted = log_in_there(new_client(), "mallory")
    log_in(client)
    for name, cookie in planted.items():
        client.cookies[name] = cookie.value
    assert who(client) == NAME
    assert jar_of(client) == {COOKIE}
