"""allauth's API: for single-page apps, which have our cookie, and for apps, which have none."""

import pytest
from django.contrib.auth.models import User

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE, NAME, PASSWORD

from .people import code_of, give_password, is_nobody, make_member, who

pytestmark = pytest.mark.django_db

BROWSER, APP = "/_allauth/browser/v1", "/_allauth/app/v1"
NEW = "Bochnia-1248-salt"


def send(client, path, method="post", **data):
    """Send JSON; return the response."""
    return getattr(client, method)(path, data, content_type="application/json")


def ask_for_session(client, base, **headers):
    """Return status and name of the login that the API knows of."""
    response = client.get(f"{base}/auth/session", headers=headers)
    return response.status_code, response.json()["data"].get("user", {}).get("username")


def test_a_single_page_app_has_our_cookie(client):
    """Logging in and out, and asking who it is."""
    make_member()
    assert ask_for_session(client, BROWSER) == (401, None)
    assert send(client, f"{BROWSER}/auth/login", username=NAME, password="x").status_code == 400
    assert is_nobody(client)
    assert (
        send(client, f"{BROWSER}/auth/login", username=NAME, password=PASSWORD).status_code == 200
    )
    assert client.cookies[COOKIE].value
    assert ask_for_session(client, BROWSER) == (200, NAME)
    assert who(client) == NAME
    assert client.delete(f"{BROWSER}/auth/session").status_code == 401
    assert client.cookies[COOKIE].value == ""
    assert LoginSession.objects.get().revoked_because == "logout"


def test_the_password_alone_is_not_a_login(client):
    """With a second factor: 401 says what is missing, and there is no token."""
    make_member(has_second_factor=True)
    response = send(client, f"{BROWSER}/auth/login", username=NAME, password=PASSWORD)
    flows = {flow["id"] for flow in response.json()["data"]["flows"] if flow.get("is_pending")}
    assert (response.status_code, flows) == (401, {"mfa_authenticate"})
    assert is_nobody(client)
    path = f"{BROWSER}/auth/2fa/authenticate"
    assert send(client, path, code="000000").status_code == 400
    assert is_nobody(client)
    assert send(client, path, code=code_of()).status_code == 200
    assert who(client) == NAME


def test_csrf_is_checked(new_client):
    """CSRF: a form of another site is refused."""
    make_member()
    client = new_client(enforce_csrf_checks=True)
    response = send(client, f"{BROWSER}/auth/login", username=NAME, password=PASSWORD)
    assert response.status_code == 403
    assert is_nobody(client)


@pytest.fixture
def app(new_client):
    """Log a member in as an app does; return its client and the header that it sends."""
    make_member()
    client = new_client()
    response = send(client, f"{APP}/auth/login", username=NAME, password=PASSWORD)
    assert response.status_code == 200
    return client, {"X-Session-Token": response.json()["meta"]["session_token"]}


def test_an_app_has_a_session_and_no_cookie(app):
    """Its login stays in the Django session that its header names."""
    client, headers = app
    assert is_nobody(client)
    assert not LoginSession.objects.exists()
    for _ in range(2):
        assert ask_for_session(client, APP, **headers) == (200, NAME)
    assert client.delete(f"{APP}/auth/session", headers=headers).status_code == 401
    assert client.get(f"{APP}/auth/session", headers=headers).status_code == 410


def test_the_cookie_does_not_count_in_the_api_for_apps(new_client):
    """Attack: CSRF. That API asks for no token, since no browser sends its header by itself."""
    make_member()
    client = new_client(enforce_csrf_checks=True)
    client.cookies = logged_in(new_client()).cookies
    assert ask_for_session(client, APP) == (401, None)
    passwords = {"current_password": PASSWORD, "new_password": NEW}
    assert send(client, f"{APP}/account/password/change", **passwords).status_code == 401
    assert User.objects.get().check_password(PASSWORD)
    assert client.delete(f"{APP}/auth/session").status_code == 401
    assert who(client) == NAME


def test_in_the_api_for_apps_the_header_counts(app, new_client):
    """Whatever cookie is sent along, whose login goes on."""
    make_member("eve")
    _, headers = app
    client = logged_in(new_client(), "eve")
    assert ask_for_session(client, APP, **headers) == (200, NAME)
    assert client.delete(f"{APP}/auth/session", headers=headers).status_code == 401
    assert who(client) == "eve"
    response = send(client, f"{APP}/auth/login", username=NAME, password=PASSWORD)
    assert response.status_code == 200
    assert who(client) == "eve"


def logged_in(client, name=NAME):
    """Return the browser of a member who has logged in on a page."""
    give_password(client, name)
    return client
