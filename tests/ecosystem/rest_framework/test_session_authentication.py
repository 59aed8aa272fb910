"""The framework's own `SessionAuthentication` and browsable API, unchanged."""

import re

import pytest
from django.contrib.auth.models import User

from tests.ecosystem.refusals import REFUSALS
from tests.support.accounts import COOKIE, NAME, PASSWORD, sign_up, who

WHOAMI = "/api/session/"
HTML = {"accept": "text/html"}

pytestmark = pytest.mark.django_db


def test_the_cookie_is_enough(client):
    """It takes `request.user` of Django's request."""
    sign_up(client)
    response = client.get(WHOAMI)
    assert (response.status_code, response.json()) == (200, {"username": NAME})


def test_csrf_is_checked(attacked):
    """CSRF: a form of another site is refused, though the browser sends the cookie along."""
    response = attacked.post(WHOAMI)
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]


@pytest.mark.parametrize(("refuse", "reason"), [(lambda client: client.logout(), None), *REFUSALS])
def test_a_stranger_is_refused(client, refuse, reason):
    """With 403: `SessionAuthentication` names no way to authenticate."""
    sign_up(client)
    refuse(client)
    assert client.get(WHOAMI).status_code == 403


def form_of(page):
    """Return what the form of a page sends along by itself."""
    found = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    return {"csrfmiddlewaretoken": found[0]}


def test_the_browsable_api_logs_in_and_out(new_client):
    """By its own pages, with CSRF on: the login is in our cookie, and the logout ends it."""
    User.objects.create_user(NAME, password=PASSWORD)
    client = new_client(enforce_csrf_checks=True)
    page = client.get("/api-auth/login/?next=/api/public/")
    form = {"username": NAME, "password": PASSWORD, "next": "/api/public/", **form_of(page)}
    headers = {"referer": "https://testserver/api-auth/login/"}
    response = client.post("/api-auth/login/", form, headers=headers)
    assert (response.status_code, response.url) == (302, "/api/public/")
    assert client.cookies[COOKIE]["httponly"]
    page = client.get("/api/public/", headers=HTML)
    assert NAME in page.content.decode()
    token = client.cookies[COOKIE].value
    client.post("/api-auth/logout/?next=/api/public/", form_of(page), headers=headers)
    assert client.cookies[COOKIE].value == ""
    client.cookies[COOKIE] = token
    assert who(client) is None


def test_the_client_of_a_test_logs_in(client):
    """`force_login` moves into the cookie at the first request."""
    client.force_login(User.objects.create_user(NAME))
    assert client.get(WHOAMI).json() == {"username": NAME}
    assert client.cookies[COOKIE].value
