"""Django's `RemoteUserMiddleware`: the web server says who it is; the login is in the cookie.

Django's own tests of it pass as well (`tools/django_suites.py`).
"""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import BACKEND, COOKIE, PASSWORD, log_in, who

pytestmark = pytest.mark.django_db

AUTH = "django.contrib.auth"
MODES: dict[str, dict[str, Any]] = {
    "database": {},
    "stateless": {"TRACK_SESSIONS": False},
}


@pytest.fixture(autouse=True, params=MODES)
def _site(request, settings):
    settings.JWT_COOKIE = MODES[request.param]
    settings.AUTHENTICATION_BACKENDS = [f"{AUTH}.backends.RemoteUserBackend", BACKEND]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{AUTH}.middleware.RemoteUserMiddleware"]


def remote(client, name=None):
    """Return whom the site knows, if the web server says ``name``: to ASGI with a header."""
    said = {} if name is None else {"REMOTE_USER": name, "HTTP_REMOTE_USER": name}
    response = client.get("/accounts/me/", **said)
    return response.json()["user"]["username"] if response.status_code == 200 else None


def test_whom_the_web_server_names_is_logged_in(client):
    """In the cookie, and nothing stays in the session; one login for all requests."""
    for _ in range(2):
        assert remote(client, "ada") == "ada"
        assert COOKIE in client.cookies
        assert "sessionid" not in client.cookies
    assert Session.objects.count() == 0


def test_without_its_word_the_login_ends(client):
    """The cookie alone is not enough, and not for whoever has a copy."""
    assert remote(client, "ada") == "ada"
    token = client.cookies[COOKIE].value
    assert remote(client) is None
    assert client.cookies[COOKIE].value == ""
    client.cookies[COOKIE] = token
    assert remote(client) is None


def test_another_name_is_another_login(client):
    """And the one of before has ended."""
    assert remote(client, "ada") == "ada"
    assert remote(client, "bob") == "bob"
    alive = [login.user.username for login in LoginSession.objects.alive()]
    assert alive in (["bob"], [])  # Without records there are none.


def test_a_login_by_password_stays(client):
    """It was not the web server's word."""
    User.objects.create_user("eve", password=PASSWORD)
    log_in(client, "eve")
    assert who(client) == "eve"


def test_with_the_persistent_one_the_login_goes_on(client, settings):
    """The web server names somebody on the login page alone."""
    settings.MIDDLEWARE = [
        each.replace("RemoteUser", "PersistentRemoteUser") for each in settings.MIDDLEWARE
    ]
    assert remote(client, "ada") == "ada"
    assert remote(client) == "ada"
