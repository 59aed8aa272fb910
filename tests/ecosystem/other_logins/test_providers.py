"""Logins that begin, and end, at somebody else's: CAS and OpenID Connect."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from requests.adapters import HTTPAdapter

from django_jwt_cookie.models import LoginSession
from tests.support.accounts import COOKIE

from .provider import CAS_LOGOUT, EMAIL, NAME, Provider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def provider(monkeypatch):
    """Answer in place of the other site."""
    provider = Provider()
    monkeypatch.setattr(HTTPAdapter, "send", lambda _, request, **more: provider.send(request))
    return provider


def who(client):
    """Return whom both kinds of views see."""
    names = {client.get(path).json()["user"] for path in ("/who/", "/awho/")}
    (name,) = names
    return name


def because():
    """Return why each login has ended, in the order in which they began."""
    logins = LoginSession.objects.order_by("created_at")
    return [login.revoked_because for login in logins]


# --- CAS


def enter(client, ticket="ST-1"):
    """Come back from the CAS server with a ticket."""
    assert client.get("/cas/login/").url.startswith("http://provider.test/cas/login?")
    response = client.get(f"/cas/login/?ticket={ticket}&next=/who/")
    assert (response.status_code, response.url) == (302, "/who/")


def end_at_server(client, ticket="ST-1", path="/cas/callback/"):
    """Have the CAS server tell the site that the login of that ticket is over."""
    return client.post(path, {"logoutRequest": CAS_LOGOUT.format(ticket)})


def test_a_ticket_of_cas_becomes_a_login(client):
    """In the cookie, and on the list of devices."""
    enter(client)
    assert (who(client), because()) == (NAME, [""])
    assert client.cookies[COOKIE].value
    assert (
        len(
            client.get("/accounts/sessions/", headers={"accept": "application/json"}).json()[
                "sessions"
            ]
        )
        == 1
    )


@pytest.mark.parametrize("path", ["/cas/callback/", "/cas/login/"])
def test_who_logs_out_at_the_cas_server_is_logged_out(client, new_client, path):
    """That login and no other; the server comes without any cookie, and may come again."""
    other, server = new_client(), new_client(enforce_csrf_checks=True)
    enter(client)
    enter(other, "ST-2")
    assert [who(each) for each in (client, other)] == [NAME, NAME]
    for _ in range(2):
        assert end_at_server(server, path=path).status_code in (200, 302)
        assert [who(each) for each in (client, other)] == ["AnonymousUser", NAME]
    assert because() == ["logout", ""]


def test_attack_a_logout_of_a_ticket_that_nobody_has(client, new_client):
    """Or of none."""
    enter(client)
    for ticket in ("ST-2", ""):
        end_at_server(new_client(), ticket)
    assert who(client) == NAME


def test_a_logout_here_is_one_at_the_cas_server_too(client):
    """The browser is sent there, and the login is over."""
    enter(client)
    response = client.get("/cas/logout/")
    assert response.url.startswith("http://provider.test/cas/logout?")
    assert (who(client), because()) == ("AnonymousUser", ["logout"])


# --- OpenID Connect


def ask_to_log_in(client, provider):
    """Go to the provider; return the state that it sends back."""
    response = client.get("/oidc/authenticate/?next=/who/")
    query = parse_qs(urlsplit(response.url).query)
    provider.nonce = query["nonce"][0]
    return query["state"][0]


@pytest.fixture
def member():
    """Return who has that address of mail."""
    return User.objects.create_user(NAME, email=EMAIL)


def test_a_login_by_openid_connect(client, provider, member):
    """And a logout."""
    state = ask_to_log_in(client, provider)
    assert client.get(f"/oidc/callback/?state={state}&code=1").url == "/who/"
    assert (who(client), because()) == (NAME, [""])
    assert client.post("/oidc/logout/").status_code == 302
    assert (who(client), because()) == ("AnonymousUser", ["logout"])


def test_two_tabs_come_back_from_the_provider(client, provider, member):
    """The second finds a login by then, and goes on with that."""
    states, nonces = [], []
    for _ in range(2):
        states.append(ask_to_log_in(client, provider))
        nonces.append(provider.nonce)
    for state, provider.nonce in zip(states, nonces, strict=True):
        assert client.get(f"/oidc/callback/?state={state}&code=1").url == "/who/"
    assert (who(client), because()) == (NAME, [""])


def test_an_error_of_the_provider_logs_out(client, provider, member):
    """As that package wants it."""
    state = ask_to_log_in(client, provider)
    client.get(f"/oidc/callback/?state={state}&code=1")
    client.get("/oidc/callback/?error=login_required")
    assert (who(client), because()) == ("AnonymousUser", ["logout"])
