"""A page of another origin that is listed reads with the visitor's login; no other does."""

import pytest
from django.contrib.auth.models import User

from tests.support.accounts import COOKIE, JSON, NAME, PASSWORD, sign_up

ORIGIN = "https://app.example.org"
STRANGERS = [
    "https://evil.example",
    "https://app.example.org.evil.example",
    "https://evil.app.example.org",
    "https://app.example.org:8443",
    "http://app.example.org",
    "null",
    "https://[",
]

pytestmark = pytest.mark.django_db


def fetch(client, path, origin=ORIGIN, method="get", **headers):
    """Send what a page of ``origin`` sends by `fetch(url, {credentials: "include"})`."""
    headers = JSON | {"origin": origin, "referer": f"{origin}/"} | headers
    return getattr(client, method)(path, headers=headers)


def csrf_token(client):
    return fetch(client, "/accounts/csrf/").json()["csrf_token"]


def varies(response):
    return {name.strip().lower() for name in response["Vary"].split(",")}


def test_a_listed_origin_reads_with_the_login(client):
    """And no cache serves the answer to another origin, or to another visitor."""
    sign_up(client)
    response = fetch(client, "/accounts/me/")
    assert response.json()["user"]["username"] == NAME
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert {"origin", "cookie"} <= varies(response)


def test_the_cookies_are_sent_from_another_site(client):
    """Each with `SameSite=None`, which browsers take only with `Secure`."""
    sign_up(client)
    csrf_token(client)
    for name in (COOKIE, "csrftoken"):
        assert client.cookies[name]["samesite"] == "None"
        assert client.cookies[name]["secure"]
    assert client.cookies[COOKIE]["httponly"]


@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("path", ["/accounts/me/", "/accounts/csrf/", "/note/"])
def test_any_other_origin_reads_nothing(client, path, origin):
    """Neither who the visitor is, nor the token that a form needs."""
    sign_up(client)
    response = fetch(client, path, origin)
    assert "Access-Control-Allow-Origin" not in response
    assert "Access-Control-Allow-Credentials" not in response
    assert "origin" in varies(response)


def test_a_preflight_is_answered_without_the_login(client, django_assert_num_queries):
    """It comes without cookies, and allows what a script has to send."""
    with django_assert_num_queries(0):
        response = fetch(
            client,
            "/note/",
            method="options",
            **{
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type,x-csrftoken",
            },
        )
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert "x-csrftoken" in response["Access-Control-Allow-Headers"]
    assert not response.cookies


def test_a_listed_origin_reads_why_it_has_to_log_in(client):
    """A 401 that a script can't read says nothing to it."""
    client.cookies[COOKIE] = "garbage"
    response = fetch(client, "/note/")
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert {"origin", "cookie"} <= varies(response)


def test_a_listed_origin_logs_in_and_out(new_client):
    """With CSRF on: by the token that it reads, and by being trusted."""
    User.objects.create_user(NAME, password=PASSWORD)
    client = new_client(enforce_csrf_checks=True)
    headers = {"x-csrftoken": csrf_token(client), "origin": ORIGIN, **JSON}
    form = {"username": NAME, "password": PASSWORD}
    response = client.post(
        "/accounts/login/", form, content_type="application/json", headers=headers
    )
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert fetch(client, "/note/").content == b"GET"
    response = fetch(
        client, "/accounts/logout/", method="post", **{"x-csrftoken": csrf_token(client)}
    )
    assert response.status_code == 204
    assert fetch(client, "/note/").status_code == 401


@pytest.mark.parametrize("origin", STRANGERS)
def test_csrf_from_another_origin_is_refused(attacked, origin):
    """CSRF: `SameSite=None` sends the cookies along; it is the origin that is not trusted."""
    token = {"x-csrftoken": csrf_token(attacked)}
    assert fetch(attacked, "/note/", method="post", **token).status_code == 200
    assert fetch(attacked, "/note/", origin, method="post", **token).status_code == 403
