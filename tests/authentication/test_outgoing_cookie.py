"""What a response brings: a renewed token, and with which attributes and headers."""

import logging
import re
from datetime import timedelta

import pytest

from django_jwt_cookie.tokens import decode
from tests.support.accounts import COOKIE, PASSWORD
from tests.support.visitors import (
    cookie_of,
    log_in_by_page,
    sid_of,
    whoami,
)

from .conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_a_token_is_renewed_at_half_its_life_and_not_before(client, clock, path):
    """Same login, same record, the next generation, new times."""
    client.get("/login/ada/")
    first = decode(cookie_of(client, COOKIE))
    clock.shift(299)
    assert COOKIE not in client.get(path).cookies
    clock.shift(1)
    response = client.get(path)
    second = decode(response.cookies[COOKIE].value)
    assert (second.sid, second.sub, second.gen) == (first.sid, first.sub, first.gen + 1)
    assert (second.iat, second.exp) == (first.iat + 300, first.exp + 300)
    assert COOKIE not in client.get(path).cookies


def test_times_are_seconds_and_agree(client, clock, settings):
    """``exp`` of the token, ``Max-Age`` of the cookie and the JSON; no milliseconds anywhere."""
    settings.JWT_COOKIE = {"TOKEN_LIFETIME": timedelta(minutes=20)}
    response = client.post(
        "/accounts/login/",
        {"username": "ada", "password": PASSWORD, "remember": True},
        content_type="application/json",
    )
    now, fourteen_days = int(NOW.timestamp()), 14 * 24 * 3600
    document, claims = response.json(), decode(response.cookies[COOKIE].value)
    assert (document["issued_at"], document["expires_at"]) == (now, now + 1200)
    assert (claims.iat, claims.exp) == (now, now + 1200)
    assert document["session"]["created_at"] == now
    assert document["session"]["expires_at"] == now + fourteen_days
    assert response.cookies[COOKIE]["max-age"] == fourteen_days


def test_max_age_is_the_idle_timeout_until_the_absolute_one_is_near(client, clock):
    """A login ends so long after the password was given, however busy it is."""
    assert client.get("/login/ada/").cookies[COOKIE]["max-age"] == 14 * 24 * 3600
    for days, left in ((10, 14), (6, 14), (4, 10), (9, 1)):
        clock.shift(timedelta(days=days))
        assert client.get("/public/").cookies[COOKIE]["max-age"] == left * 24 * 3600


def test_an_expired_token_of_a_living_login_is_renewed(client, clock):
    """After a day away nobody has to log in."""
    client.get("/login/ada/")
    sid = sid_of(client)
    clock.shift(timedelta(days=1))
    assert whoami(client) == "ada"
    claims = decode(cookie_of(client, COOKIE))
    assert (claims.sid, claims.iat) == (sid, int(NOW.timestamp()) + 24 * 3600)


def keep_busy(client, clock, days):
    """Come back once a day."""
    for _ in range(days):
        clock.shift(timedelta(days=1))
        assert whoami(client) == "ada"


def test_the_last_token_ends_with_the_login(client, clock):
    """No token is honoured beyond it."""
    client.get("/login/ada/")
    keep_busy(client, clock, 29)
    clock.shift(timedelta(days=1, seconds=-100))
    assert whoami(client) == "ada"
    claims = decode(cookie_of(client, COOKIE))
    assert claims.exp == int((NOW + timedelta(days=30)).timestamp())


def test_a_login_ends_by_itself_however_busy(client, clock):
    """And says so."""
    client.get("/login/ada/")
    keep_busy(client, clock, 29)
    clock.shift(timedelta(days=1, seconds=-1))
    assert whoami(client) == "ada"
    clock.shift(1)
    assert client.get("/public/").json() == {"user": "", "reason": "session_expired"}


def test_a_login_ends_when_it_is_not_used(client, clock):
    """Fourteen days."""
    client.get("/login/ada/")
    clock.shift(timedelta(days=14, seconds=-1))
    assert whoami(client) == "ada"
    clock.shift(timedelta(days=14))
    assert client.get("/public/").json() == {"user": "", "reason": "session_expired"}


@pytest.mark.parametrize("path", ["/plain/", "/aplain/"])
def test_an_untouched_page_renews_nothing(client, clock, path):
    """It does not know that it could."""
    client.get("/login/ada/")
    clock.shift(400)
    assert not client.get(path).cookies


def test_a_public_response_brings_no_new_token(client, clock):
    """A shared cache that kept it would hand the login to the next visitor."""
    client.get("/login/ada/")
    clock.shift(400)
    response = client.get("/for-everybody/")
    assert response.json()["user"] == "ada"
    assert COOKIE not in response.cookies
    assert response["Cache-Control"] == "public, max-age=60"
    assert response["Vary"] == "Cookie"


def test_a_public_response_that_logs_in_is_made_private(client):
    """A login can't wait."""
    response = client.get("/login-for-everybody/ada/")
    assert response.cookies[COOKIE].value
    assert "public" not in response["Cache-Control"]
    assert "no-store" in response["Cache-Control"]


def test_refresh_renews_at_once(client, clock):
    """Whatever the age of the token."""
    client.get("/login/ada/")
    clock.shift(10)
    response = client.post("/accounts/refresh/")
    now = int(NOW.timestamp()) + 10
    assert (response.status_code, response.json()["issued_at"]) == (200, now)
    assert decode(response.cookies[COOKIE].value).iat == now


def test_the_cookies_attributes(client):
    """What no script, no other site, no plain connection and no other host can get at."""
    cookie = client.get("/login/ada/").cookies[COOKIE]
    names = ("path", "domain", "samesite", "secure", "httponly")
    assert [cookie[name] for name in names] == ["/", "", "Lax", True, True]


@pytest.mark.parametrize("data", [{}, {"remember": ""}])
def test_without_remember_me_the_cookie_ends_with_the_browser(client, clock, data):
    """Neither Max-Age nor Expires; twelve hours without use at most."""
    cookie = log_in_by_page(client, **data).cookies[COOKIE]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    clock.shift(timedelta(hours=11))
    cookie = client.get("/public/").cookies[COOKIE]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    clock.shift(timedelta(hours=12))
    assert client.get("/public/").json() == {"user": "", "reason": "session_expired"}


def test_with_remember_me_the_cookie_stays(client, clock):
    """For as long as the login."""
    assert log_in_by_page(client, remember="on").cookies[COOKIE]["max-age"] == 14 * 24 * 3600


@pytest.mark.parametrize(("closes", "max_age"), [(True, ""), (False, 14 * 24 * 3600)])
def test_a_login_by_other_code_lasts_as_djangos_setting_says(
    client, clock, settings, closes, max_age
):
    """``SESSION_EXPIRE_AT_BROWSER_CLOSE`` is the site's word on it."""
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = closes
    assert client.get("/login/ada/").cookies[COOKIE]["max-age"] == max_age


def test_a_login_by_other_code_lasts_as_that_code_says(client):
    """``request.session.set_expiry(0)`` is how other code does without "remember me"."""
    assert client.get("/login-until-browser-closes/ada/").cookies[COOKIE]["max-age"] == ""
    assert cookie_of(client, "sessionid") == ""


@pytest.mark.parametrize("path", ["/public/", "/apublic/"])
def test_headers_of_a_response_that_only_read_the_cookie(client, path):
    """It varies by cookie, and may be kept by the visitor's own browser."""
    client.get("/login/ada/")
    response = client.get(path)
    assert response["Vary"] == "Cookie"
    assert "Cache-Control" not in response


@pytest.mark.parametrize("path", ["/login/ada/", "/alogin/ada/", "/login-ours/ada/"])
def test_headers_of_a_response_that_sets_the_cookie(client, path):
    """Nobody may keep it."""
    response = client.get(path)
    assert "Cookie" in response["Vary"]
    assert {"private", "no-store"} <= set(re.split(", *", response["Cache-Control"]))


@pytest.mark.parametrize("path", ["/plain/", "/aplain/"])
def test_headers_of_a_response_that_did_not_ask(client, path):
    """It is the same for everybody."""
    client.get("/login/ada/")
    response = client.get(path)
    assert "Vary" not in response
    assert "Cache-Control" not in response


@pytest.mark.parametrize("path", ["/login/ada/", "/accounts/login/"])
def test_a_secure_cookie_over_plain_http_is_warned_of(client, settings, caplog, path):
    """The browser drops it, and the login seems to do nothing: the log names the remedies."""
    settings.JWT_COOKIE = {"COOKIE_SECURE": True}
    client.post(path, {"username": "ada", "password": PASSWORD}, secure=False)
    (record,) = [each for each in caplog.records if each.name == "django.security.jwt_cookie"]
    assert record.levelno == logging.WARNING
    for remedy in ("SECURE_PROXY_SSL_HEADER", "COOKIE_SECURE"):
        assert remedy in record.getMessage()


def test_nothing_is_warned_of_over_https(client, caplog):
    """Nor behind a proxy that says so."""
    client.get("/login/ada/")
    assert "jwt_cookie" not in {record.name.rpartition(".")[2] for record in caplog.records}


@pytest.mark.parametrize("path", ["/login/ada/", "/accounts/login/"])
def test_over_plain_http_the_cookie_has_the_name_that_works_there(client, caplog, path):
    """And is that of the whole login: over https it is not read, since anybody may plant it."""
    response = client.post(path, {"username": "ada", "password": PASSWORD}, secure=False)
    cookie = response.cookies["jwt"]
    assert (cookie["secure"], cookie["httponly"]) == ("", True)
    assert COOKIE not in response.cookies
    assert client.get("/public/", secure=False).json()["user"] == "ada"
    assert whoami(client) == ""
    assert not [each for each in caplog.records if each.name == "django.security.jwt_cookie"]


def test_nothing_is_warned_of_behind_a_proxy_that_ends_https(client, settings, caplog):
    """The remedy works."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client.get("/login/ada/", secure=False, headers={"x-forwarded-proto": "https"})
    assert "jwt_cookie" not in {record.name.rpartition(".")[2] for record in caplog.records}
